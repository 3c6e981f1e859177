"""Log-in sessions: a signed token names a session row, which can expire, fall idle and be revoked."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, Signer
from sqlalchemy import ColumnElement, CursorResult, bindparam, func, select, true, update

from app.core import clock
from app.core.db import UtcDateTime, db
from app.core.ids import new_id
from app.core.prepared_query import PreparedQuery
from app.domain.errors import NotFoundError, NotSignedInError
from app.models import Audience, Session

__all__ = [
    "Audience",
    "Identity",
    "Login",
    "Token",
    "TokenSigner",
    "revoke",
    "revoke_all",
    "revoke_everybody",
    "revoke_one",
    "revoke_others",
    "seen",
]

_PARTS = 20
"""Into how many parts the allowed inactivity is divided: so exactly is known when somebody was last seen."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the client keeps: the token and when it runs out."""

    value: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for. `to_note`: it is time to write down that they were seen (`seen`)."""

    audience: Audience
    subject_id: str
    session_id: str
    to_note: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A live login as its owner sees it. `seen_at`: the last request, to a twentieth of the inactivity."""

    id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


class TokenSigner:
    """Signs and reads tokens with the installation's secret; the salt keeps audiences apart."""

    def __init__(self, secret_key: str, lifetime: timedelta, idle: timedelta) -> None:
        """Tokens live for `lifetime` from their login, and no longer than `idle` from their last request."""
        self._signers = {
            audience: Signer(secret_key, salt=f"session/{audience}", digest_method=hashlib.sha256)
            for audience in Audience
        }
        self._lifetime = lifetime
        self._idle = idle

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
        """Whom a token speaks for.

        Raises `NotSignedInError` when it is forged, expired or revoked, or was idle for too long.
        """
        session_id = self.session_of(audience, token)
        now = clock.now()
        for subject_id, expires_at, seen_at in _LIVE.rows(
            {"session_id": session_id, "audience": audience.value}
        ):
            unseen = now - seen_at
            if expires_at > now and unseen < self._idle:
                return Identity(audience, subject_id, session_id, unseen >= self._idle / _PARTS)
        raise NotSignedInError

    def logins_of(self, identity: Identity) -> list[Login]:
        """The live logins of a person, the last seen first."""
        now = clock.now()
        rows = db.session.execute(
            select(Session.id, Session.created_at, _SEEN_AT, Session.expires_at).where(
                *_of(identity.audience, identity.subject_id), Session.expires_at > now
            )
        )
        found = [Login(*row, current=row[0] == identity.session_id) for row in rows]
        return sorted(
            (login for login in found if now - login.seen_at < self._idle),
            key=lambda login: (login.seen_at, login.id),
            reverse=True,
        )

    def session_of(self, audience: Audience, token: str) -> str:
        """The login that a token names, alive or not. Raises `NotSignedInError` for a forged token."""
        try:
            return self._signers[audience].unsign(token).decode()
        except BadSignature as fault:
            raise NotSignedInError from fault


# A login from before there was `seen_at` was last seen when it began.
_SEEN_AT = func.coalesce(Session.seen_at, Session.created_at, type_=UtcDateTime)
# Asked by every request of somebody who is signed in.
_LIVE = PreparedQuery(
    select(Session.subject_id, Session.expires_at, _SEEN_AT).where(
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


def seen(identity: Identity) -> None:
    """Write down that this login was used now."""
    db.session.execute(update(Session).where(Session.id == identity.session_id).values(seen_at=clock.now()))


def revoke_one(identity: Identity, session_id: str) -> None:
    """End one login of this person. Raises `NotFoundError` for somebody else's and for one that has ended."""
    if not _end(*_of(identity.audience, identity.subject_id), Session.id == session_id):
        raise NotFoundError


def revoke_others(identity: Identity) -> int:
    """End every login of this person but the current one, as after a phone was lost. Returns how many."""
    return _end(*_of(identity.audience, identity.subject_id), Session.id != identity.session_id)


def revoke_all(audience: Audience, subject_id: str) -> int:
    """Log a person out everywhere, as when a member of staff leaves. Returns how many logins ended."""
    return _end(*_of(audience, subject_id))


def revoke_everybody() -> int:
    """Log everybody out, as when a signing key may be known. Returns how many logins ended."""
    return _end(true())


def _of(audience: Audience, subject_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        Session.audience == audience.value,
        Session.subject_id == subject_id,
        Session.revoked_at.is_(None),
    )


def _end(*which: ColumnElement[bool]) -> int:
    done = db.session.execute(
        update(Session).where(*which, Session.revoked_at.is_(None)).values(revoked_at=clock.now())
    )
    assert isinstance(done, CursorResult)  # noqa: S101 - an UPDATE has nothing else
    return done.rowcount
