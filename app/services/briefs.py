"""What notices need to know of a case, a task or a stop: one select each, as plain values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, bindparam, select, type_coerce
from sqlalchemy.orm import aliased

from app.core import clock, eventbus
from app.core.db import db
from app.core.hotread import HotRead
from app.core.manyrows import one_of
from app.domain.programs.definition import Holder, Program
from app.models import Case, CaseTurn, Customer, Staff, StaffLeave, Stage, Stop, Task, TaskState
from app.services import city, staffing
from app.services.cases import turns


class UnknownSubjectError(LookupError):
    """A notice was to be written of a case or a task that does not exist."""


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
    """A stop, and when the running stage is due now that it ended.

    `still_stopped` says whether another stop holds the clock: then the end of this one lets nothing run.
    """

    stop_id: str
    case: CaseBrief
    reason_name: str
    party: str
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    still_stopped: bool = False


@dataclass(frozen=True, slots=True)
class StageBrief:
    """A completed stage and the one that follows it."""

    case: CaseBrief
    stage_key: str
    stage_name: str
    next_stage_name: str | None
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class PromiseBrief:
    """A promise that runs short: the stage that runs, the stages to come, and who will have to do those.

    `later_people` are those of the queues; what the manager holds is the manager's. `headline_name` is ""
    where the plan has no headline.
    """

    case: CaseBrief
    stage_key: str
    stage_name: str
    headline_name: str
    later_stages: tuple[str, ...]
    later_people: tuple[PersonBrief, ...]


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


@dataclass(frozen=True, slots=True)
class RunningStageBrief:
    """An open stage and when it is due."""

    case: CaseBrief
    stage_name: str
    due_at: datetime | None


_Manager = aliased(Staff)
_Deputy = aliased(Staff)
_Sibling = aliased(Task)


def _who(person: type[Staff]) -> tuple[Any, ...]:
    """The columns of a `PersonBrief`, in its order; the phone as it is stored."""
    return (
        person.id,
        person.number,
        person.name,
        type_coerce(person.phone, LargeBinary),
        person.openid,
        person.service_openid,
    )


_PERSON = len(_who(Staff))
_CASE = HotRead(
    select(
        Case.id,
        Case.number,
        Case.project_name,
        Case.program_key,
        Case.former_program_key,
        Case.opened_at,
        Case.customer_id,
        Customer.openid,
        Customer.service_openid,
        *_who(_Manager),
        *_who(_Deputy),
    )
    .join(_Manager, _Manager.id == Case.manager_id)
    .outerjoin(Customer, Customer.id == Case.customer_id)
    .outerjoin(
        StaffLeave,
        (StaffLeave.staff_id == _Manager.id)
        & (StaffLeave.starts_at <= bindparam("now"))
        & (StaffLeave.ends_at > bindparam("now")),
    )
    .outerjoin(_Deputy, _Deputy.id == StaffLeave.deputy_id)
    .where(Case.id == bindparam("case_id"))
    .limit(1)
)
# With those beside it: whoever is told of one task of a case is mostly told of all that opened with it.
_TASKS = HotRead(
    select(
        Task.id,
        Task.case_id,
        Task.stage_key,
        Task.key,
        Task.department,
        Task.assignee_id,
        Task.opened_at,
        Task.due_at,
        Task.state,
    ).where(
        Task.case_id == select(_Sibling.case_id).where(_Sibling.id == bindparam("task_id")).scalar_subquery()
    )
)
_OPEN_TASKS = select(Task.id).where(one_of(Task.id, "ids"), Task.state == TaskState.OPEN.value)
_COLLEAGUES = select(*_who(Staff)).where(Staff.active.is_(True)).order_by(Staff.number)
_DEPARTMENT = HotRead(_COLLEAGUES.where(Staff.department == bindparam("department")))
_QUEUES = HotRead(
    select(Staff.department, *_who(Staff))
    .where(
        Staff.active.is_(True),
        Staff.department.in_(
            select(Task.department).where(
                Task.case_id == bindparam("case_id"),
                Task.state == TaskState.OPEN.value,
                Task.assignee_id.is_(None),
            )
        ),
    )
    .order_by(Staff.number)
)
_SUPERVISORS = HotRead(_COLLEAGUES.where(Staff.is_supervisor.is_(True)))
_ASSIGNEE = HotRead(select(*_who(Staff)).where(Staff.id == bindparam("staff_id")))


def case(case_id: str) -> CaseBrief:
    """What notices say of a case. Raises `UnknownSubjectError` for an unknown id."""
    return _case(case_id)[0]


def _case(case_id: str) -> tuple[CaseBrief, Program]:
    return eventbus.once(_read_case, case_id)


def _read_case(case_id: str) -> tuple[CaseBrief, Program]:
    rows = _CASE.rows({"case_id": case_id, "now": clock.now()})
    if not rows:
        raise UnknownSubjectError(case_id)
    people = rows[0][-2 * _PERSON :]
    id_, number, project_name, program_key, former_key, opened_at, customer_id, openid, service_openid = rows[
        0
    ][: -2 * _PERSON]
    manager = _person(people[:_PERSON])
    deputy = people[_PERSON:]
    program = city.program_of(program_key, former_key)
    brief = CaseBrief(
        case_id=id_,
        number=number,
        project_name=project_name,
        program_name=program.name,
        opened_at=opened_at,
        customer_id=customer_id,
        customer_openid=openid,
        customer_service_openid=service_openid,
        manager=manager,
        acting=_person(deputy) if deputy[0] is not None else manager,
    )
    return brief, program


def task(task_id: str) -> TaskBrief:
    """What notices say of a task. Raises `UnknownSubjectError` for an unknown id."""
    row = _task_row(task_id)
    if row is None:
        raise UnknownSubjectError(task_id)
    case_id, stage_key, key, department, assignee_id, opened_at, due_at, state = row
    brief, program = _case(case_id)
    stage = program.stage(stage_key)
    return TaskBrief(
        task_id=task_id,
        case=brief,
        task_key=key,
        task_name=stage.task(key).name,
        stage_key=stage.key,
        stage_name=stage.name,
        stage_kind=stage.kind.value,
        department_name=city.department_name(department),
        holders=_holders(assignee_id, department, brief),
        opened_at=opened_at,
        due_at=due_at,
        is_open=state == TaskState.OPEN,
    )


def _task_row(task_id: str) -> Sequence[Any] | None:
    known: dict[str, Sequence[Any]] = eventbus.once(_nothing_yet, "tasks")
    if task_id not in known:
        known.update((row[0], row[1:]) for row in _TASKS.rows({"task_id": task_id}))
    return known.get(task_id)


def _nothing_yet(_of: str) -> dict[str, Any]:
    """What is known of a kind of thing at the beginning of a block of events: nothing."""
    return {}


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
        still_stopped=db.session.scalar(
            select(Stop.id)
            .where(
                Stop.case_id == found.case_id,
                Stop.id != found.id,
                Stop.ended_at.is_(None),
                Stop.struck_at.is_(None),
            )
            .limit(1)
        )
        is not None,
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


def promise(case_id: str, stage_key: str) -> PromiseBrief:
    """What notices say of a promise that runs short while the stage `stage_key` runs."""
    brief, program = _case(case_id)
    entered = set(db.session.scalars(select(Stage.key).where(Stage.case_id == case_id)))
    later = [spec for spec in program.stages if spec.in_full_process and spec.key not in entered]
    waiting = dict.fromkeys(
        task.department for spec in later for task in spec.tasks if task.holder is Holder.QUEUE
    )
    return PromiseBrief(
        case=brief,
        stage_key=stage_key,
        stage_name=program.stage(stage_key).name,
        headline_name=program.headline.name if program.headline else "",
        later_stages=tuple(spec.name for spec in later),
        later_people=tuple(person for department in waiting for person in _holders(None, department, brief)),
    )


def holders_of_stage(case_id: str, stage_key: str) -> tuple[PersonBrief, ...]:
    """Everybody who holds an open task of this stage, by name or in a queue, each once."""
    brief = case(case_id)
    held = db.session.execute(
        select(Task.assignee_id, Task.department)
        .where(Task.case_id == case_id, Task.stage_key == stage_key, Task.state == TaskState.OPEN)
        .distinct()
    )
    return tuple(dict.fromkeys(person for row in held for person in _holders(*row, brief)))


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
        holders=_active(holders),
    )


def running_stage(case_id: str, stage_key: str) -> RunningStageBrief:
    """What notices say of an open stage."""
    program = _program(case_id)
    due_at = db.session.scalar(
        select(Stage.due_at).where(
            Stage.case_id == case_id, Stage.key == stage_key, Stage.completed_at.is_(None)
        )
    )
    return RunningStageBrief(case(case_id), program.stage(stage_key).name, due_at)


def open_tasks(task_ids: Collection[str]) -> set[str]:
    """Those of these tasks that are still to be done."""
    if not task_ids:
        return set()
    return set(db.session.connection().scalars(_OPEN_TASKS, {"ids": sorted(task_ids)}))


def phones(customer_ids: Collection[str]) -> dict[str, str]:
    """The verified phones (E.164) of these customers, by their ids; who has none is left out."""
    if not customer_ids:
        return {}
    rows = db.session.execute(
        select(Customer.id, Customer.phone).where(
            Customer.id.in_(sorted(customer_ids)), Customer.phone.is_not(None)
        )
    )
    return {row.id: row.phone for row in rows}


def supervisors() -> tuple[PersonBrief, ...]:
    """Everybody who audits the promise."""
    return tuple(_person(row) for row in _SUPERVISORS.rows({}))


def everybody_of(department: str) -> tuple[PersonBrief, ...]:
    """Everybody of a department."""
    return eventbus.once(_colleagues, department)


def member(staff_id: str) -> PersonBrief:
    """A member of staff as somebody to write to."""
    rows = _ASSIGNEE.rows({"staff_id": staff_id})
    if not rows:
        raise UnknownSubjectError(staff_id)
    return _person(rows[0])


def customer(customer_id: str) -> CustomerBrief:
    """A customer as somebody to write to."""
    found = db.session.get_one(Customer, customer_id)
    return CustomerBrief(found.id, found.openid, found.service_openid)


def _active(staff_ids: Sequence[str]) -> tuple[PersonBrief, ...]:
    if not staff_ids:
        return ()
    return tuple(_person(row) for row in db.session.execute(_COLLEAGUES.where(Staff.id.in_(staff_ids))))


def _program(case_id: str) -> Program:
    found = db.session.get_one(Case, case_id)
    return city.program_of(found.program_key, found.former_program_key)


def _holders(assignee_id: str | None, department: str, brief: CaseBrief) -> tuple[PersonBrief, ...]:
    if assignee_id is None:
        return eventbus.once(_queues, brief.case_id).get(department) or everybody_of(department)
    if assignee_id == brief.manager.staff_id:
        return (brief.acting,)
    return tuple(_person(row) for row in _ASSIGNEE.rows({"staff_id": assignee_id}))


def _queues(case_id: str) -> dict[str, tuple[PersonBrief, ...]]:
    """By department, everybody of the queues that hold open work of a case."""
    people: dict[str, tuple[PersonBrief, ...]] = {}
    for department, *person in _QUEUES.rows({"case_id": case_id}):
        people[department] = (*people.get(department, ()), _person(person))
    return people


def _colleagues(department: str) -> tuple[PersonBrief, ...]:
    return tuple(_person(row) for row in _DEPARTMENT.rows({"department": department}))


def _person(row: Sequence[Any]) -> PersonBrief:
    staff_id, number, name, sealed_phone, openid, service_openid = row
    return PersonBrief(staff_id, number, name, staffing.phone(sealed_phone), openid, service_openid)
