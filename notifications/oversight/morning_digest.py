"""The morning's message: on working days everybody is told, once, what was gathered for them."""

from datetime import datetime

from sqlalchemy import Boolean, String, bindparam

from app.core import clock, eventbus
from app.core.ids import new_id
from app.core.queue import Work
from app.services.operations import run_once
from app.services.scheduling import working_hours
from notifications.dispatch import quiet_hours
from notifications.followup import gathered
from notifications.followup.gathered import MorningCame
from notifications.outbox import mornings
from notifications.oversight.morning_summary import DAY_OFF, time_of_day

JOB = "morning_digest"

WORK = Work(
    "digest",
    bindparam("summary_time", type_=Boolean()).is_(True)
    & run_once.is_not_done((JOB, DAY_OFF), bindparam("summary_day", type_=String())),
    parameters=time_of_day,
)


def tell() -> int:
    """Tell everybody what was gathered for them, once a working day; how many people were told just now.

    In the caller's transaction. Whoever has nothing to read gets nothing. What could only be told in the
    quiet hours, after an outage, is part of the next morning's message.
    """
    now = clock.now()
    today = working_hours.local_day(now)
    if now < mornings.due_on(today) or not mornings.is_working_day(today) or _is_night(now):
        return 0
    if not run_once.claim(JOB, today.isoformat()):
        return 0
    gathered.take_out_the_pointless(now)
    found = gathered.by_reader()
    with eventbus.together():
        for reader, notices in found.items():
            event = MorningCame(today, new_id(), reader, notices)
            eventbus.publish(event)
            gathered.told(event, now)
    return len(found)


def next_due() -> datetime:
    """When the next morning's message is due; in the past if today's is.

    For whoever moves a clock and must skip no morning: what happens later in a day belongs to the next one.
    """
    now = clock.now()
    today = working_hours.local_day(now)
    over = now >= mornings.due_on(today) and _is_night(now)
    if mornings.is_working_day(today) and not over and not run_once.is_done(JOB, today.isoformat()):
        return mornings.due_on(today)
    return mornings.due_on(mornings.next_after(now))


def _is_night(now: datetime) -> bool:
    return quiet_hours.end_of_night(now) > now
