"""What a case's time comes to, computed from its log of starts and stops (design.md, rule 4).

All results are exact working days (`Fraction`); rounding is the presenter's, once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from app.domain.programs.definition import Headline, Program
from app.domain.programs.engine import counts_stops
from app.domain.worktime import Stretch, WorkingTime


@dataclass(frozen=True, slots=True)
class StageLog:
    """One entry of a case into a stage; `completed_at` is None while it is open."""

    key: str
    opened_at: datetime
    due_at: datetime | None
    completed_at: datetime | None


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
    for entry in stage_stretches(key, logs, now):
        used += line.used(entry.start, entry.end, relevant)
        stopped += line.stopped(entry.start, entry.end, relevant)
    return StageFigure(used, stopped)


def full_process(
    line: WorkingTime, program: Program, logs: Sequence[StageLog], stops: Sequence[Stretch], now: datetime
) -> Fraction | None:
    """The full-process figure, from acceptance to water-on (programs.md); None before acceptance began."""
    whole = process_stretch(program, logs, now)
    return None if whole is None else line.used(whole.start, whole.end, stops)


def process_stretch(program: Program, logs: Sequence[StageLog], now: datetime) -> Stretch | None:
    """From the first opening of a full-process stage to the end of the last, or to `now` until then."""
    inside = {stage.key for stage in program.stages if stage.in_full_process}
    entered = [log for log in logs if log.key in inside]
    if not entered:
        return None
    finished = inside == {log.key for log in entered} and all(log.completed_at for log in entered)
    end = max(log.completed_at for log in entered if log.completed_at) if finished else now
    return Stretch(min(log.opened_at for log in entered), end)


def stage_stretches(key: str, logs: Sequence[StageLog], now: datetime) -> list[Stretch]:
    """Every entry into a stage, an open one lasting until `now`."""
    return [Stretch(log.opened_at, log.completed_at or now) for log in logs if log.key == key]


def headline(
    line: WorkingTime,
    program: Program,
    logs: Sequence[StageLog],
    tasks_done: Mapping[str, datetime],
    stops: Sequence[Stretch],
    now: datetime,
) -> Fraction | None:
    """What the headline's two 环节 have used together by `now`; None where the plan has no headline.

    `tasks_done` gives the completion of the tasks that bound a stretch, by task key.
    """
    if program.headline is None:
        return None
    entries = headline_entries(program.headline, logs, tasks_done)
    return sum((line.used(entry.start, entry.end or now, stops) for entry in entries), Fraction(0))


@dataclass(frozen=True, slots=True)
class HeadlineEntry:
    """A stretch of a stage that counts for the headline; `end` is None while it runs."""

    stage: str
    start: datetime
    end: datetime | None


def headline_entries(
    promise: Headline, logs: Sequence[StageLog], tasks_done: Mapping[str, datetime]
) -> list[HeadlineEntry]:
    """The stretches that the headline covers and that have begun, by the log."""
    entries = []
    for span in promise.spans:
        for log in logs:
            start = log.opened_at if span.from_task is None else tasks_done.get(span.from_task)
            if log.key == span.stage and start is not None:
                end = log.completed_at if span.to_task is None else tasks_done.get(span.to_task)
                entries.append(HeadlineEntry(span.stage, start, end))
    return entries
