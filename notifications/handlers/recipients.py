"""Who is told: the words of the table's column `to`. One event tells one person once by each line."""

from collections.abc import Callable, Iterable, Sequence

from app.core import clock
from app.services.event_views import cases, visits
from app.services.people import acting, recipients
from app.services.people.recipients import StaffRecipient
from notifications.handlers.notice_rule import Context, To
from notifications.outbox import first_asked, outbox
from notifications.outbox.outbox import Recipient, dedupe_key
from notifications.wording import catalog
from notifications.wording.kinds import Audience

StaffOf = Callable[[Context], Iterable[StaffRecipient]]


def staff(*groups: StaffOf) -> To:
    """Members of staff: everybody of these groups who has not left."""

    def find(context: Context) -> Sequence[Recipient]:
        return [_member(person) for group in groups for person in group(context) if person.here]

    return To(Audience.STAFF, find)


def _customer(context: Context) -> Sequence[Recipient]:
    # A case may have been opened for somebody who has never logged in.
    known = context.facts.customer
    if known is None:
        return ()
    return (Recipient(Audience.CUSTOMER, known.customer_id, known.addresses),)


CUSTOMER = To(Audience.CUSTOMER, _customer)
"""The customer, if the mini-program knows them."""


def manager(context: Context) -> Iterable[StaffRecipient]:
    """Who acts for the manager of the case."""
    return (context.case.acting,)


def manager_unless_author(context: Context) -> Iterable[StaffRecipient]:
    """The manager, unless it was they who filled in the form with the customer."""
    acting = context.case.acting
    return () if context.event.by_staff_id == acting.staff_id else (acting,)


def supervisors(_context: Context) -> Iterable[StaffRecipient]:
    """Everybody who audits the promise."""
    return recipients.supervisors()


def holders(context: Context) -> Iterable[StaffRecipient]:
    """Who holds the task, held the case's work when it changed, or works on the stage of a chase."""
    people: Iterable[StaffRecipient] = context.brief.holders
    return people


def holders_not_told_yet(context: Context) -> Iterable[StaffRecipient]:
    """The holders, without those whom the message of what opened this task has just told of it."""
    task = context.brief
    messages = catalog.current().messages
    kinds = {"low_rating"} | ({"new_case"} if task.opened_at == task.case.opened_at else set())
    keys = {
        dedupe_key(kind, task.case.case_id, person.staff_id): person.staff_id
        for kind in kinds
        if task.task_key in messages[kind].includes_tasks
        for person in task.holders
    }
    told = {keys[key] for key in outbox.already_told(keys)} if keys else set()
    return [person for person in task.holders if person.staff_id not in told]


def first_of(kind: str, group: StaffOf) -> StaffOf:
    """Of a queue, those whose turn it is to be told by `kind`; somebody who holds it alone is told anyhow."""

    def people(context: Context) -> Iterable[StaffRecipient]:
        return first_asked.first_of(kind, list(group(context)))

    return people


def reviewer(_context: Context) -> Iterable[StaffRecipient]:
    """The supervisor who looks into a low rating, if there is one."""
    found = acting.reviewer(clock.now())
    return () if found is None else (recipients.member(found),)


def holders_of_stage(context: Context) -> Iterable[StaffRecipient]:
    """Who works on the stage that the event names."""
    return cases.holders_of_stage(context.event.case_id, context.event.stage_key)


def people_of_later_stages(context: Context) -> Iterable[StaffRecipient]:
    """Those whose time is used up by a late stage before theirs."""
    people: Iterable[StaffRecipient] = context.brief.later_people
    return people


def maker_of_paper(context: Context) -> Iterable[StaffRecipient]:
    """Who made the paper, and perhaps stands at the customer's door."""
    return (recipients.member(context.event.staff_id),)


def holder_of_skill(context: Context) -> Iterable[StaffRecipient]:
    """Whose skill lapses: they have to renew it."""
    return (context.brief.holder,)


def visitors(context: Context) -> Iterable[StaffRecipient]:
    """Everybody who comes to the visit, the lead first."""
    people: Iterable[StaffRecipient] = context.brief.visitors
    return people


def visitors_who_came(context: Context) -> Iterable[StaffRecipient]:
    """Those of the visitors who have checked in."""
    return visits.who_came(context.brief.visit_id)


def lead_visitor(context: Context) -> Iterable[StaffRecipient]:
    """The first of the visitors."""
    people: Sequence[StaffRecipient] = context.brief.visitors
    return people[:1]


def visitors_of_trip(context: Context) -> Iterable[StaffRecipient]:
    """The visitors, without those whom a reminder of the visit that it is joined to tells of this one."""
    first = context.brief.announced_with
    told = () if first is None else visits.people(first)
    return [person for person in visitors(context) if person not in told]


def came_or_lead(context: Context) -> Iterable[StaffRecipient]:
    """Who checked in; the first of the visitors where nobody did, who knows why."""
    return visits.who_came(context.brief.visit_id) or lead_visitor(context)


def visitors_who_stay(context: Context) -> Iterable[StaffRecipient]:
    """Who comes to a moved visit and would have come to the former one."""
    before = visits.people(context.event.former_id)
    return [person for person in visitors(context) if person in before]


def visitors_who_join(context: Context) -> Iterable[StaffRecipient]:
    """Who comes to a moved visit only."""
    before = visits.people(context.event.former_id)
    return [person for person in visitors(context) if person not in before]


def visitors_who_leave(context: Context) -> Iterable[StaffRecipient]:
    """Who would have come to the former visit only."""
    now = visits.people(context.event.visit_id)
    return [person for person in visits.people(context.event.former_id) if person not in now]


def answering(context: Context) -> Iterable[StaffRecipient]:
    """Who answers the conversation at present."""
    return (context.brief.answering,)


def department(context: Context) -> Iterable[StaffRecipient]:
    """Everybody of the department that the event names."""
    return recipients.everybody_of(context.event.department)


def former_holder(context: Context) -> Iterable[StaffRecipient]:
    """Who held the task until now, unless it lay in a queue."""
    former = context.event.former_id
    return () if former is None else (recipients.member(former),)


def proposed_manager(context: Context) -> Iterable[StaffRecipient]:
    """Who acts for the manager to whom cases of somebody who left pass."""
    return () if context.brief.manager is None else (context.brief.manager,)


def reader(context: Context) -> Iterable[StaffRecipient]:
    """Who reads the morning's message."""
    return (context.event.reader,)


def responsible(context: Context) -> Iterable[StaffRecipient]:
    """Who is responsible for a complaint, and whoever stands in for them."""
    people: Iterable[StaffRecipient] = context.brief.responsible
    return people


def _member(person: StaffRecipient) -> Recipient:
    return Recipient(Audience.STAFF, person.staff_id, person.addresses)
