"""Lists of cases, and the history of a case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.domain.programs.definition import Program
from app.models import Actor, Case, PermitStep, Staff, TimelineEntry
from app.services.cases.views.formatting import STEP_NAMES
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in a list."""

    id: str
    number: str
    program_name: str
    project_name: str
    state: str
    opened_at: datetime
    manager_name: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a case's history, in words."""

    id: int
    at: datetime
    kind: str
    text: str
    actor: str
    detail: dict[str, Any]


def cases_of_customer(customer_id: str, before: datetime | None, limit: int) -> list[CaseLine]:
    """A customer's cases, newest first; only those older than `before` if given."""
    query = select(Case, Staff.name).join(Staff, Staff.id == Case.manager_id)
    query = query.where(Case.customer_id == customer_id)
    return _lines(query, before, limit)


def cases_of_manager(staff_id: str, before: datetime | None, limit: int) -> list[CaseLine]:
    """The open cases of one manager, newest first; only those older than `before` if given."""
    query = select(Case, Staff.name).join(Staff, Staff.id == Case.manager_id)
    query = query.where(Case.manager_id == staff_id, Case.closed_at.is_(None))
    return _lines(query, before, limit)


def case_history(case_id: str, after: int, limit: int | None) -> list[HistoryLine]:
    """The history of a case in order, after line `after`; all of it without `limit`."""
    rows = db.session.execute(
        select(TimelineEntry, Case.program_key, Case.former_program_key, Staff.name)
        .join(Case, Case.id == TimelineEntry.case_id)
        .outerjoin(Staff, Staff.id == TimelineEntry.actor_id)
        .where(TimelineEntry.case_id == case_id, TimelineEntry.id > after)
        .order_by(TimelineEntry.id)
        .limit(limit)
    )
    return [
        HistoryLine(
            id=entry.id,
            at=entry.at,
            kind=entry.kind,
            text=_text(entry, city.program_of(program_key, former_key)),
            actor=_actor(entry.actor, staff_name),
            detail=entry.detail,
        )
        for entry, program_key, former_key, staff_name in rows
    ]


def _lines(query: Any, before: datetime | None, limit: int) -> list[CaseLine]:
    if before is not None:
        query = query.where(Case.opened_at < before)
    rows = db.session.execute(query.order_by(Case.opened_at.desc()).limit(limit))
    return [
        CaseLine(
            id=case.id,
            number=case.number,
            program_name=city.program(case.program_key).name,
            project_name=case.project_name,
            state=case.state,
            opened_at=case.opened_at,
            manager_name=manager_name,
        )
        for case, manager_name in rows
    ]


def _actor(actor: str, staff_name: str | None) -> str:
    if actor == Actor.CUSTOMER:
        return "客户"
    if actor == Actor.STAFF:
        return staff_name or "工作人员"
    if actor == Actor.PARTNER:
        return "合作平台"
    return "系统"


_TEXTS = {
    "case_opened": "申请已提交，客户管家已指派",
    "consultation_received": "收到“{channel}”转来的设计方案意见征询，开始提前服务，客户管家已指派",
    "partner_application": "经“{channel}”提交申请",
    "form_completed": "用水申请表已填写完整",
    "case_confirmed": "客户已确认申请内容",
    "stage_opened": "“{stage}”开始",
    "stage_completed": "“{stage}”完成",
    "task_taken": "已领取任务“{task}”",
    "task_returned": "“{task}”重新分派",
    "task_completed": "“{task}”办结",
    "clock_stopped": "因“{reason}”暂停计时",
    "clock_resumed": "“{reason}”结束，恢复计时",
    "stop_entered": "补记“{reason}”暂停计时",
    "stop_disputed": "客户对“{reason}”暂停计时提出异议",
    "stop_upheld": "经督办核查，“{reason}”暂停计时有效",
    "stop_struck": "经督办核查，撤销“{reason}”暂停计时，时限已重新计算",
    "figures_corrected": "办结后的计时结果已按核查结果更正",
    "permit_step": "道路挖掘（占用）审批：{step}",
    "document_asked": "请客户提供“{document}”",
    "document_added": "已上传“{document}”",
    "document_withdrawn": "已撤回“{document}”",
    "due_moved": "因工作日历更新，“{stage}”预计完成时间由{was}调整为{due}",
    "quote_issued": "费用已出具（第{version}次），请客户选择",
    "quote_chosen": "客户已选择费用方案",
    "paper_made": "《{paper}》已生成（第{version}版），请客户确认",
    "paper_confirmed": "客户已在手机上确认《{paper}》（第{version}版）",
    "case_chased": "客户催办“{stage}”",
    "contact_tried": "已联系客户（{way}），未联系上",
    "customer_unreached": "多次联系客户未果，回访结束；客户可随时评价",
    "case_rated": "已评价：{rating}分",
    "case_closed": "回访完成，工单办结",
    "case_withdrawn": "申请已撤回",
    "case_refused": "不予办理，原因已告知客户",
    "case_handed_over": "已移交新的客户管家",
    "handover_proposed": "原客户管家离岗，暂由其他客户管家负责",
    "handover_undone": "原客户管家返岗，继续负责",
    "case_sent_back": "退回“{stage}”重新办理，已用时间累计",
    "case_program_changed": "不符合原业务条件，已转为其他业务继续办理",
    "entry_corrected": "已更正“{task}”的填写内容",
    "contact_corrected": "客户已更正联系信息",
    "case_taken_over": "客户已用新的微信账户找回本工单",
    "takeover_refused": "有人尝试用新的微信账户找回本工单，姓名未核对上",
    "plan_confirmed": "客户已确认用水方案",
    "plan_refused": "客户不确认用水方案，已登记原因",
    "gate_passed": "“{task}”有一项经说明理由放行",
    "visit_booked": "已预约“{purpose}”：{starts_at}",
    "visit_after_due": "客户选择了晚于时限的上门时间，计时不暂停",
    "visit_moved": "“{purpose}”改期为{starts_at}",
    "visit_cancelled": "已取消“{purpose}”的预约（{starts_at}）",
    "visit_not_needed": "不再需要“{purpose}”（{starts_at}）的上门",
    "visit_misses_due": "时限有调整，“{purpose}”的预约（{starts_at}）晚于时限",
    "visit_ended_by_jobs": "“{purpose}”未登记完成，系统已结束",
    "visit_not_checked_in": "“{purpose}”无人登记到达，系统已结束，可重新预约",
    "visit_joined": "“{purpose}”与当天另一项上门合并，改为{starts_at}",
    "visit_in_doubt": "“{purpose}”的预约（{starts_at}）不能如期进行，已请客户另选时间",
    "visit_arrived": "上门人员已到达（{purpose}）",
    "visit_delayed": "上门人员将晚到，预计{starts_at}（{purpose}）",
    "visit_missed": "“{purpose}”未能进行：{party}未到",
    "visit_done": "“{purpose}”已完成",
}


def _text(entry: TimelineEntry, program: Program) -> str:
    names: dict[str, Any] = dict(entry.detail)
    if "stage" in names:
        stage = program.stage(names["stage"])
        names["stage"] = stage.name
        if "task" in names:
            names["task"] = stage.task(names["task"]).name
    if "document" in names:
        names["document"] = city.current().documents.kind(names["document"]).name
    if "reason" in names:
        names["reason"] = program.stop_reason(names["reason"]).name
    if "step" in names:
        names["step"] = STEP_NAMES[PermitStep(names["step"])]
    if "purpose" in names:
        names["purpose"] = city.current().visits.purposes[names["purpose"]].name
    if "paper" in names:
        names["paper"] = city.current().papers[names["paper"]].name
    return _TEXTS[entry.kind].format(**names)
