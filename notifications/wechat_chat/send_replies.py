"""Handing replies to WeChat's chat: claimed and committed, sent with no transaction open, recorded.

A 客服消息 has no idempotency key: one whose outcome is not known is never sent again; its person is told by
notice as well.
"""

import logging
import random

from app.core import clock, objectstore
from app.core.atomic import atomic
from app.core.ids import new_id
from app.services.conversations.delivery import wechat_replies
from app.services.conversations.delivery.wechat_replies import ClaimedReply, Outcome, Picture
from app.wechat.port import AccountKind, Accounts, ChatWindow, FaultKind, WeChatError
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance

BATCH = 50

_TYPING = "typing"
# The window is over, or its number of messages is used up: WeChat counts, too.
_CLOSED = frozenset({45015, 45047})
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
            outcome = _send(_account(wechat, one), one)
            again_at = clock.now() + retry.delay(one.attempts + 1, chance)
            with atomic():
                wechat_replies.record_result(owner, one, outcome, again_at)
        tried += len(claimed)


def _account(wechat: Accounts, one: ClaimedReply) -> ChatWindow:
    return wechat.service if one.medium == AccountKind.SERVICE else wechat.miniprogram


def _send(account: ChatWindow, one: ClaimedReply) -> Outcome:
    if one.crashed:
        return Outcome.UNKNOWN
    if not one.open:
        return Outcome.REFUSED
    try:
        if one.kind == _TYPING:
            account.show_typing(openid=one.openid)
        elif one.picture is None or not _shown(account, one.openid, one.picture):
            account.send_text(openid=one.openid, text=one.text)
    except WeChatError as error:
        return _judged(error)
    return Outcome.SENT


def _shown(account: ChatWindow, openid: str, picture: Picture) -> bool:
    """Show a picture; False when WeChat does not take this one, and a text has to speak of it.

    Raises WeChatError for whatever would befall the text as well.
    """
    try:
        content = b"".join(objectstore.stream(picture.object_key))
        account.send_picture(openid=openid, content=content, media_type=picture.media_type)
    except FileNotFoundError:
        _log.error("a picture's bytes are missing")
        return False
    except WeChatError as error:
        if error.kind is not FaultKind.CONTENT:
            raise
        _log.warning("WeChat does not take a picture", extra={"errcode": error.errcode})
        return False
    return True


def _judged(error: WeChatError) -> Outcome:
    if error.errcode in _CLOSED:
        return Outcome.CLOSED
    match error.kind:
        case FaultKind.TRANSIENT | FaultKind.TOKEN:
            return Outcome.AGAIN
        case FaultKind.UNKNOWN_OUTCOME:
            return Outcome.UNKNOWN
        case FaultKind.CONFIGURATION:
            _log.error("a reply can't go into WeChat's chat", extra={"errcode": error.errcode})
            return Outcome.REFUSED
        case _:
            return Outcome.REFUSED
