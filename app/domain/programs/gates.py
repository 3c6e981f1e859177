"""The rules of a value: what it must be for the case to go on, beside being written correctly.

The rules are the city's data, beside each output of ``cities/<city>/programs/*.toml``. A value that breaks
one is refused, or let pass with a reason where the data says by whom (``Passing``).
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Passing(StrEnum):
    """Who may let a value pass that breaks its rule, with a reason: nobody, its department, a supervisor."""

    NEVER = "never"
    REASON = "reason"
    SUPERVISOR = "supervisor"


NOW = "now"
CASE_OPENED = "case_opened"
STAGE_OPENED = "stage_opened"
STAGES = "stages."
"""Moments that a date is held against: now, the case's opening, the first opening of its own stage or, as
``stages.construction``, of another; ``task.output`` is a date that a task of the same stage delivered."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The rules of one output.

    ``unit`` of a number. ``either``: why any answer is acceptable, for a yes or no that is recorded as it is.
    ``accepted``: the choices with which the case may go on. ``usual_min``, ``usual_max``: the range of a
    number that needs no explanation. ``not_before``, ``not_after``: moments, to the minute. ``equals``: form
    fields whose sum the number must be. ``counts``: the form field that says how many meters are hung in all.
    ``needed_with``: another output and its values with which this text must be given. ``holds``: the task of
    the same stage that can't be completed with this value; without it, its own. ``passing``: who may let an
    exception pass.
    """

    unit: str = ""
    either: str = ""
    accepted: tuple[str, ...] = ()
    usual_min: Fraction | None = None
    usual_max: Fraction | None = None
    not_before: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()
    counts: str | None = None
    needed_with: tuple[str, tuple[str, ...]] | None = None
    holds: str | None = None
    passing: Passing = Passing.NEVER


NO_RULES = Gate()
