"""Until when a message is of use: the instant that it carries, after which it is dropped instead of sent.

`loses_point` in messages.toml names the rule; a kind without an instant loses its point by what happens to
its subject (`dispatch/skip_rules.py`), or never.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.domain.programs.definition import ReminderKind
from app.services.scheduling import working_hours
from notifications.wording.catalog import PointLost

# The event, and its subject as a service describes it.
Until = Callable[[Any, Any], datetime | None]


def expires_at(loses_point: PointLost, event: object, brief: object) -> datetime | None:
    """When a message of this event becomes useless; None when no instant decides it."""
    until = _UNTIL.get(loses_point)
    return None if until is None else until(event, brief)


def _midnight(at: datetime, days: int = 0) -> datetime:
    """The beginning of an instant's day in the city's time zone, or so many days later."""
    return working_hours.midnight(working_hours.local_day(at) + timedelta(days=days))


def _task_due(event: Any, brief: Any) -> datetime | None:
    # What is said at the due date itself can only be sent after it.
    at_due = ReminderKind.AT_DUE in getattr(event, "kinds", ())
    return None if at_due else _ahead(event, brief.due_at)


def _answer_due(event: Any, brief: Any) -> datetime | None:
    return _ahead(event, brief.due_at if hasattr(brief, "due_at") else brief.talk.due_at)


def _ahead(event: Any, due_at: datetime | None) -> datetime | None:
    """The due date, if the event lies before it."""
    at = getattr(event, "at", None) or clock.now()
    return due_at if due_at is not None and at < due_at else None


_UNTIL: Mapping[PointLost, Until] = {
    PointLost.TASK_DUE: _task_due,
    PointLost.VISIT_DAY: lambda _, visit: _midnight(visit.starts_at),
    PointLost.VISIT_START: lambda _, visit: visit.starts_at,
    PointLost.VISIT_END: lambda _, visit: visit.ends_at,
    PointLost.VISIT_TIME: lambda _, visit: visit.ends_at,
    # A customer who reads tomorrow that nobody came today has heard it by other ways.
    PointLost.ARRIVAL: lambda _, visit: _midnight(visit.starts_at, days=1),
    PointLost.EXPECTED_ARRIVAL: lambda _, visit: visit.expected_at,
    PointLost.HOLD_END: lambda _, visit: visit.hold_until,
    PointLost.ANSWER_DUE: _answer_due,
    PointLost.NEXT_DAY: lambda _, __: _midnight(clock.now(), days=1),
}
