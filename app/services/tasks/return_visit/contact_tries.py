"""Tries to reach a customer: recorded as they happen, and how many are needed before giving up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import ConflictError, FieldsError
from app.domain.programs.return_visits import Unreached
from app.models import Case, ContactTry, Staff, Task
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import by_staff, note
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import working_hours
from app.services.tasks.claim_task import require_held


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach a customer."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class TryLine:
    """One try: when, how and by whom."""

    tried_at: datetime
    way: str
    way_name: str
    by_name: str


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries of a task, oldest first, and how many are needed on how many days before it may be given up.

    `enough`: whether the task may end as not reached.
    """

    items: Sequence[TryLine]
    needed_tries: int
    needed_days: int
    ways: Sequence[Way]
    enough: bool


def record_try(staff: Colleague, task: Task, way: str, tried_at: datetime | None = None) -> None:
    """Records a try, on the day on which it is made. `tried_at` is now when it is left out.

    The first one lets the return visit count as made (docs/decisions/0028). Raises `ConflictError` for a task
    that knows no tries, `FieldsError` for an unknown way or a time that is not of today, before the task
    opened, or to come, and as `require_held` does.
    """
    case = require_held(staff, task)
    rule = _rule(case, task)
    now = clock.now()
    at = tried_at or now
    faults = []
    if way not in [one.key for one in rule.ways]:
        names = "、".join(one.name for one in rule.ways)
        faults.append(_fault("way", f"请从以下方式中选择：{names}。"))
    if working_hours.local_day(at) != working_hours.local_day(now) or at > now:
        faults.append(_fault("tried_at", "请在联系当天如实登记，时间不能晚于现在。"))
    elif at < task.opened_at:
        faults.append(_fault("tried_at", "联系时间不能早于任务开始时间，请重新填写。"))
    if faults:
        raise FieldsError(faults)
    db.session.add(ContactTry(task_id=task.id, tried_at=at, way=way, entered_by=staff.id))
    name = next(one.name for one in rule.ways if one.key == way)
    note(case.id, now, "contact_tried", by_staff(staff.id), {"way": name})
    flow = CaseFlow.load(case)
    flow.first_try(task, at)
    flow.publish()


def tries_of_task(task: Task) -> Tries:
    """The tries of a task. Raises `ConflictError` for a task that knows none."""
    rule = _rule(db.session.get_one(Case, task.case_id), task)
    names = {one.key: one.name for one in rule.ways}
    rows = db.session.execute(
        select(ContactTry, Staff.name)
        .join(Staff, Staff.id == ContactTry.entered_by)
        .where(ContactTry.task_id == task.id)
        .order_by(ContactTry.tried_at, ContactTry.id)
    ).all()
    return Tries(
        items=[TryLine(row.tried_at, row.way, names.get(row.way, row.way), name) for row, name in rows],
        needed_tries=rule.tries,
        needed_days=rule.days,
        ways=[Way(one.key, one.name) for one in rule.ways],
        enough=_enough(rule, [row.tried_at for row, _ in rows]),
    )


def require_enough(task: Task, rule: Unreached) -> None:
    """Raises `FieldsError` while the recorded tries are too few, or on too few days."""
    found = db.session.scalars(select(ContactTry.tried_at).where(ContactTry.task_id == task.id)).all()
    if not _enough(rule, found):
        days = len({working_hours.local_day(at) for at in found})
        message = (
            f"已登记{days}天{len(found)}次联系；须在不少于{rule.days}天内联系至少{rule.tries}次仍未果，方可选此项。"
            "请继续联系客户并登记。"
        )
        raise FieldsError([_fault(rule.field, message)])


def _enough(rule: Unreached, tried: Sequence[datetime]) -> bool:
    return len(tried) >= rule.tries and len({working_hours.local_day(at) for at in tried}) >= rule.days


def _rule(case: Case, task: Task) -> Unreached:
    program = city.program_of(case.program_key, case.former_program_key)
    rule = program.stage(task.stage_key).task(task.key).unreached
    if rule is None:
        raise ConflictError("该任务无需登记联系情况，请直接办理。")
    return rule


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "code": "invalid", "message": message}
