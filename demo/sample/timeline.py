"""Simulated time while the sample is loaded: what people do, and what falls due on the way.

One queue holds what people do, each at its instant. Between two of them the clock stops wherever the product
itself has something due, and the jobs do it then, as the jobs process would have done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.core.db import db
from app.domain.worktime import WorkingTime
from app.jobs.timetable import Job
from app.models import (
    ConversationTimer,
    MessageCheck,
    PromiseWatch,
    Timer,
    VisitChance,
    VisitDue,
    VisitRecheck,
)
from app.services.installation import city
from app.services.scheduling import working_hours
from notifications.models import DeliveryState, OutboxMessage
from notifications.outbox import mornings
from notifications.oversight import morning_digest, morning_summary
from notifications.wording.kinds import Channel

_DUE: Mapping[str, Sequence[InstrumentedAttribute[datetime]]] = MappingProxyType(
    {
        "timers": (Timer.due_at,),
        "promises": (PromiseWatch.due_at,),
        "visits": (VisitDue.due_at, VisitRecheck.due_at, VisitChance.due_at),
        "talk": (ConversationTimer.due_at,),
        "checks": (MessageCheck.due_at,),
    }
)
"""The jobs that have work in the past, by their names in the timetable, and when that work is due."""

_WAITING = select(func.min(OutboxMessage.next_attempt_at)).where(OutboxMessage.state == DeliveryState.WAITING)
_NEXT = select(
    *(
        select(func.min(due_at)).scalar_subquery().label(f"{job}_{place}")
        for job, columns in _DUE.items()
        for place, due_at in enumerate(columns)
    ),
    _WAITING.where(OutboxMessage.channel != Channel.CALL).scalar_subquery().label("messages"),
    _WAITING.where(OutboxMessage.channel == Channel.CALL).scalar_subquery().label("calls"),
)
"""When each of them has something due next: asked hundreds of times, so in one statement."""


def _tell_in_the_morning() -> None:
    morning_summary.tell()
    morning_digest.tell()


@dataclass(order=True, slots=True)
class _Step:
    """Something that somebody does at an instant; `order` keeps equal instants in the order of planning."""

    at: datetime
    order: int
    act: Callable[[], None] = field(compare=False)


class Timeline:
    """A queue of steps up to `present` (aware). Call inside an app context.

    What the product has due at the present instant itself is left to the jobs process that is started next.
    """

    def __init__(self, jobs: Sequence[Job], present: datetime) -> None:
        """`jobs` is the timetable. The clock of this process stands still until it is moved."""
        self.present = present
        self.line: WorkingTime = city.working_time()
        known = {job.name: job for job in jobs}
        self._jobs = {name: known[name] for name in (*_DUE, "messages", "calls")}
        self._steps: list[_Step] = []
        self._order = count()
        self._clock = FixedClock(present)
        clock.use(self._clock)

    def move(self, instant: datetime) -> None:
        """Let it be `instant` (aware), before anything is planned."""
        self._clock.set(instant)

    def days_ago(self, days: Any) -> datetime:
        """The instant so many working days before the present."""
        if not days:
            return self.present
        return self.line.earliest(self.line.coordinate(self.present) - self.line.ticks(Fraction(days)))

    def plan(self, at: datetime, act: Callable[[], None]) -> None:
        """Let somebody do something at an instant; never, when that is after the present."""
        if at <= self.present:
            heappush(self._steps, _Step(at, next(self._order), act))

    def plan_in(self, days: Any, act: Callable[[], None]) -> None:
        """The same so many working days from now on."""
        self.plan(self.line.due(clock.now(), days), act)

    def plan_mornings(self, since: datetime) -> None:
        """Let staff get their morning's message on every working day from `since` (aware) to the present."""
        day = working_hours.local_day(since)
        while day <= working_hours.local_day(self.present):
            if mornings.is_working_day(day):
                self.plan(mornings.due_on(day), _tell_in_the_morning)
            day += timedelta(days=1)

    def run(self, report: Callable[[datetime], None]) -> None:
        """Everything that is planned, and whatever it plans; `report` is told each instant."""
        while self._steps:
            step = heappop(self._steps)
            self._work_until(step.at)
            self._clock.set(step.at)
            report(step.at)
            with atomic():
                step.act()
        self._work_until(self.present)

    def _work_until(self, until: datetime) -> None:
        """Stop at everything that is due before `until`, oldest first, and let the jobs do it.

        Raises `RuntimeError` when they leave it undone: the clock would never go on.
        """
        before: dict[str, datetime] = {}
        while (due := self._next_due()) and (first := min(due.values())) < until:
            if due == before:
                raise RuntimeError(f"at {self._clock.now()} the jobs left undone what was due: {due}")
            before = due
            self._clock.set(max(first, self._clock.now()))
            for name, job in self._jobs.items():
                if name in due and due[name] <= self._clock.now():
                    job.run()

    def _next_due(self) -> dict[str, datetime]:
        with atomic(read_only=True):
            row = db.session.connection().execute(_NEXT).mappings().one()
        due: dict[str, datetime] = {}
        for label, at in row.items():
            job = label.partition("_")[0]
            if at is not None:
                due[job] = min(at, due.get(job, at))
        return due
