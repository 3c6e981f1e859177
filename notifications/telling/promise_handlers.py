"""Who is told of the promise itself: of disputed stops, and of time that runs short for those who come later.

The customer hears of every stop and of what came of a dispute; supervisors decide disputes and audit the
promise; the manager answers for all of it.
"""

from app.domain import events
from app.services.event_views import case_changes, cases
from app.services.people import recipients
from app.services.people.recipients import PersonBrief
from notifications.outbox.outbox import Occasion, Recipient, enqueue
from notifications.telling.recipients import customer, speech, staff
from notifications.wording.kinds import Kind


def stop_entered(event: events.StopEntered) -> None:
    """The customer learns of time that was taken out of the count afterwards, and that they may object."""
    brief = case_changes.stop(event.stop_id)
    values = speech().of_stop(brief)
    enqueue(Occasion(Kind.STOP_ENTERED, event.stop_id, brief.case.case_id, values), customer(brief.case))


def stop_disputed(event: events.StopDisputed) -> None:
    """Supervisors have to decide; the manager has to know."""
    brief = case_changes.stop(event.stop_id)
    occasion = Occasion(Kind.STOP_DISPUTED, event.review_id, brief.case.case_id, speech().of_stop(brief))
    enqueue(occasion, staff([*recipients.supervisors(), brief.case.acting]))


def stop_ruled(event: events.StopRuled) -> None:
    """The customer learns what was decided; the grounds are in the record of the stops."""
    brief = case_changes.stop(event.stop_id)
    kind = Kind.STOP_STRUCK if event.struck else Kind.STOP_UPHELD
    occasion = Occasion(kind, event.review_id, brief.case.case_id, speech().of_stop(brief))
    enqueue(occasion, customer(brief.case))


def headline_threatened(event: events.HeadlineThreatened) -> None:
    """Whoever works on the running link, the manager and the supervisors, once for each of the two links."""
    brief = case_changes.promise(event.case_id, event.stage_key)
    key = f"{event.case_id}:{event.stage_key}"
    occasion = Occasion(Kind.HEADLINE_THREATENED, key, event.case_id, speech().of_promise(brief))
    holders = cases.holders_of_stage(event.case_id, event.stage_key)
    enqueue(occasion, _answerable(brief.case.acting, holders))


def budget_threatened(event: events.PromiseBudgetThreatened) -> None:
    """The departments whose time is next, the manager and the supervisors, once for each late stage."""
    brief = case_changes.promise(event.case_id, event.stage_key)
    key = f"{event.case_id}:{event.stage_key}"
    occasion = Occasion(Kind.BUDGET_THREATENED, key, event.case_id, speech().of_promise(brief))
    enqueue(occasion, _answerable(brief.case.acting, brief.later_people))


def _answerable(manager: PersonBrief, people: tuple[PersonBrief, ...]) -> list[Recipient]:
    return staff([*people, manager, *recipients.supervisors()])
