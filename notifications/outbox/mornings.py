"""When the morning's message is due: on every day with office hours, at the time of the city's data."""

from datetime import UTC, date, datetime, time, timedelta

from app.services.installation import city
from app.services.scheduling import working_hours
from notifications.outbox import delivery_rules


def start_of_day(now: datetime) -> datetime:
    """The midnight that begins the day of `now`."""
    return working_hours.midnight(working_hours.local_day(now)).astimezone(UTC)


def due_on(day: date) -> datetime:
    """The instant on that day, whether or not anybody works then."""
    return datetime.combine(day, time.fromisoformat(delivery_rules.current().summary_at), city.zone())


def is_working_day(day: date) -> bool:
    """Whether there are office hours on that day."""
    return bool(city.working_time().open_periods(day))


def next_after(now: datetime) -> date:
    """The day of the first morning's message after `now`."""
    day = working_hours.local_day(now)
    if now >= due_on(day):
        day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def end_of_next(now: datetime) -> datetime:
    """When the office closes on the day of the next morning's message.

    What is needed later than that can wait for it: there is a whole day left.
    """
    return city.working_time().day_end_due(due_on(next_after(now)))
