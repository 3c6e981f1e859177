"""The owner's progress look-up as one writes it first: ORM entities, one query for each noun, a schema.

It authorises the same (signed token, live session, own case), computes with the same working-time line, and
gives the same answer to the letter; the benchmark checks that before it measures.
"""

from datetime import datetime
from fractions import Fraction
from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields
from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import NotFoundError, NotSignedInError
from app.domain.programs import figures
from app.domain.programs.definition import StageKind
from app.domain.programs.figures import StageLog
from app.domain.worktime import Covered, Stretch, rounded
from app.models import Audience, Case, Session, Staff, Stage, Stop, Task, TaskState
from app.services.installation import city
from miniprogram_api.guards import token_signer


class Ticks(fields.Field[Any]):
    """Working time on the line, as a decimal string of working days."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else city.working_time().shown(value)


class Days(fields.Field[Any]):
    """Working days as a decimal string."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else str(rounded(value))


class Moment(fields.Field[Any]):
    """An instant in the city's time."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        instant: datetime = value
        return instant.astimezone(city.working_time().zone).isoformat(timespec="seconds")


class ManagerSchema(Schema):
    name = fields.String()
    number = fields.String()
    phone = fields.String()
    photo_url = fields.String()


class ProgramSchema(Schema):
    key = fields.String()
    name = fields.String()


class CaseChangeSchema(Schema):
    party = fields.String()
    name = fields.String()


class ClockSchema(Schema):
    stopped = fields.Boolean()
    reason = fields.String(allow_none=True)
    since = Moment(allow_none=True)


class StageSchema(Schema):
    key = fields.String()
    name = fields.String()
    kind = fields.String()
    state = fields.String()
    departments = fields.List(fields.String())
    promised_min = Days()
    promised_max = Days()
    same_day = fields.Boolean()
    used = Ticks()
    stopped = Ticks()
    opened_at = Moment()
    due_at = Moment()
    provisional = fields.Boolean()
    completed_at = Moment()


class HeadlineSchema(Schema):
    name = fields.String()
    links = fields.Integer()
    working_days = Days()
    used = Ticks()
    left = Days()


class FullProcessSchema(Schema):
    min = Days()
    max = Days()
    used = Ticks()


class ProgressSchema(Schema):
    id = fields.String()
    number = fields.String()
    program = fields.Nested(ProgramSchema)
    project_name = fields.String()
    state = fields.String()
    opened_at = Moment()
    confirmed = fields.Boolean()
    water_on_at = Moment()
    closed_at = Moment()
    rating = fields.Integer(allow_none=True)
    manager = fields.Nested(ManagerSchema)
    whose_turn = fields.Nested(CaseChangeSchema)
    next_action = fields.String()
    clock = fields.Nested(ClockSchema)
    stages = fields.List(fields.Nested(StageSchema))
    headline = fields.Nested(HeadlineSchema, allow_none=True)
    full_process = fields.Nested(FullProcessSchema)
    calendar_version = fields.String()


SCHEMA = ProgressSchema()


def lookup(case_id: str) -> Response:
    """The route."""
    customer_id = signed_in()
    case = db.session.get(Case, case_id)
    if case is None or case.customer_id != customer_id:
        raise NotFoundError
    return jsonify(SCHEMA.dump(_progress(case)))


def signed_in() -> str:
    """The customer whose token the request carries. Raises `NotSignedInError`."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    session = db.session.get(Session, token_signer().session_of(Audience.CUSTOMER, token))
    if session is None or session.revoked_at is not None or session.expires_at <= clock.now():
        raise NotSignedInError
    return session.subject_id


def _progress(case: Case) -> dict[str, Any]:
    now = clock.now()
    line = city.working_time()
    program = city.program(case.program_key)
    manager = db.session.get_one(Staff, case.manager_id)
    rows = db.session.scalars(select(Stage).where(Stage.case_id == case.id)).all()
    tasks = db.session.scalars(select(Task).where(Task.case_id == case.id)).all()
    stops = db.session.scalars(select(Stop).where(Stop.case_id == case.id)).all()
    stretches = line.covered([Stretch(stop.started_at, stop.ended_at or now) for stop in stops])
    logs = [StageLog(row.key, row.opened_at, row.due_at, row.completed_at) for row in rows]
    done = {(task.key, task.round): task.completed_at for task in tasks if task.completed_at is not None}
    headline = figures.headline(line, program, logs, done, stretches, now)
    turn, action = _turn(case, tasks, stops)
    open_stop = next((stop for stop in stops if stop.ended_at is None), None)
    return {
        "id": case.id,
        "number": case.number,
        "program": program,
        "project_name": case.project_name,
        "state": case.state,
        "opened_at": case.opened_at,
        "confirmed": case.confirmed_at is not None,
        "water_on_at": case.water_on_at,
        "closed_at": case.closed_at,
        "rating": case.rating,
        "manager": manager,
        "whose_turn": turn,
        "next_action": action,
        "clock": {
            "stopped": open_stop is not None,
            "reason": program.stop_reason(open_stop.reason_key).name if open_stop else None,
            "since": open_stop.started_at if open_stop else None,
        },
        "stages": [
            _stage(case, spec.key, logs, stretches, now)
            for spec in program.stages
            if spec.kind is not StageKind.AFTER_WORK
            and (not spec.only_by_consultation or spec.key in {log.key for log in logs})
        ],
        "headline": program.headline
        and {
            "name": program.headline.name,
            "links": program.headline.links,
            "working_days": program.headline.working_days,
            "used": headline,
            "left": headline is not None
            and program.headline.working_days - Fraction(headline, line.ticks_per_day),
        },
        "full_process": {
            "min": program.total.min,
            "max": program.total.max,
            "used": figures.full_process(line, program.full_process, logs, stretches, now),
        },
        "calendar_version": case.calendar_version if case.closed_at else line.version,
    }


def _stage(case: Case, key: str, logs: list[StageLog], stops: Covered, now: datetime) -> dict[str, Any]:
    program = city.program(case.program_key)
    spec = program.stage(key)
    own = [log for log in logs if log.key == key]
    figure = figures.stage_figure(city.working_time(), spec, own, stops, now)
    state = "waiting"
    if own:
        state = "done" if all(log.completed_at for log in own) else "open"
    last = own[-1] if own else None
    return {
        "key": spec.key,
        "name": spec.name,
        "kind": spec.kind.value,
        "state": state,
        "departments": [city.department_name(department) for department in spec.departments],
        "promised_min": spec.limit.min,
        "promised_max": spec.limit.max,
        "same_day": spec.same_day,
        "used": figure.used,
        "stopped": figure.stopped,
        "opened_at": last and last.opened_at,
        "due_at": last and last.due_at,
        "provisional": _provisional(last),
        "completed_at": last and last.completed_at,
    }


def _provisional(last: StageLog | None) -> bool:
    if last is None or last.due_at is None:
        return False
    return city.working_time().provisional(last.opened_at, last.due_at)


def _turn(case: Case, tasks: Any, stops: Any) -> tuple[dict[str, str], str]:
    """Whose turn it is in the two situations that are measured: work going on, and a customer's stop."""
    program = city.program(case.program_key)
    for stop in stops:
        if stop.ended_at is None:
            reason = program.stop_reason(stop.reason_key)
            return {"party": "customer", "name": "您"}, f"{reason.asks}，完成后我们继续计时办理。"
    waiting = [task for task in tasks if task.state == TaskState.OPEN]
    names = "、".join(dict.fromkeys(city.department_name(task.department) for task in waiting))
    task = program.stage(waiting[0].stage_key).task(waiting[0].key)
    return {"party": "utility", "name": names}, f"{names}正在办理“{task.name}”，您无需操作。"
