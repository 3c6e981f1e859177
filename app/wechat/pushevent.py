"""The event in a callback of WeChat, whether it came as XML or JSON.

Sources in WeChat's documentation: 订阅消息 / 事件推送 (the three subscribe events), 模板消息
(TEMPLATESENDJOBFINISH), 接收事件推送 (follow events), 消息推送 (how to tell a repeated push).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from app.wechat.port import AccountKind

# Events in which FromUserName is not the user's openid or is not the one meant (授权用户资料变更).
_USER_IN_OPENID = ("user_info_modified", "user_authorization_revoke", "user_authorization_cancellation")
_MEMBER_CHANGED = "change_contact"
_CHOICES = MappingProxyType(
    {
        "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
        "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    }
)
_SENT = MappingProxyType({"subscribe_msg_sent_event": "SubscribeMsgSentEvent"})
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MEMBER_ID = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
# Events of the same kind, person and second differ by these: a menu's key, the id of a content check, what
# was changed of a member.
_OWN_IDS = ("EventKey", "trace_id", "ChangeType")
_LAST_INSTANT = 253402300799


class Choice(StrEnum):
    """What a person answered when asked for a template."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """One template and the answer to it; one accept is one message that may be sent."""

    template_id: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class SentReport:
    """The final result of a subscribe message."""

    template_id: str
    msgid: str
    errcode: int
    status: str


@dataclass(frozen=True, slots=True)
class PushEvent:
    """One callback, checked and opened. `fields` holds all of it, numbers as text."""

    account: AccountKind
    msg_type: str
    """"event", or the type of a message a person wrote ("text", "image", ...)."""
    event: str | None
    """The event's name as WeChat writes it, known to us or not; None for a person's message."""
    openid: str
    """Of WeCom, the member id."""
    created_at: datetime
    """When WeChat made it: aware, UTC, whole seconds."""
    msg_id: str | None
    """The id of a person's message, or in a report the id of the message that was sent."""
    fields: Mapping[str, object]
    dedupe_key: str
    """The same for every repetition of one push; 64 characters."""
    choices: tuple[TemplateChoice, ...] = ()
    """Of subscribe_msg_popup_event and subscribe_msg_change_event."""
    sent: tuple[SentReport, ...] = ()
    """Of subscribe_msg_sent_event."""


def event_of(account: AccountKind, values: Mapping[str, object]) -> PushEvent:
    """The event in the values of an opened callback. Raises ValueError for what WeChat would not send."""
    fields = {name: _plain(value) for name, value in values.items()}
    msg_type = _field(fields, "MsgType")
    event = _field(fields, "Event") if msg_type == "event" else None
    openid = _person(account, fields, event)
    msg_id = fields.get("MsgId") or fields.get("MsgID")
    if msg_id is not None and not isinstance(msg_id, str):
        raise ValueError("not a message id")
    choices = tuple(_choice(item) for item in _listed(fields, event, _CHOICES))
    sent = tuple(_report(item) for item in _listed(fields, event, _SENT))
    created = _integer(_field(fields, "CreateTime"), _LAST_INSTANT)
    return PushEvent(
        account=account,
        msg_type=msg_type,
        event=event,
        openid=openid,
        created_at=datetime.fromtimestamp(created, UTC),
        msg_id=msg_id,
        fields=MappingProxyType(fields),
        dedupe_key=_dedupe_key(
            account,
            [
                event or msg_type,
                openid,
                str(created),
                msg_id or "",
                *(str(fields.get(n, "")) for n in _OWN_IDS),
            ],
            sorted(f"{item.template_id} {item.choice}" for item in choices),
            sorted(f"{item.template_id} {item.msgid}" for item in sent),
        ),
        choices=choices,
        sent=sent,
    )


def _person(account: AccountKind, fields: Mapping[str, object], event: str | None) -> str:
    """Whom a callback is about: the openid, or WeCom's member id."""
    if event in _USER_IN_OPENID:
        person = _field(fields, "OpenID")
    elif event == _MEMBER_CHANGED:
        # Changes of departments and tags name no member, and are no affair of ours.
        person = str(fields.get("UserID") or "sys")
    else:
        person = _field(fields, "FromUserName")
    known = _MEMBER_ID if account is AccountKind.WECOM else _OPENID
    if known.fullmatch(person) is None:
        raise ValueError("not an openid")
    return person


def _dedupe_key(account: AccountKind, *parts: list[str]) -> str:
    # Messages repeat with their MsgId, events with FromUserName + CreateTime + Event. Two template
    # reports for one person may share that second, so the ids inside an event count too.
    joined = "\x1f".join([account.value, *("\x1e".join(part) for part in parts)])
    return hashlib.sha256(joined.encode()).hexdigest()


def _listed(
    fields: Mapping[str, object], event: str | None, wrappers: Mapping[str, str]
) -> list[Mapping[str, object]]:
    """The entries of a subscribe event: XML wraps the List once more, JSON has a single one bare."""
    if event is None or event not in wrappers:
        return []
    wrapper = fields.get(wrappers[event], fields)
    entries = wrapper.get("List") if isinstance(wrapper, Mapping) else None
    if isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise ValueError("the event's List is missing")
    return entries


def _choice(entry: Mapping[str, object]) -> TemplateChoice:
    accepted = _field(entry, "SubscribeStatusString") == Choice.ACCEPT.value
    # Anything but a plain yes gives no right to send.
    return TemplateChoice(_field(entry, "TemplateId"), Choice.ACCEPT if accepted else Choice.REJECT)


def _report(entry: Mapping[str, object]) -> SentReport:
    return SentReport(
        template_id=_field(entry, "TemplateId"),
        msgid=_field(entry, "MsgID"),
        errcode=_integer(_field(entry, "ErrorCode"), 10**9),
        status=str(entry.get("ErrorStatus", "")),
    )


def _field(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def _integer(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or int(text) > most:
        raise ValueError("not a number in its range")
    return int(text)


def _plain(value: object) -> object:
    """A value with numbers as text (XML knows nothing else), and only text that any database can hold."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    text = "" if value is None else str(value)
    if "\x00" in text or any("\ud800" <= mark <= "\udfff" for mark in text):
        raise ValueError("text that can't be stored")
    return text
