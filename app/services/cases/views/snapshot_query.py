"""One case with its log, read by one statement that is shaped for the progress look-up.

One statement, so that the answer is of one moment. Its four parts (the case, its stages, its stops, some of
its tasks) share the columns of `_CASE_COLUMNS`. A part names those that it fills; the others are NULL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
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

from app.core.prepared_query import PreparedQuery
from app.domain.programs.definition import Program
from app.domain.programs.figures import StageLog
from app.domain.worktime import Stretch
from app.models import Application, Case, Staff, Stage, Stop, Task, TaskState
from app.services.installation import calendar_versions, city
from app.services.installation.city import CityBundle
from app.services.people import staffing


class Head(NamedTuple):
    """A case and its manager, as the customer may see them; in the order of `_CASE_COLUMNS`."""

    id: str
    opened_at: datetime
    confirmed_at: datetime | None
    closed_at: datetime | None
    number: str
    program_key: str
    water_on_at: datetime | None
    submitted_at: datetime | None
    """None in early service until the form is complete."""
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
    """The calendar in force, read along to save the look-up a statement."""
    kept_figures: str | None

    @property
    def figures(self) -> dict[str, Any] | None:
        """The figures of a closed case, as computed when it closed."""
        return orjson.loads(self.kept_figures) if self.kept_figures else None

    @property
    def manager_phone(self) -> str:
        """The phone number, decrypted."""
        return staffing.phone(self.sealed_manager_phone)


class StopLog(NamedTuple):
    """A stop of the clock."""

    reason_key: str
    started_at: datetime
    ended_at: datetime | None
    party: str


class OpenTask(NamedTuple):
    """An open task."""

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
        """The instant up to which time counts: `now`, or the end of a closed case.

        Never before the start of any stage or stop, since clocks of machines may differ or be set back.
        """
        begun = [*(stage.opened_at for stage in self.stages), *(stop.started_at for stop in self.stops)]
        return self.head.closed_at or max([now, *begun])

    def stretches(self, now: datetime) -> list[Stretch]:
        """The stops as stretches of time; an open one lasts until `now`."""
        return [Stretch(stop.started_at, stop.ended_at or now) for stop in self.stops]

    @property
    def open_stop(self) -> StopLog | None:
        """The stop that is open now, if any."""
        return next((stop for stop in self.stops if stop.ended_at is None), None)


def record_of_owner(customer_id: str, case_id: str) -> CaseRecord | None:
    """The record of a case, if it belongs to this customer."""
    return _read(_questions(city.current()).by_owner, {"case_id": case_id, "customer_id": customer_id})


def record_of_case(case_id: str) -> CaseRecord | None:
    """The record of a case that the caller was already allowed to see."""
    return _read(_questions(city.current()).by_id, {"case_id": case_id})


def record_of_number(number: str) -> CaseRecord | None:
    """The record by case number, for the public look-up."""
    return _read(_questions(city.current()).by_number, {"number": number})


_CASE_COLUMNS: Mapping[str, Any] = {
    "id": Case.id,
    "opened_at": Case.opened_at,
    "confirmed_at": Case.confirmed_at,
    "closed_at": Case.closed_at,
    "number": Case.number,
    "program_key": Case.program_key,
    "water_on_at": Case.water_on_at,
    "submitted_at": Application.submitted_at,
    "rating": Case.rating,
    "sealed_manager_phone": type_coerce(Staff.phone, LargeBinary),
    "project_name": Case.project_name,
    "state": Case.state,
    "calendar_version": Case.calendar_version,
    "lookup_hash": Case.lookup_hash,
    "manager_name": Staff.name,
    "manager_number": Staff.number,
    "manager_photo_url": Staff.photo_url,
    "former_program_key": Case.former_program_key,
    "calendar_id": calendar_versions.newest_id.scalar_subquery(),
    "kept_figures": cast(Case.figures, String),
}
"""The columns of the statement, by the field of `Head` that they fill."""

_LOG_COLUMNS: Mapping[str, str] = {
    "key": "id",
    "started": "opened_at",
    "due": "confirmed_at",
    "ended": "closed_at",
    "owner": "number",
    "detail": "program_key",
    "round": "rating",
    "made": "water_on_at",
}
"""Which of these columns hold the values of stages, stops and tasks; the types agree."""

_AT = {field: 1 + list(_CASE_COLUMNS).index(column) for field, column in _LOG_COLUMNS.items()}
_KEY, _STARTED, _DUE, _ENDED, _OWNER, _DETAIL, _ROUND, _MADE = _AT.values()


def _read(question: PreparedQuery, parameters: dict[str, str]) -> CaseRecord | None:
    head: Head | None = None
    stages: list[StageLog] = []
    stops: list[StopLog] = []
    tasks: list[OpenTask] = []
    done: dict[tuple[str, int], datetime] = {}
    for row in question.rows(parameters):
        kind, key, started, ended, detail = row[0], row[_KEY], row[_STARTED], row[_ENDED], row[_DETAIL]
        if kind == "stage":
            stages.append(StageLog(key, started, row[_DUE], ended, row[_ROUND], detail, row[_MADE]))
        elif kind == "stop":
            stops.append(StopLog(key, started, ended, detail))
        elif kind == "case":
            head = Head._make(row[1:])
        elif ended is None:
            tasks.append(OpenTask(key, detail, row[_OWNER], row[_DUE], started))
        else:
            done[key, row[_ROUND]] = ended
    if head is None:
        return None
    calendar_versions.know(head.calendar_id)
    stages.sort(key=lambda log: log.round)
    program = city.program_of(head.program_key, head.former_program_key)
    return CaseRecord(head, program, stages, stops, tasks, done)


@dataclass(frozen=True, slots=True)
class _Questions:
    by_owner: PreparedQuery
    by_id: PreparedQuery
    by_number: PreparedQuery


@lru_cache(maxsize=2)
def _questions(bundle: CityBundle) -> _Questions:
    """The prepared statements of one city. Its programs say which completed tasks are read."""
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


def _question(condition: ColumnElement[bool], case_id: ColumnElement[str], bounds: set[str]) -> PreparedQuery:
    """The statement for the case that meets `condition`.

    Tasks are read if they are open or if they bound a stretch of the headline (their keys: `bounds`).
    """
    case = (
        select(literal_column("'case'", String), *_CASE_COLUMNS.values())
        .join(Staff, Staff.id == Case.manager_id)
        .join(Application, Application.id == Case.application_id)
        .where(condition)
    )
    stages = _log_rows(
        "stage",
        key=Stage.key,
        started=Stage.opened_at,
        due=Stage.due_at,
        ended=Stage.completed_at,
        detail=Stage.void,
        round=Stage.round,
        made=Stage.made_at,
    ).where(Stage.case_id == case_id)
    stops = _log_rows(
        "stop", key=Stop.reason_key, started=Stop.started_at, ended=Stop.ended_at, detail=Stop.party
    ).where(Stop.case_id == case_id, Stop.struck_at.is_(None))
    bounding = and_(Task.state == TaskState.DONE.value, or_(*(Task.key == key for key in sorted(bounds))))
    tasks = _log_rows(
        "task",
        key=Task.key,
        started=Task.opened_at,
        due=Task.due_at,
        ended=Task.completed_at,
        owner=Task.department,
        detail=Task.stage_key,
        round=Task.round,
    ).where(Task.case_id == case_id, or_(Task.state == TaskState.OPEN.value, bounding))
    statement: CompoundSelect[Any] = union_all(case, stages, stops, tasks)
    return PreparedQuery(statement)


def _log_rows(kind: str, **columns: Any) -> Select[Any]:
    """Rows of one kind: `columns` (names of `_LOG_COLUMNS`) in their places, NULL in all others."""
    filled = {_LOG_COLUMNS[name]: column for name, column in columns.items()}
    return select(
        literal_column(f"'{kind}'", String),
        *(filled.get(name, null().cast(column.type)) for name, column in _CASE_COLUMNS.items()),
    )


def _bounds(program: Program) -> list[str]:
    if program.headline is None:
        return []
    return [
        task for span in program.headline.spans for task in (span.from_task, span.to_task) if task is not None
    ]
