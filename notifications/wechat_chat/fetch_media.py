"""Fetching pictures and voice from WeChat's chat: claimed and committed, fetched and kept with no transaction
open, attached in the next. A file that was fetched twice is attached once.
"""

import logging
import random
from datetime import datetime

from app.core import clock
from app.core.atomic import atomic
from app.core.ids import new_id
from app.core.objectstore import StoreUnavailableError
from app.domain.errors import DocumentRefusedError
from app.services.conversations.wechat_chat import inbound_media
from app.services.conversations.wechat_chat.inbound_media import ClaimedMedia
from app.services.documents import upload
from app.wechat.port import AccountKind, Accounts, FaultKind, WeChatError
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance

BATCH = 20
"""Few, since files are large and what was claimed last waits for all others."""

# No person is named in the request, so that what is unclear elsewhere is the account's fault here.
_OF_THE_ACCOUNT = frozenset({FaultKind.CONFIGURATION, FaultKind.UNCLEAR})
_LASTING = _OF_THE_ACCOUNT | {FaultKind.TRANSIENT, FaultKind.UNKNOWN_OUTCOME, FaultKind.TOKEN}
"""Faults that may pass while WeChat still keeps the file, some of them when an operator sees to it."""

_log = logging.getLogger(__name__)


def fetch(wechat: Accounts, *, chance: Chance | None = None) -> int:
    """Fetch until nothing is due; how many were tried. Call outside any transaction; any number may do so."""
    chance, owner, tried = chance or random.SystemRandom(), new_id(), 0
    while True:
        with atomic():
            claimed = inbound_media.claim(owner, BATCH)
        if not claimed:
            return tried
        for one in claimed:
            _fetch(wechat, owner, one, chance)
        tried += len(claimed)


def _fetch(wechat: Accounts, owner: str, one: ClaimedMedia, chance: Chance) -> None:
    if clock.now() >= one.last:
        with atomic():
            inbound_media.give_up(owner, one.message_id, refused=False)
        return
    account = wechat.service if one.medium == AccountKind.SERVICE else wechat.miniprogram
    try:
        content = account.fetch_media(media_id=one.media_id)
        with atomic(read_only=True):
            arrived = inbound_media.accept(one, content)
    except WeChatError as error:
        _after_fault(owner, one, error, chance)
        return
    except DocumentRefusedError:
        with atomic():
            inbound_media.give_up(owner, one.message_id, refused=True)
        return
    try:
        upload.keep_bytes(arrived)
    except StoreUnavailableError:
        _log.warning("a file of WeChat's chat can't be stored")
        with atomic():
            again_at = min(clock.now() + retry.delay(one.attempts, chance), one.last)
            inbound_media.postpone(owner, one.message_id, again_at)
        return
    try:
        with atomic():
            inbound_media.attach_file(owner, one.message_id, arrived)
    except DocumentRefusedError:
        # Others have used up the allowance of the case meanwhile.
        with atomic():
            inbound_media.give_up(owner, one.message_id, refused=True)


def _after_fault(owner: str, one: ClaimedMedia, error: WeChatError, chance: Chance) -> None:
    if error.kind in _OF_THE_ACCOUNT:
        _log.error("a file can't be fetched from WeChat's chat", extra={"errcode": error.errcode})
    again_at = _again(one, error, chance)
    with atomic():
        if again_at is None:
            inbound_media.give_up(owner, one.message_id, refused=False)
        else:
            inbound_media.postpone(owner, one.message_id, again_at)


def _again(one: ClaimedMedia, error: WeChatError, chance: Chance) -> datetime | None:
    """When to try again; None when it never comes. The last try is just before WeChat forgets the file."""
    now = clock.now()
    if error.kind is FaultKind.QUOTA:
        return min(retry.tomorrow(now, chance), one.last)
    if error.kind in _LASTING:
        return min(now + retry.delay(one.attempts, chance), one.last)
    return None
