"""What an event is about: the words of the table's column `about`, each read once for an event.

A view gives the values that messages may name (`wording/vocabulary.py`, by subject) and the key by which two
events of the same kind are told apart.
"""

from datetime import datetime
from typing import Any

from app.services.event_views import case_changes, cases, conversations, departures, staff_skills, visits
from app.services.event_views.cases import CaseView
from app.services.event_views.conversations import ChaseView, ConversationView
from app.services.event_views.visits import VisitView
from app.services.installation import city
from notifications.handlers.message_values import MessageValues, at_present
from notifications.handlers.notice_rule import Facts, View
from notifications.wording.kinds import Subject


def _of_case(case: CaseView, brief: Any, key: str, values: dict[str, str], **more: Any) -> Facts:
    return Facts(brief, case.case_id, key, values, case, case.customer, **more)


def _case(event: Any) -> Facts:
    brief = cases.case(event.case_id)
    return _of_case(brief, brief, brief.case_id, at_present().of_case(brief))


def _quote(event: Any) -> Facts:
    brief = cases.case(event.case_id)
    return _of_case(brief, brief, event.quote_id, at_present().of_case(brief), subject_id=event.quote_id)


def _paper(event: Any) -> Facts:
    brief = cases.case(event.case_id)
    return _of_case(brief, brief, event.paper_id, at_present().of_case(brief), subject_id=event.paper_id)


def _rating(event: Any) -> Facts:
    brief = cases.case(event.case_id)
    return _of_case(brief, brief, brief.case_id, at_present().of_rating(brief, event.rating))


def _completed_stage(event: Any) -> Facts:
    brief = case_changes.stage(event.case_id, event.stage_key)
    said = at_present()
    # A stage that is entered again is completed again, at another moment.
    key = f"{event.case_id}:{event.stage_key}:{_seconds(said.now)}"
    return _of_case(brief.case, brief, key, said.of_stage(brief))


def _running_stage(event: Any) -> Facts:
    brief = case_changes.running_stage(event.case_id, event.stage_key)
    stage = f"{event.case_id}:{event.stage_key}"
    values = at_present().of_due(brief, event.was)
    return _of_case(brief.case, brief, f"{event.version_id}:{stage}", values, subject_id=stage)


def _stop(event: Any) -> Facts:
    brief = case_changes.stop(event.stop_id)
    values = at_present().of_stop(brief)
    return _of_case(brief.case, brief, brief.stop_id, values, subject_id=brief.stop_id)


def _promise(event: Any) -> Facts:
    brief = case_changes.promise(event.case_id, event.stage_key)
    key = f"{event.case_id}:{event.stage_key}"
    return _of_case(brief.case, brief, key, at_present().of_promise(brief), subject_id=key)


def _case_change(event: Any) -> Facts:
    brief = case_changes.case_change(event.change_id)
    return _of_case(brief.case, brief, brief.change_id, at_present().of_turn(brief))


def _task(event: Any) -> Facts:
    brief = cases.task(event.task_id)
    return _of_case(
        brief.case,
        brief,
        brief.task_id,
        at_present().of_task(brief),
        task_id=brief.task_id,
        needed_by=brief.due_at,
    )


def _moved_task(event: Any) -> Facts:
    """Each person is told once of what is due together in a stage, the manager above all."""
    brief = cases.task(event.task_id)
    key = f"{event.version_id}:{brief.case.case_id}:{brief.stage_key}:{_seconds(brief.due_at)}"
    return _of_case(
        brief.case, brief, key, at_present().of_task(brief), task_id=brief.task_id, needed_by=brief.due_at
    )


def _task_near_due(event: Any) -> Facts:
    """Reminders that fell together are one message, and so are tasks of one stage that are due together."""
    brief = cases.task(event.task_id)
    # A stop moves the due date, and the reminders of the new one are reminders of their own.
    key = f"{brief.case.case_id}:{brief.stage_key}:{_seconds(event.at)}:{_seconds(brief.due_at)}"
    values = at_present().of_task(brief, reminders=event.kinds)
    return _of_case(brief.case, brief, key, values, task_id=brief.task_id, needed_by=brief.due_at)


def _overdue_task(event: Any) -> Facts:
    """Each person is told once a working day of what is late in a stage."""
    brief = cases.task(event.task_id)
    key = f"{brief.case.case_id}:{brief.stage_key}:{event.occurrence}:{_seconds(brief.due_at)}"
    values = at_present().of_task(brief, occurrence=event.occurrence)
    return _of_case(brief.case, brief, key, values, task_id=brief.task_id, needed_by=brief.due_at)


def _of_visit(brief: VisitView) -> Facts:
    values = at_present().of_visit(brief)
    return _of_case(
        brief.case, brief, brief.visit_id, values, visit_id=brief.visit_id, needed_by=brief.starts_at
    )


def _visit(event: Any) -> Facts:
    return _of_visit(visits.visit(event.visit_id))


def _trip(event: Any) -> Facts:
    return _of_visit(visits.trip(event.visit_id))


def _visit_with_next_opening(event: Any) -> Facts:
    return _of_visit(visits.visit(event.visit_id, look_for_next=True))


def _moved_visit(event: Any) -> Facts:
    return _of_visit(visits.visit(event.visit_id, former_id=event.former_id))


def _former_visit(event: Any) -> Facts:
    return _of_visit(visits.visit(event.former_id))


def _of_talk(talk: ConversationView, brief: Any, key: str, said: MessageValues, subject_id: str) -> Facts:
    return Facts(
        brief,
        talk.conversation_id,
        key,
        said.of_talk(talk),
        customer=talk.customer,
        subject_id=subject_id,
        needed_by=talk.due_at,
    )


def _unread_messages(event: Any) -> Facts:
    talk = conversations.talk(event.conversation_id)
    unread = f"{event.conversation_id}:{event.side}:{event.seq}"
    return _of_talk(talk, talk, f"{event.conversation_id}:{event.seq}", at_present(), unread)


def _invitation(event: Any) -> Facts:
    talk = conversations.talk(event.conversation_id)
    key = f"{event.conversation_id}:{event.department}"
    return _of_talk(talk, talk, key, at_present(), event.conversation_id)


def _owed_answer(event: Any) -> Facts:
    talk = conversations.talk(event.conversation_id)
    said = at_present()
    key = f"{event.conversation_id}:{_seconds(event.since)}"
    # That it is overdue is told again each time.
    key = f"{key}:{_seconds(said.now)}" if event.overdue else key
    return _of_talk(talk, talk, key, said, event.conversation_id)


def _complaint(event: Any) -> Facts:
    brief = conversations.complaint(event.complaint_id)
    return _of_talk(brief.talk, brief, brief.complaint_id, at_present(), brief.complaint_id)


def _complaint_at(event: Any) -> Facts:
    brief = conversations.complaint(event.complaint_id)
    key = f"{brief.complaint_id}:{_seconds(event.at)}"
    return _of_talk(brief.talk, brief, key, at_present(), brief.complaint_id)


def _chase(event: Any) -> Facts:
    brief = conversations.chase(event.chase_id)
    return _of_chase(brief, brief.chase_id)


def _chase_at(event: Any) -> Facts:
    brief = conversations.chase(event.chase_id)
    return _of_chase(brief, f"{brief.chase_id}:{_seconds(event.at)}")


def _of_chase(brief: ChaseView, key: str) -> Facts:
    values = at_present().of_chase(brief)
    return _of_case(brief.case, brief, key, values, subject_id=brief.chase_id, needed_by=brief.due_at)


def _departure(event: Any) -> Facts:
    brief = departures.departure(event.departure_id)
    values = at_present().of_departure(brief, event.cases, event.tasks, event.visits)
    return Facts(brief, "", brief.departure_id, values)


def _proposal(event: Any) -> Facts:
    brief = departures.departure(event.departure_id, event.manager_id)
    values = at_present().of_departure(brief, event.cases, 0, 0)
    return Facts(brief, "", f"{brief.departure_id}:{event.manager_id}", values)


def _reassigned_task(event: Any) -> Facts:
    brief = cases.task(event.task_id)
    key = f"{brief.task_id}:{_seconds(event.at)}"
    values = at_present().of_task(brief)
    return _of_case(brief.case, brief, key, values, task_id=brief.task_id, needed_by=brief.due_at)


def _undelivered(event: Any) -> Facts:
    values = at_present().of_undelivered(event.since, event.found, event.callbacks, event.unreachable)
    return Facts(event.found, "", event.day.isoformat(), values)


def _skill(event: Any) -> Facts:
    brief = staff_skills.skill(event.staff_id, event.skill)
    key = f"{event.staff_id}:{brief.skill_key}:{brief.valid_until.isoformat()}"
    return Facts(brief, "", key, at_present().of_skill(brief))


def _terms(event: Any) -> Facts:
    terms = city.current().terms
    named = {terms[kind].name: number for kind, number in event.deleted.items()}
    return Facts(event, "", event.day.isoformat(), at_present().of_terms(named))


def _digest(event: Any) -> Facts:
    values = at_present().of_digest(event)
    return Facts(event, "", event.day.isoformat(), values, notice_id=event.notice_id)


def _seconds(instant: datetime | None) -> str:
    return "-" if instant is None else str(int(instant.timestamp()))


CASE = View(Subject.CASE, _case)
QUOTE = View(Subject.CASE, _quote)
PAPER = View(Subject.CASE, _paper)
RATING = View(Subject.RATING, _rating)
COMPLETED_STAGE = View(Subject.STAGE, _completed_stage)
RUNNING_STAGE = View(Subject.DUE, _running_stage)
STOP = View(Subject.STOP, _stop)
PROMISE = View(Subject.PROMISE, _promise)
CASE_CHANGE = View(Subject.TURN, _case_change)
TASK = View(Subject.TASK, _task)
MOVED_TASK = View(Subject.TASK, _moved_task)
TASK_NEAR_DUE = View(Subject.TASK, _task_near_due)
OVERDUE_TASK = View(Subject.TASK, _overdue_task)
VISIT = View(Subject.VISIT, _visit)
TRIP = View(Subject.VISIT, _trip)
"""A visit with those that are joined to it."""
VISIT_WITH_NEXT_OPENING = View(Subject.VISIT, _visit_with_next_opening)
"""Looking for the next opening costs as much as listing all of them."""
MOVED_VISIT = View(Subject.VISIT, _moved_visit)
FORMER_VISIT = View(Subject.VISIT, _former_visit)
UNREAD_MESSAGES = View(Subject.TALK, _unread_messages)
INVITATION = View(Subject.TALK, _invitation)
OWED_ANSWER = View(Subject.TALK, _owed_answer)
COMPLAINT = View(Subject.TALK, _complaint)
COMPLAINT_AT = View(Subject.TALK, _complaint_at)
CHASE = View(Subject.CHASE, _chase)
CHASE_AT = View(Subject.CHASE, _chase_at)
REASSIGNED_TASK = View(Subject.TASK, _reassigned_task)
DEPARTURE = View(Subject.DEPARTURE, _departure)
PROPOSAL = View(Subject.DEPARTURE, _proposal)
DIGEST = View(Subject.DIGEST, _digest)
UNDELIVERED = View(Subject.DELIVERY, _undelivered)
SKILL = View(Subject.SKILL, _skill)
TERMS = View(Subject.TERMS, _terms)
