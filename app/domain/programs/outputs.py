"""Reading what a task must deliver: the output fields of the city's program files."""

from app.domain.choices import ChoiceLists, read_choices
from app.domain.programs.read_gates import check_gate, read_gate
from app.domain.programs.tasks import AGREEMENTS, LEDGERS, OutputField, OutputKind
from app.domain.toml_reader import Table

_NUMBERS = frozenset({OutputKind.INTEGER, OutputKind.DECIMAL, OutputKind.FEN})
_LEDGER_KINDS = {
    "payment_fen": OutputKind.FEN,
    "trip": OutputKind.INTEGER,
    "document": OutputKind.INTEGER,
    "utility_cost_fen": OutputKind.FEN,
}


def read_output(row: Table, lists: ChoiceLists) -> OutputField:
    """One output field; a text must say how long it may be, a number between what it may lie."""
    kind = row.choice("kind", OutputKind)
    output = OutputField(
        key=row.text("key"),
        name=row.text("name"),
        kind=kind,
        required=row.flag("required", default=True),
        choices=read_choices(row, lists, wanted=kind is OutputKind.CHOICE),
        min=row.number("min", optional=kind not in _NUMBERS),
        max=row.number("max", optional=kind not in _NUMBERS),
        max_length=row.whole("max_length", optional=kind is not OutputKind.TEXT),
        ledger=row.text("ledger", optional=True) or None,
        must_be_true=row.flag("must_be_true"),
        agrees_with=row.text("agrees_with", optional=True) or None,
        at_most=row.text("at_most", optional=True) or None,
        in_paper=row.flag("in_paper"),
        help=row.text("help", optional=True),
        not_above=row.texts("not_above", optional=True),
        criterion=row.flag("criterion"),
        gate=read_gate(row, kind),
    )
    if output.min is not None and output.max is not None and output.min > output.max:
        row.fault("min", "is greater than max")
    if kind not in _NUMBERS and (output.min is not None or output.max is not None):
        row.fault("min", f"a value of kind {kind.value!r} has no min or max")
    if kind is not OutputKind.TEXT and output.max_length is not None:
        row.fault("max_length", f"a value of kind {kind.value!r} has no length")
    if output.criterion and kind is not OutputKind.BOOLEAN:
        row.fault("criterion", "only a value of kind 'boolean' can be a criterion")
    if output.must_be_true and kind is not OutputKind.BOOLEAN:
        row.fault("must_be_true", "only a value of kind 'boolean' can be asked to be true")
    if output.at_most is not None and kind is not OutputKind.CHOICE:
        row.fault("at_most", "only a value of kind 'choice' is compared by calibre")
    check_gate(row, output)
    _check_ledger(row, output)
    _check_agreement(row, output)
    return output


def _check_agreement(row: Table, output: OutputField) -> None:
    if output.agrees_with is None:
        return
    kind = AGREEMENTS.get(output.agrees_with)
    if kind is None:
        row.fault("agrees_with", f"must be one of {', '.join(sorted(AGREEMENTS))}")
    elif output.kind is not kind:
        row.fault("agrees_with", f"{output.agrees_with!r} is a value of kind {kind.value!r}")


def _check_ledger(row: Table, output: OutputField) -> None:
    if output.ledger is None:
        return
    if output.ledger not in LEDGERS:
        row.fault("ledger", f"must be one of {', '.join(sorted(LEDGERS))}")
    elif output.kind is not _LEDGER_KINDS[output.ledger]:
        row.fault(
            "ledger", f"{output.ledger!r} adds up values of kind {_LEDGER_KINDS[output.ledger].value!r}"
        )
