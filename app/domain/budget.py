"""The promise budget: what is left of the published total and of the headline, and who runs short when.

A stage may use its own limit and whatever earlier stages saved. From then on it eats the time of those
that follow; whoever has to do them is warned at that moment, while all of theirs is still there. Everything
is exact working days (`Fraction`) on the working-time line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from app.domain.programs import figures
from app.domain.programs.definition import Program, Stage
from app.domain.programs.figures import StageLog
from app.domain.worktime import Covered, WorkingTime

_NOTHING = Fraction(0)


class StageState(StrEnum):
    """Where a stage stands in its case."""

    WAITING = "waiting"
    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class StageBudget:
    """One full-process stage: its limit (`planned`, None where the plan has none) against what it used.

    `projected` is what it comes to if it keeps its limit from now on; for a late stage, what it used.
    """

    key: str
    state: StageState
    planned: Fraction | None
    used: Fraction
    projected: Fraction

    @property
    def left(self) -> Fraction | None:
        """What is left of its own limit; negative when it is late."""
        return None if self.planned is None else self.planned - self.used


@dataclass(frozen=True, slots=True)
class Threat:
    """From `at` on, the open stage `stage` eats the time of `later`, the stages still to come, in order."""

    stage: str
    at: datetime
    later: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """The published total against the case so far. `reserve` is what all stages together may still lose.

    `total` is the plan's own number and not the sum of the stages; both it and `reserve` are None where the
    plan publishes none. A negative reserve means that the total will be broken unless time is made up.
    """

    total: Fraction | None
    used: Fraction
    projected: Fraction
    reserve: Fraction | None
    stages: tuple[StageBudget, ...]
    threat: Threat | None


@dataclass(frozen=True, slots=True)
class HeadlineBudget:
    """The headline's working days against its 环节 so far.

    `running` is the stage of which a counted stretch runs now; `warn_at` is when its people are told that the
    promise will break, by the program's own margin. Both are None while nothing of the headline runs, and
    `warn_at` while the clock stands still.
    """

    promised: Fraction
    used: Fraction
    left: Fraction
    running: str | None
    warn_at: datetime | None


def budget(
    line: WorkingTime,
    program: Program,
    logs: Sequence[StageLog],
    stops: Covered,
    now: datetime,
    *,
    stopped: bool,
) -> Budget:
    """The budget of a case at `now`. While the clock stands still (`stopped`), nothing threatens."""
    inside = [stage for stage in program.stages if stage.in_full_process]
    stages = tuple(_stage(line, stage, logs, stops, now) for stage in inside)
    ticks = figures.full_process(line, program.full_process, logs, stops, now) or 0
    used = Fraction(ticks, line.ticks_per_day)
    # Not the sum of the stages' projections: time between stages counts for the whole, too.
    to_come = sum((stage.projected - stage.used for stage in stages), _NOTHING)
    total = program.total.max
    reserve = None if total is None else total - used - to_come
    threat = None if stopped else _threat(line, stages, reserve, now)
    return Budget(total, used, used + to_come, reserve, stages, threat)


def headline_budget(
    line: WorkingTime,
    program: Program,
    logs: Sequence[StageLog],
    tasks_done: Mapping[tuple[str, int], datetime],
    stops: Covered,
    now: datetime,
    *,
    stopped: bool,
) -> HeadlineBudget | None:
    """The headline's budget at `now`; None where the plan has no headline. `stopped`: a stop is open."""
    promise = program.headline
    ticks = figures.headline(line, program, logs, tasks_done, stops, now)
    if promise is None or ticks is None:
        return None
    used = Fraction(ticks, line.ticks_per_day)
    entries = figures.headline_entries(promise, logs, tasks_done)
    running = next((entry.stage for entry in entries if entry.end is None), None)
    left = promise.working_days - used
    warn_at = None
    if running is not None and promise.warn_before is not None and not stopped:
        warn_at = line.after(now, max(left - promise.warn_before, _NOTHING))
    return HeadlineBudget(promise.working_days, used, left, running, warn_at)


def _stage(
    line: WorkingTime, stage: Stage, logs: Sequence[StageLog], stops: Covered, now: datetime
) -> StageBudget:
    key, planned = stage.key, stage.limit.max
    entered = [log for log in logs if log.key == key]
    used = Fraction(figures.stage_figure(line, stage, entered, stops, now).used, line.ticks_per_day)
    projected = max(used, planned or _NOTHING)
    # An entry that was sent back was for nothing, but its time is gone: the stage will be entered again.
    if all(log.void is not None for log in entered):
        return StageBudget(key, StageState.WAITING, planned, used, projected)
    if all(log.completed_at for log in entered):
        return StageBudget(key, StageState.DONE, planned, used, used)
    return StageBudget(key, StageState.OPEN, planned, used, projected)


def _threat(
    line: WorkingTime, stages: Sequence[StageBudget], reserve: Fraction | None, now: datetime
) -> Threat | None:
    later = tuple(stage.key for stage in stages if stage.state is StageState.WAITING)
    if reserve is None or not later:
        return None
    # At a day's end `after` is the next morning, when nobody's time is gone yet and people are there to read.
    threats = [
        # Within its own limit a stage takes nothing from the reserve; beyond it, a day of it a day.
        Threat(stage.key, line.after(now, max(stage.left, _NOTHING) + max(reserve, _NOTHING)), later)
        for stage in stages
        if stage.state is StageState.OPEN and stage.left is not None
    ]
    return min(threats, key=lambda threat: threat.at, default=None)
