"""Asking WeChat about messages (内容安全), with no transaction open; if it can't be asked, talk goes on."""

import logging
import random

from app.core import clock
from app.core.atomic import atomic
from app.core.ids import new_id
from app.services.conversations import content_checks
from app.services.conversations.content_checks import ClaimedCheck, Safety
from app.services.documents.document_access import LinkSigner
from app.services.installation import city
from app.wechat.port import ContentCheck, FaultKind, Verdict, WeChatError
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance

BATCH = 50
SAFETY = {Verdict.PASS: Safety.PASSED, Verdict.REVIEW: Safety.REVIEW, Verdict.RISKY: Safety.RISKY}

_WORTH_ASKING_AGAIN = frozenset({FaultKind.TRANSIENT, FaultKind.UNKNOWN_OUTCOME, FaultKind.TOKEN})
_log = logging.getLogger(__name__)


def work(
    wechat: ContentCheck, links: LinkSigner, public_url: str | None, *, chance: Chance | None = None
) -> int:
    """Ask about everything that is due; how many were. WeChat fetches pictures below `public_url`."""
    chance, owner, asked = chance or random.SystemRandom(), new_id(), 0
    while True:
        with atomic():
            claimed = content_checks.claim(owner, BATCH, links)
        if not claimed:
            return asked
        for one in claimed:
            _ask(wechat, owner, one, public_url, chance)
        asked += len(claimed)


def _ask(wechat: ContentCheck, owner: str, one: ClaimedCheck, public_url: str | None, chance: Chance) -> None:
    scene = city.current().talk.safety.scene
    try:
        if one.picture is None:
            verdict = wechat.check_text(openid=one.openid, text=one.text or " ", scene=scene)
            with atomic():
                content_checks.record_verdict(owner, one.message_id, SAFETY[verdict])
        elif public_url is None:
            # WeChat has no way to this server.
            with atomic():
                content_checks.record_verdict(owner, one.message_id, Safety.UNCHECKED)
        else:
            url = public_url + one.picture
            trace_id = wechat.check_picture(openid=one.openid, url=url, scene=scene)
            with atomic():
                content_checks.await_answer(owner, one.message_id, trace_id)
    except WeChatError as error:
        _after_fault(owner, one, error, chance)


def _after_fault(owner: str, one: ClaimedCheck, error: WeChatError, chance: Chance) -> None:
    with atomic():
        if error.kind in _WORTH_ASKING_AGAIN:
            again_at = clock.now() + retry.delay(one.attempts, chance)
            content_checks.postpone(owner, one.message_id, again_at)
            return
        content_checks.record_verdict(owner, one.message_id, Safety.UNCHECKED)
    if error.kind in {FaultKind.CONFIGURATION, FaultKind.UNCLEAR}:
        _log.error("messages can't be checked as configured", extra={"errcode": error.errcode})
