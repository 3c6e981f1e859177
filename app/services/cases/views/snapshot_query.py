"""One case as its log tells it, in one statement shaped for the progress look-up (design.md, rule 9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    LargeBinary,
    Select,
    String,
    and_,
    bindparam,
    cast,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from app.core.db import UtcDateTime
from app.core.hotread import HotRead
from app.domain.programs.definition import Program
from app.domain.programs.figures import StageLog
from app.domain.worktime import Stretch
from app.models import Application, Case, Staff, Stage, Stop, Task, TaskState
from app.services.installation import calendar_versions, city
from app.services.installation.city import CityBundle
from app.services.people import staffing

LOG_COLUMNS = 7
"""So many columns tell of a stage, a stop or a task; those after them are the case's, but for the round."""
ROUND = 9
"""The column that tells which entry into its stage a row is of; a case has its rating there."""


class Head(NamedTuple):
    """A case and its manager, as the customer may see them; in the order of the statement's columns."""

    id: str
    opened_at: datetime
    confirmed_at: datetime | None
    closed_at: datetime | None
    number: str
    program_key: str
    water_on_at: datetime | None
    submitted_at: datetime | None
    """Empty in early service, as long as the form is not complete."""
    rating: int | None
    sealed_manager_phone: bytes
    project_name: str
    state: str
    calendar_version: str
    lookup_hash: str
    manager_name: str
    manager_number: str
    manager_photo_url: str
    former_program_key: str | None
    calendar_id: str | None
    """The calendar in force, read along so that the look-up need not ask for it by itself."""
    kept_figures: str | None

    @property
    def figures(self) -> dict[str, Any] | None:
        """What a closed case came to, as it was computed when it closed."""
        return orjson.loads(self.kept_figures) if self.kept_figures else None

    @property
    def manager_phone(self) -> str:
        """The phone, readable."""
        return staffing.phone(self.sealed_manager_phone)


class StopLog(NamedTuple):
    """A stop as the log tells it."""

    reason_key: str
    started_at: datetime
    ended_at: datetime | None
    party: str


class OpenTask(NamedTuple):
    """A task that is waited for."""

    key: str
    stage_key: str
    department: str
    due_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case, its manager as the customer may see them, and its log."""

    head: Head
    program: Program
    stages: Sequence[StageLog]
    stops: Sequence[StopLog]
    open_tasks: Sequence[OpenTask]
    tasks_done: dict[tuple[str, int], datetime]

    def counted_until(self, now: datetime) -> datetime:
        """The instant up to which anything counts: nothing goes on in a case that has ended.

        Never before what has begun already: the clock of a machine may go back, or be behind another's.
        """
        begun = [*(stage.opened_at for stage in self.stages), *(stop.started_at for stop in self.stops)]
        return self.head.closed_at or max([now, *begun])

    def stretches(self, now: datetime) -> list[Stretch]:
        """The stops as stretches of time, an open one lasting until `now`."""
        return [Stretch(stop.started_at, stop.ended_at or now) for stop in self.stops]

    @property
    def open_stop(self) -> StopLog | None:
        """A stop that is running now."""
        return next((stop for stop in self.stops if stop.ended_at is None), None)


def of_owner(customer_id: str, case_id: str) -> CaseRecord | None:
    """The record for the customer it belongs to, else None."""
    return _read(_questions(city.current()).by_owner, {"case_id": case_id, "customer_id": customer_id})


def of_case(case_id: str) -> CaseRecord | None:
    """The record of a case that the caller was already allowed to see."""
    return _read(_questions(city.current()).by_id, {"case_id": case_id})


def of_number(number: str) -> CaseRecord | None:
    """The record by case number, for the public look-up."""
    return _read(_questions(city.current()).by_number, {"number": number})


def _read(question: HotRead, parameters: dict[str, str]) -> CaseRecord | None:
    head: Head | None = None
    stages: list[StageLog] = []
    stops: list[StopLog] = []
    tasks: list[OpenTask] = []
    done: dict[tuple[str, int], datetime] = {}
    for row in question.rows(parameters):
        kind, key, started, due, ended, other, party = row[:LOG_COLUMNS]
        if kind == "stage":
            stages.append(StageLog(key, started, due, ended, row[ROUND], party))
        elif kind == "stop":
            stops.append(StopLog(key, started, ended, party))
        elif kind == "case":
            head = Head._make(row[1:])
        elif ended is None:
            tasks.append(OpenTask(key, party, other, due, started))
        else:
            done[key, row[ROUND]] = ended
    if head is None:
        return None
    calendar_versions.know(head.calendar_id)
    stages.sort(key=lambda log: log.round)
    program = city.program_of(head.program_key, head.former_program_key)
    return CaseRecord(head, program, stages, stops, tasks, done)


@dataclass(frozen=True, slots=True)
class _Questions:
    by_owner: HotRead
    by_id: HotRead
    by_number: HotRead


@lru_cache(maxsize=2)
def _questions(bundle: CityBundle) -> _Questions:
    """The statements for one city, whose programs say which tasks matter."""
    bounds = {key for program in bundle.programs.values() for key in _bounds(program)}
    by_id = Case.id == bindparam("case_id")
    by_number = Case.number == bindparam("number")
    return _Questions(
        by_owner=_question(
            by_id & (Case.customer_id == bindparam("customer_id")), bindparam("case_id", type_=String), bounds
        ),
        by_id=_question(by_id, bindparam("case_id", type_=String), bounds),
        by_number=_question(by_number, select(Case.id).where(by_number).scalar_subquery(), bounds),
    )


def _question(condition: ColumnElement[bool], case_id: ColumnElement[str], bounds: set[str]) -> HotRead:
    """One statement, so that it is of one moment: the case, its stages, its stops, and some tasks.

    The tasks are those that matter to the answer: the open ones, and those that bound a stretch of the
    headline, whose keys are `bounds`. A row means what its first column says.
    """
    statement: CompoundSelect[Any] = union_all(
        select(
            literal_column("'case'", String),
            Case.id,
            Case.opened_at,
            Case.confirmed_at,
            Case.closed_at,
            Case.number,
            Case.program_key,
            Case.water_on_at,
            Application.submitted_at,
            Case.rating,
            type_coerce(Staff.phone, LargeBinary),
            Case.project_name,
            Case.state,
            Case.calendar_version,
            Case.lookup_hash,
            Staff.name,
            Staff.number,
            Staff.photo_url,
            Case.former_program_key,
            calendar_versions.newest_id.scalar_subquery(),
            cast(Case.figures, String),
        )
        .join(Staff, Staff.id == Case.manager_id)
        .join(Application, Application.id == Case.application_id)
        .where(condition),
        _log_row(
            "stage",
            Stage.key,
            Stage.opened_at,
            Stage.due_at,
            Stage.completed_at,
            _nothing(),
            Stage.void,
            round_=Stage.round,
        ).where(Stage.case_id == case_id),
        _log_row(
            "stop", Stop.reason_key, Stop.started_at, _never(), Stop.ended_at, Stop.task_id, Stop.party
        ).where(Stop.case_id == case_id, Stop.struck_at.is_(None)),
        _log_row(
            "task",
            Task.key,
            Task.opened_at,
            Task.due_at,
            Task.completed_at,
            Task.department,
            Task.stage_key,
            round_=Task.round,
        ).where(
            Task.case_id == case_id,
            or_(
                Task.state == TaskState.OPEN.value,
                and_(Task.state == TaskState.DONE.value, or_(*(Task.key == key for key in sorted(bounds)))),
            ),
        ),
    )
    return HotRead(statement)


def _log_row(kind: str, *columns: Any, round_: Any = None) -> Select[Any]:
    return select(
        literal_column(f"'{kind}'", String),
        *columns,
        _never(),
        _never(),
        null().cast(Integer) if round_ is None else round_,
        null().cast(LargeBinary),
        *(_nothing() for _ in range(10)),
    )


def _nothing() -> ColumnElement[Any]:
    return null().cast(String)


def _never() -> ColumnElement[Any]:
    return null().cast(UtcDateTime())


def _bounds(program: Program) -> list[str]:
    if program.headline is None:
        return []
    return [
        task for span in program.headline.spans for task in (span.from_task, span.to_task) if task is not None
    ]
