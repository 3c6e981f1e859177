"""Where access tokens are kept, and the lock by which one refresher works at a time."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from app.core import clock

FORCE_PAUSE = timedelta(minutes=75)
"""Between two forced renewals of one account, in all processes together: WeChat allows 20 a day
(documentation of stable_token), and this leaves no 24 hours with more.
"""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and the instant (aware, UTC) from which WeChat refuses it."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Tokens by appid, for all threads of a process or for all processes of an installation.

    One store per process is safe, since every process gets the same token from `stable_token`; a store
    that is shared (a table with a lease column) only asks less often. Such a store must hold no
    transaction open while its caller is inside `refreshing`, and must let a lease run out, so that a
    crashed refresher blocks nobody.
    """

    def get(self, appid: str) -> AccessToken | None:
        """The token kept for `appid`, expired or not."""
        ...

    def set(self, appid: str, token: AccessToken) -> None:
        """Keep `token` in place of the last one."""
        ...

    def refreshing(self, appid: str, *, wait: bool) -> AbstractContextManager[bool]:
        """Be the only refresher of `appid` inside the block; yields whether the caller is it.

        With `wait` the caller blocks until the present refresher is done, and must then check whether
        its work is still needed. Without `wait` it gets False at once when there is another refresher.
        """
        ...

    def claim_forced_renewal(self, appid: str) -> bool:
        """Whether a token that is still valid may be replaced by force now; counted when it may."""
        ...


class MemoryTokenStore:
    """The tokens of one process, shared by its threads."""

    def __init__(self) -> None:
        self._tokens: dict[str, AccessToken] = {}
        self._guards: dict[str, Lock] = {}
        self._forced_at: dict[str, datetime] = {}
        self._lock = Lock()

    def get(self, appid: str) -> AccessToken | None:
        """The token kept for `appid`, expired or not."""
        with self._lock:
            return self._tokens.get(appid)

    def set(self, appid: str, token: AccessToken) -> None:
        """Keep `token` in place of the last one."""
        with self._lock:
            self._tokens[appid] = token

    @contextmanager
    def refreshing(self, appid: str, *, wait: bool) -> Iterator[bool]:
        """Be the only refresher of `appid` inside the block; see `TokenStore`."""
        with self._lock:
            guard = self._guards.setdefault(appid, Lock())
        mine = guard.acquire(blocking=wait)
        try:
            yield mine
        finally:
            if mine:
                guard.release()

    def claim_forced_renewal(self, appid: str) -> bool:
        """Whether a token may be replaced by force now; see `TokenStore`."""
        now = clock.now()
        with self._lock:
            last = self._forced_at.get(appid)
            if last is not None and now - last < FORCE_PAUSE:
                return False
            self._forced_at[appid] = now
            return True
