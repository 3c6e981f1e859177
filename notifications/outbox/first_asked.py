"""Who of a department's queue is told of its work first, and alone: the others read of it in the morning.

Of ten people one takes a task. Telling all ten at once, of forty tasks a day, is how an account gets muted.
When a task comes near its due date and nobody has taken it, everybody is reminded (`task_reminder`).
"""

from collections.abc import Sequence

from app.core import clock
from app.services.people import recipients
from app.services.people.recipients import StaffRecipient
from notifications.outbox import delivery_rules, mornings, outbox


def first_of(kind: str, people: Sequence[StaffRecipient]) -> Sequence[StaffRecipient]:
    """As many of `people` as the city asks first: present, reachable, and told least of `kind` today."""
    most = delivery_rules.current().asked_first
    if len(people) <= most:
        return people
    present = recipients.present({person.staff_id for person in people})
    able = [person for person in people if person.staff_id in present and person.addresses]
    if not able:
        return people
    told = outbox.told_alone(kind, {person.staff_id for person in able}, mornings.start_of_day(clock.now()))
    return sorted(able, key=lambda person: (told[person.staff_id], person.number))[:most]
