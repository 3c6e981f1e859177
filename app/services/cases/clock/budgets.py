"""The promise budget: what is left of a case's promises, for the staff who keep them."""

from fractions import Fraction
from typing import Any

from app.core import clock
from app.domain import budget as domain
from app.domain.budget import Budget, HeadlineBudget
from app.domain.errors import NotFoundError
from app.domain.programs.definition import Program
from app.domain.worktime import WorkingTime
from app.models import Case
from app.services.cases.views import snapshot_query
from app.services.cases.views.formatting import days, local
from app.services.installation import city

Answer = dict[str, Any]


def promise_budget(case: Case) -> Answer:
    """Returns the published total and the headline with used and remaining working days, and by stage."""
    found = snapshot_query.record_of_case(case.id)
    if found is None:
        raise NotFoundError
    line, now = city.working_time(), found.counted_until(clock.now())
    stops, stopped = line.covered(found.stretches(now)), found.open_stop is not None
    whole = domain.budget(line, found.program, found.stages, stops, now, stopped=stopped)
    headline = domain.headline_budget(
        line, found.program, found.stages, found.tasks_done, stops, now, stopped=stopped
    )
    return {
        "total": _total(whole),
        "stages": _stages(found.program, whole),
        "threat": _threat(line, found.program, whole),
        "headline": _headline(line, found.program, headline),
    }


def _total(whole: Budget) -> Answer:
    return {
        "promised": days(whole.total),
        "used": days(whole.used),
        "left": days(None if whole.total is None else whole.total - whole.used),
        "projected": days(whole.projected),
        "reserve": days(whole.reserve),
    }


def _stages(program: Program, whole: Budget) -> list[Answer]:
    return [
        {
            "key": stage.key,
            "name": program.stage(stage.key).name,
            "departments": [city.department_name(key) for key in program.stage(stage.key).departments],
            "state": stage.state.value,
            "promised": days(stage.planned),
            "used": days(stage.used),
            "left": days(stage.left),
            "internal_aim": days(program.stage(stage.key).internal_aim),
            "internal_aim_left": days(_left_of_aim(program.stage(stage.key).internal_aim, stage.used)),
            "projected": days(stage.projected),
        }
        for stage in whole.stages
    ]


def _left_of_aim(aim: Fraction | None, used: Fraction) -> Fraction | None:
    return None if aim is None else aim - used


def _threat(line: WorkingTime, program: Program, whole: Budget) -> Answer | None:
    if whole.threat is None:
        return None
    return {
        "stage": whole.threat.stage,
        "name": program.stage(whole.threat.stage).name,
        "at": local(line, whole.threat.at),
        "later": [program.stage(key).name for key in whole.threat.later],
    }


def _headline(line: WorkingTime, program: Program, found: HeadlineBudget | None) -> Answer | None:
    if found is None or program.headline is None:
        return None
    return {
        "name": program.headline.name,
        "links": program.headline.links,
        "promised": days(found.promised),
        "used": days(found.used),
        "left": days(found.left),
        "running": program.stage(found.running).name if found.running else None,
        "warn_at": local(line, found.warn_at),
    }
