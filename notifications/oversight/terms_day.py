"""Once a day everything whose term is over is deleted, counted, and told to supervisors."""

from collections import Counter

from sqlalchemy import Boolean, String, bindparam

from app.core import clock, eventbus
from app.core.queue import Work
from app.domain.data_terms import DataKind
from app.domain.events import DataDeleted
from app.services.operations import run_once
from app.services.privacy import data_terms
from app.services.scheduling import working_hours
from notifications.handlers import personal_data
from notifications.outbox import mornings

JOB = "data_terms"
ROWS_AT_ONCE = 500
MOST_BATCHES = 200
"""A day deletes at most so many batches; the next one goes on."""


WORK = Work(
    "terms",
    bindparam("terms_time", type_=Boolean()).is_(True)
    & run_once.is_not_done((JOB,), bindparam("terms_day", type_=String())),
    parameters=lambda now: {
        "terms_day": working_hours.local_day(now).isoformat(),
        "terms_time": now >= mornings.due_on(working_hours.local_day(now)),
    },
)


def delete_batch() -> Counter[DataKind]:
    """Deletes one batch of each kind, in the caller's transaction."""
    deleted = Counter(data_terms.delete_past_terms(ROWS_AT_ONCE))
    deleted.update(personal_data.delete_past_terms(ROWS_AT_ONCE))
    return +deleted


def tell(deleted: Counter[DataKind]) -> None:
    """Ends the day's work, and tells supervisors if there was any; whoever comes second says nothing."""
    today = working_hours.local_day(clock.now())
    if run_once.claim(JOB, today.isoformat()) and deleted:
        eventbus.publish(DataDeleted(today, dict(deleted)))
