"""What the simulated WeChat remembers, and its rules for tokens, consents and messages."""

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from zoneinfo import ZoneInfo

from app.core import clock
from app.core.accounts import WeChatAccount
from app.wechat import fieldlimits
from app.wechat.port import AccountKind
from app.wechat.simulator.chats import Chats, refuse_words
from app.wechat.simulator.people import People, Refused

TOKEN_LIFE = timedelta(seconds=7200)
# stable_token: the same token until five minutes before its end, then the next one; both work meanwhile.
TOKEN_OVERLAP = timedelta(minutes=5)
DEDUPE_WINDOW = timedelta(minutes=10)
# A valid token is replaced by force this often in a day, and not twice within half a minute (stable_token).
FORCED_A_DAY = 20
FORCED_APART = timedelta(seconds=30)
CHINA = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Template:
    """A message template of one account."""

    account: AccountKind
    template_id: str
    title: str
    fields: Mapping[str, str]
    """Field key to the label that the phone shows before it."""
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values an enum or const field may have."""
    long_term: bool = False
    """Whether one consent lasts (长期订阅)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that reached a phone."""

    seq: int
    at: datetime
    channel: str
    openid: str
    template: Template
    data: Mapping[str, str]
    page: str | None
    url: str | None
    client_msg_id: str | None
    msgid: int

    def as_json(self) -> dict[str, object]:
        """The message for the control interface; the time is ISO 8601 in UTC."""
        labels = self.template.fields
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "channel": self.channel,
            "openid": self.openid,
            "template_id": self.template.template_id,
            "title": self.template.title,
            "data": dict(self.data),
            "fields": [
                {"key": key, "label": labels[key], "value": value} for key, value in self.data.items()
            ],
            "page": self.page,
            "url": self.url,
            "client_msg_id": self.client_msg_id,
            "msgid": self.msgid,
        }


@dataclass(slots=True)
class _Token:
    account: AccountKind
    expires_at: datetime


class State:
    """Everything behind one lock, so that calls in any number of threads see whole changes."""

    def __init__(self, accounts: Mapping[AccountKind, WeChatAccount]) -> None:
        self.lock = RLock()
        self._accounts = accounts
        self.reset()

    def reset(self) -> None:
        """Forget everything but the accounts."""
        with self.lock:
            self.people = People()
            self.chats = Chats()
            self.calls: Counter[str] = Counter()
            self._tokens: dict[str, _Token] = {}
            self._newest: dict[AccountKind, str] = {}
            self._forced: dict[AccountKind, list[datetime]] = {}
            self._templates: dict[tuple[AccountKind, str], Template] = {}
            self._consents: Counter[tuple[str, str]] = Counter()
            self._messages: list[Message] = []
            self._sent_ids: dict[tuple[str, str], tuple[int, datetime]] = {}
            self._next_msgid = 4_000_000_000_000_000_001

    def counts(self) -> dict[str, object]:
        """How much of everything there is, and how often each path was called."""
        with self.lock:
            return {
                "users": len(self.people.users),
                "followers": sum(record.subscribed for record in self.people.followers.values()),
                "templates": len(self._templates),
                "consents": self._consents.total(),
                "messages": len(self._messages),
                "tokens": len(self._tokens),
                "calls": dict(self.calls),
            }

    # --- accounts and tokens ---

    def account_of(self, appid: object, secret: object) -> AccountKind:
        """The account with these credentials. Raises Refused."""
        for kind, account in self._accounts.items():
            if account.appid == appid:
                if account.secret != secret:
                    raise Refused(40125, "invalid appsecret")
                return kind
        raise Refused(40013, "invalid appid")

    def stable_token(self, kind: AccountKind, *, force: bool) -> tuple[str, int]:
        """The account's token and the seconds it still lives; `force` ends all earlier ones at once.

        Raises Refused when the day's forced renewals are used up.
        """
        with self.lock:
            now = clock.now()
            newest = self._newest.get(kind)
            force = force and self._may_force(kind, now)
            if newest is not None and not force:
                left = self._tokens[newest].expires_at - now
                if left > TOKEN_OVERLAP:
                    return newest, int(left.total_seconds())
            if force:
                self.drop_tokens(kind)
            token = secrets.token_urlsafe(96)
            self._tokens[token] = _Token(kind, now + TOKEN_LIFE)
            self._newest[kind] = token
            return token, int(TOKEN_LIFE.total_seconds())

    def _may_force(self, kind: AccountKind, now: datetime) -> bool:
        """Whether a renewal is forced; within half a minute of the last one it is an ordinary one."""
        forced = self._forced.setdefault(kind, [])
        if forced and now - forced[-1] < FORCED_APART:
            return False
        today = now.astimezone(CHINA).date()
        if sum(at.astimezone(CHINA).date() == today for at in forced) >= FORCED_A_DAY:
            raise Refused(45009, "reach max api daily quota limit")
        forced.append(now)
        return True

    def drop_tokens(self, kind: AccountKind) -> None:
        """Let none of the account's tokens work any more."""
        with self.lock:
            self._tokens = {
                value: token for value, token in self._tokens.items() if token.account is not kind
            }
            self._newest.pop(kind, None)

    def check_token(self, value: str, kind: AccountKind) -> None:
        """Let a call pass that needs a token of `kind`. Raises Refused."""
        if self.account_of_token(value) is not kind:
            raise Refused(48001, "api unauthorized")

    def account_of_token(self, value: str) -> AccountKind:
        """The account of a token that is alive. Raises Refused."""
        with self.lock:
            token = self._tokens.get(value)
            if token is None:
                raise Refused(40001, "invalid credential, access_token is invalid or not latest")
            if token.expires_at <= clock.now():
                raise Refused(42001, "access_token expired")
            return token.account

    # --- templates, consents, messages ---

    def register(self, template: Template) -> None:
        """Add or replace a template. Raises ValueError for a field of a type that WeChat does not know."""
        for key in template.fields:
            if fieldlimits.type_of(key) is None:
                raise ValueError(f"fields: {key}: no such field type")
        with self.lock:
            self._templates[template.account, template.template_id] = template

    def templates(self, account: AccountKind) -> list[Template]:
        """The templates of an account."""
        with self.lock:
            return [template for (kind, _), template in self._templates.items() if kind is account]

    def consent(self, openid: str, template_id: str, count: int) -> int:
        """Add `count` accepts; the number that is now open."""
        with self.lock:
            self.people.user(openid)
            self._consents[openid, template_id] += count
            return self._consents[openid, template_id]

    def send_subscribe(self, openid: str, template_id: str, data: object, page: str | None) -> int:
        """Deliver a subscribe message and use up one accept; its msgid. Raises Refused."""
        with self.lock:
            if openid not in self.people.users:
                raise Refused(40003, "invalid openid")
            template, values = self._checked(AccountKind.MINI_PROGRAM, template_id, data)
            refuse_words(values)
            if page is not None and (not page or page.startswith("/") or "://" in page):
                raise Refused(41030, "invalid page")
            if self._consents[openid, template_id] < 1:
                raise Refused(43101, "user refuse to accept the msg")
            if not template.long_term:
                self._consents[openid, template_id] -= 1
            return self._deliver("subscribe", openid, template, values, page=page)

    def send_template(
        self,
        openid: str,
        template_id: str,
        data: object,
        *,
        url: str | None,
        page: str | None,
        client_msg_id: str | None,
    ) -> int:
        """Deliver a template message to a follower; its msgid. Raises Refused."""
        with self.lock:
            record = self.people.followers.get(openid)
            if record is None:
                raise Refused(40003, "invalid openid")
            if not record.subscribed:
                raise Refused(43004, "require subscribe")
            template, values = self._checked(AccountKind.SERVICE, template_id, data)
            if client_msg_id is None:
                return self._deliver("template", openid, template, values, page=page, url=url)
            earlier = self._sent_ids.get((openid, client_msg_id))
            if earlier is not None and clock.now() - earlier[1] < DEDUPE_WINDOW:
                return earlier[0]
            msgid = self._deliver(
                "template", openid, template, values, page=page, url=url, client_msg_id=client_msg_id
            )
            self._sent_ids[openid, client_msg_id] = (msgid, clock.now())
            return msgid

    def messages(self, after: int = 0) -> list[Message]:
        """The messages after the one numbered `after`, in the order of delivery."""
        with self.lock:
            return self._messages[max(after, 0) :]

    def _checked(
        self, account: AccountKind, template_id: str, data: object
    ) -> tuple[Template, dict[str, str]]:
        template = self._templates.get((account, template_id))
        if template is None:
            raise Refused(40037, "invalid template_id")
        if not isinstance(data, Mapping):
            raise Refused(47003, "argument invalid! data")
        if odd := sorted(set(data) ^ set(template.fields)):
            raise Refused(47003, f"argument invalid! data.{odd[0]} is missing or not in the template")
        values: dict[str, str] = {}
        for key in template.fields:
            entry = data[key]
            value = entry.get("value") if isinstance(entry, Mapping) else None
            if not isinstance(value, str):
                raise Refused(47003, f"argument invalid! data.{key}.value is no text")
            if fault := fieldlimits.fault(key, value, template.listed.get(key, ())):
                raise Refused(47003, f"argument invalid! data.{fault}")
            values[key] = value
        return template, values

    def _deliver(
        self,
        channel: str,
        openid: str,
        template: Template,
        data: Mapping[str, str],
        *,
        page: str | None,
        url: str | None = None,
        client_msg_id: str | None = None,
    ) -> int:
        msgid = self._next_msgid
        self._next_msgid += 1
        self._messages.append(
            Message(
                seq=len(self._messages) + 1,
                at=clock.now(),
                channel=channel,
                openid=openid,
                template=template,
                data=data,
                page=page,
                url=url,
                client_msg_id=client_msg_id,
                msgid=msgid,
            )
        )
        return msgid
