"""The fictional people that the simulated WeChat knows: their ids, login codes and follows."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core import clock

CODE_LIFE = timedelta(minutes=5)
# Of user/get and of user/info/batchget.
FOLLOWERS_ON_A_PAGE = 10_000
MOST_AT_ONCE = 100
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PHONE = re.compile(r"[0-9]{5,15}")
_COUNTRY = re.compile(r"[1-9][0-9]{0,2}")


class Refused(Exception):
    """WeChat answers a call with an error code."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode, errmsg)
        self.errcode = errcode
        self.errmsg = errmsg


class CodeKind(StrEnum):
    """What a code can be exchanged for."""

    LOGIN = "login"
    PHONE = "phone"


@dataclass(slots=True)
class User:
    """A user of the mini-program."""

    openid: str
    unionid: str | None = None
    phone: str | None = None
    country_code: str = "86"


@dataclass(slots=True)
class FollowerRecord:
    """A person as the service account knows them."""

    openid: str
    unionid: str | None
    subscribed: bool


@dataclass(slots=True)
class _Code:
    kind: CodeKind
    openid: str
    made_at: datetime
    used: bool = False


class People:
    """Users, their codes and the followers. Not locked: `State` is."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.followers: dict[str, FollowerRecord] = {}
        self._codes: dict[str, _Code] = {}
        self.page_size = FOLLOWERS_ON_A_PAGE

    def user(
        self,
        openid: str | None = None,
        unionid: str | None = None,
        phone: str | None = None,
        country_code: str | None = None,
    ) -> User:
        """The user of `openid` (a new one without it), with what else is given noted. Raises ValueError."""
        _match(_OPENID, openid, "openid")
        _match(_OPENID, unionid, "unionid")
        _match(_PHONE, phone, "phone")
        _match(_COUNTRY, country_code, "country_code")
        openid = openid or new_openid()
        user = self.users.setdefault(openid, User(openid))
        user.unionid = unionid or user.unionid
        user.phone = phone or user.phone
        user.country_code = country_code or user.country_code
        return user

    def follow(self, openid: str | None, unionid: str | None, subscribed: bool) -> FollowerRecord:
        """Let a person follow the service account, or stop. Raises ValueError."""
        _match(_OPENID, openid, "openid")
        _match(_OPENID, unionid, "unionid")
        openid = openid or new_openid()
        known = self.followers.get(openid)
        record = FollowerRecord(openid, unionid or (known.unionid if known else None), subscribed)
        self.followers[openid] = record
        return record

    def follower_info(self, openid: object) -> dict[str, object]:
        """What user/info answers. Raises Refused."""
        record = self.followers.get(openid) if isinstance(openid, str) else None
        if record is None:
            raise Refused(40003, "invalid openid")
        if not record.subscribed:
            return {"subscribe": 0, "openid": record.openid}
        answer: dict[str, object] = {"subscribe": 1, "openid": record.openid}
        return answer | ({"unionid": record.unionid} if record.unionid else {})

    def follower_list(self, after: str | None) -> dict[str, object]:
        """What user/get answers: a page of the followers after that one. Raises Refused."""
        everybody = [record.openid for record in self.followers.values() if record.subscribed]
        if after and after not in everybody:
            raise Refused(40003, "invalid openid")
        start = everybody.index(after) + 1 if after else 0
        page = everybody[start : start + self.page_size]
        answer = {"total": len(everybody), "count": len(page), "next_openid": page[-1] if page else ""}
        # Without anybody on the page there is no "data" at all.
        return answer | ({"data": {"openid": page}} if page else {})

    def follower_batch(self, openids: Sequence[object]) -> dict[str, object]:
        """What user/info/batchget answers. Raises Refused."""
        if not 0 < len(openids) <= MOST_AT_ONCE:
            raise Refused(47001, "data format error")
        return {"user_info_list": [self.follower_info(openid) for openid in openids]}

    def new_code(self, kind: CodeKind, openid: str) -> str:
        """A code as the phone would hand it over: for one use within five minutes."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(kind, openid, clock.now())
        return code

    def made_at(self, code: object) -> datetime:
        """When a code that was redeemed had been made."""
        return self._codes[str(code)].made_at

    def redeem(self, kind: CodeKind, code: object) -> User:
        """The user behind a code, which is used up. Raises Refused."""
        known = self._codes.get(code) if isinstance(code, str) else None
        if known is None or known.kind is not kind or clock.now() - known.made_at > CODE_LIFE:
            raise Refused(40029, "invalid code")
        if known.used:
            # Only the log-in tells a used code apart from a wrong one.
            raise Refused(*((40163, "code been used") if kind is CodeKind.LOGIN else (40029, "invalid code")))
        known.used = True
        return self.users[known.openid]


def new_openid() -> str:
    """An id of the length that WeChat's have, for somebody who does not exist."""
    return f"o{secrets.token_urlsafe(24)[:27]}"


def _match(pattern: re.Pattern[str], value: object, name: str) -> None:
    if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
        raise ValueError(f"{name}: not of the form {pattern.pattern}")
