"""The time of the customer: one person is never expected at two places at once, travel included.

The same person may have several cases. Bookings of one person wait for each other on a lock; whoever comes
second sees what the first has booked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, or_, select, union_all

from app.core import advisory_lock, clock
from app.core.db import db
from app.domain.area import Point
from app.domain.distance import metres
from app.domain.slots import grid
from app.domain.slots.openings import Need
from app.domain.visit_rules import Place, Purpose
from app.models import Application, Case, Visit, VisitState
from app.services.installation import city
from app.services.scheduling.working_hours import Stretch

_CUSTOMER = bindparam("customer", type_=String)
OF_SAME_CUSTOMER: ColumnElement[bool] = Visit.case_id.in_(
    # Two arms, each answered by an index of its own; one condition with OR reads every visit of the time.
    union_all(
        select(Case.id).where(Case.customer_id == _CUSTOMER),
        select(Case.id).where(
            Case.phone_hash == bindparam("phone_hash", type_=String),
            or_(Case.customer_id.is_(None), _CUSTOMER.is_(None)),
        ),
    )
)
"""The condition for the visits of the same person: by account, or by phone before there is one.

Two accounts with one phone are two people: the number has gone from one to the other. Its parameters are
`customer_of` a case.
"""


def customer_of(case: Case) -> dict[str, str | None]:
    """Whose case it is, for `OF_SAME_CUSTOMER`."""
    return {"customer": case.customer_id, "phone_hash": case.phone_hash}


def lock_customer(case: Case) -> None:
    """Lets the bookings of this case's customer wait for each other until the transaction ends.

    A person is known by their account, or before they have one by
    their phone; whoever shares either is the same person. Lock the case first.
    """
    advisory_lock.wait_for("cus", case.customer_id or case.phone_hash, case.phone_hash)


def blocked_starts(case: Case, purpose: Purpose, stretch: Stretch, without: Sequence[str]) -> int:
    """The starts, counted from the start of the stretch, at which the customer is elsewhere or on the way.

    `without`: visits that are to be given up.
    """
    asked = {
        "now": clock.now(),
        "starts": stretch.starts_at,
        "ends": stretch.ends_at,
        "without": list(without),
        **customer_of(case),
    }
    blocked = 0
    for other_case, other_purpose, starts_at in db.session.connection().execute(_BOOKED, asked):
        other = city.current().visits.purposes.get(other_purpose)
        # The city may have given up a purpose for which something is booked still.
        if other is not None and not same_place(case, purpose, other_case, other):
            blocked |= _before_and_after(purpose.need, other.need, grid.piece_of(starts_at), stretch.first)
    return blocked


def _before_and_after(need: Need, other: Need, booked: int, first: int) -> int:
    """The starts of a visit that overlap with another one that is booked, with the travel of both."""
    earliest = booked + other.taken.start - need.taken.stop + 1
    return grid.between(first, earliest, booked + other.taken.stop - need.taken.start)


def is_elsewhere(case: Case, purpose: Purpose, visit: Visit) -> bool:
    """Whether the customer is booked at another place at the time of this visit, or on the way."""
    piece = grid.piece_of(visit.starts_at)
    around = Stretch(piece - grid.PIECES_PER_DAY, piece + grid.PIECES_PER_DAY)
    return bool(blocked_starts(case, purpose, around, [visit.id]) >> (piece - around.first) & 1)


def same_place(case: Case, purpose: Purpose, other_case_id: str, other: Purpose) -> bool:
    """Whether two visits take place at one place: the office, or sites as near as a check-in has to be."""
    if purpose.place is not other.place:
        return False
    if purpose.place is Place.OFFICE or case.id == other_case_id:
        return True
    here, there = _answers(case.id), _answers(other_case_id)
    one, two = _point(here), _point(there)
    if one is None or two is None:
        return bool(here.get("address")) and here.get("address") == there.get("address")
    return metres(one, two) <= city.current().visits.near_metres


def _answers(case_id: str) -> Mapping[str, Any]:
    answers: Mapping[str, Any] = db.session.scalars(
        select(Application.answers)
        .join(Case, Case.application_id == Application.id)
        .where(Case.id == case_id)
    ).one()
    return answers


def _point(answers: Mapping[str, Any]) -> Point | None:
    location = answers.get("location")
    if not location:
        return None
    return Point(float(location["latitude_gcj02"]), float(location["longitude_gcj02"]))


_BOOKED = select(Visit.case_id, Visit.purpose, Visit.starts_at).where(
    OF_SAME_CUSTOMER,
    or_(
        Visit.state == VisitState.CONFIRMED.value,
        and_(Visit.state == VisitState.HELD.value, Visit.hold_until > bindparam("now")),
    ),
    Visit.starts_at < bindparam("ends"),
    Visit.ends_at > bindparam("starts"),
    Visit.id.not_in(bindparam("without", expanding=True, type_=String)),
)
