"""What a case's time comes to, computed from its log of starts and stops (docs/decisions/0002).

All results are exact, in ticks of the line; rounding is the presenter's, once (`WorkingTime.shown`). Stops
are passed in as the union that they cover, for one case has many figures and one set of stops.
"""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from app.domain.programs.definition import Headline, Program, Stage
from app.domain.programs.engine import counts_stops
from app.domain.worktime import Covered, Stretch, WorkingTime


class StageLog(NamedTuple):
    """One entry of a case into a stage; `completed_at` is None while it is open.

    `round` counts the entries from 1; `void` says why an entry no longer stands (it was sent back, has to
    be repeated, or its case ended), and is None while it does. Its time counts all the same. `made_at` is the
    first dated try of a return visit, by which it counts as made (docs/decisions/0028).
    """

    key: str
    opened_at: datetime
    due_at: datetime | None
    completed_at: datetime | None
    round: int = 1
    void: str | None = None
    made_at: datetime | None = None

    @property
    def counted_until(self) -> datetime | None:
        """When its time ended; None while it runs."""
        return self.made_at or self.completed_at


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
        measured = line.measured(entry.opened_at, entry.counted_until or now, relevant)
        used += measured.used
        stopped += measured.stopped
    return StageFigure(used, stopped)


def full_process(
    line: WorkingTime, inside: Set[str], logs: Sequence[StageLog], stops: Covered, now: datetime
) -> int | None:
    """The full-process figure, from acceptance to water-on ; None before acceptance began.

    `inside` are the keys of the stages that the program counts in it.
    """
    whole = process_stretch(inside, logs, now)
    return None if whole is None else line.measured(whole.start, whole.end, stops).used


def process_stretch(inside: Set[str], logs: Sequence[StageLog], now: datetime) -> Stretch | None:
    """From the first opening of a stage of `inside` to the end of the last, or to `now` until then."""
    entered = [log for log in logs if log.key in inside]
    if not entered:
        return None
    standing = {log.key for log in entered if log.void is None}
    finished = inside == standing and all(log.completed_at for log in entered)
    end = max(log.completed_at for log in entered if log.completed_at) if finished else now
    return Stretch(min(log.opened_at for log in entered), end)


def stage_stretches(key: str, logs: Sequence[StageLog], now: datetime) -> list[Stretch]:
    """Every entry into a stage, an open one lasting until `now`."""
    return [Stretch(log.opened_at, log.counted_until or now) for log in logs if log.key == key]


def headline(
    line: WorkingTime,
    program: Program,
    logs: Sequence[StageLog],
    tasks_done: Mapping[tuple[str, int], datetime],
    stops: Covered,
    now: datetime,
) -> int | None:
    """What the headline's two 环节 have used together by `now`; None where the plan has no headline.

    `tasks_done` gives the completion of the tasks that bound a stretch, by task key and round. What was
    used before a stage was sent back stays used.
    """
    if program.headline is None:
        return None
    entries = headline_entries(program.headline, logs, tasks_done)
    return sum(line.measured(entry.start, entry.end or now, stops).used for entry in entries)


class HeadlineEntry(NamedTuple):
    """A stretch of a stage that counts for the headline; `end` is None while it runs."""

    stage: str
    start: datetime
    end: datetime | None


def headline_entries(
    promise: Headline, logs: Sequence[StageLog], tasks_done: Mapping[tuple[str, int], datetime]
) -> list[HeadlineEntry]:
    """The stretches that the headline covers and that have begun, by the log.

    A stretch whose closing task was never done ends with its stage: the entry was sent back before.
    """
    entries = []
    for span in promise.spans:
        for log in logs:
            if log.key != span.stage:
                continue
            start: datetime | None = log.opened_at
            end = log.completed_at
            if span.from_task is not None:
                start = tasks_done.get((span.from_task, log.round))
            if span.to_task is not None:
                end = tasks_done.get((span.to_task, log.round)) or end
            if start is not None:
                entries.append(HeadlineEntry(span.stage, start, end))
    return entries
