"""Reading the rules of an output, and what they must be among each other.

Every output says what is acceptable: a number its unit and range, a yes or no what it must be or why either
will do, a date from when until when. What goes beyond that, or may be let pass, has a citation.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from app.domain.forms import FieldKind, Form
from app.domain.programs.definition import Program, Stage
from app.domain.programs.gates import CASE_OPENED, NOW, STAGE_OPENED, STAGES, Gate, Passing
from app.domain.programs.tasks import OutputField, OutputKind, TaskSpec
from app.domain.toml_reader import Table

Note = Callable[[str, str], None]
"""Remembers a fault: the path of the value, and what is wrong with it."""

MOMENTS = frozenset({NOW, CASE_OPENED, STAGE_OPENED})
_CITED = ("accepted", "usual", "equals", "counts", "passing")
_OF_KIND: Mapping[str, frozenset[OutputKind]] = {
    "unit": frozenset({OutputKind.INTEGER, OutputKind.DECIMAL}),
    "either": frozenset({OutputKind.BOOLEAN}),
    "accepted": frozenset({OutputKind.CHOICE}),
    "usual": frozenset({OutputKind.INTEGER, OutputKind.DECIMAL, OutputKind.FEN}),
    "not_before": frozenset({OutputKind.DATETIME}),
    "not_after": frozenset({OutputKind.DATETIME}),
    "equals": frozenset({OutputKind.INTEGER}),
    "counts": frozenset({OutputKind.METERS}),
    "needed_with": frozenset({OutputKind.TEXT}),
}


def read_gate(row: Table, kind: OutputKind) -> Gate:
    """The rules of one output; each only for the kinds of value that it can be held against."""
    for key, kinds in _OF_KIND.items():
        if row.has(key) and kind not in kinds:
            row.fault(key, f"has no meaning for a value of kind {kind.value!r}")
    if any(row.has(key) for key in _CITED):
        row.cite()
    lowest, highest = _usual(row)
    return Gate(
        unit=row.text("unit", optional=True),
        either=row.text("either", optional=True),
        accepted=row.texts("accepted", optional=True),
        usual_min=lowest,
        usual_max=highest,
        not_before=row.texts("not_before", optional=True),
        not_after=row.texts("not_after", optional=True),
        equals=row.texts("equals", optional=True),
        counts=row.text("counts", optional=True) or None,
        needed_with=_needed_with(row),
        holds=row.text("holds", optional=True) or None,
        passing=row.choice("passing", Passing) if row.has("passing") else Passing.NEVER,
    )


def check_gate(row: Table, output: OutputField) -> None:
    """Note what an output fails to say about itself, and rules that contradict it."""
    gate, kind = output.gate, output.kind
    answers = (output.must_be_true, output.criterion, gate.either != "")
    if kind is OutputKind.BOOLEAN and answers.count(True) != 1:
        row.fault("must_be_true", "say one of must_be_true, criterion, or either = why both answers will do")
    if kind in _OF_KIND["unit"] and not gate.unit:
        row.fault("unit", "missing: the unit of the number, such as 毫米")
    if kind is OutputKind.DATETIME:
        for key, named in (("not_before", gate.not_before), ("not_after", gate.not_after)):
            if not named:
                row.fault(key, f"missing: a moment such as {NOW!r} or {STAGE_OPENED!r}")
    if kind is OutputKind.METERS and (gate.counts is None or output.required):
        row.fault("counts", "meters need the form field that counts them, and are not required themselves")
    _check_usual(row, output)
    _check_passing(row, output)


def _check_usual(row: Table, output: OutputField) -> None:
    gate = output.gate
    if gate.usual_min is not None and output.min is not None and gate.usual_min < output.min:
        row.fault("usual", "begins below min")
    if gate.usual_max is not None and output.max is not None and gate.usual_max > output.max:
        row.fault("usual", "ends above max")


def _check_passing(row: Table, output: OutputField) -> None:
    gate = output.gate
    ranged = gate.usual_min is not None or gate.usual_max is not None
    ruled = (
        gate.accepted,
        gate.equals,
        gate.counts,
        gate.not_before,
        output.must_be_true,
        output.agrees_with,
    )
    if gate.passing is not Passing.NEVER and not ranged and not any(ruled):
        row.fault("passing", "there is no rule that an exception could pass")
    known = {choice.key for choice in output.choices}
    for choice in gate.accepted:
        if choice not in known:
            row.fault("accepted", f"there is no choice {choice!r}")


def check_gates(program: Program, form: Form | None, note: Note) -> None:
    """Note every rule that refers to a stage, task, output or form field that does not exist."""
    numbers = (
        None if form is None else {field.key for field in form.fields if field.kind is FieldKind.INTEGER}
    )
    stages = {stage.key for stage in program.stages}
    for place, stage in enumerate(program.stages):
        for at, task in enumerate(stage.tasks):
            for number, output in enumerate(task.outputs):
                path = f"stages[{place}].tasks[{at}].outputs[{number}]"
                _check_moments(stage, output.gate, stages, path, note)
                _check_hold(stage, task, output, path, note)
                for field in (*output.gate.equals, *filter(None, (output.gate.counts,))):
                    if numbers is not None and field not in numbers:
                        rule = "equals" if output.gate.equals else "counts"
                        note(f"{path}.{rule}", f"the form has no whole number {field!r}")


def _usual(row: Table) -> tuple[Fraction | None, Fraction | None]:
    table = row.table("usual", optional=True)
    if table is None:
        return None, None
    lowest, highest = table.number("min"), table.number("max")
    if lowest is None and highest is None:
        table.fault("min", "say min, max or both")
    if lowest is not None and highest is not None and lowest > highest:
        table.fault("min", "is greater than max")
    return lowest, highest


def _needed_with(row: Table) -> tuple[str, tuple[str, ...]] | None:
    table = row.table("needed_with", optional=True)
    return None if table is None else (table.text("output"), table.texts("choices"))


def _check_moments(stage: Stage, gate: Gate, stages: set[str], path: str, note: Note) -> None:
    dates = {
        f"{task.key}.{output.key}"
        for task in stage.tasks
        for output in task.outputs
        if output.kind is OutputKind.DATETIME
    }
    for rule, named in (("not_before", gate.not_before), ("not_after", gate.not_after)):
        for key in named:
            known = key.removeprefix(STAGES) in stages if key.startswith(STAGES) else key in MOMENTS | dates
            if not known:
                note(f"{path}.{rule}", f"there is no moment {key!r}")


def _check_hold(stage: Stage, task: TaskSpec, output: OutputField, path: str, note: Note) -> None:
    gate = output.gate
    later = {other.key: other for other in stage.tasks}
    if gate.holds is not None and (gate.holds not in later or task.key not in later[gate.holds].after):
        note(f"{path}.holds", f"this stage has no task {gate.holds!r} that comes after {task.key!r}")
    if gate.needed_with is not None:
        other, choices = gate.needed_with
        found = next((field for field in task.outputs if field.key == other), None)
        known = set() if found is None else {choice.key for choice in found.choices}
        if not choices or not set(choices) <= known:
            note(f"{path}.needed_with", f"the task has no choices {', '.join(choices)!r} of {other!r}")
