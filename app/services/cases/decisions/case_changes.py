"""Changes of a case's course (ended, handed over, sent back, switched): recorded, listed, announced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.ids import new_id
from app.domain.events import CaseChanged
from app.models import Actor, Case, CaseChange, CaseChangeKind, Staff
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, note
from app.services.installation import city

# A hand-over's summary is for the next manager only; the customer learns who that is.
_AMONG_STAFF = frozenset({CaseChangeKind.HANDED_OVER, CaseChangeKind.CORRECTED})


@dataclass(frozen=True, slots=True)
class CaseChangeLine:
    """A change in words. `advice`: what can be done next. `was` and `now`: what it changed."""

    id: str
    at: datetime
    kind: str
    actor: str
    reason: str
    advice: str
    was: str
    now: str


def record_change(
    case: Case,
    flow: CaseFlow,
    kind: CaseChangeKind,
    by: By,
    at: datetime,
    words: str,
    *,
    key: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> CaseChange:
    """Records a change with its line in the history, and adds its event to the flow's events."""
    change = CaseChange(
        id=new_id(),
        case_id=case.id,
        at=at,
        kind=kind,
        actor=by.actor,
        actor_id=by.id,
        key=key,
        words=words,
        detail=dict(detail or {}),
    )
    db.session.add(change)
    names = {"stage": key} if kind is CaseChangeKind.SENT_BACK else {}
    note(case.id, at, f"case_{kind}", by, names)
    flow.add_event(CaseChanged(change.id), of=change)
    return change


def changes_for_staff(case: Case) -> list[CaseChangeLine]:
    """All changes of a case that the caller was allowed to see, in order."""
    return [change_line(case, change, name) for change, name in _of(case)]


def changes_for_customer(case: Case) -> list[CaseChangeLine]:
    """The changes that concern the customer, without internal remarks."""
    return [
        change_line(case, change, name, hide=change.kind in _AMONG_STAFF)
        for change, name in _of(case)
        if change.kind != CaseChangeKind.CORRECTED
    ]


def _advice(change: CaseChange) -> str:
    known = city.current().refusals.get(change.key or "")
    return known.advice if change.kind == CaseChangeKind.REFUSED and known else ""


def _reason(change: CaseChange) -> str:
    known = city.current().refusals.get(change.key or "")
    if change.kind == CaseChangeKind.REFUSED and known:
        return f"{known.name}：{change.words}" if change.words else known.name
    return change.words


def _of(case: Case) -> Sequence[Any]:
    return db.session.execute(
        select(CaseChange, Staff.name)
        .outerjoin(Staff, Staff.id == CaseChange.actor_id)
        .where(CaseChange.case_id == case.id)
        .order_by(CaseChange.at, CaseChange.id)
    ).all()


def change_line(
    case: Case, change: CaseChange, staff_name: str | None = None, *, hide: bool = False
) -> CaseChangeLine:
    """One change in words; `hide` omits internal remarks."""
    was, now = _changed(case, change)
    return CaseChangeLine(
        id=change.id,
        at=change.at,
        kind=change.kind,
        actor="客户" if change.actor == Actor.CUSTOMER else staff_name or "系统",
        reason="" if hide else _reason(change),
        advice=_advice(change),
        was=was,
        now=now,
    )


def _changed(case: Case, change: CaseChange) -> tuple[str, str]:
    was, now = str(change.detail.get("was", "")), str(change.detail.get("now", ""))
    match change.kind:
        case CaseChangeKind.PROGRAM_CHANGED:
            return city.program(was).name, city.program(now).name
        case CaseChangeKind.SENT_BACK:
            program = city.program_of(case.program_key, case.former_program_key)
            return "", program.stage(change.key or "").name
        case CaseChangeKind.CORRECTED:
            return f"{change.detail['name']}：{was}", now
        case _:
            return was, now
