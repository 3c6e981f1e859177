"""System cards: events of a case appear in its conversation, in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core import clock
from app.core.db import db
from app.core.eventbus import subscribe
from app.domain import events
from app.models import Case, CaseChange, CaseChangeKind, Stop, Visit
from app.services.conversations import open_conversation
from app.services.conversations.append_message import append_card
from app.services.conversations.care.hand_over_conversation import hand_over_conversation
from app.services.installation import city
from app.services.visits import appointments

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """The case of an event, and the values of its card."""

    case_id: str
    values: Values


Reader = Callable[[Any], Facts | None]
"""Reads the values of a card from an event; None when the customer gets no card."""


def _of_case(event: Any) -> Facts:
    return Facts(event.case_id, {})


def _of_stop(event: Any) -> Facts:
    stop = db.session.get_one(Stop, event.stop_id)
    case = db.session.get_one(Case, stop.case_id)
    program = city.program_of(case.program_key, case.former_program_key)
    return Facts(stop.case_id, {"reason": program.stop_reason(stop.reason_key).name})


def _of_stage(event: Any) -> Facts | None:
    case = db.session.get_one(Case, event.case_id)
    stage = city.program_of(case.program_key, case.former_program_key).stage(event.stage_key)
    # Internal work does not concern the customer.
    return Facts(case.id, {"stage_name": stage.name}) if stage.in_full_process else None


def _of_rating(event: Any) -> Facts:
    return Facts(event.case_id, {"rating": event.rating})


def _of_turn(event: Any) -> Facts | None:
    change = db.session.get_one(CaseChange, event.change_id)
    if change.kind != CaseChangeKind.HANDED_OVER:
        return None
    hand_over_conversation(change)
    return Facts(change.case_id, {"was": change.detail["was"], "now": change.detail["now"]})


def _of_visit(event: Any) -> Facts:
    visit = db.session.get_one(Visit, event.visit_id)
    purpose = city.current().visits.purposes[visit.purpose].name
    return Facts(
        visit.case_id, {"purpose": purpose, "visit_time": appointments.history_time(visit.starts_at)}
    )


def _of_visit_not_needed(event: Any) -> Facts | None:
    # Once it has begun, the customer knows better than a card whether somebody is there.
    return None if event.begun else _of_visit(event)


CARDS: Sequence[tuple[type, str, Reader]] = (
    (events.QuoteIssued, "quote_issued", _of_case),
    (events.ClockStopped, "clock_stopped", _of_stop),
    (events.ClockResumed, "clock_resumed", _of_stop),
    (events.StageCompleted, "stage_completed", _of_stage),
    (events.WaterOn, "water_on", _of_case),
    (events.CaseRated, "case_rated", _of_rating),
    (events.CaseChanged, "handed_over", _of_turn),
    (events.VisitBooked, "visit_booked", _of_visit),
    (events.VisitMoved, "visit_moved", _of_visit),
    (events.VisitCancelled, "visit_cancelled", _of_visit),
    (events.VisitNotNeeded, "visit_not_needed", _of_visit_not_needed),
)
"""One line for each card: the event, the text in talk.toml, and the reader of its values."""


def wire() -> None:
    """Subscribes the cards. Calling it again does not double them."""
    for event_type, name, reader in CARDS:
        if name not in _WIRED:
            _WIRED[name] = _writer(name, reader)
        subscribe(event_type, _WIRED[name])


_WIRED: dict[str, Callable[[Any], None]] = {}


def _writer(name: str, reader: Reader) -> Callable[[Any], None]:
    def write(event: Any) -> None:
        tell(name, reader, event)

    return write


def tell(name: str, reader: Reader, event: Any) -> None:
    """Writes the card of one event, if it has one."""
    facts = reader(event)
    if facts is not None:
        conversation = open_conversation.conversation_of_case(db.session.get_one(Case, facts.case_id))
        append_card(conversation, name, facts.values, clock.now())
