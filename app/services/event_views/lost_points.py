"""What has happened meanwhile to the subjects of messages that wait to be sent.

Each function takes the ids of subjects and returns those of which a message has lost its point. An id that is
not known is never among them.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from app.core.db import db
from app.core.list_parameter import one_of
from app.domain.conversation.message_states import Side
from app.models import (
    Case,
    CaseState,
    Chase,
    Complaint,
    ComplaintState,
    Conversation,
    Paper,
    Quote,
    Stage,
    Stop,
    StopReview,
    Visit,
    VisitAttendee,
    VisitState,
)


def ended_cases(case_ids: Collection[str]) -> set[str]:
    """Cases that are closed, withdrawn or refused."""
    return _those(Case.id, case_ids, Case.state != CaseState.OPEN)


def ended_stops(stop_ids: Collection[str]) -> set[str]:
    """Pauses of the clock that have ended."""
    return _those(Stop.id, stop_ids, Stop.ended_at.is_not(None))


def ruled_stops(stop_ids: Collection[str]) -> set[str]:
    """Pauses of the clock without an objection that waits for its ruling."""
    waiting = select(StopReview.id).where(StopReview.stop_id == Stop.id, StopReview.ruled_at.is_(None))
    return _those(Stop.id, stop_ids, ~waiting.exists())


def chosen_quotes(quote_ids: Collection[str]) -> set[str]:
    """Quotes from which the customer has chosen."""
    return _those(Quote.id, quote_ids, Quote.chosen_at.is_not(None))


def confirmed_papers(paper_ids: Collection[str]) -> set[str]:
    """Papers that the customer has confirmed."""
    return _those(Paper.id, paper_ids, Paper.confirmed_at.is_not(None))


def visits_off(visit_ids: Collection[str]) -> set[str]:
    """Visits that nobody expects any more: over, moved or cancelled."""
    return _those(Visit.id, visit_ids, Visit.state != VisitState.CONFIRMED)


def visits_arrived(visit_ids: Collection[str]) -> set[str]:
    """Visits to which somebody came, or that nobody expects any more."""
    return _those(Visit.id, visit_ids, or_(Visit.state != VisitState.CONFIRMED, _CAME))


def visits_settled(visit_ids: Collection[str]) -> set[str]:
    """Visits that are no longer in doubt."""
    return _those(Visit.id, visit_ids, or_(Visit.state != VisitState.CONFIRMED, Visit.in_doubt_at.is_(None)))


def offers_over(visit_ids: Collection[str]) -> set[str]:
    """Offers of the wait-list that were accepted, given up or ran out."""
    return _those(Visit.id, visit_ids, Visit.state != VisitState.HELD)


def answered(subjects: Collection[str]) -> set[str]:
    """Chases, complaints and conversations that nobody waits for any more. Their ids are all different."""
    ids = set(subjects)
    return (
        _those(Chase.id, ids, Chase.answered_at.is_not(None))
        | _those(Complaint.id, ids, Complaint.state != ComplaintState.OPEN)
        | _those(Conversation.id, ids, Conversation.waiting_since.is_(None))
    )


def read_messages(messages: Collection[str]) -> set[str]:
    """Messages, as `conversation:side:number`, up to which somebody of that side has read."""
    asked = {message: message.rsplit(":", 2) for message in messages}
    rows = db.session.connection().execute(
        select(Conversation.id, Conversation.customer_read, Conversation.staff_read).where(
            one_of(Conversation.id, "ids")
        ),
        {"ids": sorted({parts[0] for parts in asked.values()})},
    )
    read = {
        (id_, side): reached
        for id_, by_customer, by_staff in rows
        for side, reached in ((Side.CUSTOMER.value, by_customer), (Side.STAFF.value, by_staff))
    }
    return {
        message
        for message, (id_, side, number) in asked.items()
        if (id_, side) in read and read[id_, side] >= int(number)
    }


def stages_left(entries: Collection[str]) -> set[str]:
    """Stages, as `case:stage`, that are not open (any more)."""
    asked = {entry: entry.split(":", 1)[0] for entry in entries}
    rows = db.session.connection().execute(
        select(Stage.case_id, Stage.key, Stage.completed_at).where(one_of(Stage.case_id, "ids")),
        {"ids": sorted(set(asked.values()))},
    )
    known, still_open = set(), set()
    for case_id, key, completed_at in rows:
        known.add(f"{case_id}:{key}")
        if completed_at is None:
            still_open.add(f"{case_id}:{key}")
    return (known - still_open) & asked.keys()


def _those(column: Any, ids: Collection[str], lost: ColumnElement[bool]) -> set[str]:
    found = db.session.connection().scalars(
        select(column).where(one_of(column, "ids"), lost), {"ids": sorted(ids)}
    )
    return set(found)


_CAME = (
    select(VisitAttendee.staff_id)
    .where(VisitAttendee.visit_id == Visit.id, VisitAttendee.arrived_at.is_not(None))
    .exists()
)
