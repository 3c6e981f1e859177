"""Loading the sample cases: every row is written by the services, at the instant it would have been.

A clock of this process is moved from the opening of the oldest case to the present; timers fire and
messages go out on the way, as the jobs process would have done it. What happens at the present instant is
left to the jobs process that is started next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count
from typing import Any

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.domain.slots.patterns import Pattern, weekly_of
from app.domain.worktime import WorkingTime
from app.jobs.timetable import Job
from app.services.applications import drafts
from app.services.cases.access import customer_case, staff_case
from app.services.cases.clock import stops
from app.services.cases.decisions import customer_decisions
from app.services.cases.submit import submit
from app.services.history.timeline import by_customer, by_staff
from app.services.installation import city
from app.services.people import identity, personnel
from app.services.people.staffing import Colleague
from app.services.tasks import claim_task
from app.services.tasks import complete_task as completion
from app.services.tasks import task_queries as tasks
from app.services.tasks.task_queries import TaskLine
from app.services.timers import firing
from app.services.visits.changes import visit_sweep as visits_due
from app.services.visits.day import finish
from demo import paperwork, people, sample_plan, sample_visits
from demo.enrol_staff import enrol_staff
from demo.register_people import introduce
from demo.sample_plan import PlannedCase, PlannedStop, PlannedVisit, SamplePlan
from demo.simulated_wechat import Controls, SimulatedWeChat, register_templates
from notifications.outbox import consents

# Some days before the first case, everybody is entered and logs in.
LEAD = timedelta(days=3)
RETURN_VISIT = "return_visit"
AT_THE_DOOR = timedelta(minutes=30)
CALLED_OFF_AFTER = Fraction(1, 4)
_TIMED = (firing.QUEUE, *visits_due.QUEUES)


def load(jobs: Sequence[Job], controls: Controls) -> int:
    """Load the sample into an empty database, up to the present instant; how many cases were opened.

    `jobs` is the timetable, `controls` a simulator of this process. Call inside an app context.
    """
    present = clock.now()
    before = clock.in_use()
    loader = _Loader(sample_plan.read(), jobs, SimulatedWeChat(controls), present)
    try:
        return loader.run()
    finally:
        clock.use(before)


@dataclass(order=True, slots=True)
class _Step:
    """Something that somebody does at an instant; `order` keeps equal instants in the order of planning."""

    at: datetime
    order: int
    act: Callable[[], None] = field(compare=False)


class _Loader:
    """A queue of steps in time; completing a task plans the completion of those that it opens."""

    def __init__(
        self, book: SamplePlan, jobs: Sequence[Job], wechat: SimulatedWeChat, present: datetime
    ) -> None:
        self._book = book
        # Nobody calls back here, and there is nothing to forget.
        self._jobs = [job for job in jobs if job.name in {"timers", "visits", "messages"}]
        self._wechat = wechat
        self._present = present
        self._line: WorkingTime = city.working_time()
        self._steps: list[_Step] = []
        self._order = count()
        self._planned: set[str] = set()
        self._opened = 0
        self._clock = FixedClock(present)
        self._customers: dict[str, str] = {}

    def run(self) -> int:
        """Everything from the first log-in to the present."""
        clock.use(self._clock)
        openings = [(self._days_ago(case.opened_days_ago), case) for case in self._book.cases]
        self._clock.set(min(at for at, _ in openings) - LEAD)
        self._enter_people()
        for at, case in openings:
            self._plan(at, lambda case=case: self._open(case))  # type: ignore[misc]
        while self._steps and self._steps[0].at <= self._present:
            step = heappop(self._steps)
            self._work_until(step.at)
            self._clock.set(step.at)
            with atomic():
                step.act()
            if step.at < self._present:
                self._work()
        self._work_until(self._present, including=False)
        return self._opened

    def _days_ago(self, days: Any) -> datetime:
        if not days:
            return self._present
        line = self._line
        return line.earliest(line.coordinate(self._present) - line.ticks(Fraction(days)))

    def _plan(self, at: datetime, act: Callable[[], None]) -> None:
        heappush(self._steps, _Step(at, next(self._order), act))

    def _work(self) -> None:
        for job in self._jobs:
            job.run()

    def _work_until(self, until: datetime, *, including: bool = True) -> None:
        """Stop at every timer and whatever falls due with visits, as the jobs process would have."""
        while True:
            with atomic(read_only=True):
                upcoming = [due for queue in _TIMED if (due := queue.next_due()) is not None]
            due = min(upcoming, default=None)
            if due is None or due > until or (due == until and not including):
                return
            self._clock.set(max(due, self._clock.now()))
            self._work()

    def _enter_people(self) -> None:
        register_templates(self._wechat)
        introduce(self._wechat)
        with atomic():
            enrol_staff()
            for member in people.staff():
                identity.bind_staff(member.openid, member.unionid, f"+86{member.phone}")
                identity.follow(member.service_openid, member.unionid)
            leave = self._book.leave
            today = self._present.astimezone(self._line.zone).date()
            personnel.enter_leave(
                leave.number,
                leave.deputy,
                today + timedelta(days=leave.from_day),
                today + timedelta(days=leave.to_day),
            )
            own = self._book.part_time
            week = Pattern(today - timedelta(days=7), weekly_of(own.weekly))
            personnel.set_hours(own.number, week)

    # --- what customers do ---

    def _open(self, case: PlannedCase) -> None:
        fields = {field.key for field in city.current().forms[city.program(case.program).form].fields}
        answers = {key: value for key, value in case.answers.items() if key in fields}
        if case.channel != "miniprogram":
            self._open_for(case, answers)
            return
        customer_id = self._log_in(case)
        draft = drafts.start_by_customer(customer_id, case.program)
        drafts.save_draft(draft, answers, drafts.FROM_CUSTOMER)
        if not case.draft:
            opened = submit(draft, by_customer(customer_id), confirmed=True)
            self._follow_up(case, opened.id)

    def _open_for(self, case: PlannedCase, answers: dict[str, Any]) -> None:
        manager = self._staff("G001")
        draft = drafts.start_by_staff(manager, case.program, case.channel, answers)
        opened = submit(draft, by_staff(manager.id), confirmed=False)
        if case.confirmed:
            customer_id = self._log_in(case)
            customer_decisions.confirm_case(customer_case(customer_id, opened.id), customer_id)
        self._follow_up(case, opened.id)

    def _log_in(self, case: PlannedCase) -> str:
        person = case.customer
        customer = identity.sign_in_customer(person.openid, person.unionid)
        identity.consent(customer.id, city.current().city.privacy.version)
        identity.verify_phone(customer.id, f"+86{person.phone}")
        self._customers[person.key] = customer.id
        # Asked once only: what comes later than these few is told in the app, as for many a real customer.
        consents.record_accepted(
            customer.id, {template.key: 1 for template in consents.templates_to_ask(customer.id)}
        )
        return customer.id

    def _rate(self, case: PlannedCase, case_id: str) -> None:
        customer_id = self._customers[case.customer.key]
        customer_decisions.rate_case(customer_case(customer_id, case_id), customer_id, case.rating, None)

    # --- what staff do ---

    def _follow_up(self, case: PlannedCase, case_id: str) -> None:
        self._opened += 1
        if case.stop is not None:
            stop = case.stop
            at = self._line.due(clock.now(), stop.after_days)
            self._plan(at, lambda: self._stop(case_id, stop))
        if case.visit is not None:
            visit = case.visit
            at = self._line.due(clock.now(), visit.after_days)
            self._plan(at, lambda: self._book_visit(case, case_id, visit))
        self._plan_tasks(case, case_id)

    def _plan_tasks(self, case: PlannedCase, case_id: str) -> None:
        """Plan when each task that has opened meanwhile will be completed."""
        for task in tasks.tasks_of_case(self._staff("S001"), case_id):
            if task.state == "open" and task.id not in self._planned:
                self._planned.add(task.id)
                if sample_visits.waits(case, task.key):
                    continue
                at = self._line.due(clock.now(), case.delay(task.key))
                self._plan(at, lambda task=task: self._complete(case, task))  # type: ignore[misc]

    def _complete(self, case: PlannedCase, task: TaskLine) -> None:
        member = self._holder(task)
        outputs = self._delivered(case, task, member)
        completion.complete_task(member, claim_task.visible_task(member, task.id), outputs)
        self._plan_tasks(case, task.case_id)

    def _delivered(self, case: PlannedCase, task: TaskLine, member: Colleague) -> dict[str, Any]:
        """What stands before the task is done, and then what it delivers."""
        if task.key == RETURN_VISIT and case.customer.key in self._customers:
            self._rate(case, task.case_id)
        outputs = paperwork.deliverables(task, self._book.outputs, case.rating)
        found = claim_task.visible_task(member, task.id)
        known = paperwork.prepare(member, found, self._customers.get(case.customer.key), outputs)
        return {**outputs, **known}

    # --- visits ---

    def _book_visit(self, case: PlannedCase, case_id: str, planned: PlannedVisit) -> None:
        customer_id = self._customers[case.customer.key]
        wished = self._line.due(clock.now(), planned.ahead_days)
        visit = sample_visits.book(customer_id, case_id, planned.purpose, wished)
        if planned.cancelled:
            at = self._line.due(clock.now(), CALLED_OFF_AFTER)
            self._plan(at, lambda: sample_visits.call_off(customer_id, case_id, visit.id))
        else:
            self._plan(visit.starts_at, lambda: self._arrive(case, visit.id))

    def _arrive(self, case: PlannedCase, visit_id: str) -> None:
        numbers = sample_visits.numbers(visit_id)
        for number in numbers:
            sample_visits.check_in(self._staff(number), visit_id, case)
        self._plan(clock.now() + AT_THE_DOOR, lambda: self._finish(case, visit_id, numbers[0]))

    def _finish(self, case: PlannedCase, visit_id: str, number: str) -> None:
        member = self._staff(number)
        task_id = sample_visits.task_of(visit_id)
        if task_id is None:
            finish.finish_visit(member, visit_id, None)
            return
        task = tasks.task_line(member, claim_task.visible_task(member, task_id))
        finish.finish_visit(member, visit_id, self._delivered(case, task, member))
        self._plan_tasks(case, task.case_id)

    # --- stops ---

    def _stop(self, case_id: str, planned: PlannedStop) -> None:
        watcher = self._staff("S001")
        stopped = stops.stop_clock(
            staff_case(watcher, case_id), watcher.id, planned.reason, planned.party, planned.evidence
        )
        at = self._line.due(clock.now(), planned.days)
        self._plan(at, lambda: self._resume(case_id, stopped.id))

    def _resume(self, case_id: str, stop_id: str) -> None:
        watcher = self._staff("S001")
        stops.resume_clock(staff_case(watcher, case_id), watcher.id, stop_id)

    def _holder(self, task: TaskLine) -> Colleague:
        """Whom the task is assigned to, or the first of the department in whose queue it waits."""
        for member in people.staff():
            if task.assignee_name in (None, member.name) and task.department == city.department_name(
                member.department
            ):
                return self._staff(member.key)
        raise LookupError(f"nobody holds the task {task.key} of {task.department}")

    def _staff(self, number: str) -> Colleague:
        openid = next(member.openid for member in people.staff() if member.key == number)
        member = identity.staff_of(openid)
        if member is None:
            raise LookupError(f"{number} has not logged in")
        return Colleague.of(member)
