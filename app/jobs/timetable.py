"""Every timed job of the product, as one list, and what in the database each of them is for.

APScheduler is only the tick (docs/decisions/0003): what is due is decided by rows in the database and by the
one clock, so that any number of jobs processes may run and a restart loses nothing.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from app.core import clock, objectstore
from app.core.atomic import atomic
from app.core.queue import Work, what_is_due
from app.core.settings import Settings
from app.domain.data_terms import DataKind
from app.services.calendar_desk import notify_moves
from app.services.cases.flow import promise_watches
from app.services.conversations import content_checks
from app.services.conversations import conversation_sweep as talk
from app.services.conversations.care import retention
from app.services.conversations.delivery import wechat_replies
from app.services.conversations.wechat_chat import inbound_media
from app.services.documents import deletion, upload
from app.services.documents.document_access import LinkSigner
from app.services.installation import city
from app.services.operations import attempts, idempotency, run_once
from app.services.partners import request_signatures
from app.services.privacy import data_copies
from app.services.scheduling import skills
from app.services.timers import firing
from app.services.visits.changes import offer_times
from app.services.visits.changes import visit_sweep as visits_due
from app.wechat.port import Accounts, FaultKind, WeChatError
from notifications.channels.sms_carrier import Sms
from notifications.dispatch import circuit_breaker, dispatcher, outbox_queue
from notifications.followup import calls, unknown_outcomes
from notifications.incoming import inbox
from notifications.oversight import morning_digest, morning_summary, terms_day
from notifications.webhooks import send_webhooks
from notifications.wechat_chat import check_content, fetch_media, send_replies

TIMERS_PER_TRANSACTION = 200
BACKLOG_PER_TRANSACTION = 1000
MOVES_PER_TRANSACTION = 50
UNKNOWN_PER_TRANSACTION = 50
CONVERSATIONS_AT_ONCE = 100
CALLS_PER_TRANSACTION = 20
SKILLS_PER_TRANSACTION = 50
BYTES_AT_ONCE = 100
WAITING_AT_ONCE = 200
KEPT_RUNS = timedelta(days=90)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job, how many ticks lie between two looks at it, and the work that it does.

    It runs when some of its work is due; a job without any runs at each look.
    """

    name: str
    every_ticks: int
    run: Callable[[], object]
    works: Sequence[Work] = ()


def jobs(settings: Settings, wechat: Accounts, sms: Sms | None = None) -> Sequence[Job]:
    """The timetable of this installation. A tick is `settings.tick_seconds` of real time."""
    links = LinkSigner(settings.secret_key)
    a_minute = max(int(60 / settings.tick_seconds), 1)
    an_hour = max(int(3600 / settings.tick_seconds), 1)
    return (
        Job("callbacks", 1, lambda: inbox.work(wechat.service), (inbox.QUEUE,)),
        Job("timers", 1, fire_timers, (firing.QUEUE,)),
        Job("promises", 1, watch_promises, (promise_watches.QUEUE,)),
        Job("calendar", 1, notify_moved_due_dates, (notify_moves.QUEUE,)),
        Job("visits", 1, handle_due_visits, visits_due.QUEUES),
        Job("talk", 1, fire_conversation_timers, (talk.QUEUE,)),
        Job("files", 1, lambda: fetch_media.fetch(wechat), (inbound_media.QUEUE,)),
        # Before the replies: what is withheld does not go out.
        Job(
            "checks",
            1,
            lambda: check_content.work(wechat.miniprogram, links, settings.public_url),
            (content_checks.QUEUE,),
        ),
        Job("replies", 1, lambda: send_replies.deliver(wechat), (wechat_replies.QUEUE,)),
        Job(
            "messages",
            1,
            lambda: dispatcher.drain(wechat, sms),
            (*outbox_queue.WAITING.values(), outbox_queue.CLAIMED, circuit_breaker.DRAINING),
        ),
        Job("webhooks", 1, lambda: send_webhooks.drain(simulated=settings.simulated), (send_webhooks.QUEUE,)),
        Job("tokens", a_minute, lambda: keep_tokens_fresh(wechat)),
        Job("calls", a_minute, ask_managers_to_call, (calls.QUEUE,)),
        Job("unknown", a_minute, resolve_unknown, (unknown_outcomes.QUEUE,)),
        Job("skills", a_minute, tell_of_lapsing_skills, (skills.QUEUE,)),
        Job("morning", a_minute, send_morning_messages, (morning_summary.WORK, morning_digest.WORK)),
        Job("bytes", a_minute, remove_deleted_bytes, (deletion.QUEUE,)),
        Job("copies", 1, make_copies, (data_copies.QUEUE,)),
        Job("terms", a_minute, delete_past_terms, (terms_day.WORK,)),
        Job("forget", an_hour, delete_old_records),
    )


def due(jobs: Sequence[Job]) -> list[Job]:
    """Those of these jobs that have something to do, by one statement however many they are.

    Call outside any transaction, in an app context. What falls due while they run is seen at the next tick.
    """
    works = tuple(work for job in jobs for work in job.works)
    with atomic(read_only=True):
        found = what_is_due(works)
    return [job for job in jobs if not job.works or not found.isdisjoint(job.works)]


def fire_timers() -> None:
    """Fire everything that is due, a bounded number in each transaction.

    A first full transaction says that there is a backlog, of which more is taken at a time: what a
    transaction costs by itself is then most of the work, and whoever waits for one waits a second at most.
    """
    most = TIMERS_PER_TRANSACTION
    while True:
        with atomic():
            swept = firing.sweep(most)
        if swept.taken < most:
            return
        most = BACKLOG_PER_TRANSACTION


def watch_promises() -> None:
    """Tell of every promise that runs short by now, a bounded number in each transaction."""
    _in_batches(promise_watches.sweep, TIMERS_PER_TRANSACTION)


def fire_conversation_timers() -> None:
    """Push what stays unread and remind of answers that are owed, a bounded number in each transaction."""
    _in_batches(talk.sweep, TIMERS_PER_TRANSACTION)


def notify_moved_due_dates() -> None:
    """Tell everybody whose due dates a new calendar moved, a bounded number in each transaction."""
    _in_batches(notify_moves.notify_moves, MOVES_PER_TRANSACTION)


def keep_tokens_fresh(wechat: Accounts) -> None:
    """Fetch each account's next token ahead of its time, so that no message has to wait for it.

    Any process may: one of them does, and the others find it in the database. What goes wrong is told and
    tried again next time; until a token's last minute nothing depends on it.
    """
    for account in (wechat.miniprogram, wechat.service, wechat.work):
        if account is None:
            continue
        try:
            account.keep_token_fresh()
        except WeChatError as fault:
            # A refused account waits for somebody; anything else passes by itself.
            level = logging.ERROR if fault.kind is FaultKind.CONFIGURATION else logging.WARNING
            log.log(level, "an access token could not be renewed: %s", fault)


def ask_managers_to_call() -> None:
    """Ask managers to call whom nothing reached, a bounded number in each transaction."""
    _in_batches(calls.ask_managers, CALLS_PER_TRANSACTION)


def resolve_unknown() -> None:
    """Apply the city's rule to messages nobody will ever know of, a bounded number in each transaction."""
    _in_batches(unknown_outcomes.resolve_unknown_outcomes, UNKNOWN_PER_TRANSACTION)


def tell_of_lapsing_skills() -> None:
    """Tell supervisors which skills lapse soon, a bounded number in each transaction."""
    _in_batches(skills.tell_of_lapsing, SKILLS_PER_TRANSACTION)


def send_morning_messages() -> None:
    """On the morning of a working day, once, by whichever process comes first.

    The summary of what did not arrive is part of supervisors' message, so it comes before.
    """
    with atomic():
        morning_summary.tell()
    with atomic():
        morning_digest.tell()


def delete_old_records() -> None:
    """Drop what need not be remembered: kept answers, counts, nonces, conversations past their time."""
    with atomic():
        idempotency.delete_old_answers(clock.now() - city.current().terms[DataKind.ANSWERS].term)
        attempts.forget_old_attempts()
        request_signatures.delete_old_nonces()
        retention.delete_expired(CONVERSATIONS_AT_ONCE)
        run_once.delete_old_runs(clock.now() - KEPT_RUNS)
    with atomic(read_only=True):
        upload.sweep_orphans()


def make_copies() -> None:
    """Fill the copies that customers asked for, one by one; only the filling is a writing transaction."""
    while True:
        with atomic(read_only=True):
            made = data_copies.make_next()
        if made is None:
            return
        with atomic():
            data_copies.store(made)


def delete_past_terms() -> None:
    """Delete what nobody may keep any more, a bounded number in each transaction, and tell supervisors."""
    deleted: Counter[DataKind] = Counter()
    for _ in range(terms_day.MOST_BATCHES):
        with atomic():
            batch = terms_day.delete_batch()
        if not batch:
            break
        deleted.update(batch)
    with atomic():
        terms_day.tell(deleted)


def remove_deleted_bytes() -> None:
    """Take away the bytes of deleted documents, with no transaction open, a bounded number at a time."""
    while True:
        with atomic(read_only=True):
            keys = deletion.keys_to_delete(BYTES_AT_ONCE)
        if not keys:
            return
        for key in keys:
            objectstore.remove(key)
        with atomic():
            deletion.bytes_deleted(keys)


def handle_due_visits() -> None:
    """End holds, remind, look again at visits after a change, and go through the wait-list, one by one.

    The wait-list is asked a bounded number of times: who is left is asked at the next tick.
    """
    for sweep_one, most in (
        (visits_due.spread, None),
        (visits_due.sweep, None),
        (offer_times.sweep, WAITING_AT_ONCE),
    ):
        for _ in count() if most is None else range(most):
            with atomic():
                taken = sweep_one()
            if not taken:
                break


def _in_batches(work: Callable[[int], int], most: int) -> None:
    """Let `work` take up to `most` of what is due in a transaction of its own, until it takes fewer."""
    while True:
        with atomic():
            taken = work(most)
        if taken < most:
            return
