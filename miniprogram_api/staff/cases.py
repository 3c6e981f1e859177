"""A case as staff see it: progress, timeline, tasks, clock pauses, messages, contact."""

from typing import Any

from apiflask import APIBlueprint

from app.services.cases import access
from app.services.cases.clock import retroactive_stops, stops
from app.services.cases.decisions import rating
from app.services.cases.views import case_queries, overview, search
from app.services.tasks import task_queries
from miniprogram_api.cursors import instant_cursor, instant_key, next_cursor, number_cursor
from miniprogram_api.flask_app import only_reads
from miniprogram_api.guards import me
from miniprogram_api.idempotency import answers_anew
from miniprogram_api.schemas.case_changes import StaffProgressOut
from miniprogram_api.schemas.promises import StopRecordsOut
from miniprogram_api.schemas.shared import CasePageOut, PageIn, TimelineOut
from miniprogram_api.schemas.staff import (
    CaseSearchIn,
    ContactOut,
    FoundCasesOut,
    SentMessagesOut,
    StopIn,
    StopOut,
    TasksOut,
    ToldRatingIn,
)
from notifications.oversight import notice_queries as notices

cases = APIBlueprint("staff_cases", __name__, url_prefix="/api/v1/staff/cases", tag="staff")
searches = APIBlueprint("staff_case_searches", __name__, url_prefix="/api/v1/staff", tag="staff")


@cases.get("")
@cases.input(PageIn, location="query")
@cases.output(CasePageOut)
@cases.doc(summary="我负责的在办工单")
def list_cases(query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the open cases whose manager the caller is, newest first."""
    limit = query_data["limit"]
    lines = case_queries.cases_of_manager(me().id, instant_cursor(query_data.get("cursor")), limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: instant_key(line.opened_at))}


@cases.post("/<public_id:case_id>/rating")
@cases.input(ToldRatingIn)
@cases.output(StaffProgressOut)
@cases.doc(summary="登记客户电话中的评价（1至5分）")
def record_rating(case_id: str, json_data: dict[str, Any]) -> Any:
    """Records a rating that the customer gave, by telephone for example, also after the case was closed.

    By the case's manager, who acts for them, or a supervisor; others are refused with `not_allowed`. Refused
    with `conflict` before water-on and with `already_done` when the case has a rating.
    """
    case = access.staff_case(me(), case_id)
    rating.record_by_phone(me(), case, json_data["rating"], json_data.get("remark"))
    return overview.overview_for_staff(case)


@searches.post("/case-searches")
@only_reads
@searches.input(CaseSearchIn)
@searches.output(FoundCasesOut)
@searches.doc(summary="按受理编号或联系电话查找工单")
def find_cases(json_data: dict[str, Any]) -> dict[str, Any]:
    """Finds cases by their number or by the contact phone.

    Exactly one of the two, in full; otherwise `invalid_fields`. Finds only cases that the caller may see. A
    POST, because a phone number must not appear in addresses and their logs; nothing is changed.
    """
    limit = json_data["limit"]
    before = instant_cursor(json_data.get("cursor"))
    lines = search.find_cases(me(), json_data.get("number"), json_data.get("phone"), before, limit)
    return {"items": lines, "cursor": next_cursor(lines, limit, lambda line: instant_key(line.opened_at))}


@cases.get("/<public_id:case_id>")
@cases.output(StaffProgressOut)
@cases.doc(summary="工单进度与等待谁办理")
def read_progress(case_id: str) -> dict[str, Any]:
    """Returns the progress of a case, and which open task each person or department holds.

    The figures are those that the customer sees. `version` is sent with a change of the case.
    """
    return overview.overview_for_staff(access.staff_case(me(), case_id))


@cases.get("/<public_id:case_id>/timeline")
@cases.input(PageIn, location="query")
@cases.output(TimelineOut)
@cases.doc(summary="办理记录")
def read_timeline(case_id: str, query_data: dict[str, Any]) -> dict[str, Any]:
    """Lists the events of a case in order.

    Paged by `cursor`, oldest first.
    """
    case = access.staff_case(me(), case_id)
    lines = case_queries.case_history(
        case.id, number_cursor(query_data.get("cursor")) or 0, query_data["limit"]
    )
    return {"items": lines, "cursor": next_cursor(lines, query_data["limit"], lambda line: line.id)}


@cases.get("/<public_id:case_id>/tasks")
@cases.output(TasksOut)
@cases.doc(summary="工单的全部任务")
def list_tasks(case_id: str) -> dict[str, Any]:
    """Lists the tasks of a case in the order in which they were opened.

    Includes completed and cancelled tasks.
    """
    return {"items": task_queries.tasks_of_case(me(), access.staff_case(me(), case_id).id)}


@cases.post("/<public_id:case_id>/contact-reads")
@answers_anew
@cases.output(ContactOut, status_code=201)
@cases.doc(summary="查看客户完整联系方式（留痕）")
def read_contact(case_id: str) -> dict[str, str | None]:
    """Returns the customer's name, phone number with extension and country, and address in full.

    A POST, because each read is recorded. Refused with `not_allowed` once the caller's work in the case is
    over.
    """
    return access.read_contact(me(), access.staff_case(me(), case_id))


@cases.get("/<public_id:case_id>/stops")
@cases.output(StopRecordsOut)
@cases.doc(summary="暂停计时记录")
def list_stops(case_id: str) -> dict[str, Any]:
    """Lists the clock pauses (停钟) of a case in order.

    Each with reason, responsible party, evidence, and the disputes about it.
    """
    return {"items": stops.stops_of_case(access.staff_case(me(), case_id))}


@cases.post("/<public_id:case_id>/stops")
@cases.input(StopIn)
@cases.output(StopOut, status_code=201)
@cases.doc(summary="暂停计时")
def pause_clock(case_id: str, json_data: dict[str, Any]) -> Any:
    """Pauses the clock of a case, for a reason that its program allows.

    With `started_at` the pause is recorded afterwards, by a supervisor only (`not_allowed`). Refused with
    `stop_not_allowed` for any other reason, and with `conflict` while no stage is open or the clock is
    paused.
    """
    case = access.staff_case(me(), case_id)
    if "started_at" in json_data or "ended_at" in json_data:
        return retroactive_stops.enter_stop(
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
    return stops.stop_clock(case, me().id, json_data["reason"], json_data["party"], json_data["evidence"])


@cases.post("/<public_id:case_id>/stops/<public_id:stop_id>/end")
@cases.output(StopOut)
@cases.doc(summary="恢复计时")
def resume_clock(case_id: str, stop_id: str) -> Any:
    """Ends a clock pause.

    Due dates and reminders are computed again. Refused with `already_done` when it has ended, and with
    `conflict` for a pause that ends with a task or a permit step.
    """
    return stops.resume_clock(access.staff_case(me(), case_id), me().id, stop_id)


@cases.get("/<public_id:case_id>/messages")
@cases.output(SentMessagesOut)
@cases.doc(summary="已发送的消息及送达情况")
def list_messages(case_id: str) -> dict[str, Any]:
    """Lists the messages that were sent about a case, with every attempt to deliver them."""
    return {"items": notices.messages_of_case(access.staff_case(me(), case_id).id)}
