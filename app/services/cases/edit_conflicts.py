"""Concurrent edits of one case: the second person is told what changed since they looked."""

from collections.abc import Mapping

from app.domain.errors import ChangedMeanwhileError
from app.models import Case, Task
from app.services.cases import access
from app.services.cases.views import case_queries
from app.services.cases.views.case_queries import HistoryLine
from app.services.cases.views.case_version import case_version
from app.services.installation import city

_MOST_CHANGES = 50

Change = Mapping[str, str]


def expect_version(case: Case, seen: int) -> None:
    """Locks the case if its version is still `seen`.

    Raises `ChangedMeanwhileError` with the history since `seen`.
    """
    access.lock_case(case)
    present = case_version(case.id)
    if present != seen:
        raise ChangedMeanwhileError(
            present, [_told(line) for line in case_queries.case_history(case.id, seen, _MOST_CHANGES)]
        )


def task_history(task: Task) -> list[Change]:
    """The history of one task: who claimed, completed or corrected it, and when."""
    return [
        _told(line)
        for line in case_queries.case_history(task.case_id, 0, None)
        if (line.detail.get("stage"), line.detail.get("task")) == (task.stage_key, task.key)
        and line.at >= task.opened_at
    ]


def _told(line: HistoryLine) -> Change:
    zone = city.working_time().zone
    return {
        "at": line.at.astimezone(zone).isoformat(timespec="seconds"),
        "actor": line.actor,
        "text": line.text,
    }
