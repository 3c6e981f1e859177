"""Log-in sessions: a signed token names a session row, which can expire and be revoked."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer
from sqlalchemy import bindparam, select, update

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.core.prepared_query import PreparedQuery
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
        self._signers = {
            audience: Signer(secret_key, salt=f"session/{audience}", digest_method=hashlib.sha256)
            for audience in Audience
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
        return Token(self.signed(audience, session.id), session.expires_at)

    def signed(self, audience: Audience, session_id: str) -> str:
        """The token that names a login."""
        return self._signers[audience].sign(session_id).decode()

    def identify(self, audience: Audience, token: str) -> Identity:
        """Whom a token speaks for. Raises `NotSignedInError` when it is forged, expired or revoked."""
        session_id = self.session_of(audience, token)
        for subject_id, expires_at in _LIVE.rows({"session_id": session_id, "audience": audience.value}):
            if expires_at > clock.now():
                return Identity(audience, subject_id, session_id)
        raise NotSignedInError

    def session_of(self, audience: Audience, token: str) -> str:
        """The login that a token names, alive or not. Raises `NotSignedInError` for a forged token."""
        try:
            return self._signers[audience].unsign(token).decode()
        except BadSignature as fault:
            raise NotSignedInError from fault


# Asked by every request of somebody who is signed in.
_LIVE = PreparedQuery(
    select(Session.subject_id, Session.expires_at).where(
        Session.id == bindparam("session_id"),
        Session.audience == bindparam("audience"),
        Session.revoked_at.is_(None),
    )
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
