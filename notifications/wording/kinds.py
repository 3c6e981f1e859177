"""The kinds of messages this product sends, whom each is for, and what it speaks of.

Their words are data (`cities/<city>/messages.toml`); that every kind has some, and that they only use what is
known of its subject, is checked when they are loaded.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Audience(StrEnum):
    """Who reads a message."""

    CUSTOMER = "customer"
    STAFF = "staff"


class Channel(StrEnum):
    """How a message reaches a phone; the notice in the app is no channel, it is always written."""

    SUBSCRIBE = "subscribe"
    """Subscribe message (订阅消息) of the mini-program; uses up one consent of that person."""
    TEMPLATE = "template"
    """Template message (模板消息) of the 服务号, for those who follow it."""
    SMS = "sms"
    """Text message to the customer's verified phone."""
    CALL = "call"
    """No message at all: the manager gets the task of calling, unless the notice is read in the app first."""


class Subject(StrEnum):
    """What a message speaks of, which decides the values its text may use."""

    CASE = "case"
    STAGE = "stage"
    STOP = "stop"
    TASK = "task"
    RATING = "rating"
    PROMISE = "promise"
    TURN = "turn"
    DUE = "due"
    VISIT = "visit"
    TALK = "talk"
    CHASE = "chase"
    DELIVERY = "delivery"


class Kind(StrEnum):
    """One reason to tell somebody something."""

    CASE_ACCEPTED = "case_accepted"
    EARLY_SERVICE = "early_service"
    STAGE_COMPLETED = "stage_completed"
    PLAN_READY = "plan_ready"
    CLOCK_STOPPED = "clock_stopped"
    CLOCK_RESUMED = "clock_resumed"
    DUE_MOVED = "due_moved"
    WATER_ON = "water_on"
    CASE_CLOSED = "case_closed"
    NEW_CASE = "new_case"
    NEW_CONSULTATION = "new_consultation"
    CASE_CONFIRMED = "case_confirmed"
    TASK_OPENED = "task_opened"
    RETURN_VISIT = "return_visit"
    TASK_REMINDER = "task_reminder"
    TASK_OVERDUE = "task_overdue"
    TASK_DUE_MOVED = "task_due_moved"
    LOW_RATING = "low_rating"
    STOP_ENTERED = "stop_entered"
    STOP_UPHELD = "stop_upheld"
    STOP_STRUCK = "stop_struck"
    STOP_DISPUTED = "stop_disputed"
    HEADLINE_THREATENED = "headline_threatened"
    BUDGET_THREATENED = "budget_threatened"
    CASE_WITHDRAWN = "case_withdrawn"
    CASE_REFUSED = "case_refused"
    MANAGER_CHANGED = "manager_changed"
    STAGE_SENT_BACK = "stage_sent_back"
    PROGRAM_CHANGED = "program_changed"
    CASE_ENDED = "case_ended"
    CASE_HANDED_OVER = "case_handed_over"
    PLAN_CONFIRMED = "plan_confirmed"
    QUOTE_READY = "quote_ready"
    QUOTE_CHOSEN = "quote_chosen"
    PAPER_READY = "paper_ready"
    PAPER_CONFIRMED = "paper_confirmed"
    VISIT_BOOKED = "visit_booked"
    VISIT_MOVED = "visit_moved"
    VISIT_CANCELLED = "visit_cancelled"
    VISIT_TOMORROW = "visit_tomorrow"
    VISIT_SOON = "visit_soon"
    VISIT_DELAYED = "visit_delayed"
    VISIT_LATE = "visit_late"
    VISIT_IN_DOUBT = "visit_in_doubt"
    VISIT_OFFERED = "visit_offered"
    VISIT_MISSED = "visit_missed"
    STAFF_VISIT_BOOKED = "staff_visit_booked"
    STAFF_VISIT_MOVED = "staff_visit_moved"
    STAFF_VISIT_CANCELLED = "staff_visit_cancelled"
    STAFF_VISIT_TOMORROW = "staff_visit_tomorrow"
    STAFF_VISIT_SOON = "staff_visit_soon"
    STAFF_VISIT_LATE = "staff_visit_late"
    STAFF_VISIT_IN_DOUBT = "staff_visit_in_doubt"
    STAFF_VISIT_MISSED = "staff_visit_missed"
    MESSAGE_WAITING = "message_waiting"
    CUSTOMER_WROTE = "customer_wrote"
    TALK_INVITED = "talk_invited"
    ANSWER_DUE = "answer_due"
    ANSWER_OVERDUE = "answer_overdue"
    CASE_CHASED = "case_chased"
    CHASE_OVERDUE = "chase_overdue"
    COMPLAINT_RAISED = "complaint_raised"
    COMPLAINT_DUE = "complaint_due"
    COMPLAINT_OVERDUE = "complaint_overdue"
    COMPLAINT_ANSWERED = "complaint_answered"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What the code fixes of a kind; the rest is data."""

    audience: Audience
    subject: Subject


KINDS = MappingProxyType(
    {
        Kind.CASE_ACCEPTED: KindSpec(Audience.CUSTOMER, Subject.CASE),
        Kind.EARLY_SERVICE: KindSpec(Audience.CUSTOMER, Subject.CASE),
        Kind.STAGE_COMPLETED: KindSpec(Audience.CUSTOMER, Subject.STAGE),
        Kind.PLAN_READY: KindSpec(Audience.CUSTOMER, Subject.STAGE),
        Kind.CLOCK_STOPPED: KindSpec(Audience.CUSTOMER, Subject.STOP),
        Kind.CLOCK_RESUMED: KindSpec(Audience.CUSTOMER, Subject.STOP),
        Kind.DUE_MOVED: KindSpec(Audience.CUSTOMER, Subject.DUE),
        Kind.WATER_ON: KindSpec(Audience.CUSTOMER, Subject.CASE),
        Kind.CASE_CLOSED: KindSpec(Audience.CUSTOMER, Subject.CASE),
        Kind.NEW_CASE: KindSpec(Audience.STAFF, Subject.CASE),
        Kind.NEW_CONSULTATION: KindSpec(Audience.STAFF, Subject.CASE),
        Kind.CASE_CONFIRMED: KindSpec(Audience.STAFF, Subject.CASE),
        Kind.TASK_OPENED: KindSpec(Audience.STAFF, Subject.TASK),
        Kind.RETURN_VISIT: KindSpec(Audience.STAFF, Subject.TASK),
        Kind.TASK_REMINDER: KindSpec(Audience.STAFF, Subject.TASK),
        Kind.TASK_OVERDUE: KindSpec(Audience.STAFF, Subject.TASK),
        Kind.TASK_DUE_MOVED: KindSpec(Audience.STAFF, Subject.TASK),
        Kind.LOW_RATING: KindSpec(Audience.STAFF, Subject.RATING),
        Kind.STOP_ENTERED: KindSpec(Audience.CUSTOMER, Subject.STOP),
        Kind.STOP_UPHELD: KindSpec(Audience.CUSTOMER, Subject.STOP),
        Kind.STOP_STRUCK: KindSpec(Audience.CUSTOMER, Subject.STOP),
        Kind.STOP_DISPUTED: KindSpec(Audience.STAFF, Subject.STOP),
        Kind.HEADLINE_THREATENED: KindSpec(Audience.STAFF, Subject.PROMISE),
        Kind.BUDGET_THREATENED: KindSpec(Audience.STAFF, Subject.PROMISE),
        Kind.CASE_WITHDRAWN: KindSpec(Audience.CUSTOMER, Subject.TURN),
        Kind.CASE_REFUSED: KindSpec(Audience.CUSTOMER, Subject.TURN),
        Kind.MANAGER_CHANGED: KindSpec(Audience.CUSTOMER, Subject.TURN),
        Kind.STAGE_SENT_BACK: KindSpec(Audience.CUSTOMER, Subject.TURN),
        Kind.PROGRAM_CHANGED: KindSpec(Audience.CUSTOMER, Subject.TURN),
        Kind.CASE_ENDED: KindSpec(Audience.STAFF, Subject.TURN),
        Kind.CASE_HANDED_OVER: KindSpec(Audience.STAFF, Subject.TURN),
        Kind.PLAN_CONFIRMED: KindSpec(Audience.STAFF, Subject.CASE),
        Kind.QUOTE_READY: KindSpec(Audience.CUSTOMER, Subject.CASE),
        Kind.QUOTE_CHOSEN: KindSpec(Audience.STAFF, Subject.CASE),
        Kind.PAPER_READY: KindSpec(Audience.CUSTOMER, Subject.CASE),
        Kind.PAPER_CONFIRMED: KindSpec(Audience.STAFF, Subject.CASE),
        Kind.VISIT_BOOKED: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_MOVED: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_CANCELLED: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_TOMORROW: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_SOON: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_DELAYED: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_LATE: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_IN_DOUBT: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_OFFERED: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.VISIT_MISSED: KindSpec(Audience.CUSTOMER, Subject.VISIT),
        Kind.STAFF_VISIT_BOOKED: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_MOVED: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_CANCELLED: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_TOMORROW: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_SOON: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_LATE: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_IN_DOUBT: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.STAFF_VISIT_MISSED: KindSpec(Audience.STAFF, Subject.VISIT),
        Kind.MESSAGE_WAITING: KindSpec(Audience.CUSTOMER, Subject.TALK),
        Kind.CUSTOMER_WROTE: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.TALK_INVITED: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.ANSWER_DUE: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.ANSWER_OVERDUE: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.CASE_CHASED: KindSpec(Audience.STAFF, Subject.CHASE),
        Kind.CHASE_OVERDUE: KindSpec(Audience.STAFF, Subject.CHASE),
        Kind.COMPLAINT_RAISED: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.COMPLAINT_DUE: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.COMPLAINT_OVERDUE: KindSpec(Audience.STAFF, Subject.TALK),
        Kind.COMPLAINT_ANSWERED: KindSpec(Audience.CUSTOMER, Subject.TALK),
        Kind.UNDELIVERED: KindSpec(Audience.STAFF, Subject.DELIVERY),
    }
)
