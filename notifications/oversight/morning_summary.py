"""The morning summary: what never arrived or could not be read, as part of supervisors' morning message."""

from datetime import datetime, timedelta

from sqlalchemy import Boolean, String, bindparam

from app.core import clock, eventbus
from app.core.queue import Work
from app.services.operations import run_once
from app.services.scheduling import working_hours
from notifications.followup import undelivered
from notifications.followup.undelivered import MessagesUndelivered
from notifications.incoming import failed_callbacks
from notifications.outbox import mornings
from notifications.oversight import unreachable_staff

JOB = "undelivered_summary"
DAY_OFF = "undelivered_summary_day_off"
"""What is noted in place of the summary on a day without office hours, so that the day is looked at once."""

LONGEST_BACK = timedelta(days=15)
"""How far the first summary looks back, and one after the longest holiday."""


def time_of_day(now: datetime) -> dict[str, object]:
    """The parameters of work that is due once a day, from the city's time on."""
    today = working_hours.local_day(now)
    return {"summary_day": today.isoformat(), "summary_time": now >= mornings.due_on(today)}


WORK = Work(
    "morning",
    bindparam("summary_time", type_=Boolean()).is_(True)
    & run_once.is_not_done((JOB, DAY_OFF), bindparam("summary_day", type_=String())),
    parameters=time_of_day,
)


def tell() -> bool:
    """Tell supervisors once a working day, from the city's time on; whether it was done just now.

    In the caller's transaction. Whichever process comes first does it; one that comes late still does it, on
    the same day. A day on which everything arrived, everything that WeChat pushed was handled, and everybody
    could be reached who had something to hear, is not told.
    """
    now = clock.now()
    today = working_hours.local_day(now)
    if now < mornings.due_on(today):
        return False
    if not mornings.is_working_day(today):
        run_once.claim(DAY_OFF, today.isoformat())
        return False
    since = run_once.last_run(JOB) or now - LONGEST_BACK
    if not run_once.claim(JOB, today.isoformat()):
        return False
    found, failed = undelivered.total(since, now), failed_callbacks.count(since, now)
    unreachable = unreachable_staff.told_in_vain(since, now)
    if found.all or failed or unreachable:
        eventbus.publish(MessagesUndelivered(today, since, found, failed, unreachable))
    return True
