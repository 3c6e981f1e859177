"""The morning summary: on working days supervisors are told what never arrived."""

from datetime import datetime, time, timedelta

from app.core import clock, eventbus
from app.services.installation import city
from app.services.operations import run_once
from notifications.followup import undelivered
from notifications.followup.undelivered import MessagesUndelivered
from notifications.outbox import delivery_rules

JOB = "undelivered_summary"

LONGEST_BACK = timedelta(days=15)
"""How far the first summary looks back, and one after the longest holiday."""


def tell() -> bool:
    """Tell supervisors once a working day, from the city's time on; whether it was done just now.

    In the caller's transaction. Whichever process comes first does it; one that comes late still does it, on
    the same day. A day on which everything arrived is not told.
    """
    now = clock.now()
    local = now.astimezone(city.zone())
    today = local.date()
    due = datetime.combine(today, time.fromisoformat(delivery_rules.current().summary_at), city.zone())
    if now < due or not city.working_time().open_periods(today):
        return False
    since = run_once.last_run(JOB) or now - LONGEST_BACK
    if not run_once.claim(JOB, today.isoformat()):
        return False
    found = undelivered.total(since, now)
    if found.all:
        eventbus.publish(MessagesUndelivered(today, since, found))
    return True
