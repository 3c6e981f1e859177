"""Who answers a conversation now, while people are absent or have left."""

from datetime import datetime

from app.core.db import db
from app.domain.worktime import WorkingTime
from app.models import Case, Conversation, Staff
from app.services.people import acting, staffing
from app.services.people.staffing import Colleague


def who_answers(staff_id: str, at: datetime, *, since: str | None = None) -> str:
    """Who answers for this manager at `at`. `since`: who has been answering during the absence."""
    return acting.acts_for(staff_id, at, since=since)


def enquiry_taker(customer_id: str | None, at: datetime) -> str:
    """Who takes a general enquiry: the customer's manager, another manager, a supervisor, or who acts for
    them.

    Raises `NobodyAvailableError` where there is nobody at all.
    """
    return who_answers(staffing.pick_manager(customer_id, "", "", at), at)


def return_to_duty(conversation: Conversation, at: datetime) -> bool:
    """Gives a locked conversation to whoever answers for its manager at `at`. Returns whether that
    changed.

    So it also returns to a manager who is back from leave.
    """
    holder = who_answers(named_manager(conversation).id, at, since=conversation.holder_id)
    changes = holder != conversation.holder_id
    conversation.holder_id = holder
    return changes


def hold_if_free(conversation: Conversation, staff: Colleague) -> None:
    """Somebody answers in a locked conversation, and holds it from now on if it is theirs or nobody's.

    So a deputy loses it with the first message of the returned manager.
    """
    left = staff.is_manager and staffing.active_staff(conversation.holder_id) is None
    if left or staff.id == named_manager(conversation).id:
        conversation.holder_id = staff.id


def named_manager(conversation: Conversation) -> Staff:
    """The person the customer knows as their manager: the case's manager, or the holder of an enquiry."""
    if conversation.case_id is None:
        return db.session.get_one(Staff, conversation.holder_id)
    return db.session.get_one(Staff, db.session.get_one(Case, conversation.case_id).manager_id)


def in_office(line: WorkingTime, at: datetime) -> bool:
    """Whether the office is open at `at`."""
    return any(opens <= at < closes for opens, closes in line.open_periods(at.astimezone(line.zone).date()))
