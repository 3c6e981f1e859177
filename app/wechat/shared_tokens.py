"""Access tokens kept in the database: one refresher for all processes of an installation.

The lease is two columns of the token's row and not a transaction, so that none is open while WeChat is asked;
if the refresher dies, the lease expires. Each process remembers the token it has read, since every call
needs it: only a token that is missing, refused or near its end is read from the database again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Lock
from time import monotonic

from sqlalchemy import Connection, Engine, or_, select, update

from app.core import clock
from app.core.db import reading
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.wechat.port import FaultKind, WeChatError
from app.wechat.token_store import FORCE_PAUSE, AccessToken
from app.wechat.token_table import AccessTokenRow

LEASE = timedelta(seconds=20)
"""Longer than WeChat may take to connect and to answer; after it a refresher counts as dead."""

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 30.0
"""In real time, whatever the clock says: a caller must not wait for ever because a clock was set by hand."""

REREAD_BEFORE = timedelta(minutes=5)
"""How long before its end a remembered token is read again: the database may have a newer one."""


class SharedTokenStore:
    """The tokens of all processes on one database (port: `TokenStore`). Thread-safe; one for each process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._owner = new_id()
        self._remembered: dict[str, AccessToken] = {}
        self._guards: dict[str, Lock] = {}
        self._lock = Lock()
        # Never set: waiting for it is a pause.
        self._never = Event()

    def get(self, appid: str) -> AccessToken | None:
        """The token kept for `appid`, expired or not."""
        with self._lock:
            remembered = self._remembered.get(appid)
        if remembered is not None and remembered.expires_at - REREAD_BEFORE > clock.now():
            return remembered
        return self._read(appid)

    def set(self, appid: str, token: AccessToken) -> None:
        """Keep `token` in place of the last one, for every process."""
        with self._engine.begin() as connection:
            self._make_row(connection, appid)
            connection.execute(
                update(AccessTokenRow)
                .where(AccessTokenRow.appid == appid)
                .values(value=token.value, expires_at=token.expires_at)
            )
        with self._lock:
            self._remembered[appid] = token

    @contextmanager
    def refreshing(self, appid: str, *, wait: bool) -> Iterator[bool]:
        """Be the only refresher of `appid` in all processes inside the block; see `TokenStore`.

        Raises `WeChatError` (transient) when another one holds the lease for longer than it may need.
        """
        with self._lock:
            guard = self._guards.setdefault(appid, Lock())
        if not guard.acquire(blocking=wait):
            yield False
            return
        try:
            # The refresher before, in this process or another, may have stored a newer token.
            mine = self._leased(appid, wait=wait)
            self._read(appid)
            try:
                yield mine
            finally:
                if mine:
                    self._give_back(appid)
        finally:
            guard.release()

    def claim_forced_renewal(self, appid: str) -> bool:
        """Whether a token may be replaced by force now, counted over all processes; see `TokenStore`."""
        now = clock.now()
        may = or_(AccessTokenRow.forced_at.is_(None), AccessTokenRow.forced_at <= now - FORCE_PAUSE)
        with self._engine.begin() as connection:
            self._make_row(connection, appid)
            claimed = connection.execute(
                update(AccessTokenRow)
                .where(AccessTokenRow.appid == appid, may)
                .values(forced_at=now)
                .returning(AccessTokenRow.appid)
            )
            return claimed.first() is not None

    def _leased(self, appid: str, *, wait: bool) -> bool:
        until = monotonic() + PATIENCE_SECONDS
        while not self._take(appid, clock.now()):
            if not wait:
                return False
            if monotonic() > until:
                message = "another process is renewing the access token and does not come to an end"
                raise WeChatError(None, message, FaultKind.TRANSIENT)
            self._never.wait(POLL_SECONDS)
        return True

    def _take(self, appid: str, now: datetime) -> bool:
        free = or_(AccessTokenRow.lease_until.is_(None), AccessTokenRow.lease_until < now)
        with self._engine.begin() as connection:
            self._make_row(connection, appid)
            taken = connection.execute(
                update(AccessTokenRow)
                .where(AccessTokenRow.appid == appid, free)
                .values(lease_owner=self._owner, lease_until=now + LEASE)
                .returning(AccessTokenRow.appid)
            )
            return taken.first() is not None

    def _give_back(self, appid: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update(AccessTokenRow)
                .where(AccessTokenRow.appid == appid, AccessTokenRow.lease_owner == self._owner)
                .values(lease_owner=None, lease_until=None)
            )

    def _read(self, appid: str) -> AccessToken | None:
        with reading(read_only=True), self._engine.connect() as connection:
            row = connection.execute(
                select(AccessTokenRow.value, AccessTokenRow.expires_at).where(AccessTokenRow.appid == appid)
            ).first()
        if row is None or row.value is None or row.expires_at is None:
            return None
        token = AccessToken(row.value, row.expires_at)
        with self._lock:
            self._remembered[appid] = token
        return token

    @staticmethod
    def _make_row(connection: Connection, appid: str) -> None:
        insert_or_ignore(AccessTokenRow, {"appid": appid}, connection=connection)
