"""A road-opening permit followed step by step: only from handed in to received does the clock stand still."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.worktime import Stretch
from demo.story.case import StoryCase
from demo.story.story import StoryRun, expect

ENGINEER = "E001"


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the story lives it: its key, its moment in the city's time, and what shows it."""

    key: str
    moment: str
    evidence: str


def follow(run: StoryRun, case: StoryCase, steps: Sequence[Step]) -> tuple[Stretch, dict[str, str]]:
    """Enter every step at its moment; the authority's own time, and each step's working days as shown."""
    *own, received = steps
    for step in own:
        run.at(step.moment)
        expect(not case.progress()["clock"]["stopped"], "测绘、备料、递交是企业自己的工作，应计时")
        _enter(run, case, step)
    handed_in = run.now
    expect(case.look()["whose_turn"]["party"] == "authority", "递交之后应轮到行政审批部门")
    count = len(run.record.messages)
    run.at(received.moment)
    expect(len(run.record.messages) == count, "审批期间不应催促任何人")
    permit = _enter(run, case, received)
    days = {step["key"]: step["working_days"] for step in permit["steps"] if step["working_days"]}
    run.detail(f"只有递交到批准的 {days['received']} 个工作日停钟")
    return Stretch(handed_in, run.now), days


def _enter(run: StoryRun, case: StoryCase, step: Step) -> dict[str, Any]:
    phone = run.staff[ENGINEER]
    body = {"step": step.key, "evidence": step.evidence}
    permit: dict[str, Any] = phone.post(f"/cases/{case.id}/road-permit/steps", body)
    shown = next(line for line in permit["steps"] if line["key"] == step.key)
    took = f"，用时 {shown['working_days']} 个工作日" if shown["working_days"] else ""
    run.event(f"工程管理部门 {phone.person.name} 登记道路挖掘审批“{shown['name']}”{took}（{step.evidence}）")
    run.wait_for_jobs()
    return permit
