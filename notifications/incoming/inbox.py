"""What WeChat pushes to us: stored once by the callback, worked off by the jobs.

WeChat waits five seconds for an answer and repeats three times, so the callback only stores. Events of new
or unknown followers lead to a question to WeChat, asked while no transaction is open.

Nothing that WeChat pushed is thrown away, and no event stops those behind it: what can't be read or handled
stays as failed, is counted in the metrics and named in the morning summary.
"""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import update

from app.core import clock
from app.core.atomic import atomic
from app.core.connection_failure import is_connection_failure
from app.core.db import db
from app.core.queue import NOW, Queue
from app.core.upsert import insert_or_ignore
from app.domain.errors import NobodyAvailableError, Refusal
from app.services.conversations.wechat_chat.inbound import Medium
from app.services.people import followers
from app.services.privacy import erasure
from app.wechat.port import AccountKind, Follower, ServiceAccount
from app.wechat.push import UnreadablePush
from app.wechat.pushevent import Choice, PushEvent
from notifications.dispatch import retry
from notifications.dispatch.retry import Chance
from notifications.followup import delivery_reports
from notifications.followup.delivery_reports import Matched
from notifications.incoming import chat_inbox, follower_events, member_events
from notifications.incoming.chat_inbox import NotYet
from notifications.models import InboxEvent
from notifications.outbox import consents
from notifications.wording import catalog

BATCH = 100

HANDLED = "handled"
IGNORED = "ignored"
FAILED = "failed"

UNREADABLE = "unreadable"
"""Stands as the event's name where a push names none that can be read."""

# Not leased: an event has its effect in the transaction that locks it, and a question to WeChat that two
# workers ask before does no harm.
QUEUE = Queue(
    "callbacks",
    InboxEvent,
    falls_due=InboxEvent.next_attempt_at,
    due=((InboxEvent.handled_at.is_(None)) & (InboxEvent.next_attempt_at <= NOW),),
    order_by=(InboxEvent.id,),
)

# The width of the column; no event of WeChat's has half as long a name.
_LONGEST_NAME = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Event:
    id: int
    account: AccountKind
    name: str
    payload: Mapping[str, Any]
    attempts: int

    @property
    def openid(self) -> str:
        openid: str = self.payload["openid"]
        return openid


def accept(event: PushEvent) -> bool:
    """Keep an event in the caller's transaction; False when it was kept before."""
    row = {
        "dedupe_key": event.dedupe_key,
        "account": event.account,
        "event": (event.event or event.msg_type)[:_LONGEST_NAME],
        "payload": {
            "openid": event.openid,
            "msg_id": event.msg_id,
            "choices": [asdict(choice) for choice in event.choices],
            "sent": [asdict(report) for report in event.sent],
            "fields": dict(event.fields),
        },
        "received_at": clock.now(),
        "attempts": 0,
        "next_attempt_at": clock.now(),
    }
    return insert_or_ignore(InboxEvent, row, conflict=("dedupe_key",))


def keep_unreadable(push: UnreadablePush) -> bool:
    """Keep what WeChat pushed and nobody can read, as failed, in the caller's transaction; False if known."""
    now = clock.now()
    row = {
        "dedupe_key": push.dedupe_key,
        "account": push.account,
        "event": UNREADABLE,
        "payload": {"content": push.content},
        "received_at": now,
        "attempts": 0,
        "next_attempt_at": now,
        "handled_at": now,
        "outcome": FAILED,
    }
    fresh = insert_or_ignore(InboxEvent, row, conflict=("dedupe_key",))
    if fresh:
        _log.error("what WeChat pushed can't be read", extra={"account": push.account.value})
    return fresh


def work(service_account: ServiceAccount, *, limit: int = BATCH, chance: Chance | None = None) -> int:
    """Work off up to `limit` kept events, oldest first; call outside any transaction.

    Returns how many were looked at. Any number of processes may do so: an event takes effect once, in the
    transaction that marks it. Events that mean nothing to this product stay, marked as ignored.
    """
    chance = chance or random.SystemRandom()
    events = _due(limit)
    for event in events:
        try:
            _handle(service_account, event)
        except NotYet:
            _postpone(event, chance)
        except Exception as fault:
            if is_connection_failure(fault):
                raise
            # One event must not stop those behind it, whatever is wrong with it or with us.
            _log.exception("a callback could not be handled", extra={"inbox_event": event.id})
            _postpone_or_fail(event, chance)
    return len(events)


def _handle(service_account: ServiceAccount, event: _Event) -> None:
    follower = follower_events.ask(service_account, event.account, event.name, event.openid, event.attempts)
    with atomic() as transaction:
        if QUEUE.lock_one(event.id) is None:
            transaction.mark_for_rollback()
            return
        outcome = _effect(event, follower)
        # What was handled needs no words any more; what failed is looked at by somebody.
        emptied: dict[str, Any] = {} if outcome == FAILED else {"payload": {}}
        _change(event, outcome=outcome, handled_at=clock.now(), **emptied)


def _due(limit: int) -> list[_Event]:
    with atomic(read_only=True):
        rows = QUEUE.peek(
            limit,
            InboxEvent.id,
            InboxEvent.account,
            InboxEvent.event,
            InboxEvent.payload,
            InboxEvent.attempts,
        )
    return [_Event(row.id, AccountKind(row.account), row.event, row.payload, row.attempts) for row in rows]


def _postpone(event: _Event, chance: Chance) -> None:
    with atomic():
        _change(
            event,
            attempts=event.attempts + 1,
            next_attempt_at=clock.now() + retry.delay(event.attempts + 1, chance),
        )


def _postpone_or_fail(event: _Event, chance: Chance) -> None:
    if not retry.exhausted(event.attempts + 1):
        _postpone(event, chance)
        return
    with atomic():
        _change(event, outcome=FAILED, handled_at=clock.now())


def _change(event: _Event, **values: Any) -> None:
    db.session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == event.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _effect(event: _Event, follower: Follower | None) -> str:
    """Do what the event asks for; what came of it."""
    if follower is not None:
        follower_events.keep(follower)
    if (event.account, event.name) == follower_events.FOLLOW:
        return FAILED if follower is None else HANDLED
    if (event.account, event.name) == follower_events.UNFOLLOW:
        followers.unfollow(event.openid)
        return HANDLED
    spoken = chat_inbox.EFFECTS.get((event.account, event.name))
    if spoken is not None:
        try:
            with db.session.begin_nested():
                return HANDLED if spoken(event.account, event.payload) else IGNORED
        except NobodyAvailableError as refusal:
            # No manager is there at all: it waits, and holds nobody else up.
            raise NotYet from refusal
        except Refusal as refusal:
            # Asked again it would be refused again; somebody has to look at what was said.
            _log.error(
                "what WeChat pushed was refused", extra={"inbox_event": event.id, "code": refusal.code}
            )
            return FAILED
        except NotYet:
            if retry.exhausted(event.attempts + 1):
                return IGNORED
            raise
    if event.account is AccountKind.WECOM:
        return _member_event(event)
    effect = _EFFECTS.get((event.account, event.name))
    return IGNORED if effect is None else effect(event)


def _member_event(event: _Event) -> str:
    effect = member_events.EFFECTS.get(event.name)
    known = effect is not None and effect(event.openid, event.payload["fields"])
    return HANDLED if known else IGNORED


def _withdrawn(event: _Event) -> str:
    """The person took back what they had allowed; with everything, the accepts of messages go, too."""
    revoked = str(event.payload["fields"].get("RevokeInfo", ""))
    if event.name == erasure.CANCELLED:
        consents.forget(event.openid)
    known = erasure.withdraw_authorisation(Medium(event.account.value), event.openid, event.name, revoked)
    return HANDLED if known else IGNORED


def _popup(event: _Event) -> str:
    """The person answered the question for consent; a no takes nothing away that was given before."""
    return _for_each_choice(event, Choice.ACCEPT, consents.accepted_event)


def _change_of_mind(event: _Event) -> str:
    """The person switched templates off in WeChat's settings."""
    return _for_each_choice(event, Choice.REJECT, consents.consent_exhausted)


def _for_each_choice(event: _Event, wanted: Choice, act: Callable[[str, str], None]) -> str:
    templates = (
        catalog.current().template_of(choice["template_id"])
        for choice in event.payload["choices"]
        if choice["choice"] == wanted
    )
    # In one order for every worker, so that two of them never wait for each other.
    for key in sorted(template.key for template in templates if template is not None):
        act(event.openid, key)
    return HANDLED


def _subscribe_sent(event: _Event) -> str:
    outcomes = []
    for sent in event.payload["sent"]:
        template = catalog.current().template_of(sent["template_id"])
        key = template.key if template else None
        outcomes.append(
            _settle(
                event, delivery_reports.subscribe_report(event.openid, sent["msgid"], sent["errcode"], key)
            )
        )
    return HANDLED if HANDLED in outcomes else IGNORED


def _template_sent(event: _Event) -> str:
    fields = event.payload["fields"]
    report = delivery_reports.template_report(
        event.openid, event.payload["msg_id"] or "", fields.get("Status", "")
    )
    return _settle(event, report)


def _settle(event: _Event, report: delivery_reports.Report) -> str:
    matched = delivery_reports.apply_report(report)
    if matched is Matched.TOO_EARLY and not retry.exhausted(event.attempts + 1):
        raise NotYet
    return HANDLED if matched is Matched.SETTLED else IGNORED


_EFFECTS: Mapping[tuple[AccountKind, str], Callable[[_Event], str]] = MappingProxyType(
    {
        (AccountKind.SERVICE, "TEMPLATESENDJOBFINISH"): _template_sent,
        (AccountKind.MINI_PROGRAM, erasure.REVOKED): _withdrawn,
        (AccountKind.MINI_PROGRAM, erasure.CANCELLED): _withdrawn,
        (AccountKind.SERVICE, erasure.REVOKED): _withdrawn,
        (AccountKind.SERVICE, erasure.CANCELLED): _withdrawn,
        (AccountKind.MINI_PROGRAM, "subscribe_msg_popup_event"): _popup,
        (AccountKind.MINI_PROGRAM, "subscribe_msg_change_event"): _change_of_mind,
        (AccountKind.MINI_PROGRAM, "subscribe_msg_sent_event"): _subscribe_sent,
    }
)
