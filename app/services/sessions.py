"""Logins: a signed token that names a session row, which can expire and be revoked."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import bindparam, select, update

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import NotSignedInError
from app.models import Audience, Session

__all__ = ["Audience", "Identity", "Token", "TokenSigner", "revoke", "revoke_all"]


@dataclass(frozen=True, slots=True)
class Token:
    """What the client keeps: the token and when it runs out."""

    value: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for."""

    audience: Audience
    subject_id: str
    session_id: str


class TokenSigner:
    """Signs and reads tokens with the installation's secret; the salt keeps audiences apart."""

    def __init__(self, secret_key: str, lifetime: timedelta) -> None:
        """Tokens live for `lifetime` from their login."""
        self._serializers = {
            audience: URLSafeSerializer(secret_key, salt=f"session/{audience}") for audience in Audience
        }
        self._lifetime = lifetime

    def issue(self, audience: Audience, subject_id: str) -> Token:
        """Log `subject_id` in."""
        now = clock.now()
        session = Session(
            id=new_id(),
            audience=audience,
            subject_id=subject_id,
            created_at=now,
            expires_at=now + self._lifetime,
        )
        db.session.add(session)
        return Token(self._serializers[audience].dumps(session.id), session.expires_at)

    def identify(self, audience: Audience, token: str) -> Identity:
        """Whom a token speaks for. Raises `NotSignedInError` when it is forged, expired or revoked."""
        try:
            session_id = self._serializers[audience].loads(token)
        except BadData as fault:
            raise NotSignedInError from fault
        row = db.session.execute(
            _LIVE, {"session_id": session_id, "audience": audience.value, "now": clock.now()}
        ).first()
        if row is None:
            raise NotSignedInError
        return Identity(audience, row.subject_id, session_id)


_LIVE = select(Session.subject_id).where(
    Session.id == bindparam("session_id"),
    Session.audience == bindparam("audience"),
    Session.revoked_at.is_(None),
    Session.expires_at > bindparam("now", type_=Session.expires_at.type),
)


def revoke(identity: Identity) -> None:
    """Log out: this token is worth nothing from now on."""
    db.session.execute(
        update(Session).where(Session.id == identity.session_id).values(revoked_at=clock.now())
    )


def revoke_all(audience: Audience, subject_id: str) -> None:
    """Log a person out everywhere, as when a member of staff leaves."""
    db.session.execute(
        update(Session)
        .where(
            Session.audience == audience.value, Session.subject_id == subject_id, Session.revoked_at.is_(None)
        )
        .values(revoked_at=clock.now())
    )
