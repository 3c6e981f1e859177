"""The working calendar (工作日历): supervisors draft, rehearse and publish its versions."""

from typing import Any

from apiflask import APIBlueprint

from app.core.atomic import release_connection
from app.services.calendar_desk import calendar_drafts, calendar_overview
from app.services.calendar_desk.calendar_drafts import Change, DatedPeriods
from app.services.calendar_desk.publish_calendar import publish_calendar
from app.services.calendar_desk.rehearse_calendar import rehearse_calendar
from app.services.installation.calendar_versions import alone
from miniprogram_api.guards import me
from miniprogram_api.schemas.calendar import (
    CalendarDraftIn,
    CalendarOut,
    CalendarVersionOut,
    PublicationOut,
    RehearsalOut,
)

calendar = APIBlueprint("staff_calendar", __name__, url_prefix="/api/v1/staff/calendar", tag="staff")


@calendar.get("")
@calendar.output(CalendarOut)
@calendar.doc(summary="现行工作日历（督办）")
def read_calendar() -> Any:
    """Returns the working calendar in force and the open drafts.

    Office hours, half-open days and the years whose holidays are announced. Supervisors only.
    """
    calendar_overview.must_audit(me())
    return calendar_overview.overview()


@calendar.post("/drafts")
@calendar.input(CalendarDraftIn)
@calendar.output(CalendarVersionOut, status_code=201)
@calendar.doc(summary="起草工作日历：导入放假通知、办公时间、半天开放日（督办）")
def create_draft(json_data: dict[str, Any]) -> Any:
    """Creates a draft of the working calendar.

    It may import a holiday notice and change office hours and half-open days. Nothing changes until it is
    published. Supervisors only. Refused with `invalid_fields`, which lists the faults of a notice by line.
    """
    calendar_overview.must_audit(me())
    notice = json_data["notice"] or {"text": None, "year": None}
    change = Change(
        note=json_data["note"],
        notice=notice["text"],
        year=notice["year"],
        office_hours=_dated(json_data["office_hours"]),
        half_days=_dated(json_data["half_days"]),
    )
    return calendar_overview.version_line(calendar_drafts.make_draft(change, me().id))


@calendar.get("/drafts/<public_id:draft_id>/rehearsal")
@calendar.output(RehearsalOut)
@calendar.doc(summary="预演：发布后哪些在办工单的时限会变（督办）", responses={409: "已发布或已被新版取代"})
def rehearse_publication(draft_id: str) -> Any:
    """Lists the due dates that publishing a draft would move.

    Changes nothing. Supervisors only. Refused with `already_done` for a published draft, and with `conflict`
    when a newer calendar was published.
    """
    return rehearse_calendar(calendar_drafts.of_supervisor(me(), draft_id))


@calendar.post("/drafts/<public_id:draft_id>/publication")
@calendar.output(PublicationOut)
@calendar.doc(summary="发布工作日历并重算在办时限（督办）")
def publish_draft(draft_id: str) -> dict[str, Any]:
    """Publishes a draft of the working calendar and moves the due dates of open cases.

    Other changes wait while it runs. Supervisors only. Refused like the rehearsal.
    """
    calendar_drafts.of_supervisor(me(), draft_id)
    with alone():
        release_connection()
        found = calendar_drafts.of_supervisor(me(), draft_id)
        counts = publish_calendar(found, me().id)
    return {"version": calendar_overview.version_line(found), "counts": counts}


def _dated(entries: list[dict[str, Any]]) -> list[DatedPeriods]:
    return [DatedPeriods(entry["day"], entry["periods"]) for entry in entries]
