"""The rating of a case, 1 to 5. A low rating is reviewed by a supervisor."""

from app.core import clock, eventbus
from app.core.db import db
from app.domain.errors import AlreadyDoneError
from app.domain.events import CaseRated
from app.models import Case
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, note

LOW = 2


def record_rating(case: Case, score: int, remark: str | None, by: By) -> None:
    """Stores the one rating of a case. Raises `AlreadyDoneError` when it has one.

    1 or 2 opens a review task for a supervisor.
    """
    if case.rating is not None:
        raise AlreadyDoneError("该工单已评价，感谢您的反馈。")
    now = clock.now()
    case.rating, case.rating_remark, case.rated_at = score, remark, now
    note(case.id, now, "case_rated", by, {"rating": score})
    db.session.flush()
    eventbus.publish(CaseRated(case.id, score))
    if score <= LOW:
        flow = CaseFlow.load(case)
        flow.open_triggered("low_rating", now)
        flow.publish()
