"""Who is told what: every event of the business, turned into messages in the same transaction.

Rules of the routing: a customer is told of their own case; staff are told of what they hold; the manager (or
the deputy during leave) is told of everything of their cases that comes near its limit, supervisors of what
passed it. One event tells one person once.
"""

from datetime import datetime

from app.domain import events
from app.domain.programs.definition import StageKind
from app.services.cases.decisions import rating
from app.services.event_views import case_changes, cases
from app.services.event_views.case_changes import StopBrief
from app.services.event_views.cases import TaskBrief
from app.services.people import recipients
from app.services.people.recipients import PersonBrief
from notifications.outbox import outbox
from notifications.outbox.outbox import Occasion, dedupe_key, enqueue
from notifications.telling.recipients import customer as _customer
from notifications.telling.recipients import speech as _speech
from notifications.telling.recipients import staff as _staff
from notifications.wording import catalog
from notifications.wording.kinds import Kind


def case_opened(event: events.CaseOpened) -> None:
    """The customer learns who their manager is, the manager that there is somebody to call.

    A manager who filled the form in with the customer, at the door or on the telephone, knows that.
    """
    brief = cases.case(event.case_id)
    values = _speech().of_case(brief)
    enqueue(Occasion(Kind.CASE_ACCEPTED, brief.case_id, brief.case_id, values), _customer(brief))
    if event.by_staff_id != brief.acting.staff_id:
        enqueue(Occasion(Kind.NEW_CASE, brief.case_id, brief.case_id, values), _staff([brief.acting]))


def consultation_taken(event: events.ConsultationTaken) -> None:
    """The manager learns of a project in its planning; so does the customer, if the phone is known here."""
    brief = cases.case(event.case_id)
    values = _speech().of_case(brief)
    enqueue(Occasion(Kind.EARLY_SERVICE, brief.case_id, brief.case_id, values), _customer(brief))
    enqueue(Occasion(Kind.NEW_CONSULTATION, brief.case_id, brief.case_id, values), _staff([brief.acting]))


def case_confirmed(event: events.CaseConfirmed) -> None:
    """The manager may go on; a customer whose case was opened by telephone now hears of the acceptance."""
    brief = cases.case(event.case_id)
    values = _speech().of_case(brief)
    enqueue(Occasion(Kind.CASE_ACCEPTED, brief.case_id, brief.case_id, values), _customer(brief))
    enqueue(Occasion(Kind.CASE_CONFIRMED, brief.case_id, brief.case_id, values), _staff([brief.acting]))


def stage_completed(event: events.StageCompleted) -> None:
    """The customer learns how far it is and what comes next, unless another message says so."""
    messages = catalog.current().messages
    if event.stage_key in messages[Kind.STAGE_COMPLETED].quiet_stages:
        return
    # When the plan is fixed, what counts is that the customer looks at it and agrees.
    plan_is_fixed = event.stage_key in messages[Kind.PLAN_READY].tells_end_of
    kind = Kind.PLAN_READY if plan_is_fixed else Kind.STAGE_COMPLETED
    brief = case_changes.stage(event.case_id, event.stage_key)
    speech = _speech()
    # A stage that is entered again is completed again, at another moment.
    key = f"{event.case_id}:{event.stage_key}:{_stamp(speech.now)}"
    occasion = Occasion(kind, key, event.case_id, speech.of_stage(brief))
    enqueue(occasion, _customer(brief.case))


def clock_stopped(event: events.ClockStopped) -> None:
    """The customer learns why time no longer counts, and what they can do."""
    _tell_of_stop(Kind.CLOCK_STOPPED, case_changes.stop(event.stop_id))


def clock_resumed(event: events.ClockResumed) -> None:
    """The customer learns when it is due now; not while another stop, of which they know, holds the clock."""
    brief = case_changes.stop(event.stop_id)
    if not brief.still_stopped:
        _tell_of_stop(Kind.CLOCK_RESUMED, brief)


def stage_due_moved(event: events.StageDueMoved) -> None:
    """The customer learns when the stage is due now, and that the promised working days are the same."""
    brief = case_changes.running_stage(event.case_id, event.stage_key)
    key = f"{event.version_id}:{event.case_id}:{event.stage_key}"
    occasion = Occasion(Kind.DUE_MOVED, key, event.case_id, _speech().of_due(brief, event.was))
    enqueue(occasion, _customer(brief.case))


def task_due_moved(event: events.TaskDueMoved) -> None:
    """Holders and manager learn of it, once each for what is due together in a stage."""
    brief = cases.task(event.task_id)
    key = f"{event.version_id}:{_stage(brief)}:{_stamp(brief.due_at)}"
    values = _speech().of_task(brief)
    occasion = Occasion(Kind.TASK_DUE_MOVED, key, brief.case.case_id, values, brief.task_id)
    enqueue(occasion, _staff([*brief.holders, brief.case.acting]))


def water_on(event: events.WaterOn) -> None:
    """The customer learns that water runs; the manager is told by the return visit's own task."""
    brief = cases.case(event.case_id)
    values = _speech().of_case(brief)
    enqueue(Occasion(Kind.WATER_ON, brief.case_id, brief.case_id, values), _customer(brief))


def case_closed(event: events.CaseClosed) -> None:
    """The customer is thanked, and keeps their manager."""
    brief = cases.case(event.case_id)
    values = _speech().of_case(brief)
    enqueue(Occasion(Kind.CASE_CLOSED, brief.case_id, brief.case_id, values), _customer(brief))


def case_rated(event: events.CaseRated) -> None:
    """A low rating goes to the supervisors."""
    if event.rating > rating.LOW:
        return
    brief = cases.case(event.case_id)
    values = _speech().of_rating(brief, event.rating)
    enqueue(Occasion(Kind.LOW_RATING, brief.case_id, brief.case_id, values), _staff(recipients.supervisors()))


def task_opened(event: events.TaskOpened) -> None:
    """Whoever holds the task learns of it: one person, or everybody of the queue."""
    brief = cases.task(event.task_id)
    kind = Kind.RETURN_VISIT if _is_return_visit(brief) else Kind.TASK_OPENED
    occasion = Occasion(kind, brief.task_id, brief.case.case_id, _speech().of_task(brief), brief.task_id)
    enqueue(occasion, _staff(_not_told_already(brief)))


def reminder_due(event: events.ReminderDue) -> None:
    """Holders and manager are reminded; reminders that fell together are one message.

    Tasks of one stage that are due together remind each person once, the manager above all: they hold
    or answer for every one of them.
    """
    brief = cases.task(event.task_id)
    # A stop moves the due date, and the reminders of the new one are reminders of their own.
    key = f"{_stage(brief)}:{_stamp(event.at)}:{_stamp(brief.due_at)}"
    values = _speech().of_task(brief, reminders=event.kinds)
    occasion = Occasion(Kind.TASK_REMINDER, key, brief.case.case_id, values, brief.task_id)
    enqueue(occasion, _staff([*brief.holders, brief.case.acting]))


def task_overdue(event: events.TaskOverdue) -> None:
    """Holders, manager and supervisors are told, each once a working day for what is late in a stage."""
    brief = cases.task(event.task_id)
    key = f"{_stage(brief)}:{event.occurrence}:{_stamp(brief.due_at)}"
    values = _speech().of_task(brief, occurrence=event.occurrence)
    occasion = Occasion(Kind.TASK_OVERDUE, key, brief.case.case_id, values, brief.task_id)
    enqueue(occasion, _staff([*brief.holders, brief.case.acting, *recipients.supervisors()]))


def _tell_of_stop(kind: Kind, brief: StopBrief) -> None:
    occasion = Occasion(kind, brief.stop_id, brief.case.case_id, _speech().of_stop(brief))
    enqueue(occasion, _customer(brief.case))


def _is_return_visit(brief: TaskBrief) -> bool:
    """Whether this is the manager's visit itself, not a supervisor's look into what came of it."""
    return brief.stage_kind == StageKind.RETURN_VISIT and brief.holders == (brief.case.acting,)


def _not_told_already(brief: TaskBrief) -> list[PersonBrief]:
    """The holders, without those to whom the message of what opened this task has just spoken of it."""
    case = brief.case
    messages = catalog.current().messages
    kinds = {Kind.LOW_RATING} | ({Kind.NEW_CASE} if brief.opened_at == case.opened_at else set())
    keys = {
        dedupe_key(kind, case.case_id, person.staff_id): person.staff_id
        for kind in kinds
        if brief.task_key in messages[kind].includes_tasks
        for person in brief.holders
    }
    if not keys:
        return list(brief.holders)
    told = {keys[key] for key in outbox.told(keys)}
    return [person for person in brief.holders if person.staff_id not in told]


def _stage(brief: TaskBrief) -> str:
    return f"{brief.case.case_id}:{brief.stage_key}"


def _stamp(instant: datetime | None) -> str:
    return "-" if instant is None else str(int(instant.timestamp()))
