"""What can't be built on site (三(二)).

A pipe is never wider than the one it is taken from: a reserved outlet not than its main, the customer's
calibre not than either. Which value is held against which is the program's data (``not_above``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain import calibres
from app.domain.programs.definition import Stage
from app.domain.programs.tasks import OutputField


@dataclass(frozen=True, slots=True)
class TooWide:
    """A calibre that exceeds another: the fields by key, and their names and millimetres for people."""

    field: str
    name: str
    millimetres: int
    limit_name: str
    limit_millimetres: int


def nominal_mm(value: object) -> int | None:
    """A calibre in millimetres, whether recorded as a number or as a nominal diameter (DN20)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    try:
        return calibres.nominal_mm(value) if isinstance(value, str) else None
    except ValueError:
        # Text that is no calibre is compared with nothing.
        return None


def too_wide(stage: Stage, delivered: Mapping[str, Mapping[str, Any]]) -> list[TooWide]:
    """Everything that can't be among the calibres of a stage; ``delivered`` gives the outputs by task key.

    What is not known yet is not held against anything.
    """
    names = {f"{task.key}.{field.key}": field.name for task in stage.tasks for field in task.outputs}
    return [
        TooWide(field.key, field.name, own, names[other], limit)
        for task in stage.tasks
        for field in task.outputs
        for other in field.not_above
        if (own := _known(delivered, task.key, field)) is not None
        and (limit := _limit(delivered, other)) is not None
        and own > limit
    ]


def _known(delivered: Mapping[str, Mapping[str, Any]], task: str, field: OutputField) -> int | None:
    return nominal_mm(delivered.get(task, {}).get(field.key))


def _limit(delivered: Mapping[str, Mapping[str, Any]], path: str) -> int | None:
    task, _, field = path.partition(".")
    return nominal_mm(delivered.get(task, {}).get(field))
