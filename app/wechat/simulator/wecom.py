"""The simulated WeCom (企业微信): members, text cards, and the two limits that it enforces without a word.

A card beyond 30 a minute or 1,000 an hour to one member is taken and not delivered; so is one with the same
content within half an hour. `cards` holds what reached a phone, `dropped` counts the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from werkzeug.wrappers import Request

from app.core import clock
from app.core.accounts import WeComAccount
from app.wechat import wecom_limits
from app.wechat.port import AccountKind
from app.wechat.simulator.people import Refused
from app.wechat.simulator.state import State

MOST_RECIPIENTS = 1000

Answer = dict[str, object]


@dataclass(slots=True)
class Member:
    """Somebody of the company; `visible` while the application may write to them."""

    member_id: str
    phone: str | None
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """A text card that reached a phone."""

    seq: int
    at: datetime
    member_id: str
    title: str
    description: str
    url: str
    msgid: str


class WeCom:
    """One application of one company; `state` holds its tokens and the lock. Thread-safe."""

    def __init__(self, account: WeComAccount, state: State) -> None:
        self._account = account
        self._state = state
        self.calls: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "cgi-bin/gettoken"): self._token,
            ("POST", "cgi-bin/message/send"): self._send,
            ("POST", "cgi-bin/user/getuserid"): self._member_of_phone,
        }
        self.reset()

    def reset(self) -> None:
        """Forget everybody and everything."""
        self.members: dict[str, Member] = {}
        self.cards: list[Card] = []
        self.dropped = 0
        self._seen: dict[bytes, datetime] = {}

    def join(self, member_id: str, phone: str | None, *, visible: bool = True) -> Member:
        """Add or replace a member; WeCom's ids know no case."""
        with self._state.lock:
            member = self.members[member_id.lower()] = Member(member_id, phone, visible)
            return member

    def join_asked(self, document: Mapping[str, object]) -> Answer:
        """The same for the control interface. Raises ValueError for what is no member."""
        member_id, phone = document.get("member_id"), document.get("phone")
        if not isinstance(member_id, str) or not (phone is None or isinstance(phone, str)):
            raise ValueError("member_id and phone: texts")
        member = self.join(member_id, phone, visible=document.get("visible", True) is True)
        return {"member_id": member.member_id}

    def shown(self) -> Answer:
        """What reached phones, and how much was silently dropped."""
        with self._state.lock:
            cards = [asdict(card) | {"at": card.at.isoformat()} for card in self.cards]
            return {"cards": cards, "dropped": self.dropped}

    def _token(self, request: Request) -> Answer:
        if request.args.get("corpid") != self._account.appid:
            raise Refused(40013, "invalid corpid")
        if request.args.get("corpsecret") != self._account.secret:
            raise Refused(40001, "invalid credential")
        token, lifetime = self._state.stable_token(AccountKind.WECOM, force=False)
        return {"access_token": token, "expires_in": lifetime}

    def _send(self, request: Request) -> Answer:
        self._check_token(request)
        body = _body(request)
        if body.get("agentid") != self._account.agent_id:
            raise Refused(40056, "invalid agentid")
        asked = [part for part in str(body.get("touser", "")).split("|") if part]
        if not asked or len(asked) > MOST_RECIPIENTS:
            raise Refused(40031, "invalid userid list")
        card = _card(body)
        with self._state.lock:
            known = [self.members.get(part.lower()) for part in asked]
            reached = [member for member in known if member is not None and member.visible]
            if not reached:
                raise Refused(81013, "user & party & tag all invalid")
            repeated = self._repeated(request.get_data(), body)
            msgid = f"wecom-{len(self.cards) + self.dropped + 1}"
            for member in reached:
                self._deliver(member, card, msgid, repeated=repeated)
        names = {member.member_id.lower() for member in reached}
        invalid = "|".join(part.lower() for part in asked if part.lower() not in names)
        answer: Answer = {"msgid": msgid}
        return answer | ({"invaliduser": invalid} if invalid else {})

    def _member_of_phone(self, request: Request) -> Answer:
        self._check_token(request)
        mobile = _body(request).get("mobile")
        if not isinstance(mobile, str) or not mobile.isdigit():
            raise Refused(60103, "invalid mobile")
        with self._state.lock:
            found = next((member for member in self.members.values() if member.phone == mobile), None)
        if found is None:
            raise Refused(46004, "user not exist")
        return {"userid": found.member_id}

    def _check_token(self, request: Request) -> None:
        try:
            kind = self._state.account_of_token(request.args.get("access_token", ""))
        except Refused as refused:
            if refused.errcode == 42001:
                raise
            raise Refused(40014, "invalid access_token") from refused
        if kind is not AccountKind.WECOM:
            raise Refused(40014, "invalid access_token")

    def _repeated(self, sent: bytes, body: Mapping[str, Any]) -> bool:
        if body.get("enable_duplicate_check") != 1:
            return False
        seconds = body.get("duplicate_check_interval", wecom_limits.current().recognised_seconds)
        before, self._seen[sent] = self._seen.get(sent), clock.now()
        return before is not None and clock.now() - before < timedelta(seconds=int(seconds))

    def _deliver(self, member: Member, card: Mapping[str, str], msgid: str, *, repeated: bool) -> None:
        now = clock.now()
        mine = [each.at for each in self.cards if each.member_id == member.member_id]
        if repeated or _has_enough(mine, now):
            self.dropped += 1
            return
        self.cards.append(Card(len(self.cards) + 1, now, member.member_id, msgid=msgid, **card))


def _has_enough(times: Sequence[datetime], now: datetime) -> bool:
    return any(
        sum(at > now - timedelta(seconds=quota.seconds) for at in times) >= quota.most
        for quota in wecom_limits.current().members
    )


def _card(body: Mapping[str, Any]) -> dict[str, str]:
    card = body.get("textcard")
    if body.get("msgtype") != "textcard" or not isinstance(card, Mapping):
        raise Refused(40008, "invalid message type")
    longest = {
        "title": wecom_limits.current().title_bytes,
        "description": wecom_limits.current().description_bytes,
        "url": wecom_limits.current().url_bytes,
    }
    for key, most in longest.items():
        value = card.get(key)
        if not isinstance(value, str) or not value:
            raise Refused(44004, f"textcard.{key} is missing")
        if len(value.encode()) > most:
            raise Refused(45002, f"textcard.{key} is too long")
    if not str(card["url"]).startswith(("https://", "http://")):
        raise Refused(40058, "textcard.url has no scheme")
    return {key: str(card[key]) for key in longest}


def _body(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(request.get_data())
    except ValueError as error:
        raise Refused(47001, "data format error") from error
    if not isinstance(body, dict):
        raise Refused(47001, "data format error")
    return body
