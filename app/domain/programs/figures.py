"""What a case's time comes to, computed from its log of starts and stops (design.md, rule 4).

All results are exact working days (`Fraction`); rounding is the presenter's, once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from app.domain.programs.definition import HeadlineSpan, Program
from app.domain.programs.engine import counts_stops
from app.domain.worktime import Stretch, WorkingTime


@dataclass(frozen=True, slots=True)
class StageLog:
    """One entry of a case into a stage; `completed_at` is None while it is open.

    `round` counts the entries from 1; `void` says why an entry no longer stands (it was sent back, has to
    be repeated, or its case ended), and is None while it does. Its time counts all the same.
    """

    key: str
    opened_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    round: int = 1
    void: str | None = None


@dataclass(frozen=True, slots=True)
class StageFigure:
    """Working days that a stage has used and that its clock has stood still, over all its entries."""

    used: Fraction
    stopped: Fraction


def stage_figure(
    line: WorkingTime,
    program: Program,
    key: str,
    logs: Sequence[StageLog],
    stops: Sequence[Stretch],
    now: datetime,
) -> StageFigure:
    """What one stage comes to by `now`."""
    relevant = stops if counts_stops(program.stage(key)) else ()
    used = stopped = Fraction(0)
    for log in logs:
        if log.key == key:
            end = log.completed_at or now
            used += line.used(log.opened_at, end, relevant)
            stopped += line.stopped(log.opened_at, end, relevant)
    return StageFigure(used, stopped)


def full_process(
    line: WorkingTime, program: Program, logs: Sequence[StageLog], stops: Sequence[Stretch], now: datetime
) -> Fraction | None:
    """The full-process figure, from acceptance to water-on (programs.md); None before acceptance began."""
    inside = {stage.key for stage in program.stages if stage.in_full_process}
    entered = [log for log in logs if log.key in inside]
    if not entered:
        return None
    standing = {log.key for log in entered if log.void is None}
    finished = inside == standing and all(log.completed_at for log in entered)
    end = max(log.completed_at for log in entered if log.completed_at) if finished else now
    return line.used(min(log.opened_at for log in entered), end, stops)


def headline(
    line: WorkingTime,
    program: Program,
    logs: Sequence[StageLog],
    tasks_done: Mapping[tuple[str, int], datetime],
    stops: Sequence[Stretch],
    now: datetime,
) -> Fraction | None:
    """What the headline's two 环节 have used together by `now`; None where the plan has no headline.

    `tasks_done` gives the completion of the tasks that bound a stretch, by task key and round. What was
    used before a stage was sent back stays used.
    """
    if program.headline is None:
        return None
    return sum(
        (_span(line, span, logs, tasks_done, stops, now) for span in program.headline.spans), Fraction(0)
    )


def _span(
    line: WorkingTime,
    span: HeadlineSpan,
    logs: Sequence[StageLog],
    tasks_done: Mapping[tuple[str, int], datetime],
    stops: Sequence[Stretch],
    now: datetime,
) -> Fraction:
    total = Fraction(0)
    for log in logs:
        if log.key != span.stage:
            continue
        start = log.opened_at if span.from_task is None else tasks_done.get((span.from_task, log.round))
        end = log.completed_at
        if span.to_task is not None:
            end = tasks_done.get((span.to_task, log.round)) or log.completed_at
        if start is not None:
            total += line.used(start, end or now, stops)
    return total
