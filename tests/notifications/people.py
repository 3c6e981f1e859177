"""Openly fictional people and briefs, as `app.services.event_views.cases` would hand them out."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pytest

from app.services.conversations import cards
from app.services.event_views import case_changes, cases
from app.services.event_views.case_changes import (
    CaseChangeView,
    OpenStageView,
    PromiseView,
    StageView,
    StopView,
)
from app.services.event_views.cases import CaseView, TaskView
from app.services.event_views.conversations import ChaseView, ConversationView
from app.services.event_views.staff_skills import SkillView
from app.services.event_views.visits import VisitView
from app.services.people import acting, recipients
from app.services.people.recipients import CustomerRecipient, StaffRecipient

NOW = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
"""Tuesday, 09:00 in Jinan."""


def person(key: str, name: str = "某人", *, follows: bool = True) -> StaffRecipient:
    return StaffRecipient(
        staff_id=f"staff-{key}",
        number=f"no-{key}",
        name=name,
        phone="+8613800000001",
        addresses={"template": f"service-{key}"} if follows else {},
    )


MANAGER = person("manager", "管家甲")
DEPUTY = person("deputy", "副手乙")
DESIGNER = person("designer-1", "设计丙")
SECOND_DESIGNER = person("designer-2", "设计丁")
BOSS = person("boss", "督办戊")

CUSTOMER = CustomerRecipient("customer-1", {"subscribe": "mini-customer", "template": "service-customer"})
CASE = CaseView(
    case_id="case-1",
    number="26031012345678",
    project_name="演示食品厂一期",
    program_name="单表接水",
    opened_at=NOW,
    customer=CUSTOMER,
    manager=MANAGER,
    acting=MANAGER,
)
TASK = TaskView(
    task_id="task-1",
    case=CASE,
    task_key="drawings",
    task_name="设计出图",
    stage_key="design",
    stage_name="设计出图",
    stage_kind="promised",
    department_name="设计院",
    holders=(DESIGNER, SECOND_DESIGNER),
    opened_at=datetime(2026, 3, 11, 1, 0, tzinfo=UTC),
    due_at=datetime(2026, 3, 12, 9, 0, tzinfo=UTC),
    is_open=True,
)

SKILL = SkillView(person("e", "工小程"), "large_pipe", "DN100及以上管道施工资格", date(2026, 4, 9), 1)
TURN = CaseChangeView(
    change_id="change-1",
    case=CASE,
    kind="refused",
    reason="同一户名存在欠费",
    advice="请结清欠费后重新申请",
    was="李建国",
    now="设计出图",
    holders=(DESIGNER,),
)

VISIT = VisitView(
    visit_id="visit-1",
    case=CASE,
    purpose_name="上门受理并确定用水方案",
    state="confirmed",
    starts_at=datetime(2026, 3, 12, 2, 0, tzinfo=UTC),
    ends_at=datetime(2026, 3, 12, 3, 0, tzinfo=UTC),
    was=datetime(2026, 3, 11, 2, 0, tzinfo=UTC),
    expected_at=datetime(2026, 3, 12, 2, 15, tzinfo=UTC),
    hold_until=datetime(2026, 3, 10, 2, 0, tzinfo=UTC),
    next_opening=datetime(2026, 3, 13, 1, 0, tzinfo=UTC),
    address="演示路1号",
    at_customers=True,
    visitors=(MANAGER, DESIGNER),
    reason=None,
    no_show_of=None,
)

TALK = ConversationView(
    conversation_id="case-1",
    topic=CASE.project_name,
    customer=CUSTOMER,
    manager=MANAGER,
    answering=MANAGER,
    due_at=datetime(2026, 3, 10, 3, 0, tzinfo=UTC),
)
CHASE = ChaseView(
    chase_id="chase-1",
    case=CASE,
    stage_name="设计出图",
    used="1.50",
    allowed="2",
    due_at=datetime(2026, 3, 10, 6, 0, tzinfo=UTC),
    holders=(DESIGNER,),
)


@dataclass
class Registry:
    """What the services know, for `app.services.event_views.cases` to answer with."""

    case: CaseView = CASE
    task: TaskView = TASK
    stop: StopView = field(
        default_factory=lambda: StopView(
            stop_id="stop-1",
            case=CASE,
            reason_name="备款",
            party="customer",
            started_at=NOW,
            ended_at=None,
            due_at=None,
        )
    )
    stage: StageView = field(
        default_factory=lambda: StageView(
            case=CASE,
            stage_key="design",
            stage_name="设计出图",
            next_stage_name="出具预算、签订合同",
            next_due_at=datetime(2026, 3, 13, 9, 0, tzinfo=UTC),
        )
    )
    promise: PromiseView = field(
        default_factory=lambda: PromiseView(
            case=CASE,
            stage_key="acceptance_plan",
            stage_name="受理并确定用水方案",
            headline_name="221",
            later_stages=("设计出图", "工程施工、验收通水"),
            later_people=(DESIGNER, SECOND_DESIGNER),
        )
    )
    running_stage: OpenStageView = field(
        default_factory=lambda: OpenStageView(CASE, "设计出图", datetime(2026, 3, 13, 9, 0, tzinfo=UTC))
    )
    supervisors: tuple[StaffRecipient, ...] = (BOSS,)
    phone: str | None = "+8613800000009"
    customer: CustomerRecipient = field(default_factory=lambda: CUSTOMER)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # These cases have no rows, so they have no conversation either.
        monkeypatch.setattr(cards, "tell", lambda *_: None)
        monkeypatch.setattr(cases, "case", lambda _id: self.case)
        monkeypatch.setattr(cases, "task", lambda _id: self.task)
        monkeypatch.setattr(cases, "open_tasks", lambda ids: set(ids) if self.task.is_open else set())
        monkeypatch.setattr(
            recipients, "phones", lambda ids: {each: self.phone for each in ids if self.phone}
        )
        monkeypatch.setattr(case_changes, "stop", lambda _id: self.stop)
        monkeypatch.setattr(case_changes, "stage", lambda _case, _stage: self.stage)
        monkeypatch.setattr(case_changes, "promise", lambda _case, _stage: self.promise)
        monkeypatch.setattr(cases, "holders_of_stage", lambda _case, _stage: self.task.holders)
        monkeypatch.setattr(case_changes, "running_stage", lambda _case, _stage: self.running_stage)
        monkeypatch.setattr(recipients, "supervisors", lambda: self.supervisors)
        # Everybody is at work, and the first of the supervisors reviews.
        monkeypatch.setattr(recipients, "present", set)
        monkeypatch.setattr(acting, "reviewer", lambda _at: self.supervisors[0].staff_id)
        monkeypatch.setattr(recipients, "member", self.member)
        monkeypatch.setattr(recipients, "customer", lambda _id: self.customer)

    def member(self, staff_id: str) -> StaffRecipient:
        """Anybody of the utility whom a story knows."""
        everybody = (*self.supervisors, MANAGER, DEPUTY, DESIGNER, SECOND_DESIGNER)
        return next(person for person in everybody if person.staff_id == staff_id)

    def change_case(self, case: CaseView) -> None:
        """Let every brief be of this case."""
        self.case = case
        self.task = replace(self.task, case=case)
        self.stop = replace(self.stop, case=case)
        self.stage = replace(self.stage, case=case)
