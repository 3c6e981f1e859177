"""What WeChat pushes about its chats: messages of people, entering, and the answers of the content check."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from app.services.conversations import content_checks
from app.services.conversations.content_checks import Safety
from app.services.conversations.wechat_chat import inbound
from app.services.conversations.wechat_chat.inbound import Incoming, Medium
from app.wechat.port import AccountKind, Verdict
from notifications.wechat_chat.check_content import SAFETY

MESSAGES = ("text", "image", "location", "voice", "video", "shortvideo", "link", "miniprogrampage", "file")
"""The types of message that a person may write; all join a conversation, some as a sentence about them."""

Payload = Mapping[str, Any]

_log = logging.getLogger(__name__)


class NotYet(Exception):
    """An event has to wait: WeChat can't be asked now, or what it speaks of is just being sent."""


def message(account: AccountKind, payload: Payload) -> bool:
    """Somebody wrote."""
    fields = payload["fields"]
    inbound.receive_message(
        Incoming(
            medium=Medium(account.value),
            openid=payload["openid"],
            msg_type=fields["MsgType"],
            msg_id=payload["msg_id"] or fields["CreateTime"],
            fields=fields,
            at=_written_at(fields),
        )
    )
    return True


def entered(account: AccountKind, payload: Payload) -> bool:
    """Somebody came into the chat of the mini-program."""
    inbound.enter_chat(Medium(account.value), payload["openid"], _written_at(payload["fields"]))
    return True


def checked(_account: AccountKind, payload: Payload) -> bool:
    """WeChat looked at a picture, or says that it could not; False for one that nobody waits for.

    Raises `NotYet` while a question is under way: this may be its answer.
    """
    fields = payload["fields"]
    result = fields.get("result")
    suggest = result.get("suggest") if isinstance(result, Mapping) else None
    if suggest in set(Verdict):
        found = SAFETY[Verdict(suggest)]
    else:
        # Most often -1008: WeChat could not fetch it below STEWARD_PUBLIC_URL.
        _log.error("a picture could not be checked", extra={"errcode": str(fields.get("errcode", ""))})
        found = Safety.UNCHECKED
    if content_checks.answered(str(fields.get("trace_id", "")), found):
        return True
    if content_checks.being_asked():
        raise NotYet
    return False


_CHATS = (AccountKind.MINI_PROGRAM, AccountKind.SERVICE)

EFFECTS: Mapping[tuple[AccountKind, str], Callable[[AccountKind, Payload], bool]] = MappingProxyType(
    {(account, kind): message for account in _CHATS for kind in MESSAGES}
    | {
        (AccountKind.MINI_PROGRAM, "user_enter_tempsession"): entered,
        (AccountKind.MINI_PROGRAM, "wxa_media_check"): checked,
    }
)
"""What to do about each; False says that it meant nothing here."""


def _written_at(fields: Payload) -> datetime:
    return datetime.fromtimestamp(int(fields["CreateTime"]), UTC)
