"""Work patterns: list, preview of the affected visits, recording."""

from typing import Any

from apiflask import APIBlueprint

from app.services.visits.changes import work_patterns as weeks
from app.services.visits.changes.work_patterns import NewWeek
from miniprogram_api.guards import me
from miniprogram_api.schemas.staff_visits import AffectedVisitsOut
from miniprogram_api.schemas.work_patterns import WorkPatternIn, WorkPatternsOfIn, WorkPatternsOut

work_patterns = APIBlueprint(
    "staff_work_patterns", __name__, url_prefix="/api/v1/staff/work-patterns", tag="staff"
)


@work_patterns.get("")
@work_patterns.input(WorkPatternsOfIn, location="query")
@work_patterns.output(WorkPatternsOut)
@work_patterns.doc(summary="我的工作安排和请假（督办可查看他人）")
def read_work_patterns(query_data: dict[str, Any]) -> Any:
    """Returns the work patterns and leaves of a member of staff.

    Past, present and coming patterns. Without `staff_number` the caller's own; those of others are for
    supervisors only (`not_allowed`).
    """
    return weeks.read(me(), query_data.get("staff_number"))


@work_patterns.post("/previews")
@work_patterns.input(WorkPatternIn)
@work_patterns.output(AffectedVisitsOut)
@work_patterns.doc(summary="预览调整工作安排会影响哪些预约（督办）")
def preview_work_pattern(json_data: dict[str, Any]) -> Any:
    """Lists the visits that a new work pattern would affect.

    Nothing is recorded. Supervisors only.
    """
    return weeks.preview(me(), _wanted(json_data))


@work_patterns.post("")
@work_patterns.input(WorkPatternIn)
@work_patterns.output(AffectedVisitsOut, status_code=201)
@work_patterns.doc(summary="调整工作安排（督办；受影响的预约自动改期或征询客户）")
def record_work_pattern(json_data: dict[str, Any]) -> Any:
    """Records a work pattern from a day on and reschedules the visits it affects.

    With `ask` the customers are asked for a new time instead. Earlier patterns stay. Supervisors only.
    Refused with `invalid_fields` for a past day or wrong hours.
    """
    return weeks.enter(me(), _wanted(json_data))


def _wanted(given: dict[str, Any]) -> NewWeek:
    return NewWeek(
        number=given["staff_number"],
        valid_from=given["valid_from"],
        weekly=given["weekly"],
        most_per_day=given["most_per_day"],
        ask=given["ask"],
    )
