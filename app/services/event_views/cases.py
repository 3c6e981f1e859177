"""What notices need to know of a case, a task, a stop or a stage: one select each, as plain values."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from app.core import clock, eventbus
from app.core.db import UtcDateTime, db
from app.core.list_parameter import one_of
from app.core.prepared_query import PreparedQuery
from app.domain.programs.definition import Program
from app.models import Case, Customer, Staff, Task, TaskState
from app.services.installation import city
from app.services.people import acting, addresses, recipients
from app.services.people.recipients import (
    CustomerRecipient,
    StaffRecipient,
    UnknownSubjectError,
    columns,
    person_of,
)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case, its named manager, and `acting`, who acts for the manager now."""

    case_id: str
    number: str
    project_name: str
    program_name: str
    opened_at: datetime
    customer: CustomerRecipient | None
    manager: StaffRecipient
    acting: StaffRecipient


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task and everybody who holds it: who acts for the assignee, else the whole department."""

    task_id: str
    case: CaseView
    task_key: str
    task_name: str
    stage_key: str
    stage_name: str
    stage_kind: str
    department_name: str
    holders: tuple[StaffRecipient, ...]
    opened_at: datetime
    due_at: datetime | None
    is_open: bool
    triggered: bool = False


_Manager = aliased(Staff)
_Sibling = aliased(Task)


_PERSON = len(columns(Staff))
_CASE = PreparedQuery(
    select(
        Case.id,
        Case.number,
        Case.project_name,
        Case.program_key,
        Case.former_program_key,
        Case.opened_at,
        Case.customer_id,
        *addresses.customer_columns(Customer),
        acting.on_leave(_Manager.id, bindparam("now", type_=UtcDateTime)),
        *columns(_Manager),
    )
    .join(_Manager, _Manager.id == Case.manager_id)
    .outerjoin(Customer, Customer.id == Case.customer_id)
    .where(Case.id == bindparam("case_id"))
)
# With those beside it: whoever is told of one task of a case is mostly told of all that opened with it.
_TASKS = PreparedQuery(
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
_NAMES = select(Case.id, Case.number, Case.project_name).where(one_of(Case.id, "ids"))
_OPEN_TASKS = select(Task.id).where(one_of(Task.id, "ids"), Task.state == TaskState.OPEN.value)
_QUEUES = PreparedQuery(
    select(Staff.department, *columns(Staff))
    .where(
        Staff.active.is_(True),
        ~acting.on_leave(Staff.id, bindparam("at", type_=UtcDateTime)),
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


def case(case_id: str) -> CaseView:
    """What notices say of a case. Raises `UnknownSubjectError` for an unknown id."""
    return with_program(case_id)[0]


def with_program(case_id: str) -> tuple[CaseView, Program]:
    """The same, and the program that the case follows."""
    return eventbus.once(_read_case, case_id)


def _read_case(case_id: str) -> tuple[CaseView, Program]:
    rows = _CASE.rows({"case_id": case_id, "now": clock.now()})
    if not rows:
        raise UnknownSubjectError(case_id)
    facts, away, person = rows[0][: -_PERSON - 1], rows[0][-_PERSON - 1], rows[0][-_PERSON:]
    id_, number, project_name, program_key, former_key, opened_at, customer_id, *reached_by = facts
    manager = person_of(person)
    program = city.program_of(program_key, former_key)
    brief = CaseView(
        case_id=id_,
        number=number,
        project_name=project_name,
        program_name=program.name,
        opened_at=opened_at,
        customer=None
        if customer_id is None
        else CustomerRecipient(customer_id, addresses.customer_addresses(reached_by)),
        manager=manager,
        acting=recipients.who_acts(manager, away=bool(away)),
    )
    return brief, program


def task(task_id: str) -> TaskView:
    """What notices say of a task. Raises `UnknownSubjectError` for an unknown id."""
    row = _task_row(task_id)
    if row is None:
        raise UnknownSubjectError(task_id)
    case_id, stage_key, key, department, assignee_id, opened_at, due_at, state = row
    brief, program = with_program(case_id)
    stage = program.stage(stage_key)
    return TaskView(
        task_id=task_id,
        case=brief,
        task_key=key,
        task_name=stage.task(key).name,
        stage_key=stage.key,
        stage_name=stage.name,
        stage_kind=stage.kind.value,
        department_name=city.department_name(department),
        holders=holders(assignee_id, department, brief),
        opened_at=opened_at,
        due_at=due_at,
        is_open=state == TaskState.OPEN,
        triggered=stage.task(key).opened_by is not None,
    )


def _task_row(task_id: str) -> Sequence[Any] | None:
    known: dict[str, Sequence[Any]] = eventbus.once(_nothing_yet, "tasks")
    if task_id not in known:
        known.update((row[0], row[1:]) for row in _TASKS.rows({"task_id": task_id}))
    return known.get(task_id)


def _nothing_yet(_of: str) -> dict[str, Any]:
    """What is known of a kind of thing at the beginning of a block of events: nothing."""
    return {}


def holders_of_stage(case_id: str, stage_key: str) -> tuple[StaffRecipient, ...]:
    """Everybody who holds an open task of this stage, by name or in a queue, each once."""
    brief = case(case_id)
    held = db.session.execute(
        select(Task.assignee_id, Task.department)
        .where(Task.case_id == case_id, Task.stage_key == stage_key, Task.state == TaskState.OPEN)
        .distinct()
    )
    return tuple(dict.fromkeys(person for row in held for person in holders(*row, brief)))


@dataclass(frozen=True, slots=True)
class CaseName:
    """How people know a case."""

    number: str
    project_name: str


def names(case_ids: Collection[str]) -> dict[str, CaseName]:
    """The number and project of these cases, by their ids; an id that is no case's is left out."""
    if not case_ids:
        return {}
    rows = db.session.connection().execute(_NAMES, {"ids": sorted(case_ids)})
    return {id_: CaseName(number, project) for id_, number, project in rows}


def open_tasks(task_ids: Collection[str]) -> set[str]:
    """Those of these tasks that are still to be done."""
    if not task_ids:
        return set()
    return set(db.session.connection().scalars(_OPEN_TASKS, {"ids": sorted(task_ids)}))


def holders(assignee_id: str | None, department: str, brief: CaseView) -> tuple[StaffRecipient, ...]:
    """Who holds a task: who acts for the assignee, or the queue of the department without who is on leave.

    Of a department in which nobody is present, the supervisors are told.
    """
    if assignee_id is None:
        queue = eventbus.once(_queues, brief.case_id).get(department) or recipients.present_of(department)
        return queue or recipients.supervisors()
    if assignee_id == brief.manager.staff_id:
        return (brief.acting,)
    return (recipients.acting_member(assignee_id),)


def _queues(case_id: str) -> dict[str, tuple[StaffRecipient, ...]]:
    """By department, everybody present of the queues that hold open work of a case."""
    people: dict[str, tuple[StaffRecipient, ...]] = {}
    for department, *person in _QUEUES.rows({"case_id": case_id, "at": clock.now()}):
        people[department] = (*people.get(department, ()), person_of(person))
    return people
