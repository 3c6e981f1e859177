"""One case as its log tells it, in two statements shaped for the progress look-up (design.md, rule 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, Row, String, and_, bindparam, literal, null, or_, select, union_all

from app.core.db import db
from app.domain.programs.definition import Program
from app.domain.programs.figures import StageLog
from app.domain.worktime import Stretch
from app.models import Case, Staff, Stage, Stop, Task, TaskState
from app.services import city

_HEAD = select(
    Case.id,
    Case.number,
    Case.program_key,
    Case.former_program_key,
    Case.project_name,
    Case.state,
    Case.channel,
    Case.opened_at,
    Case.confirmed_at,
    Case.water_on_at,
    Case.closed_at,
    Case.rating,
    Case.calendar_version,
    Case.lookup_hash,
    Staff.name.label("manager_name"),
    Staff.number.label("manager_number"),
    Staff.phone.label("manager_phone"),
    Staff.photo_url.label("manager_photo_url"),
).join(Staff, Staff.id == Case.manager_id)
_BY_OWNER = _HEAD.where(Case.id == bindparam("case_id"), Case.customer_id == bindparam("customer_id"))
_BY_ID = _HEAD.where(Case.id == bindparam("case_id"))
_BY_NUMBER = _HEAD.where(Case.number == bindparam("number"))

# One statement for stages, stops, and those tasks that matter to the figures: the open ones and the
# ones that bound a stretch of the headline.
_LOG = union_all(
    select(
        literal("stage").label("kind"),
        Stage.key.label("key"),
        Stage.opened_at.label("started"),
        Stage.due_at.label("due"),
        Stage.completed_at.label("ended"),
        null().cast(String).label("other"),
        Stage.void.label("party"),
        Stage.round.label("round"),
    ).where(Stage.case_id == bindparam("case_id")),
    select(
        literal("stop"),
        Stop.reason_key,
        Stop.started_at,
        null().cast(Stage.due_at.type),
        Stop.ended_at,
        Stop.task_id,
        Stop.party,
        literal(0),
    ).where(Stop.case_id == bindparam("case_id")),
    select(
        literal("task"),
        Task.key,
        Task.opened_at,
        Task.due_at,
        Task.completed_at,
        Task.department,
        Task.stage_key,
        Task.round,
    ).where(
        Task.case_id == bindparam("case_id"),
        or_(
            Task.state == TaskState.OPEN.value,
            and_(Task.state == TaskState.DONE.value, Task.key.in_(bindparam("bounds", expanding=True))),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class StopLog:
    """A stop as the log tells it."""

    reason_key: str
    started_at: datetime
    ended_at: datetime | None
    party: str


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that is waited for."""

    key: str
    stage_key: str
    department: str
    due_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case, its manager as the customer may see them, and its log."""

    head: Row[Any]
    program: Program
    stages: Sequence[StageLog]
    stops: Sequence[StopLog]
    open_tasks: Sequence[OpenTask]
    tasks_done: dict[tuple[str, int], datetime]

    def stretches(self, now: datetime) -> list[Stretch]:
        """The stops as stretches of time, an open one lasting until `now`."""
        return [Stretch(stop.started_at, stop.ended_at or now) for stop in self.stops]

    @property
    def open_stop(self) -> StopLog | None:
        """A stop that is running now."""
        return next((stop for stop in self.stops if stop.ended_at is None), None)


def of_owner(customer_id: str, case_id: str) -> CaseRecord | None:
    """The record for the customer it belongs to, else None."""
    return _read(_BY_OWNER, {"case_id": case_id, "customer_id": customer_id})


def of_case(case_id: str) -> CaseRecord | None:
    """The record of a case that the caller was already allowed to see."""
    return _read(_BY_ID, {"case_id": case_id})


def of_number(number: str) -> CaseRecord | None:
    """The record by case number, for the public look-up."""
    return _read(_BY_NUMBER, {"number": number})


def _read(query: Executable, parameters: dict[str, str]) -> CaseRecord | None:
    head = db.session.execute(query, parameters).first()
    if head is None:
        return None
    program = city.program_of(head.program_key, head.former_program_key)
    stages: list[StageLog] = []
    stops: list[StopLog] = []
    tasks: list[OpenTask] = []
    done: dict[tuple[str, int], datetime] = {}
    rows = db.session.execute(_LOG, {"case_id": head.id, "bounds": _bounds(program)})
    for kind, key, started, due, ended, other, party, round_ in rows:
        if kind == "stage":
            stages.append(StageLog(key, started, due, ended, round_, party))
        elif kind == "stop":
            stops.append(StopLog(key, started, ended, party))
        elif ended is None:
            tasks.append(OpenTask(key, party, other, due, started))
        else:
            done[key, round_] = ended
    stages.sort(key=lambda log: log.round)
    return CaseRecord(head, program, stages, stops, tasks, done)


def _bounds(program: Program) -> list[str]:
    if program.headline is None:
        return []
    return [
        task for span in program.headline.spans for task in (span.from_task, span.to_task) if task is not None
    ]
