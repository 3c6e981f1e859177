"""The visits that a case needs now: those of its open stages, and those that can always be booked."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from sqlalchemy import and_, bindparam, select

from app.core.db import db
from app.domain.errors import CaseEndedError, PurposeNotNeededError
from app.domain.programs.tasks import TaskVisit
from app.domain.skills import MANAGER_ROLE
from app.domain.visit_rules import Purpose
from app.models import Case, CaseState, Stage, Task, TaskState
from app.services.cases.calibre import calibre_mm
from app.services.installation import city


@dataclass(frozen=True, slots=True)
class Needed:
    """A visit that can be booked now: its purpose, who must attend, and when its stage is due.

    `due_at` is None while the clock is stopped and where nothing is due. `task_key` is the task that the
    visit is for; stage and task are None for a purpose that can always be booked. `skills` are asked of
    those who come, by role.
    """

    purpose: Purpose
    party: TaskVisit
    stage_key: str | None = None
    stage_name: str | None = None
    task_key: str | None = None
    due_at: datetime | None = None
    skills: Mapping[str, Set[str]] = field(default_factory=dict)


def visits_needed(case: Case) -> list[Needed]:
    """Every visit that can be booked, those of the stages first; none when the case has ended."""
    if case.state != CaseState.OPEN:
        return []
    rules = city.current().visits
    program = city.program_of(case.program_key, case.former_program_key)
    found: dict[str, Needed] = {}
    rows = db.session.execute(_OPEN, {"case_id": case.id})
    for row, settled in groupby(rows, lambda row: row[:3]):
        key, _, due_at = row
        spec = program.stage(key)
        done = {each.settled for each in settled}
        for task in spec.tasks:
            visit = task.visit
            if visit is None or visit.purpose in found or task.key in done:
                continue
            purpose = rules.purposes[visit.purpose]
            found[purpose.key] = Needed(
                purpose, visit, key, spec.name, task.key, due_at, _skills(case, visit)
            )
    for purpose in rules.purposes.values():
        if purpose.always and purpose.key not in found:
            visit = TaskVisit(purpose.key, manager=True, departments=())
            found[purpose.key] = Needed(purpose, visit, skills=_skills(case, visit))
    return list(found.values())


def find_needed(case: Case, purpose_key: str) -> Needed | None:
    """The visit for a purpose, or None when the case does not need it (any more)."""
    return next((one for one in visits_needed(case) if one.purpose.key == purpose_key), None)


def require_needed(case: Case, purpose_key: str) -> Needed:
    """The visit for a purpose. Raises `PurposeNotNeededError`, `CaseEndedError`."""
    if case.state != CaseState.OPEN:
        raise CaseEndedError("该工单已结束，无需预约。")
    known = visits_needed(case)
    for one in known:
        if one.purpose.key == purpose_key:
            return one
    names = "、".join(one.purpose.name for one in known)
    raise PurposeNotNeededError(f"目前可以预约的事项：{names}，请从中选择。")


def _skills(case: Case, visit: TaskVisit) -> dict[str, Set[str]]:
    rules = city.current().skills
    if not rules.asks_of_visit(visit.purpose):
        return {}
    calibre = calibre_mm(case)
    roles = [*visit.departments, *([MANAGER_ROLE] if visit.manager else [])]
    asked = {role: rules.for_visit(visit.purpose, role, calibre) for role in roles}
    return {role: wanted for role, wanted in asked.items() if wanted}


# One row for each open task of an open stage that waits for nobody, or one row without a task.
_OPEN = (
    select(Stage.key, Stage.round, Stage.due_at, Task.key.label("settled"))
    .outerjoin(
        Task,
        and_(
            Task.case_id == Stage.case_id,
            Task.stage_key == Stage.key,
            Task.round == Stage.round,
            Task.state != TaskState.OPEN,
        ),
    )
    .where(Stage.case_id == bindparam("case_id"), Stage.completed_at.is_(None), Stage.void.is_(None))
    .order_by(Stage.opened_at, Stage.key)
)
