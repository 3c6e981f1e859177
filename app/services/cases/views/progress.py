"""The progress look-up: responsible party, next action, and the state of each promised number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from app.core import clock
from app.core.crypto import mask_name
from app.domain.errors import NotFoundError
from app.domain.programs import figures as domain_figures
from app.domain.programs.definition import Program, Stage, StageKind
from app.domain.programs.figures import StageLog
from app.domain.worktime import Covered, WorkingTime
from app.models import CaseState, StageVoid
from app.services.cases.views import next_step, snapshot_query
from app.services.cases.views.formatting import days
from app.services.cases.views.snapshot_query import CaseRecord
from app.services.installation import city
from app.services.installation.city import CityBundle

Answer = dict[str, Any]

# Shown instead of a next action when a case ended before water-on.
_ENDINGS = {
    CaseState.WITHDRAWN: "申请已撤回。如需用水，可随时重新申请，已填内容会自动带出。",
    CaseState.REFUSED: "申请暂不能办理，原因和处理办法见通知。处理后可重新申请，如有疑问请联系客户管家。",
}

# The responsible party, in the customer's words.
_PARTY_NAMES = {"customer": "您", "authority": "行政审批部门", "utility": "水务公司"}


def progress_for_owner(customer_id: str, case_id: str) -> Answer:
    """Returns everything the owner may know of a case. Raises `NotFoundError` for anybody else's."""
    found = snapshot_query.record_of_owner(customer_id, case_id)
    if found is None:
        raise NotFoundError
    return describe(found)


def progress_for_staff(case_id: str) -> Answer:
    """Returns the same for staff who may see the case. Raises `NotFoundError`."""
    found = snapshot_query.record_of_case(case_id)
    if found is None:
        raise NotFoundError
    return describe(found)


def case_figures(case_id: str) -> Answer:
    """Returns the figures alone, for a closed case to keep, by the calendar in force.

    Earlier kept figures are ignored, so that a correction can replace them. Raises `NotFoundError`.
    """
    found = snapshot_query.record_of_case(case_id)
    if found is None:
        raise NotFoundError
    answer = describe(replace(found, head=found.head._replace(kept_figures=None)))
    kept = {key: answer[key] for key in ("stages", "headline", "full_process")}
    return kept | {"calendar_version": city.working_time().version}


def brief_progress(found: CaseRecord) -> Answer:
    """Returns the little that anyone with number and digits may see: no names, no figures of single tasks."""
    responsible, action = _responsible_party(found)
    return {
        "number": found.head.number,
        "program": found.program.name,
        "state": found.head.state,
        "whose_turn": responsible["party"],
        "next_action": action,
        "stages": [
            {"name": shown.spec.name, "state": _state(entries)} for shown, entries in _shown_stages(found)
        ],
        "manager_name": mask_name(found.head.manager_name),
    }


def describe(found: CaseRecord) -> Answer:
    """Builds the progress answer: working days as decimal strings, instants with the city's offset."""
    head = found.head
    now = found.counted_until(clock.now())
    line = city.working_time()
    stops = line.covered(found.stretches(now))
    program = found.program
    responsible, action = _responsible_party(found)
    local = _Local(line)
    answer = {
        "id": head.id,
        "number": head.number,
        "program": {"key": program.key, "name": program.name},
        "project_name": head.project_name,
        "state": head.state,
        "opened_at": local[head.opened_at],
        "confirmed": head.confirmed_at is not None,
        "water_on_at": local[head.water_on_at],
        "closed_at": local[head.closed_at],
        "rating": head.rating,
        "manager": {
            "name": head.manager_name,
            "number": head.manager_number,
            "phone": head.manager_phone,
            "photo_url": head.manager_photo_url,
        },
        "whose_turn": responsible,
        "next_action": action,
        "clock": _clock(found, local),
        "stages": [
            _stage(shown, entries, line, stops, now, local) for shown, entries in _shown_stages(found)
        ],
        "headline": _headline(found, line, stops, now),
        "full_process": _full_process(found, line, stops, now),
        "calendar_version": head.calendar_version if head.closed_at else line.version,
    }
    # The figures of a closed case stay as computed, whatever calendar is published later.
    return answer | head.figures if head.figures else answer


@dataclass(frozen=True, slots=True)
class _Shown:
    """A stage of a program as every answer shows it."""

    spec: Stage
    words: Answer


@dataclass(frozen=True, slots=True)
class _Promise:
    """A program as every answer shows it: stages for the customer, headline, published total.

    `inside`: the stages of the full-process figure.
    """

    stages: tuple[_Shown, ...]
    headline: Answer | None
    total: Answer
    inside: frozenset[str]


@lru_cache(maxsize=2)
def _promises(bundle: CityBundle) -> Mapping[tuple[str, str | None], _Promise]:
    """By program and former program; formatted once, not for every answer."""
    return {way: _promise(program, bundle) for way, program in bundle.ways.items()}


def _promise(program: Program, bundle: CityBundle) -> _Promise:
    headline = program.headline
    return _Promise(
        stages=tuple(
            _Shown(
                stage,
                {
                    "key": stage.key,
                    "name": stage.name,
                    "kind": stage.kind.value,
                    "departments": [bundle.departments[key] for key in stage.departments],
                    "promised_min": days(stage.limit.min),
                    "promised_max": days(stage.limit.max),
                    "same_day": stage.same_day,
                },
            )
            for stage in program.stages
            if stage.kind is not StageKind.AFTER_WORK
        ),
        headline=None
        if headline is None
        else {
            "name": headline.name,
            "links": headline.links,
            "working_days": days(headline.working_days),
        },
        total={"min": days(program.total.min), "max": days(program.total.max)},
        inside=program.full_process,
    )


def _promise_of(found: CaseRecord) -> _Promise:
    return _promises(city.current())[found.head.program_key, found.head.former_program_key]


def _shown_stages(found: CaseRecord) -> list[tuple[_Shown, list[StageLog]]]:
    entered: dict[str, list[StageLog]] = {}
    for log in found.stages:
        entered.setdefault(log.key, []).append(log)
    return [
        (shown, entered.get(shown.spec.key, []))
        for shown in _promise_of(found).stages
        if not shown.spec.only_by_consultation or shown.spec.key in entered
    ]


def _state(logs: list[StageLog]) -> str:
    if not logs:
        return "waiting"
    last = logs[-1]
    if last.void is not None:
        return "ended" if last.void == StageVoid.ENDED else "waiting"
    return "done" if last.completed_at else "open"


_NOT_ENTERED: Answer = {
    "state": "waiting",
    "used": "0.00",
    "stopped": "0.00",
    "opened_at": None,
    "due_at": None,
    "provisional": False,
    "completed_at": None,
}


def _stage(
    shown: _Shown, entries: list[StageLog], line: WorkingTime, stops: Covered, now: datetime, local: "_Local"
) -> Answer:
    if not entries:
        return shown.words | _NOT_ENTERED
    figure = domain_figures.stage_figure(line, shown.spec, entries, stops, now)
    last = entries[-1]
    return {
        **shown.words,
        "state": _state(entries),
        "used": line.shown(figure.used),
        "stopped": line.shown(figure.stopped),
        "opened_at": local[last.opened_at],
        "due_at": local[last.due_at],
        # The due date may still move when the holidays of a year are announced.
        "provisional": last.due_at is not None and line.provisional(last.opened_at, last.due_at),
        "completed_at": local[last.completed_at],
    }


def _headline(found: CaseRecord, line: WorkingTime, stops: Covered, now: datetime) -> Answer | None:
    promise, words = found.program.headline, _promise_of(found).headline
    used = domain_figures.headline(line, found.program, found.stages, found.tasks_done, stops, now)
    if promise is None or words is None or used is None:
        return None
    left = promise.working_days - Fraction(used, line.ticks_per_day)
    return words | {"used": line.shown(used), "left": days(left)}


def _full_process(found: CaseRecord, line: WorkingTime, stops: Covered, now: datetime) -> Answer:
    promise = _promise_of(found)
    used = domain_figures.full_process(line, promise.inside, found.stages, stops, now)
    return promise.total | {"used": line.shown(used or 0)}


def _clock(found: CaseRecord, local: "_Local") -> Answer:
    stop = found.open_stop
    if stop is None:
        return {"stopped": False, "reason": None, "since": None}
    reason = found.program.stop_reason(stop.reason_key)
    return {"stopped": True, "reason": reason.name, "since": local[stop.started_at]}


def _responsible_party(found: CaseRecord) -> tuple[Answer, str]:
    """The responsible party and the one next action, in the customer's words."""
    if found.head.state == CaseState.CLOSED:
        return {"party": "none", "name": ""}, "已办结，感谢您的信任。用水有问题请随时联系客户管家。"
    if found.head.state in _ENDINGS:
        return {"party": "none", "name": ""}, _ENDINGS[CaseState(found.head.state)]
    if found.head.confirmed_at is None and found.head.submitted_at is not None:
        return _party("customer"), "请核对客户管家代填的申请内容，确认无误后点“确认”。"
    awaited = next_step.customer_next_step(found)
    if awaited is not None:
        return _party("customer"), awaited
    stop = found.open_stop
    if stop is not None:
        reason = found.program.stop_reason(stop.reason_key)
        if stop.party == "customer":
            asks = reason.asks or f"请就“{reason.name}”联系客户管家"
            return _party("customer"), f"{asks}，完成后我们继续计时办理。"
        return _party(stop.party), f"正在等待“{reason.name}”，结束后我们继续计时办理。"
    if found.head.water_on_at is not None and found.head.rating is None:
        return _party("utility"), _visit_promise(found)
    waited_for = found.open_tasks[0] if found.open_tasks else None
    if waited_for is None:
        return _party("utility"), "请稍候，客户管家会与您联系。"
    stage = found.program.stage(waited_for.stage_key)
    together = [task for task in found.open_tasks if task.stage_key == waited_for.stage_key]
    names = "、".join(dict.fromkeys(city.department_name(task.department) for task in together))
    # Several departments at once work on the stage, not on the task of one of them.
    work = stage.task(waited_for.key).name if len(together) == 1 else stage.name
    return {"party": "utility", "name": names}, f"{names}正在办理“{work}”，您无需操作。"


def _visit_promise(found: CaseRecord) -> str:
    for stage in found.program.stages:
        if stage.kind is StageKind.RETURN_VISIT and stage.limit.max is not None:
            return f"我们将在通水后{float(stage.limit.max):g}个工作日内回访，您现在也可以为本次服务评价。"
    return "您现在可以为本次服务评价。"


def _party(key: str) -> Answer:
    return {"party": key, "name": _PARTY_NAMES[key]}


class _Local(dict[datetime | None, str | None]):
    """Instants in the city's time zone, cached for one answer: a stage opens when another ends, so many
    repeat.
    """

    def __init__(self, line: WorkingTime) -> None:
        super().__init__({None: None})
        self._zone = line.zone

    def __missing__(self, instant: datetime) -> str:
        text = self[instant] = instant.astimezone(self._zone).isoformat(timespec="seconds")
        return text
