"""A month of a utility in simulated time: services, jobs and messages as in production, in one process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.jobs import timetable
from app.models import Case, CaseState, Task, TaskState
from app.services.installation import city
from app.services.money import quotes
from app.services.money.choose_option import choose_option
from app.services.people import followers, identity, personnel
from app.services.people.personnel import NewStaff
from app.services.people.staffing import Colleague
from app.services.tasks import claim_task
from demo.environment.simulated_wechat import SimulatedWeChat, register_templates
from demo.sample import plan
from demo.sample.case_steps import CaseSteps
from demo.sample.directory import Directory
from demo.sample.plan import PlannedCase
from demo.sample.timeline import Timeline
from notifications.models import OutboxMessage
from notifications.outbox import mornings
from tests.pushes import month_plan
from tests.pushes.month_plan import Member

CLAIMED_AFTER = Decimal("0.08")
"""Working days until somebody of a queue takes a task: about half an hour."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the utility is; it is watched for `days` working days after it has filled up."""

    staff: int
    open_cases: int
    filling_days: int
    days: int


@dataclass(frozen=True, slots=True)
class Month:
    """What was simulated: the people, and the days that count."""

    staff_ids: Sequence[str]
    days: Sequence[date]
    average_open: float


def simulate(
    app: Flask, size: Size, start: datetime, seed: int, report: Callable[[str], None] = lambda _line: None
) -> Month:
    """Live through the days from `start` (aware) on, in an empty database; leaves the clock as it was."""
    before = clock.in_use()
    with app.app_context():
        try:
            return _Simulation(app, size, start, seed, report).run()
        finally:
            clock.use(before)


class _MonthDirectory(Directory):
    """The people of the plan. Whoever was asked takes the work of a queue."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._customers: dict[str, str] = {}
        self._staff = {}
        for member in members:
            known = identity.staff_of(member.openid)
            assert known is not None
            self._staff[member.key] = Colleague.of(known)

    @property
    def ids(self) -> Sequence[str]:
        return [member.id for member in self._staff.values()]

    def holder_of(self, task: Task) -> Colleague:
        """The assignee, else who was told of it alone, else anybody of the department."""
        if task.assignee_id is not None:
            return self._by_id(task.assignee_id)
        asked = db.session.scalar(
            select(OutboxMessage.recipient_id)
            .where(OutboxMessage.task_id == task.id, OutboxMessage.kind == "task_opened")
            .limit(1)
        )
        if asked is not None:
            return self._by_id(asked)
        return super().holder_of(task)


class _MonthSteps(CaseSteps):
    """Somebody takes a task from its queue first; when a case has ended, another one is opened."""

    def __init__(self, *arguments: object, chance: Random, ended: Callable[[], None]) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._chance, self._ended, self._over = chance, ended, set[str]()

    def _plan_tasks(self, case: PlannedCase, case_id: str) -> None:
        known = set(self._planned)
        super()._plan_tasks(case, case_id)
        for task_id in sorted(self._planned - known):
            if case.delay(db.session.get_one(Task, task_id).key) > CLAIMED_AFTER:
                self._timeline.plan_in(
                    CLAIMED_AFTER * Decimal(str(round(self._chance.uniform(0.5, 1.5), 2))),
                    lambda task_id=task_id: self._claim(task_id),  # type: ignore[misc]
                )
        found = db.session.get_one(Case, case_id)
        if found.state != CaseState.OPEN and case_id not in self._over:
            self._over.add(case_id)
            self._ended()

    def _complete(self, case: PlannedCase, task_id: str) -> None:
        task = db.session.get_one(Task, task_id)
        self._choose(db.session.get_one(Case, task.case_id), self._directory.find_customer(case.customer))
        super()._complete(case, task_id)

    @staticmethod
    def _choose(case: Case, customer_id: str | None) -> None:
        """The customer chooses the first option of a quote that waits for it."""
        quote = quotes.quote_in_force(case.id)
        if quote is not None and quote.chosen_at is None and customer_id is not None:
            choose_option(case, customer_id, quote.id, quote.options[0]["key"])

    def _claim(self, task_id: str) -> None:
        task = db.session.get_one(Task, task_id)
        if task.state == TaskState.OPEN and task.assignee_id is None:
            claim_task.claim_task(self._directory.holder_of(task), task)


class _Simulation:
    def __init__(
        self, app: Flask, size: Size, start: datetime, seed: int, report: Callable[[str], None]
    ) -> None:
        self._size, self._report, self._chance = size, report, Random(seed)
        self._wechat = SimulatedWeChat(app.extensions["steward.desk"])
        jobs = timetable.jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"])
        clock.use(clock.FixedClock(start))
        days = self._working_days(start.astimezone(city.zone()).date(), size.filling_days + size.days)
        self._days = days[size.filling_days :]
        self._filling = days[: size.filling_days]
        end = datetime.combine(days[-1] + timedelta(days=1), time(), city.zone()).astimezone(UTC)
        self._timeline = Timeline(jobs, end)
        self._timeline.move(start)
        self._cases = month_plan.cases(seed)
        self._open: list[int] = []

    def run(self) -> Month:
        register_templates(self._wechat)
        districts = [district.key for district in city.current().city.districts]
        members = month_plan.members(self._size.staff, districts)
        with atomic():
            for member in members:
                self._enter(member)
        with atomic(read_only=True):
            directory = _MonthDirectory(members)
        self._steps = _MonthSteps(
            plan.read(), self._timeline, directory, chance=self._chance, ended=self._open_another
        )
        self._plan_openings()
        for day in (*self._filling, *self._days):
            self._timeline.plan(mornings.due_on(day), lambda day=day: self._look(day))  # type: ignore[misc]
        self._timeline.plan_mornings(clock.now())
        self._timeline.run(lambda _at: None)
        return Month(directory.ids, self._days, sum(self._open) / len(self._open))

    def _enter(self, member: Member) -> None:
        self._wechat.codes(member.openid, unionid=member.unionid, phone=member.phone)
        self._wechat.know_follower(member.service_openid, member.unionid)
        personnel.add(
            NewStaff(
                number=member.key,
                name=member.name,
                department=member.department,
                phone=member.phone,
                photo_url="https://example.invalid/photo.jpg",
                is_manager=member.is_manager,
                is_supervisor=member.is_supervisor,
                districts=member.districts,
            )
        )
        if member.department == "engineering":
            personnel.grant_skill(member.key, "large_pipe", None, None)
        identity.bind_staff(member.openid, member.unionid, f"+86{member.phone}")
        followers.follow(member.service_openid, member.unionid)

    def _plan_openings(self) -> None:
        """The cases that are open in the end are opened over the filling days, in office hours."""
        line = self._timeline.line
        opening = line.opening_of(self._filling[0])
        assert opening is not None
        for place in range(self._size.open_cases):
            after = Decimal(self._size.filling_days) * place / self._size.open_cases
            self._timeline.plan(line.due(opening, round(after, 3)), self._open_next)

    def _open_another(self) -> None:
        self._timeline.plan_in(Decimal(str(round(self._chance.uniform(0.05, 0.6), 2))), self._open_next)

    def _open_next(self) -> None:
        case = next(self._cases)
        person = case.customer
        self._wechat.codes(person.openid, unionid=person.unionid, phone=person.phone)
        self._steps.open(replace(case, opened_days_ago=Decimal(0)))

    def _look(self, day: date) -> None:
        if day in self._days:
            counted = select(func.count()).select_from(Case).where(Case.state == CaseState.OPEN)
            self._open.append(db.session.scalar(counted) or 0)
        self._report(f"{day}")

    @staticmethod
    def _working_days(first: date, number: int) -> list[date]:
        found: list[date] = []
        while len(found) < number:
            if mornings.is_working_day(first):
                found.append(first)
            first += timedelta(days=1)
        return found
