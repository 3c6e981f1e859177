"""The public guide (办事指南): a program as the customer API and the `programs` command show it."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from app.domain.programs.definition import Program, Stage


def describe(program: Program, departments: Mapping[str, str]) -> dict[str, Any]:
    """The program as JSON values; working days are whole numbers or end in .5.

    :param departments: names by key.
    """
    headline = program.headline
    return {
        "key": program.key,
        "name": program.name,
        "headline": None
        if headline is None
        else {
            "links": headline.links,
            "working_days": _number(headline.working_days),
            "documents": headline.documents,
        },
        "total": {"min": _number(program.total.min), "max": _number(program.total.max)},
        "stages": [_describe_stage(stage, departments) for stage in program.stages],
        "stop_reasons": [{"key": reason.key, "name": reason.name} for reason in program.stop_reasons],
        "documents": [document.name for document in program.documents],
        "source": program.source,
    }


def _describe_stage(stage: Stage, departments: Mapping[str, str]) -> dict[str, Any]:
    return {
        "key": stage.key,
        "name": stage.name,
        "kind": stage.kind.value,
        "min": _number(stage.limit.min),
        "max": _number(stage.limit.max),
        "same_day": stage.same_day,
        "departments": [departments[key] for key in stage.departments],
    }


def _number(days: Fraction | None) -> int | float | None:
    if days is None:
        return None
    return days.numerator if days.denominator == 1 else float(days)
