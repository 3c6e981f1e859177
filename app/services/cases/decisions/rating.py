"""The rating of a case, 1 to 5, whoever tells it. What is low by the city's data is looked into."""

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import AlreadyDoneError, ConflictError
from app.domain.events import CaseRated
from app.domain.programs import return_visits
from app.domain.programs.tasks import OutputKind
from app.models import Case
from app.services.cases import access, responsibility
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague

CONCERN = "concern"


def record_rating(case: Case, score: int, remark: str | None, by: By) -> None:
    """Stores the one rating of a case. Raises `AlreadyDoneError` when it has one.

    A low one opens a supervisor's review and a care task.
    """
    if keep_rating(case, score, remark, by):
        flow = CaseFlow.load(case)
        flow.ensure_triggered(CONCERN, clock.now())
        flow.publish()


def record_by_phone(staff: Colleague, case: Case, score: int, remark: str | None) -> None:
    """Stores a rating that the customer told, also long after the return visit.

    Raises `NotAllowedError` for staff who are not responsible for the case, `ConflictError` before water-on,
    `AlreadyDoneError`.
    """
    access.lock_case(case)
    responsibility.require_responsible(staff, case)
    if case.water_on_at is None:
        raise ConflictError("通水后方可登记评价。")
    record_rating(case, score, remark, by_staff(staff.id))


def keep_rating(case: Case, score: int, remark: str | None, by: By) -> bool:
    """Stores the rating and opens nothing; whether it is low. Raises `AlreadyDoneError`."""
    if case.rating is not None:
        raise AlreadyDoneError("该工单已评价，感谢您的反馈。")
    now = clock.now()
    low = is_low(case, score)
    case.rating, case.rating_remark, case.rated_at = score, remark, now
    note(case.id, now, "case_rated", by, {"rating": score})
    db.session.flush()
    eventbus.publish(CaseRated(case.id, score, low))
    return low


def is_low(case: Case, score: int) -> bool:
    """Whether a rating is looked into, by the concerns of the case's return visit."""
    program = city.program_of(case.program_key, case.former_program_key)
    return any(
        return_visits.raised(task.concerns, {field.key: score})
        for stage in program.stages
        for task in stage.tasks
        for field in task.outputs
        if field.kind is OutputKind.RATING
    )
