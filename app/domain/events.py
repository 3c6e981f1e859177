"""What happened, told inside the transaction. Ids only: a listener reads what it needs itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.domain.data_terms import DataKind


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """An application was submitted: the case, its manager and its first stage exist.

    `by_staff_id`: who of the staff submitted it in the customer's stead, if anybody did.
    """

    case_id: str
    by_staff_id: str | None = None


@dataclass(frozen=True, slots=True)
class CaseConfirmed:
    """The customer confirmed on the phone what staff had filled in for them."""

    case_id: str


@dataclass(frozen=True, slots=True)
class ConsultationReceived:
    """A 设计方案意见征询 came in: a case in early service and its manager exist, the form does not yet."""

    case_id: str


@dataclass(frozen=True, slots=True)
class StageOpened:
    """A case entered a stage."""

    case_id: str
    stage_key: str


@dataclass(frozen=True, slots=True)
class StageCompleted:
    """Every task of a stage is done."""

    case_id: str
    stage_key: str


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """Work for a person or a department's queue."""

    task_id: str


@dataclass(frozen=True, slots=True)
class ClockStopped:
    """Time no longer counts, for one of the program's coded reasons."""

    stop_id: str


@dataclass(frozen=True, slots=True)
class ClockResumed:
    """A stop ended; if it was the last open one, due dates are computed anew."""

    stop_id: str


@dataclass(frozen=True, slots=True)
class StopEntered:
    """A supervisor entered a stop that was over already; figures and due dates follow it."""

    stop_id: str


@dataclass(frozen=True, slots=True)
class StopDisputed:
    """The customer says that a stop is wrong; `review_id` holds what they say."""

    stop_id: str
    review_id: str


@dataclass(frozen=True, slots=True)
class StopRuled:
    """A supervisor decided on a stop: `struck` ones count in no figure any more."""

    stop_id: str
    review_id: str
    struck: bool


@dataclass(frozen=True, slots=True)
class HeadlineThreatened:
    """The headline's own working days are nearly used up while the stage `stage_key` runs."""

    case_id: str
    stage_key: str


@dataclass(frozen=True, slots=True)
class PromiseBudgetThreatened:
    """The stage `stage_key` has used its own time and what was saved: the time of later stages is next."""

    case_id: str
    stage_key: str


@dataclass(frozen=True, slots=True)
class ReminderDue:
    """A task comes near its limit; `kinds` are the reminders that fell together on the instant `at`."""

    task_id: str
    kinds: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskOverdue:
    """A task is past its limit; `occurrence` counts the working days it has been told, from 1."""

    task_id: str
    occurrence: int


@dataclass(frozen=True, slots=True)
class TaskReassigned:
    """An open task passed at `at` from `former_id` (None: the queue) to another holder or to its queue."""

    task_id: str
    former_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StaffLeft:
    """Somebody left: so many cases, tasks and visits of theirs have to find somebody else."""

    departure_id: str
    cases: int
    tasks: int
    visits: int


@dataclass(frozen=True, slots=True)
class HandoversProposed:
    """Because somebody left, this manager has `cases` more cases until a supervisor confirms it."""

    departure_id: str
    manager_id: str
    cases: int


@dataclass(frozen=True, slots=True)
class WaterOn:
    """The meter hangs and water runs."""

    case_id: str


@dataclass(frozen=True, slots=True)
class ReturnVisitUnreached:
    """The return visit ended after tries that did not reach the customer."""

    case_id: str


@dataclass(frozen=True, slots=True)
class CaseRated:
    """The service was rated, 1 to 5; `low`: so low that a supervisor looks into it."""

    case_id: str
    rating: int
    low: bool = False


@dataclass(frozen=True, slots=True)
class CaseChanged:
    """The course changed: withdrawn, refused, handed over, sent back, or switched to another program."""

    change_id: str


@dataclass(frozen=True, slots=True)
class PlanConfirmed:
    """The customer agreed to the water plan on the phone."""

    case_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class PlanRefused:
    """The customer does not agree to the water plan; the reason is recorded."""

    case_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class PlanHeld:
    """What a department found, or its opinion, holds the water plan; the departments talk it over."""

    case_id: str
    stage_key: str
    task_id: str


@dataclass(frozen=True, slots=True)
class CaseClosed:
    """The return visit is done and rated; the figures are snapshotted."""

    case_id: str


@dataclass(frozen=True, slots=True)
class StageDueMoved:
    """A new version of the calendar moved the due date of an open stage away from `was`."""

    case_id: str
    stage_key: str
    version_id: str
    was: datetime


@dataclass(frozen=True, slots=True)
class TaskDueMoved:
    """A new version of the calendar moved the due date of an open task."""

    task_id: str
    version_id: str


@dataclass(frozen=True, slots=True)
class QuoteIssued:
    """The customer can see what it costs and choose."""

    case_id: str
    quote_id: str


@dataclass(frozen=True, slots=True)
class QuoteChosen:
    """The customer chose among the options of a quote, or chose anew."""

    case_id: str
    quote_id: str


@dataclass(frozen=True, slots=True)
class PaperMade:
    """A paper is ready for the customer to read and confirm."""

    case_id: str
    paper_id: str


@dataclass(frozen=True, slots=True)
class PaperConfirmed:
    """The customer confirmed a paper; `staff_id` made it and waits for that."""

    case_id: str
    paper_id: str
    staff_id: str


@dataclass(frozen=True, slots=True)
class VisitBooked:
    """A visit is confirmed: customer and visitors expect each other."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitMoved:
    """A visit takes the place of `former_id`: another time, or other people."""

    visit_id: str
    former_id: str


@dataclass(frozen=True, slots=True)
class VisitCancelled:
    """A confirmed visit does not take place."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitNotNeeded:
    """The work of a confirmed visit is over, so that nobody comes. `begun`: its time had come already."""

    visit_id: str
    begun: bool


@dataclass(frozen=True, slots=True)
class VisitAfterDue:
    """The due date of its stage moved, and a confirmed visit now misses it."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitUnended:
    """Somebody checked in, and nobody has said that the visit is over."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitEndedByJobs:
    """Its day is over: a visit that nobody had ended was ended, whether or not somebody had checked in."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitPlaceChanged:
    """The address of the case changed, and with it the place of a confirmed visit."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitDelayReached:
    """A delay of the same crew's visit before reaches this one (`late`), or no longer does."""

    visit_id: str
    late: bool


@dataclass(frozen=True, slots=True)
class VisitNear:
    """The evening before a visit, or shortly before it (`evening` tells which)."""

    visit_id: str
    evening: bool


@dataclass(frozen=True, slots=True)
class WorkMissingBeforeVisit:
    """A visit is near, and what should be known beforehand has not been delivered."""

    task_id: str


@dataclass(frozen=True, slots=True)
class VisitDelayed:
    """The visitor is running late and says when they will be there."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitLate:
    """Nobody came in the set time; the customer is offered other times."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitInDoubt:
    """A visit can't take place as booked and no other time was found: the customer is asked."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitOffered:
    """The wait-list holds an earlier time for a customer."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitWaitEnded:
    """A customer let the last of the offers run out that the city makes, and left the wait-list."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class VisitMissed:
    """One side was not there."""

    visit_id: str


@dataclass(frozen=True, slots=True)
class MessagesUnread:
    """What was written in a conversation stayed unread by `side` up to the message numbered `seq`."""

    conversation_id: str
    side: str
    seq: int


@dataclass(frozen=True, slots=True)
class GuestInvited:
    """A department was asked into a conversation."""

    conversation_id: str
    department: str


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """A customer's message of the instant `since` waits for its first answer; `overdue`: too long."""

    conversation_id: str
    since: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class CaseChased:
    """The customer asks that it go faster."""

    chase_id: str


@dataclass(frozen=True, slots=True)
class ChaseOverdue:
    """At the instant `at`, a chase is past its due date and nobody has answered."""

    chase_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ComplaintRaised:
    """Somebody complains; the first responsible person and a due date are named."""

    complaint_id: str


@dataclass(frozen=True, slots=True)
class ComplaintDue:
    """A complaint comes near its due date, or is past it at the instant `at`."""

    complaint_id: str
    overdue: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ComplaintAnswered:
    """The customer can read the answer, and close the complaint."""

    complaint_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SkillLapsing:
    """A skill that a member of staff has lapses soon, or has lapsed."""

    staff_id: str
    skill: str


@dataclass(frozen=True, slots=True)
class DataDeleted:
    """So much was deleted because its term is over, by kind; only kinds of which there was something."""

    day: date
    deleted: Mapping[DataKind, int]
