"""Early service (提前服务): five departments answer the same day, and the form is completed at the door."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

REQUIREMENTS = {
    "secondary_supply": "六层以上设二次供水，泵房一座",
    "pipe_shafts": "每单元设管道井",
    "fire_tanks": "消防水池与生活水池分设",
}
IN_THE_MORNING = (
    ("D001", "design_first_scheme", "自演示北路 DN400 干管两路接入"),
    ("E001", "engineering_first_scheme", "沿规划路敷设，无需挖掘道路"),
)
IN_THE_AFTERNOON = (
    ("N001", "network_first_scheme", "高峰压力 0.30 MPa，六层以上须二次供水"),
    ("M001", "marketing_first_scheme", "户表按远传水表设置"),
)


def departments_answer(run: StoryRun, case: StoryCase, asked_at: datetime) -> None:
    """总工办 states what the facilities need, four departments a first scheme; the late ones are reminded."""
    run.at("2026-04-20 10:30")
    note = "二次供水、管道井、消防水池要求已明确"
    case.complete("C001", "facility_requirements", dict(REQUIREMENTS), note)
    for number, key, scheme in IN_THE_MORNING:
        case.complete(number, key, {"first_scheme": scheme}, scheme)
    run.at("2026-04-20 15:00")
    seen = run.staff[case.manager["number"]].get(f"/cases/{case.id}/early-service")
    expect(set(seen["awaited"]) == {"管网管理部门", "营销部门"}, f"客户管家应看到还在等谁：{seen['awaited']}")
    run.event(f"客户管家 {case.manager['name']} 查看提前服务：还在等{'、'.join(seen['awaited'])}")
    reminded = run.messages_to("任务提醒", asked_at, "网小东")
    expect(
        [message.at for message in reminded] == [run.local("2026-04-20 13:30")],
        "到期前半个工作日（13:30）应提醒还没有答复的部门",
    )
    for number, key, scheme in IN_THE_AFTERNOON:
        case.complete(number, key, {"first_scheme": scheme}, scheme)


def complete_form(run: StoryRun, case: StoryCase, form: Mapping[str, Any]) -> None:
    """The manager fills in what the platform did not bring, and the customer confirms it on the phone."""
    manager, path = run.staff[case.manager["number"]], f"/cases/{case.id}/application"
    known = manager.get(path)
    expect(set(known["sources"].values()) == {"partner"}, "征询带来的内容不应再请客户填写")
    manager.ask("PATCH", path, {"answers": form})
    manager.post(f"{path}/submission")
    run.event(
        f"客户管家 {case.manager['name']} 上门补全申请表："
        f"{len(known['answers'])} 项已由平台带来，只补 {len(form)} 项"
    )
    confirmed = case.owner.post(f"/cases/{case.id}/confirmation")
    expect(confirmed["number"] == case.number and confirmed["confirmed"], "补全后仍是原来的工单")
    run.event(f"客户 {case.owner.person.name} 在手机上确认申请内容，工单号不变")
    run.wait_for_jobs()
