"""Who answers a conversation now, while people are absent or have left."""

from datetime import datetime

from app.core.db import db
from app.domain.errors import NobodyAvailableError
from app.domain.worktime import WorkingTime
from app.models import Case, Conversation, Staff
from app.services.people import staffing
from app.services.people.staffing import Colleague


def who_answers(staff_id: str, at: datetime, *, since: str | None = None) -> str:
    """Who answers for this manager at `at`: the manager, the deputy, `since`, or the least loaded
    present manager.

    `since`: who has been answering during the absence, preferred to anybody new. With nobody present it stays
    with the manager, visible to supervisors.
    """
    deputy = staffing.acting(staff_id, at)
    for candidate in filter(None, (staff_id, deputy, since)):
        if staffing.acting(candidate, at) == candidate and staffing.active_staff(candidate) is not None:
            return candidate
    try:
        return staffing.pick_manager(None, "", "", at)
    except NobodyAvailableError:
        return staff_id


def enquiry_taker(customer_id: str | None, at: datetime) -> str:
    """Who takes a general enquiry: the customer's manager, another manager, or a supervisor.

    Raises `NobodyAvailableError` where there is nobody at all.
    """
    try:
        return staffing.pick_manager(customer_id, "", "", at)
    except NobodyAvailableError:
        supervisor = staffing.a_supervisor()
        if supervisor is None:
            raise
        return supervisor


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
