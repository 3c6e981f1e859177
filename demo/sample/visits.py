"""Visits of the sample: booked by customers, made by whoever comes, or cancelled."""

from datetime import UTC, date, datetime, time

from app.core.db import db
from app.domain.area import Point
from app.domain.slots import openings
from app.domain.worktime import WorkingTime
from app.models import Case, Task, Visit
from app.services.cases.access import customer_case
from app.services.history.timeline import by_customer
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.visits import required_visits, visit_task
from app.services.visits.booking import cancel, confirm, find_openings, hold
from app.services.visits.day import visit_check_in
from app.services.visits.day.visit_check_in import CheckIn
from app.services.visits.views import visit_queries
from demo.sample.plan import PlannedCase
from notifications.outbox import consents


def waits(case: PlannedCase, task_key: str) -> bool:
    """Whether a task is to be done by the visit that is planned for the case."""
    planned = case.visit
    if planned is None or planned.cancelled:
        return False
    specs = (spec for stage in city.program(case.program).stages for spec in stage.tasks)
    return any(
        spec.key == task_key and spec.visit is not None and spec.visit.purpose == planned.purpose
        for spec in specs
    )


def book(customer_id: str, case_id: str, purpose: str, wished: datetime) -> Visit:
    """The opening nearest to an instant, held and confirmed. Raises `LookupError` when there is none."""
    case, by = customer_case(customer_id, case_id), by_customer(customer_id)
    consents.record_accepted(
        customer_id, {template.key: 1 for template in consents.templates_to_ask(customer_id, "visit")}
    )
    offered = find_openings.offer(
        case, required_visits.require_needed(case, purpose), find_openings.bookable()
    )
    opening = openings.nearest(offered.openings, wished, late_too=True)
    if opening is None:
        raise LookupError(f"nobody is free for {purpose} of {case.number}")
    held = hold.hold_visit(case, purpose, opening.starts_at, by)
    return confirm.confirm_visit(case, held.id, by)


def call_off(customer_id: str, case_id: str, visit_id: str) -> None:
    """The customer cancels."""
    case = customer_case(customer_id, case_id)
    cancel.cancel_by_customer(case, visit_id, by_customer(customer_id), "临时有事，改日再约（演示）")


def check_in(staff: Colleague, visit_id: str, case: PlannedCase) -> None:
    """A member of staff stands at the door."""
    place = case.answers["location"]
    position = Point(place["latitude_gcj02"], place["longitude_gcj02"])
    visit_check_in.check_in(staff, visit_id, CheckIn(position, None, None))


def numbers(visit_id: str) -> list[str]:
    """The staff numbers of those who come, the lead first."""
    return [visitor.number for visitor in visit_queries.visitors(visit_id)]


def task_of(visit_id: str) -> Task | None:
    """The open task that a visit is for."""
    visit = db.session.get_one(Visit, visit_id)
    return visit_task.task_of(db.session.get_one(Case, visit.case_id), visit)


def visit_day(line: WorkingTime, present: datetime) -> date:
    """Today by the city's clock; the next working day where today nobody works."""
    today = present.astimezone(line.zone).date()
    if line.opening_of(today) is not None:
        return today
    return line.next_morning(present).astimezone(line.zone).date()


def on_visit_day(line: WorkingTime, present: datetime, at: time) -> datetime:
    """An instant of that day, by the city's clock."""
    return datetime.combine(visit_day(line, present), at, line.zone).astimezone(UTC)
