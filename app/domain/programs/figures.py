"""What a case's time comes to, computed from its log of starts and stops (design.md, rule 4).

All results are exact, in ticks of the line; rounding is the presenter's, once (`WorkingTime.shown`). Stops
are passed in as the union that they cover, for one case has many figures and one set of stops.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from app.domain.programs.definition import HeadlineSpan, Program, Stage
from app.domain.programs.engine import counts_stops
from app.domain.worktime import Covered, WorkingTime


class StageLog(NamedTuple):
    """One entry of a case into a stage; `completed_at` is None while it is open."""

    key: str
    opened_at: datetime
    due_at: datetime | None
    completed_at: datetime | None


class StageFigure(NamedTuple):
    """The ticks that a stage has used and that its clock has stood still, over all its entries."""

    used: int
    stopped: int


def stage_figure(
    line: WorkingTime, stage: Stage, entries: Sequence[StageLog], stops: Covered, now: datetime
) -> StageFigure:
    """What one stage comes to by `now`, over its `entries`."""
    relevant = stops if counts_stops(stage) else ()
    used = stopped = 0
    for entry in entries:
        measured = line.measured(entry.opened_at, entry.completed_at or now, relevant)
        used += measured.used
        stopped += measured.stopped
    return StageFigure(used, stopped)


def full_process(
    line: WorkingTime, inside: Set[str], logs: Sequence[StageLog], stops: Covered, now: datetime
) -> int | None:
    """The full-process figure, from acceptance to water-on (programs.md); None before acceptance began.

    `inside` are the keys of the stages that the program counts in it.
    """
    entered = [log for log in logs if log.key in inside]
    if not entered:
        return None
    finished = inside == {log.key for log in entered} and all(log.completed_at for log in entered)
    end = max(log.completed_at for log in entered if log.completed_at) if finished else now
    return line.measured(min(log.opened_at for log in entered), end, stops).used


def headline(
    line: WorkingTime,
    program: Program,
    logs: Sequence[StageLog],
    tasks_done: Mapping[str, datetime],
    stops: Covered,
    now: datetime,
) -> int | None:
    """What the headline's two 环节 have used together by `now`; None where the plan has no headline.

    `tasks_done` gives the completion of the tasks that bound a stretch, by task key.
    """
    if program.headline is None:
        return None
    return sum(_span(line, span, logs, tasks_done, stops, now) for span in program.headline.spans)


def _span(
    line: WorkingTime,
    span: HeadlineSpan,
    logs: Sequence[StageLog],
    tasks_done: Mapping[str, datetime],
    stops: Covered,
    now: datetime,
) -> int:
    total = 0
    for log in logs:
        if log.key != span.stage:
            continue
        start = log.opened_at if span.from_task is None else tasks_done.get(span.from_task)
        end = log.completed_at if span.to_task is None else tasks_done.get(span.to_task)
        if start is not None:
            total += line.measured(start, end or now, stops).used
    return total
