"""A stop of the clock that is wrong: seen by the customer at once, disputed, and struck by a supervisor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

SUPERVISOR = "S001"


@dataclass(frozen=True, slots=True)
class WrongStop:
    """The stage it should not have stopped, its moments in the city's time, and when the stage is due."""

    stage: str
    stopped: str
    resumed: str
    ruled: str
    due: datetime


def strike(run: StoryRun, case: StoryCase, wrong: WrongStop) -> None:
    """From the stop to the ruling that takes it out of every figure."""
    customer = case.owner
    manager = run.staff[case.manager["number"]]
    stops = f"/cases/{case.id}/stops"
    stopped_at = run.at(wrong.stopped)
    stop = {"reason": "site_not_ready_construction", "party": "customer", "evidence": "电话记录 0423"}
    made = manager.post(stops, stop)
    run.event(f"客户管家 {case.manager['name']} 以“{made['reason']}”停钟，凭据：{stop['evidence']}")
    run.wait_for_jobs()
    expect(run.messages_to("办理计时变更通知", stopped_at, customer.person.name), "客户应立即知道停钟")
    case.look()
    run.at(wrong.resumed)
    manager.post(f"{stops}/{made['id']}/end")
    run.event(f"客户管家 {case.manager['name']} 恢复计时")
    run.wait_for_jobs()
    delayed = _stage(case, wrong.stage)
    expect(_due(delayed) > wrong.due, "停钟期间的时间应先顺延到期日")
    case.look()
    run.detail(f"“{delayed['name']}”停钟 {delayed['stopped']}，到期日顺延为 {run.shown(delayed['due_at'])}")
    objection = "还在设计图纸，与现场无关；也没有人通知过我们。"
    customer.post(f"{stops}/{made['id']}/dispute", {"text": objection})
    disputed_at = run.now
    run.event(f"客户 {customer.person.name} 在手机上提出异议：{objection}")
    run.wait_for_jobs()
    asked = [set(message.readers) for message in run.messages_to("工单提醒", disputed_at)]
    expect(asked == [{"督小明", "督小白"}], f"客户的异议应提醒督办，由督办裁定：{asked}")
    ruled_at = run.at(wrong.ruled)
    grounds = "设计阶段不需要现场条件，电话记录查无此事，撤销。"
    path = f"{stops}/{made['id']}/ruling"
    run.staff[SUPERVISOR].post(path, {"ruling": "struck", "reason": grounds})
    run.event(f"督办 {run.staff[SUPERVISOR].person.name} 裁定撤销：{grounds}")
    run.wait_for_jobs()
    told = run.messages_to("办理计时变更通知", ruled_at, customer.person.name)
    expect([message.fields["计时状态"] for message in told] == ["已撤销"], "客户应收到撤销停钟的通知")
    restored = _stage(case, wrong.stage)
    used = str(run.line.shown(run.line.coordinate(ruled_at) - run.line.coordinate(_opened(restored))))
    expect((restored["stopped"], restored["used"]) == ("0.00", used), "撤销的停钟应从每个数字中去掉")
    expect(_due(restored) == wrong.due, "到期日应回到原来的时间")
    (kept,) = customer.get(stops)["items"]
    expect(kept["struck_at"] and kept["reviews"][0]["grounds"] == grounds, "撤销的停钟和理由应仍可查看")
    run.event(f"停钟归零，已用 {restored['used']}，到期日回到 {run.shown(restored['due_at'])}")
    run.detail("停钟的记录和撤销的理由仍可查看")


def _stage(case: StoryCase, key: str) -> dict[str, Any]:
    found: dict[str, Any] = next(stage for stage in case.progress()["stages"] if stage["key"] == key)
    return found


def _due(stage: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(stage["due_at"])


def _opened(stage: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(stage["opened_at"])
