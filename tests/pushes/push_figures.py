"""Pushes per person and working day of a simulated month, beside every notice alone; what was unheard."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median, quantiles

from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.models import Staff, Task
from app.services.installation import city
from notifications.models import Notice, OutboxMessage
from tests.pushes.simulated_month import Month

PUSHED = ("accepted", "delivered")
NEEDED = ("task_opened", "return_visit", "task_reminder")
"""Kinds that tell a holder of their task; a manager hears of the first one by `new_case`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Pushes over person-working-days."""

    median: float
    p95: float
    most: int
    a_day: float

    @classmethod
    def of(cls, counts: Counter[tuple[str, date]], month: Month) -> "Figures":
        """From the pushes of each person and day; a day without any counts as well."""
        days = set(month.days)
        every = sorted(counts.get((staff_id, day), 0) for staff_id in month.staff_ids for day in days)
        return cls(median(every), quantiles(every, n=100)[94], every[-1], sum(every) / len(every))


@dataclass(frozen=True, slots=True)
class Report:
    """The figures with this build and with every notice alone, by kind, and what nobody heard in time."""

    sent: Figures
    alone: Figures
    by_kind: Mapping[str, int]
    gathered: int
    limited: int
    tasks: int
    unheard: Sequence[str]


def report(month: Month) -> Report:
    """Read from the database, which holds this month alone."""
    with atomic(read_only=True):
        messages = db.session.scalars(select(OutboxMessage).where(OutboxMessage.audience == "staff")).all()
        pushed = [message for message in messages if message.state in PUSHED and message.handed_at]
        return Report(
            sent=Figures.of(Counter((each.recipient_id, _day(each.handed_at)) for each in pushed), month),
            alone=Figures.of(_every_notice_alone(), month),
            by_kind=Counter(each.kind for each in pushed if _day(each.handed_at) in set(month.days)),
            gathered=sum(each.channel == "digest" for each in messages),
            limited=sum(each.failure_class == "day_limit" for each in messages),
            tasks=len(db.session.scalars(select(Task.id)).all()),
            unheard=_unheard(messages),
        )


def _every_notice_alone() -> Counter[tuple[str, date]]:
    """The old rules: each notice is a message of its own, and one of a kind and event for a person."""
    rows = db.session.execute(
        select(Notice.kind, Notice.dedupe_key, Notice.staff_id, Notice.created_at).where(
            Notice.staff_id.is_not(None), Notice.kind != "morning_digest"
        )
    )
    first: dict[tuple[str, str], tuple[str, date]] = {}
    for row in rows:
        event = row.dedupe_key.partition(":")[2]
        first.setdefault((row.kind, event), (row.staff_id, _day(row.created_at)))
    return Counter(first.values())


def _unheard(messages: Sequence[OutboxMessage]) -> list[str]:
    """Tasks of which no holder heard before the due instant, and reminders that came after it."""
    told_by_digest = {
        message.notice_id: message.handed_at
        for message in messages
        if message.kind == "morning_digest" and message.state in PUSHED
    }
    people: dict[str, set[str]] = defaultdict(set)
    for staff_id, department in db.session.execute(select(Staff.id, Staff.department)):
        people[department].add(staff_id)
    heard: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
    late = []
    end = _end()
    for message in messages:
        at = _heard_at(message, told_by_digest)
        if at is not None:
            heard[message.task_id or message.case_id].append((message.recipient_id, at))
        if message.kind in NEEDED and message.needed_by and message.created_at < message.needed_by:
            dropped = message.state == "expired"
            open_end = at is None and message.needed_by > end
            if not dropped and not open_end and (at is None or at > message.needed_by):
                late.append(f"{message.kind} needed by {message.needed_by} heard {at} ({message.state})")
    for task in db.session.scalars(select(Task).where(Task.due_at.is_not(None))):
        holders = {task.assignee_id} if task.assignee_id else people[task.department]
        holders |= people[task.department]
        done = task.completed_at
        told = [at for who, at in (*heard[task.id], *heard[task.case_id]) if who in holders]
        in_time = any(task.due_at is not None and at <= task.due_at for at in told)
        if not in_time and (done is None or task.due_at is None or done > task.due_at) and _is_past(task):
            late.append(f"task {task.key} due {task.due_at} heard {sorted(told)[:1]}")
    return late


def _is_past(task: Task) -> bool:
    """The due date came in the simulated time and after the task had opened; no other can be judged."""
    return task.due_at is not None and task.opened_at < task.due_at <= _end()


def _end() -> datetime:
    found = db.session.scalar(select(Notice.created_at).order_by(Notice.created_at.desc()).limit(1))
    assert found is not None
    return found


def _heard_at(message: OutboxMessage, told_by_digest: Mapping[str, datetime | None]) -> datetime | None:
    if message.state in PUSHED:
        return message.handed_at
    return told_by_digest.get(message.digest_id or "")


def _day(at: datetime | None) -> date:
    assert at is not None
    return at.astimezone(city.zone()).date()


def lines(month: Month, found: Report) -> list[str]:
    """The report as it is printed."""
    head = (
        f"{len(month.staff_ids)} staff, {month.average_open:.0f} open cases, {len(month.days)} working days"
    )
    return [
        f"{head}, {found.tasks} tasks",
        "pushes per person and working day      median   p95   most   mean",
        *(
            f"{name:37}{each.median:8.1f}{each.p95:6.1f}{each.most:7d}{each.a_day:7.2f}"
            for name, each in (("this build", found.sent), ("every notice alone (before)", found.alone))
        ),
        f"gathered {found.gathered}, held back by the limit of the day {found.limited},"
        f" unheard before due {len(found.unheard)}",
        *(f"  {kind:28}{number:6d}" for kind, number in Counter(found.by_kind).most_common()),
        *found.unheard[:20],
    ]
