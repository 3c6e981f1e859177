"""Who is told when a case takes a turn, and when the customer agrees to the plan."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain import events
from app.services.event_views import case_changes, cases
from app.services.event_views.case_changes import TurnBrief
from app.services.people import recipients
from app.services.people.recipients import PersonBrief
from notifications.outbox.outbox import Occasion, enqueue
from notifications.telling.recipients import customer, speech, staff
from notifications.wording.kinds import Kind

_TO_CUSTOMER: Mapping[str, Kind] = MappingProxyType(
    {
        "withdrawn": Kind.CASE_WITHDRAWN,
        "refused": Kind.CASE_REFUSED,
        "handed_over": Kind.MANAGER_CHANGED,
        "sent_back": Kind.STAGE_SENT_BACK,
        "program_changed": Kind.PROGRAM_CHANGED,
    }
)
_TO_STAFF: Mapping[str, Kind] = MappingProxyType(
    {
        "withdrawn": Kind.CASE_ENDED,
        "refused": Kind.CASE_ENDED,
        "handed_over": Kind.CASE_HANDED_OVER,
    }
)


def case_turned(event: events.CaseTurned) -> None:
    """The customer learns what and why, whoever worked on it that nothing is awaited, the new manager all."""
    brief = case_changes.turn(event.turn_id)
    values = speech().of_turn(brief)
    enqueue(
        Occasion(_TO_CUSTOMER[brief.kind], brief.turn_id, brief.case.case_id, values), customer(brief.case)
    )
    if brief.kind in _TO_STAFF:
        occasion = Occasion(_TO_STAFF[brief.kind], brief.turn_id, brief.case.case_id, values)
        enqueue(occasion, staff(_concerned(brief)))


def plan_confirmed(event: events.PlanConfirmed) -> None:
    """The manager may rely on the plan."""
    brief = cases.case(event.case_id)
    occasion = Occasion(Kind.PLAN_CONFIRMED, event.task_id, brief.case_id, speech().of_case(brief))
    enqueue(occasion, staff([brief.acting]))


def _concerned(brief: TurnBrief) -> list[PersonBrief]:
    """The manager, and of a case that ended those who held its work; supervisors hear of every refusal."""
    people = [brief.case.acting, *brief.holders]
    return [*people, *recipients.supervisors()] if brief.kind == "refused" else people
