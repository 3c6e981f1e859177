"""What a program binds to money, papers and meters must exist: a quote to agree with, a paper to confirm."""

from collections.abc import Callable

from app.domain.programs.definition import Program
from app.domain.programs.tasks import (
    NEEDED_OUTPUTS,
    PLANNED_CALIBRE,
    OutputField,
    OutputKind,
    Pricing,
    TaskSpec,
)

Note = Callable[[str, str], None]
"""Remembers a fault: the path of the value, and what is wrong with it."""


def check_commitments(program: Program, note: Note) -> None:
    """Note every task and output whose counterpart is missing from the program."""
    tasks = [task for stage in program.stages for task in stage.tasks]
    outputs = {output.key: output for task in tasks for output in task.outputs}
    quotes = any(task.issues_quote is not None for task in tasks)
    for place, stage in enumerate(program.stages):
        for at, task in enumerate(stage.tasks):
            path = f"stages[{place}].tasks[{at}]"
            _check_milestone_outputs(task, path, note)
            if task.requires_choice and not quotes:
                note(f"{path}.requires_choice", "no task of the program issues a quote")
            if task.issues_quote is Pricing.PRICE_LIST and PLANNED_CALIBRE not in outputs:
                note(f"{path}.issues_quote", f"no task delivers {PLANNED_CALIBRE!r}")
            for number, output in enumerate(task.outputs):
                where = f"{path}.outputs[{number}]"
                _check_output(task, output, where, note, quotes=quotes)
                _check_comparison(output, outputs.get(output.at_most or ""), where, note)


def _check_milestone_outputs(task: TaskSpec, path: str, note: Note) -> None:
    kinds = {output.key: output.kind for output in task.outputs if output.required}
    for mark in task.milestones:
        for key, kind in NEEDED_OUTPUTS.get(mark, {}).items():
            if kinds.get(key) is not kind:
                note(f"{path}.outputs", f"sets {mark!r} and needs {key!r} of kind {kind.value!r}, required")


def _check_output(task: TaskSpec, output: OutputField, path: str, note: Note, *, quotes: bool) -> None:
    of_paper = output.agrees_with == "paper_number"
    if output.agrees_with is not None and not of_paper and not quotes:
        note(f"{path}.agrees_with", "no task of the program issues a quote")
    if of_paper and task.requires_paper is None:
        note(f"{path}.agrees_with", "the task requires no paper")
    if output.in_paper and task.requires_paper is None:
        note(f"{path}.in_paper", "the task requires no paper")


def _check_comparison(output: OutputField, other: OutputField | None, path: str, note: Note) -> None:
    if output.at_most is None:
        return
    if other is None or other.kind is not OutputKind.CHOICE:
        note(f"{path}.at_most", f"no task delivers a choice {output.at_most!r}")
