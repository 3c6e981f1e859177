"""What notices need to know of a case, a task or a stop: one select each, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import db
from app.domain.programs.definition import Program
from app.models import Case, CaseTurn, Customer, Staff, StaffLeave, Stage, Stop, Task, TaskState
from app.services import city
from app.services.cases import turns


@dataclass(frozen=True, slots=True)
class PersonBrief:
    """A member of staff as somebody to write to, and as the customer may know them."""

    staff_id: str
    number: str
    name: str
    phone: str
    openid: str | None
    service_openid: str | None


@dataclass(frozen=True, slots=True)
class CustomerBrief:
    """A customer as somebody to write to."""

    customer_id: str
    openid: str
    service_openid: str | None


@dataclass(frozen=True, slots=True)
class CaseBrief:
    """A case, its named manager, and `acting`, who answers while the manager is on leave."""

    case_id: str
    number: str
    project_name: str
    program_name: str
    opened_at: datetime
    customer_id: str | None
    customer_openid: str | None
    customer_service_openid: str | None
    manager: PersonBrief
    acting: PersonBrief


@dataclass(frozen=True, slots=True)
class TaskBrief:
    """A task and everybody who holds it: the assignee, else the whole department."""

    task_id: str
    case: CaseBrief
    task_key: str
    task_name: str
    stage_key: str
    stage_name: str
    stage_kind: str
    department_name: str
    holders: tuple[PersonBrief, ...]
    opened_at: datetime
    due_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class StopBrief:
    """A stop, and when the running stage is due now that it ended."""

    stop_id: str
    case: CaseBrief
    reason_name: str
    party: str
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class StageBrief:
    """A completed stage and the one that follows it."""

    case: CaseBrief
    stage_key: str
    stage_name: str
    next_stage_name: str | None
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class TurnBrief:
    """A turn of a case: why, what the customer can do next, what was and is now, who had held its work."""

    turn_id: str
    case: CaseBrief
    kind: str
    reason: str
    advice: str
    was: str
    now: str
    holders: tuple[PersonBrief, ...]


_Manager = aliased(Staff)
_Deputy = aliased(Staff)


def case(case_id: str) -> CaseBrief:
    """What notices say of a case. Raises `NoResultFound` for an unknown id."""
    now = clock.now()
    row = db.session.execute(
        select(Case, Customer, _Manager, _Deputy)
        .join(_Manager, _Manager.id == Case.manager_id)
        .outerjoin(Customer, Customer.id == Case.customer_id)
        .outerjoin(
            StaffLeave,
            (StaffLeave.staff_id == _Manager.id) & (StaffLeave.starts_at <= now) & (StaffLeave.ends_at > now),
        )
        .outerjoin(_Deputy, _Deputy.id == StaffLeave.deputy_id)
        .where(Case.id == case_id)
        .limit(1)
    ).one()
    found, manager = row.Case, row[2]
    # An outer join's other side may be missing, which the row's type does not say.
    owner: Customer | None = row[1]
    deputy: Staff | None = row[3]
    named = _person(manager)
    return CaseBrief(
        case_id=found.id,
        number=found.number,
        project_name=found.project_name,
        program_name=city.program(found.program_key).name,
        opened_at=found.opened_at,
        customer_id=found.customer_id,
        customer_openid=owner.openid if owner else None,
        customer_service_openid=owner.service_openid if owner else None,
        manager=named,
        acting=_person(deputy) if deputy else named,
    )


def task(task_id: str) -> TaskBrief:
    """What notices say of a task."""
    found = db.session.get_one(Task, task_id)
    brief = case(found.case_id)
    stage = _program(found.case_id).stage(found.stage_key)
    return TaskBrief(
        task_id=found.id,
        case=brief,
        task_key=found.key,
        task_name=stage.task(found.key).name,
        stage_key=stage.key,
        stage_name=stage.name,
        stage_kind=stage.kind.value,
        department_name=city.department_name(found.department),
        holders=_holders(found, brief),
        opened_at=found.opened_at,
        due_at=found.due_at,
        is_open=found.state == TaskState.OPEN,
    )


def stop(stop_id: str) -> StopBrief:
    """What notices say of a stop."""
    found = db.session.get_one(Stop, stop_id)
    program = _program(found.case_id)
    return StopBrief(
        stop_id=found.id,
        case=case(found.case_id),
        reason_name=program.stop_reason(found.reason_key).name,
        party=found.party,
        started_at=found.started_at,
        ended_at=found.ended_at,
        due_at=db.session.scalar(
            select(Stage.due_at)
            .where(Stage.case_id == found.case_id, Stage.completed_at.is_(None))
            .order_by(Stage.due_at)
            .limit(1)
        ),
    )


def stage(case_id: str, stage_key: str) -> StageBrief:
    """What notices say of a completed stage; the next is the open one that is due first."""
    program = _program(case_id)
    following = [spec for spec in program.stages if stage_key in spec.follows]
    opened = {
        row.key: row.due_at
        for row in db.session.execute(
            select(Stage.key, Stage.due_at).where(Stage.case_id == case_id, Stage.completed_at.is_(None))
        )
    }
    coming = next((spec for spec in following if spec.key in opened), None)
    return StageBrief(
        case=case(case_id),
        stage_key=stage_key,
        stage_name=program.stage(stage_key).name,
        next_stage_name=coming.name if coming else None,
        next_due_at=opened.get(coming.key) if coming else None,
    )


def turn(turn_id: str) -> TurnBrief:
    """What notices say of a turn."""
    found = db.session.get_one(CaseTurn, turn_id)
    said = turns.line(db.session.get_one(Case, found.case_id), found)
    holders = found.detail.get("holders", [])
    return TurnBrief(
        turn_id=found.id,
        case=case(found.case_id),
        kind=found.kind,
        reason=said.reason,
        advice=said.advice,
        was=said.was,
        now=said.now,
        holders=_people(Staff.id.in_(holders)) if holders else (),
    )


def supervisors() -> tuple[PersonBrief, ...]:
    """Everybody who audits the promise."""
    return _people(Staff.is_supervisor.is_(True))


def customer(customer_id: str) -> CustomerBrief:
    """A customer as somebody to write to."""
    found = db.session.get_one(Customer, customer_id)
    return CustomerBrief(found.id, found.openid, found.service_openid)


def _program(case_id: str) -> Program:
    found = db.session.get_one(Case, case_id)
    return city.program_of(found.program_key, found.former_program_key)


def _holders(found: Task, brief: CaseBrief) -> tuple[PersonBrief, ...]:
    if found.assignee_id is None:
        return _people(Staff.department == found.department)
    if found.assignee_id == brief.manager.staff_id:
        return (brief.acting,)
    return (_person(db.session.get_one(Staff, found.assignee_id)),)


def _people(condition: ColumnElement[bool]) -> tuple[PersonBrief, ...]:
    rows: Sequence[Staff] = db.session.scalars(
        select(Staff).where(Staff.active.is_(True), condition).order_by(Staff.number)
    ).all()
    return tuple(_person(row) for row in rows)


def _person(row: Staff) -> PersonBrief:
    return PersonBrief(row.id, row.number, row.name, row.phone, row.openid, row.service_openid)
