"""Who is told of what waits in a conversation: unread messages, answers owed, chases, complaints.

A notice never holds what somebody wrote: it says that there is something to read, and who wrote it. Of a
general enquiry, which has no case, the conversation's own id stands in the place of the case's.
"""

from collections.abc import Iterable

from app.domain import events
from app.domain.conversation.message_states import Side
from app.services.event_views import conversations as talk_briefs
from app.services.event_views.conversations import ChaseBrief, TalkBrief
from app.services.people import recipients
from app.services.people.recipients import PersonBrief
from notifications.outbox.outbox import Occasion, Recipient, enqueue
from notifications.telling.recipients import speech, staff
from notifications.wording.kinds import Audience, Kind


def messages_unread(event: events.MessagesUnread) -> None:
    """The side that has not read, once for a burst; of the utility whoever answers at present."""
    brief = talk_briefs.talk(event.conversation_id)
    key = f"{event.conversation_id}:{event.seq}"
    if event.side == Side.CUSTOMER:
        _tell_customer(Kind.MESSAGE_WAITING, key, brief)
    else:
        _tell_staff(Kind.CUSTOMER_WROTE, key, brief, [brief.answering])


def guest_invited(event: events.GuestInvited) -> None:
    """Everybody of the department that is asked to help."""
    brief = talk_briefs.talk(event.conversation_id)
    key = f"{event.conversation_id}:{event.department}"
    _tell_staff(Kind.TALK_INVITED, key, brief, recipients.everybody_of(event.department))


def answer_due(event: events.AnswerDue) -> None:
    """Whoever answers is reminded; that it is overdue, supervisors hear too."""
    brief = talk_briefs.talk(event.conversation_id)
    now = int(speech().now.timestamp())
    key = f"{event.conversation_id}:{int(event.since.timestamp())}"
    if event.overdue:
        people = [brief.answering, *recipients.supervisors()]
        _tell_staff(Kind.ANSWER_OVERDUE, f"{key}:{now}", brief, people)
    else:
        _tell_staff(Kind.ANSWER_DUE, key, brief, [brief.answering])


def case_chased(event: events.CaseChased) -> None:
    """The manager and those who work on the stage, with its figures."""
    brief = talk_briefs.chase(event.chase_id)
    _tell_of_chase(Kind.CASE_CHASED, brief.chase_id, brief)


def chase_overdue(event: events.ChaseOverdue) -> None:
    """The same people, and the supervisors."""
    brief = talk_briefs.chase(event.chase_id)
    key = f"{brief.chase_id}:{int(event.at.timestamp())}"
    _tell_of_chase(Kind.CHASE_OVERDUE, key, brief, *recipients.supervisors())


def complaint_raised(event: events.ComplaintRaised) -> None:
    """The first responsible person, and every supervisor."""
    brief = talk_briefs.complaint(event.complaint_id)
    people = [*brief.responsible, *recipients.supervisors()]
    _tell_staff(Kind.COMPLAINT_RAISED, brief.complaint_id, brief.talk, people)


def complaint_due(event: events.ComplaintDue) -> None:
    """The responsible person is reminded; that it is overdue, supervisors hear too."""
    brief = talk_briefs.complaint(event.complaint_id)
    key = f"{brief.complaint_id}:{int(event.at.timestamp())}"
    if event.overdue:
        people = [*brief.responsible, *recipients.supervisors()]
        _tell_staff(Kind.COMPLAINT_OVERDUE, key, brief.talk, people)
    else:
        _tell_staff(Kind.COMPLAINT_DUE, key, brief.talk, brief.responsible)


def complaint_answered(event: events.ComplaintAnswered) -> None:
    """The customer can read the answer and close the complaint."""
    brief = talk_briefs.complaint(event.complaint_id)
    key = f"{brief.complaint_id}:{int(event.at.timestamp())}"
    _tell_customer(Kind.COMPLAINT_ANSWERED, key, brief.talk)


def _tell_of_chase(kind: Kind, key: str, brief: ChaseBrief, *others: PersonBrief) -> None:
    people = [brief.case.acting, *brief.holders, *others]
    enqueue(Occasion(kind, key, brief.case.case_id, speech().of_chase(brief)), staff(people))


def _tell_customer(kind: Kind, key: str, brief: TalkBrief) -> None:
    """Somebody whom the mini-program does not know can be told nothing this way."""
    person = brief.customer
    if person is not None:
        known = Recipient(Audience.CUSTOMER, person.customer_id, person.openid, person.service_openid)
        enqueue(Occasion(kind, key, brief.conversation_id, speech().of_talk(brief)), [known])


def _tell_staff(kind: Kind, key: str, brief: TalkBrief, people: Iterable[PersonBrief]) -> None:
    enqueue(Occasion(kind, key, brief.conversation_id, speech().of_talk(brief)), staff(people))
