"""A case as staff see it: progress, history, tasks, stops, messages, and the contact data on record."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access
from app.services.cases.clock import retroactive_stops, stops
from app.services.cases.views import case_queries, overview, search
from app.services.tasks import task_queries
from miniprogram_api.cursors import instant_cursor, instant_key, next_cursor, number_cursor
from miniprogram_api.flask_app import only_reads
from miniprogram_api.guards import me
from miniprogram_api.schemas.case_changes import StaffProgressOut
from miniprogram_api.schemas.promises import StopRecordsOut
from miniprogram_api.schemas.shared import CasePageOut, HistoryOut, PageIn
from miniprogram_api.schemas.staff import (
    CaseSearchIn,
    ContactOut,
    FoundCasesOut,
    SentMessagesOut,
    StopIn,
    StopOut,
    TasksOut,
)
from notifications.oversight import notice_queries as notices

cases = APIBlueprint("staff_cases", __name__, url_prefix="/api/v1/staff/cases", tag="staff")
searches = APIBlueprint("staff_case_searches", __name__, url_prefix="/api/v1/staff", tag="staff")


@cases.get("")
@cases.input(PageIn, location="query")
@cases.output(CasePageOut)
@cases.doc(summary="我负责的在办工单")
def list_cases(query_data: dict[str, Any]) -> dict[str, Any]:
    """Those of which the caller is the named manager, the newest first."""
    limit = query_data["limit"]
    lines = case_queries.of_manager(me().id, instant_cursor(query_data.get("cursor")), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: instant_key(line.opened_at))}


@searches.post("/case-searches")
@only_reads
@searches.input(CaseSearchIn)
@searches.output(FoundCasesOut)
@searches.doc(summary="按受理编号或联系电话查找工单")
def find_cases(json_data: dict[str, Any]) -> dict[str, Any]:
    """A POST, because a phone must stand in no address and no log of addresses."""
    limit = json_data["limit"]
    before = instant_cursor(json_data.get("cursor"))
    lines = search.find(me(), json_data.get("number"), json_data.get("phone"), before, limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: instant_key(line.opened_at))}


@cases.get("/<public_id:case_id>")
@cases.output(StaffProgressOut)
@cases.doc(summary="工单进度与等待谁办理")
def read_progress(case_id: str) -> dict[str, Any]:
    """The same figures as the customer sees, and who is awaited."""
    return overview.for_staff(access.of_staff(me(), case_id))


@cases.get("/<public_id:case_id>/timeline")
@cases.input(PageIn, location="query")
@cases.output(HistoryOut)
@cases.doc(summary="办理记录")
def read_timeline(case_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """In order."""
    case = access.of_staff(me(), case_id)
    lines = case_queries.history(case.id, number_cursor(query_data.get("cursor")) or 0, query_data["limit"])
    return {"items": lines, "cursor": next_cursor(lines, query_data["limit"], lambda line: line.id)}


@cases.get("/<public_id:case_id>/tasks")
@cases.output(TasksOut)
@cases.doc(summary="工单的全部任务")
def list_tasks(case_id: str) -> dict[str, Any]:
    """In the order they opened."""
    return {"items": task_queries.of_case(me(), access.of_staff(me(), case_id).id)}


@cases.post("/<public_id:case_id>/contact-reads")
@cases.output(ContactOut, status_code=201)
@cases.doc(summary="查看客户完整联系方式（留痕）")
def read_contact(case_id: str) -> dict[str, str]:
    """A POST, because each read is recorded."""
    contact = access.contact(me(), access.of_staff(me(), case_id))
    return {
        "name": contact["contact_name"],
        "phone": contact["contact_phone"],
        "address": contact["address"],
    }


@cases.get("/<public_id:case_id>/stops")
@cases.output(StopRecordsOut)
@cases.doc(summary="暂停计时记录")
def list_stops(case_id: str) -> dict[str, Any]:
    """With reason, party, evidence, and what was said about each."""
    return {"items": stops.of_case(access.of_staff(me(), case_id))}


@cases.post("/<public_id:case_id>/stops")
@cases.input(StopIn)
@cases.output(StopOut, status_code=201)
@cases.doc(summary="暂停计时")
def stop_clock(case_id: str, json_data: dict[str, Any]) -> Any:
    """Only for a reason the program allows; with its times, entered afterwards by a supervisor."""
    case = access.of_staff(me(), case_id)
    if "started_at" in json_data or "ended_at" in json_data:
        return retroactive_stops.enter(
            case,
            me(),
            retroactive_stops.PastStop(
                json_data["reason"],
                json_data["party"],
                json_data["evidence"],
                json_data.get("started_at"),
                json_data.get("ended_at"),
            ),
        )
    return stops.stop(case, me().id, json_data["reason"], json_data["party"], json_data["evidence"])


@cases.post("/<public_id:case_id>/stops/<public_id:stop_id>/end")
@cases.output(StopOut)
@cases.doc(summary="恢复计时")
def resume_clock(case_id: str, stop_id: str) -> Any:
    """Due dates and reminders are computed anew."""
    return stops.resume(access.of_staff(me(), case_id), me().id, stop_id)


@cases.get("/<public_id:case_id>/messages")
@cases.output(SentMessagesOut)
@cases.doc(summary="已发送的消息及送达情况")
def list_messages(case_id: str) -> dict[str, Any]:
    """What was told, when, through what, and what failed."""
    return {"items": notices.messages_of_case(access.of_staff(me(), case_id).id)}
