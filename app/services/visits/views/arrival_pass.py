"""The arrival pass (到访码): who will be at the door, and the code that customer and visitor compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.domain.errors import NotYetError
from app.models import Case, Visit
from app.services.scheduling import working_hours
from app.services.visits import appointments
from app.services.visits.views import visit_queries
from app.services.visits.views.visit_queries import Visitor


@dataclass(frozen=True, slots=True)
class ArrivalPass:
    """Valid for one visit on its day. Names, photos and numbers are those on the visitors' badges."""

    code: str
    purpose_name: str
    starts_at: datetime
    expected_at: datetime | None
    visitors: Sequence[Visitor]


def pass_of_visit(case: Case, visit_id: str) -> ArrivalPass:
    """The pass of a confirmed visit, available from the day before.

    Raises `NotYetError` before that and before the visit is confirmed, `ConflictError` when it is over.
    """
    visit = appointments.visit_of_case(case, visit_id)
    appointments.refuse_not_confirmed(visit)
    days = (working_hours.local_day(visit.starts_at) - working_hours.local_day(clock.now())).days
    if days > 1:
        raise NotYetError("到访码在上门前一天起可以查看，请届时再打开。")
    return ArrivalPass(
        code_of(visit),
        visit_queries.purpose_name(visit),
        visit.starts_at,
        visit.expected_at,
        visit_queries.visitors(visit.id),
    )


def code_of(visit: Visit) -> str:
    """The code of a visit; None once it is over."""
    return visit.code or ""
