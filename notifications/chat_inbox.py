"""What WeChat pushes about its chats: messages of people, entering, and the answers of the content check."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from app.services.conversations import incoming, safety
from app.services.conversations.incoming import Incoming, Medium
from app.wechat.port import AccountKind, Verdict
from notifications.content_checks import SAFETY

MESSAGES = ("text", "image", "location", "voice", "video", "shortvideo", "link", "miniprogrampage", "file")
"""The types of message that a person may write; all join a conversation, some as a sentence about them."""

Payload = Mapping[str, Any]


def message(account: AccountKind, payload: Payload) -> bool:
    """Somebody wrote."""
    fields = payload["fields"]
    incoming.take(
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
    incoming.enter(Medium(account.value), payload["openid"], _written_at(payload["fields"]))
    return True


def checked(_account: AccountKind, payload: Payload) -> bool:
    """WeChat looked at a picture; False for one that nobody waits for, or an answer that says nothing."""
    fields = payload["fields"]
    result = fields.get("result")
    suggest = result.get("suggest") if isinstance(result, Mapping) else None
    if suggest not in set(Verdict):
        return False
    return safety.answered(str(fields.get("trace_id", "")), SAFETY[Verdict(suggest)])


EFFECTS: Mapping[tuple[AccountKind, str], Callable[[AccountKind, Payload], bool]] = MappingProxyType(
    {(account, kind): message for account in AccountKind for kind in MESSAGES}
    | {
        (AccountKind.MINI_PROGRAM, "user_enter_tempsession"): entered,
        (AccountKind.MINI_PROGRAM, "wxa_media_check"): checked,
    }
)
"""What to do about each; False says that it meant nothing here."""


def _written_at(fields: Payload) -> datetime:
    return datetime.fromtimestamp(int(fields["CreateTime"]), UTC)
