"""Working patterns: read, what a new one would hit, and its entry."""

from typing import Any

from apiflask import APIBlueprint

from app.services.visits.changes import work_patterns as weeks
from app.services.visits.changes.work_patterns import NewWeek
from miniprogram_api.guards import me
from miniprogram_api.schemas.staff_visits import HitsOut
from miniprogram_api.schemas.work_patterns import NewWeekIn, WhoseWeeksIn, WorkTimeOut

workweeks = APIBlueprint("staff_workweeks", __name__, url_prefix="/api/v1/staff/work-patterns", tag="staff")


@workweeks.get("")
@workweeks.input(WhoseWeeksIn, location="query")
@workweeks.output(WorkTimeOut)
@workweeks.doc(summary="我的工作安排和请假（督办可查看他人）")
def read(query_data: dict[str, Any]) -> Any:
    """Past patterns, the one that holds, and those to come."""
    return weeks.read(me(), query_data.get("staff_number"))


@workweeks.post("/previews")
@workweeks.input(NewWeekIn)
@workweeks.output(HitsOut)
@workweeks.doc(summary="预览调整工作安排会影响哪些预约（督办）")
def preview(json_data: dict[str, Any]) -> Any:
    """Nothing is entered."""
    return weeks.preview(me(), _wanted(json_data))


@workweeks.post("")
@workweeks.input(NewWeekIn)
@workweeks.output(HitsOut, status_code=201)
@workweeks.doc(summary="调整工作安排（督办；受影响的预约自动改期或征询客户）")
def enter(json_data: dict[str, Any]) -> Any:
    """From a day on; earlier patterns stay as they are."""
    return weeks.enter(me(), _wanted(json_data))


def _wanted(given: dict[str, Any]) -> NewWeek:
    return NewWeek(
        number=given["staff_number"],
        valid_from=given["valid_from"],
        weekly=given["weekly"],
        most_per_day=given["most_per_day"],
        ask=given["ask"],
    )
