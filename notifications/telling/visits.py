"""Who is told of a visit: the customer, and each member of staff who comes or was to come."""

from collections.abc import Iterable

from app.domain import events
from app.services.event_views import visits
from app.services.event_views.visits import VisitBrief
from app.services.people.recipients import PersonBrief
from notifications.outbox.outbox import Occasion, enqueue
from notifications.telling.recipients import customer, speech, staff
from notifications.wording.kinds import Kind


def booked(event: events.VisitBooked) -> None:
    """Customer and visitors expect each other."""
    brief = visits.visit(event.visit_id)
    _tell_customer(Kind.VISIT_BOOKED, brief)
    _tell_staff(Kind.STAFF_VISIT_BOOKED, brief, brief.visitors)


def moved(event: events.VisitMoved) -> None:
    """Everybody learns of the new time; who comes no more that it is off, who comes anew that it is on."""
    brief = visits.visit(event.visit_id, former_id=event.former_id)
    _tell_customer(Kind.VISIT_MOVED, brief)
    before, now = visits.people(event.former_id), brief.visitors
    _tell_staff(Kind.STAFF_VISIT_MOVED, brief, [person for person in now if person in before])
    _tell_staff(Kind.STAFF_VISIT_BOOKED, brief, [person for person in now if person not in before])
    off = [person for person in before if person not in now]
    _tell_staff(Kind.STAFF_VISIT_CANCELLED, visits.visit(event.former_id), off)


def cancelled(event: events.VisitCancelled) -> None:
    """Nobody comes, and nobody waits."""
    brief = visits.visit(event.visit_id)
    _tell_customer(Kind.VISIT_CANCELLED, brief)
    _tell_staff(Kind.STAFF_VISIT_CANCELLED, brief, brief.visitors)


def near(event: events.VisitNear) -> None:
    """The evening before, and shortly before."""
    brief = visits.visit(event.visit_id)
    _tell_customer(Kind.VISIT_TOMORROW if event.evening else Kind.VISIT_SOON, brief)
    kind = Kind.STAFF_VISIT_TOMORROW if event.evening else Kind.STAFF_VISIT_SOON
    _tell_staff(kind, brief, brief.visitors)


def delayed(event: events.VisitDelayed) -> None:
    """The customer learns when the visitor will be there; a further delay is told again."""
    brief = visits.visit(event.visit_id)
    _tell_customer(Kind.VISIT_DELAYED, brief, again=True)


def late(event: events.VisitLate) -> None:
    """The customer may choose another time at once; lead and manager are told to call."""
    brief = visits.visit(event.visit_id, look_for_next=True)
    _tell_customer(Kind.VISIT_LATE, brief, again=True)
    _tell_staff(Kind.STAFF_VISIT_LATE, brief, [*brief.visitors[:1], brief.case.acting], again=True)


def in_doubt(event: events.VisitInDoubt) -> None:
    """The customer is asked to choose, and the manager to call."""
    brief = visits.visit(event.visit_id, look_for_next=True)
    _tell_customer(Kind.VISIT_IN_DOUBT, brief, again=True)
    _tell_staff(Kind.STAFF_VISIT_IN_DOUBT, brief, [brief.case.acting], again=True)


def offered(event: events.VisitOffered) -> None:
    """An earlier time is held, until a moment that is told."""
    _tell_customer(Kind.VISIT_OFFERED, visits.visit(event.visit_id))


def missed(event: events.VisitMissed) -> None:
    """Both sides learn what was recorded; the manager sees to a new time."""
    brief = visits.visit(event.visit_id, look_for_next=True)
    _tell_customer(Kind.VISIT_MISSED, brief)
    _tell_staff(Kind.STAFF_VISIT_MISSED, brief, [*brief.visitors[:1], brief.case.acting])


def _tell_customer(kind: Kind, brief: VisitBrief, *, again: bool = False) -> None:
    enqueue(_occasion(kind, brief, again=again), customer(brief.case))


def _tell_staff(kind: Kind, brief: VisitBrief, people: Iterable[PersonBrief], *, again: bool = False) -> None:
    enqueue(_occasion(kind, brief, again=again), staff(people))


def _occasion(kind: Kind, brief: VisitBrief, *, again: bool) -> Occasion:
    """With `again`, what is told at another moment of the same visit is another message."""
    said = speech()
    key = f"{brief.visit_id}:{int(said.now.timestamp())}" if again else brief.visit_id
    return Occasion(kind, key, brief.case.case_id, said.of_visit(brief), visit_id=brief.visit_id)
