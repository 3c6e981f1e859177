"""The event in a callback of WeChat, whether it came as XML or JSON.

Sources in WeChat's documentation: 订阅消息 / 事件推送 (the three subscribe events), 模板消息
(TEMPLATESENDJOBFINISH), 接收事件推送 (follow events), 消息推送 (how to tell a repeated push).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from app.domain.texts import storable
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
MEMBER_ID = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
# Events of the same kind, person and second differ by these: a menu's key, the id of a content check, what
# was changed of a member.
_OWN_IDS = ("EventKey", "trace_id", "ChangeType")
_EVENT = "event"
_MSG_IDS = ("MsgId", "MsgID")
_LAST_INSTANT = 253402300799
_LONGEST_INSTANT = 15
_INTEGER = re.compile(r"-?[0-9]{1,9}")
_SUCCESS = "success"
_WITH = "acceptWith"


class Choice(StrEnum):
    """What a person answered when asked for a template."""

    ACCEPT = "accept"
    REJECT = "reject"


def choice_of(answer: str) -> Choice:
    """What WeChat's word for an answer says: a yes gives the right to send, with or without sound or alert.

    `accept`, `acceptWithAudio` and `acceptWithAlert` are yes; `reject`, `ban` (the template is banned) and
    `filter` (left out because another template has the same title) are not. Source: WeChat's documentation
    of wx.requestSubscribeMessage.
    """
    return Choice.ACCEPT if answer == Choice.ACCEPT.value or answer.startswith(_WITH) else Choice.REJECT


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


def event_of(account: AccountKind, values: Mapping[str, object], *, pushed_at: datetime) -> PushEvent:
    """The event in the values of an opened callback; odd values of single fields are tolerated.

    `pushed_at` (signed, aware) counts where the time of the event is missing. Raises ValueError for what
    names no kind of event, no person, or an answer or a report that can't be read.
    """
    fields = {storable(str(name)): _plain(value) for name, value in values.items()}
    if not fields.get("MsgType") and fields.get("Event"):
        fields["MsgType"] = _EVENT
    created = _created(fields.get("CreateTime"), pushed_at)
    fields["CreateTime"] = str(created)
    msg_type = _field(fields, "MsgType")
    event = _field(fields, "Event") if msg_type == _EVENT else None
    openid = _person(account, fields, event)
    msg_id = next((each for name in _MSG_IDS if isinstance(each := fields.get(name), str) and each), None)
    if event is None and msg_id is None:
        # Two messages of one second are two: they are told apart by what they say.
        msg_id = hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()[:32]
    choices = tuple(_choice(item) for item in _listed(fields, event, _CHOICES))
    sent = tuple(_report(item) for item in _listed(fields, event, _SENT))
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


def _created(told: object, pushed_at: datetime) -> int:
    """When it was made, in seconds since 1970; an odd value (a fraction, milliseconds, none) is mended."""
    seconds = str(told or "").strip().partition(".")[0]
    if not (seconds.isascii() and seconds.isdigit()) or len(seconds) > _LONGEST_INSTANT:
        return int(pushed_at.timestamp())
    whole = int(seconds)
    if whole > _LAST_INSTANT:
        whole //= 1000
    return whole if whole <= _LAST_INSTANT else int(pushed_at.timestamp())


def _person(account: AccountKind, fields: Mapping[str, object], event: str | None) -> str:
    """Whom a callback is about: the openid, or WeCom's member id."""
    if event in _USER_IN_OPENID:
        person = _field(fields, "OpenID")
    elif event == _MEMBER_CHANGED:
        # Changes of departments and tags name no member, and are no affair of ours.
        person = str(fields.get("UserID") or "sys")
    else:
        person = _field(fields, "FromUserName")
    known = MEMBER_ID if account is AccountKind.WECOM else _OPENID
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
    """The entries of a subscribe event: XML wraps the List once more, JSON has a single one bare.

    It may be an object, an array, either of them as JSON in a text, or missing. Raises ValueError for
    anything else; of several entries, those that name no template are left out.
    """
    if event is None or event not in wrappers:
        return []
    wrapper = _unwrapped(fields.get(wrappers[event], fields))
    entries = _unwrapped(wrapper.get("List") if isinstance(wrapper, Mapping) else wrapper)
    if entries is None or entries == "":
        return []
    if isinstance(entries, Mapping):
        entries = [entries]
    if not isinstance(entries, list):
        raise ValueError("the event's List is no list")
    named = [entry for entry in entries if isinstance(entry, Mapping) and entry.get("TemplateId")]
    if entries and not named:
        raise ValueError("the event's List names no template")
    return named


def _unwrapped(value: object) -> object:
    """An object or array that came as JSON in a text; everything else as it is. Raises ValueError."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    return _plain(json.loads(value, parse_int=str, parse_float=str, parse_constant=str))


def _choice(entry: Mapping[str, object]) -> TemplateChoice:
    return TemplateChoice(_field(entry, "TemplateId"), choice_of(str(entry.get("SubscribeStatusString", ""))))


def _report(entry: Mapping[str, object]) -> SentReport:
    status, code = str(entry.get("ErrorStatus", "")), str(entry.get("ErrorCode", "")).strip()
    if not code and status == _SUCCESS:
        code = "0"
    if _INTEGER.fullmatch(code) is None:
        raise ValueError("no error code")
    template_id, msgid = _field(entry, "TemplateId"), _field(entry, "MsgID")
    return SentReport(template_id=template_id, msgid=msgid, errcode=int(code), status=status)


def _field(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is missing")
    return value


def _plain(value: object) -> object:
    """A value with numbers as text (XML knows nothing else), and only text that any database can hold."""
    if isinstance(value, Mapping):
        return {storable(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return "" if value is None else storable(str(value))
