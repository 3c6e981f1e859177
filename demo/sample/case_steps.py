"""The way of one sample case: opened, its tasks completed one after the other, its visit made."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.models import Task, TaskState
from app.services.applications import drafts
from app.services.cases.access import customer_case
from app.services.cases.decisions import customer_decisions
from app.services.cases.submit import submit
from app.services.history.timeline import by_customer, by_staff
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.tasks import complete_task as completion
from app.services.tasks import task_queries as tasks
from app.services.tasks.task_queries import TaskLine
from app.services.visits.day import finish
from demo.sample import case_events, consultations, deliverables, visits
from demo.sample.directory import Directory
from demo.sample.plan import PlannedCase, PlannedEvent, PlannedVisit, SamplePlan
from demo.sample.timeline import Timeline

RETURN_VISIT = "return_visit"
AT_THE_DOOR = timedelta(minutes=30)
CALLED_OFF_AFTER = Fraction(1, 4)
# Fills in the forms of those who came to the counter or called.
COUNTER = "G001"


class CaseSteps:
    """Plans what happens to each case; completing a task plans the completion of those that it opens."""

    def __init__(self, sample: SamplePlan, timeline: Timeline, directory: Directory) -> None:
        self.opened = 0
        self._sample = sample
        self._timeline = timeline
        self._directory = directory
        self._planned: set[str] = set()

    def open(self, case: PlannedCase) -> None:
        """Somebody applies, now; what follows is planned."""
        if case.consultation is not None:
            self._directory.log_in(case.customer)
            self._follow_up(case, consultations.send(self._sample.partner, case))
        elif case.channel == "miniprogram":
            self._apply(case)
        else:
            self._apply_at_the_counter(case)

    def _apply(self, case: PlannedCase) -> None:
        customer_id = self._directory.log_in(case.customer)
        draft = drafts.start_by_customer(customer_id, case.program)
        drafts.save_draft(draft, _answers(case), drafts.FROM_CUSTOMER)
        if not case.draft:
            self._follow_up(case, submit(draft, by_customer(customer_id), confirmed=True).id)

    def _apply_at_the_counter(self, case: PlannedCase) -> None:
        manager = self._directory.member(COUNTER)
        draft = drafts.start_by_staff(manager, case.program, case.channel, _answers(case))
        opened = submit(draft, by_staff(manager.id), confirmed=False)
        if case.confirmed:
            customer_id = self._directory.log_in(case.customer)
            customer_decisions.confirm_case(customer_case(customer_id, opened.id), customer_id)
        self._follow_up(case, opened.id)

    def _follow_up(self, case: PlannedCase, case_id: str) -> None:
        self.opened += 1
        for event in case.events:
            self._timeline.plan_in(
                event.after_days,
                lambda event=event: self._happen(event, case, case_id),  # type: ignore[misc]
            )
        visit = case.visit
        if visit is not None:
            self._timeline.plan_in(visit.after_days, lambda: self._book_visit(case, case_id, visit))
        self._plan_tasks(case, case_id)

    def _happen(self, event: PlannedEvent, case: PlannedCase, case_id: str) -> None:
        customer_id = self._directory.customer_id(case.customer)
        case_events.happen(event, case_id, customer_id, self._directory, self._sample.outputs)

    # --- tasks ---

    def _plan_tasks(self, case: PlannedCase, case_id: str) -> None:
        """Plan when each task that has opened meanwhile will be completed."""
        opened = select(Task.id, Task.key).where(Task.case_id == case_id, Task.state == TaskState.OPEN)
        for task_id, key in db.session.execute(opened.order_by(Task.id)):
            if task_id not in self._planned:
                self._planned.add(task_id)
                if not visits.waits(case, key):
                    self._timeline.plan_in(
                        case.delay(key),
                        lambda task_id=task_id: self._complete(case, task_id),  # type: ignore[misc]
                    )

    def _complete(self, case: PlannedCase, task_id: str) -> None:
        task = db.session.get_one(Task, task_id)
        member = self._directory.holder_of(task)
        completion.complete_task(member, task, self._delivered(case, task, member))
        self._plan_tasks(case, task.case_id)

    def _delivered(self, case: PlannedCase, task: Task, member: Colleague) -> Mapping[str, Any]:
        """Do what stands before the task is done; what it then delivers."""
        customer_id = self._directory.find_customer(case.customer)
        if task.key == RETURN_VISIT and customer_id is not None:
            owned = customer_case(customer_id, task.case_id)
            customer_decisions.rate_case(owned, customer_id, case.rating, None)
        line: TaskLine = tasks.task_line(member, task)
        outputs = deliverables.deliverables(line, self._sample.outputs, case.rating)
        return {**outputs, **deliverables.prepare(member, task, customer_id, outputs)}

    # --- visits ---

    def _book_visit(self, case: PlannedCase, case_id: str, planned: PlannedVisit) -> None:
        customer_id = self._directory.customer_id(case.customer)
        visit = visits.book(customer_id, case_id, planned.purpose, self._requested(planned))
        if planned.cancelled:
            self._timeline.plan_in(CALLED_OFF_AFTER, lambda: visits.call_off(customer_id, case_id, visit.id))
        else:
            self._timeline.plan(visit.starts_at, lambda: self._arrive(case, visit.id))

    def _requested(self, planned: PlannedVisit) -> datetime:
        if planned.at is not None:
            return visits.on_visit_day(self._timeline.line, self._timeline.present, planned.at)
        return self._timeline.line.due(clock.now(), planned.ahead_days)

    def _arrive(self, case: PlannedCase, visit_id: str) -> None:
        numbers: Sequence[str] = visits.numbers(visit_id)
        for number in numbers:
            visits.check_in(self._directory.member(number), visit_id, case)
        self._timeline.plan(clock.now() + AT_THE_DOOR, lambda: self._finish(case, visit_id, numbers[0]))

    def _finish(self, case: PlannedCase, visit_id: str, number: str) -> None:
        member, task = self._directory.member(number), visits.task_of(visit_id)
        if task is None:
            finish.finish_visit(member, visit_id, None)
            return
        finish.finish_visit(member, visit_id, self._delivered(case, task, member))
        self._plan_tasks(case, task.case_id)


def _answers(case: PlannedCase) -> dict[str, Any]:
    fields = {field.key for field in city.current().forms[city.program(case.program).form].fields}
    return {key: value for key, value in case.answers.items() if key in fields}
