"""Steps that happen alike in every story: the mains around, water-on, the rated return visit, after-work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from demo.steps.visits import StoryVisit
from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

# What 管网管理 knows of the mains around a fictional address.
MAINS: Mapping[str, Any] = {
    "main_calibre_mm": 300,
    "main_material": "球墨铸铁",
    "main_depth_m": "1.2",
    "peak_pressure_mpa": "0.28",
    "outlet_calibre_mm": 100,
    "outlet_valve": "闸阀，完好",
    "network_state": "normal",
}
# The smallest paper that is one by its content.
PAPER = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
HIGHEST_RATING = 5


def refuses_stop(run: StoryRun, case: StoryCase, reason: str, word: str) -> None:
    """The manager tries to stop the clock for a reason that the program does not list."""
    manager = run.staff[case.manager["number"]]
    stop = {"reason": reason, "party": "customer", "evidence": word}
    refused = manager.send("POST", f"/cases/{case.id}/stops", stop)
    expect(refused.body["code"] == "stop_not_allowed", "方案没有列出的原因不能停钟")
    run.detail(f"想以“{word}”停钟：被拒绝。{refused.body['detail']}")


def reads_in_the_morning(run: StoryRun, since: datetime, day: str, *names: str) -> None:
    """Whoever only has to know of what happened since an instant reads of it that morning."""
    for name in names:
        told = [message.at for message in run.messages_to("今日须知", since, name)]
        expect(run.local(f"{day} 08:00") in told, f"{name}应在 {day} 早上的“今日须知”里得知：{told}")
        run.detail(f"{name} {day} 早上在“今日须知”里得知，不另行打扰")


def rate(run: StoryRun, case: StoryCase, remark: str, visit: StoryVisit) -> None:
    """A specialist, not the case's manager, calls on the customer, who rates the service on the phone."""
    expect(visit.lead != case.manager["name"], "回访应由客户管家以外的专员进行")
    case.owner.post(f"/cases/{case.id}/rating", {"rating": HIGHEST_RATING, "remark": remark})
    run.event(f"专员 {visit.lead} 上门回访，客户 {case.owner.person.name} 在小程序评价 {HIGHEST_RATING} 分")


def close(case: StoryCase, remark: str, note: str, visit: StoryVisit) -> datetime:
    """The specialist records the return visit of a customer who was asked for nothing more; when."""
    answers = {
        **dict.fromkeys(("water_quality", "water_pressure", "installation", "attitude"), "good"),
        **dict.fromkeys(("promises_kept", "fees_clear", "limits_known"), True),
        **dict.fromkeys(("trips_made", "papers_asked_again", "money_asked_fen"), 0),
        "remark": remark,
    }
    closed_at = visit.completes("return_visit", answers, note)
    expect(case.progress()["state"] == "closed", "回访记录并评价后工单应办结")
    return closed_at


def survey_and_hand_over(run: StoryRun, case: StoryCase) -> None:
    """工程管理 surveys the finished work, and hands over papers that must agree with the survey."""
    survey = {"surveyed_at": run.now.isoformat(), "survey_number": "演示-CL-001"}
    case.complete("E001", "as_built_survey", survey, "竣工测量完成")
    papers = {"drawings_agree": False, "papers_number": "演示-JG-001"}
    case.refuses("E001", "completion_papers", papers, "图纸与测量不一致就想移交")
    case.complete(
        "E001", "completion_papers", {**papers, "drawings_agree": True}, "图纸与测量一致，资料已移交"
    )


def update_gis(run: StoryRun, case: StoryCase, *, but: str | None = None) -> None:
    """管网管理 brings the GIS up to date: the last task of all, `but` for one that is still open."""
    case.complete("N001", "gis_update", {"gis_updated_at": run.now.isoformat()}, "GIS 已更新")
    tasks = run.staff["S001"].get(f"/cases/{case.id}/tasks")["items"]
    left = {task["key"] for task in tasks if task["state"] != "done"}
    expect(left <= {but}, f"竣工归档后不应再有未办任务：{left}")


def water_on(case: StoryCase, meter: Mapping[str, Any], note: str) -> datetime:
    """营销 hangs the meter; the customer confirms the 供用水合同 on the spot, on the phone; when."""
    number = case.confirm_paper("M001", "water_on", meter)
    return case.complete("M001", "water_on", {}, f"{note}，供用水合同 {number} 当场签订")
