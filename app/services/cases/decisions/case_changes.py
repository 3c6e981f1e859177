"""Changes of a case's course (ended, handed over, sent back, switched): recorded, listed, announced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.ids import new_id
from app.domain.events import CaseTurned
from app.models import Actor, Case, CaseTurn, Staff, TurnKind
from app.services.cases.flow.case_flow import CaseFlow
from app.services.history.timeline import By, note
from app.services.installation import city

# A hand-over's summary is for the next manager only; the customer learns who that is.
_AMONG_STAFF = frozenset({TurnKind.HANDED_OVER, TurnKind.CORRECTED})


@dataclass(frozen=True, slots=True)
class TurnLine:
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
    kind: TurnKind,
    by: By,
    at: datetime,
    words: str,
    *,
    key: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> CaseTurn:
    """Records a change with its line in the history, and adds its event to the flow's events."""
    turn = CaseTurn(
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
    db.session.add(turn)
    names = {"stage": key} if kind is TurnKind.SENT_BACK else {}
    note(case.id, at, f"case_{kind}", by, names)
    flow.add_event(CaseTurned(turn.id), of=turn)
    return turn


def changes_for_staff(case: Case) -> list[TurnLine]:
    """All changes of a case that the caller was allowed to see, in order."""
    return [change_line(case, turn, name) for turn, name in _of(case)]


def changes_for_customer(case: Case) -> list[TurnLine]:
    """The changes that concern the customer, without internal remarks."""
    return [
        change_line(case, turn, name, hide=turn.kind in _AMONG_STAFF)
        for turn, name in _of(case)
        if turn.kind != TurnKind.CORRECTED
    ]


def _advice(turn: CaseTurn) -> str:
    known = city.current().refusals.get(turn.key or "")
    return known.advice if turn.kind == TurnKind.REFUSED and known else ""


def _reason(turn: CaseTurn) -> str:
    known = city.current().refusals.get(turn.key or "")
    if turn.kind == TurnKind.REFUSED and known:
        return f"{known.name}：{turn.words}" if turn.words else known.name
    return turn.words


def _of(case: Case) -> Sequence[Any]:
    return db.session.execute(
        select(CaseTurn, Staff.name)
        .outerjoin(Staff, Staff.id == CaseTurn.actor_id)
        .where(CaseTurn.case_id == case.id)
        .order_by(CaseTurn.at, CaseTurn.id)
    ).all()


def change_line(case: Case, turn: CaseTurn, staff_name: str | None = None, *, hide: bool = False) -> TurnLine:
    """One change in words; `hide` omits internal remarks."""
    was, now = _changed(case, turn)
    return TurnLine(
        id=turn.id,
        at=turn.at,
        kind=turn.kind,
        actor="客户" if turn.actor == Actor.CUSTOMER else staff_name or "系统",
        reason="" if hide else _reason(turn),
        advice=_advice(turn),
        was=was,
        now=now,
    )


def _changed(case: Case, turn: CaseTurn) -> tuple[str, str]:
    was, now = str(turn.detail.get("was", "")), str(turn.detail.get("now", ""))
    match turn.kind:
        case TurnKind.PROGRAM_CHANGED:
            return city.program(was).name, city.program(now).name
        case TurnKind.SENT_BACK:
            program = city.program_of(case.program_key, case.former_program_key)
            return "", program.stage(turn.key or "").name
        case TurnKind.CORRECTED:
            return f"{turn.detail['name']}：{was}", now
        case _:
            return was, now
