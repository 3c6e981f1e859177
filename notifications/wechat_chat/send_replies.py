"""Handing replies to WeChat's chat: claimed and committed, sent with no transaction open, recorded.

A 客服消息 has no idempotency key: one whose outcome is not known is never sent again; its person is told by
notice as well.
"""

import logging
import random

from app.core import clock, objectstore
from app.core.atomic import atomic
from app.core.ids import new_id
from app.domain.conversation.vocabulary import UndeliveredCause
from app.services.conversations.delivery import wechat_replies
from app.services.conversations.delivery.wechat_replies import ClaimedReply, Outcome, Picture, Result
from app.wechat.port import AccountKind, Accounts, ChatWindow, FaultKind, WeChatError
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance

BATCH = 50

_TYPING = "typing"
# The window is over, or its number of messages is used up: WeChat counts, too.
_CLOSED = {45015: UndeliveredCause.CLOSED, 45047: UndeliveredCause.USED_UP}
_TOO_LONG = frozenset({45002})
_JUDGED = {
    # The cause counts when the tries are used up.
    FaultKind.TRANSIENT: (Outcome.AGAIN, UndeliveredCause.BUSY),
    FaultKind.TOKEN: (Outcome.AGAIN, UndeliveredCause.CONFIGURATION),
    FaultKind.UNKNOWN_OUTCOME: (Outcome.UNKNOWN, None),
    FaultKind.CONFIGURATION: (Outcome.REFUSED, UndeliveredCause.CONFIGURATION),
    FaultKind.QUOTA: (Outcome.REFUSED, UndeliveredCause.QUOTA),
    FaultKind.RECIPIENT: (Outcome.REFUSED, UndeliveredCause.RECIPIENT),
    FaultKind.BLOCKED: (Outcome.REFUSED, UndeliveredCause.RECIPIENT),
    FaultKind.CONTENT: (Outcome.REFUSED, UndeliveredCause.CONTENT),
    FaultKind.WORDING: (Outcome.REFUSED, UndeliveredCause.CONTENT),
}
_log = logging.getLogger(__name__)


def deliver(wechat: Accounts, *, chance: Chance | None = None) -> int:
    """Send until nothing is due; how many were tried. Call outside any transaction; any number may do so."""
    chance, owner, tried = chance or random.SystemRandom(), new_id(), 0
    while True:
        with atomic():
            claimed = wechat_replies.claim(owner, BATCH)
        if not claimed:
            return tried
        for one in claimed:
            result = _send(_account(wechat, one), owner, one)
            again_at = clock.now() + retry.delay(one.attempts + 1, chance)
            with atomic():
                wechat_replies.record_result(owner, one, result, again_at)
        tried += len(claimed)


def _account(wechat: Accounts, one: ClaimedReply) -> ChatWindow:
    return wechat.service if one.medium == AccountKind.SERVICE else wechat.miniprogram


def _send(account: ChatWindow, owner: str, one: ClaimedReply) -> Result:
    if one.crashed:
        return Result(Outcome.UNKNOWN)
    if one.withdrawn:
        return Result(Outcome.REFUSED, UndeliveredCause.WITHDRAWN)
    if one.shut is not None:
        return Result(Outcome.REFUSED, one.shut)
    try:
        if one.kind == _TYPING:
            account.show_typing(openid=one.openid)
        elif one.picture is None or not _shown(account, one.openid, one.picture):
            return _send_parts(account, owner, one)
    except WeChatError as error:
        return _judged(error)
    except objectstore.StoreUnavailableError:
        _log.warning("a picture can't be had from the document store")
        return Result(Outcome.AGAIN, UndeliveredCause.BUSY)
    return Result(Outcome.SENT)


def _send_parts(account: ChatWindow, owner: str, one: ClaimedReply) -> Result:
    """Send a text in its parts; each that WeChat took is written down before the next. Raises WeChatError."""
    for part in one.parts[:-1]:
        account.send_text(openid=one.openid, text=part)
        with atomic():
            if not wechat_replies.record_part(owner, one):
                # Another worker believes that this one died, and has told the outcome.
                return Result(Outcome.UNKNOWN)
    account.send_text(openid=one.openid, text=one.parts[-1])
    return Result(Outcome.SENT)


def _shown(account: ChatWindow, openid: str, picture: Picture) -> bool:
    """Show a picture; False when WeChat does not take this one, and a text has to speak of it.

    Raises WeChatError for whatever would befall the text as well, and `StoreUnavailableError`.
    """
    try:
        with objectstore.fetch(picture.object_key) as file:
            content = file.read()
        account.send_picture(openid=openid, content=content, media_type=picture.media_type)
    except FileNotFoundError:
        _log.error("a picture's bytes are missing")
        return False
    except WeChatError as error:
        if error.kind not in {FaultKind.CONTENT, FaultKind.WORDING, FaultKind.UNLISTED}:
            raise
        _log.warning("WeChat does not take a picture", extra={"errcode": error.errcode})
        return False
    return True


def _judged(error: WeChatError) -> Result:
    if error.errcode in _CLOSED:
        return Result(Outcome.CLOSED, _CLOSED[error.errcode])
    if error.errcode in _TOO_LONG:
        return Result(Outcome.REFUSED, UndeliveredCause.TOO_LONG)
    if error.kind is FaultKind.CONFIGURATION:
        _log.error("a reply can't go into WeChat's chat", extra={"errcode": error.errcode})
    outcome, cause = _JUDGED.get(error.kind, (Outcome.REFUSED, UndeliveredCause.OTHER))
    return Result(outcome, cause)
