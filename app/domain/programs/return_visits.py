"""The return visit as data: when a customer counts as not reached, and which answers are looked into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.choices import Choice, read_list
from app.domain.toml_reader import Table


@dataclass(frozen=True, slots=True)
class Unreached:
    """When a task may end without the customer's answers: `field` then has the choice `value`.

    At least `tries` dated tries, on at least `days` different days, in one of these `ways`.
    """

    field: str
    value: str
    tries: int
    days: int
    ways: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Concern:
    """An answer that is looked into: it is `choice`, or `answer`, or more than `above`, or `at_most`."""

    field: str
    choice: str | None = None
    answer: bool | None = None
    above: int | None = None
    at_most: int | None = None

    def is_raised_by(self, value: Any) -> bool:
        """Whether this value is of concern; an answer that was not given is none."""
        if value is None:
            return False
        if self.choice is not None:
            return bool(value == self.choice)
        if self.answer is not None:
            return value is self.answer
        if self.above is not None:
            return bool(value > self.above)
        return self.at_most is not None and bool(value <= self.at_most)


def raised(concerns: Sequence[Concern], outputs: Mapping[str, Any]) -> list[str]:
    """The outputs that are of concern, each once, in the order of the rules."""
    found = (rule.field for rule in concerns if rule.is_raised_by(outputs.get(rule.field)))
    return list(dict.fromkeys(found))


def read_unreached(row: Table) -> Unreached | None:
    """The table `unreached` of a task; None where it always needs its outputs."""
    table = row.table("unreached", optional=True)
    if table is None:
        return None
    table.cite()
    found = Unreached(
        field=table.text("output"),
        value=table.text("value"),
        tries=table.whole("tries") or 0,
        days=table.whole("days") or 0,
        ways=read_list(table, "ways"),
    )
    if not 0 < found.days <= found.tries:
        table.fault("days", "must be 1 or more, and not more than the tries")
    return found


def read_concerns(row: Table) -> tuple[Concern, ...]:
    """The table `concerns` of a task: the answers that open its supervisor's review and a care task."""
    table = row.table("concerns", optional=True)
    if table is None:
        return ()
    table.cite()
    found = []
    for rule in table.tables("rules"):
        concern = Concern(
            field=rule.text("output"),
            choice=rule.text("choice", optional=True) or None,
            answer=rule.flag("answer") if rule.has("answer") else None,
            above=rule.whole("above", optional=True),
            at_most=rule.whole("at_most", optional=True),
        )
        said = (concern.choice, concern.answer, concern.above, concern.at_most)
        if sum(each is not None for each in said) != 1:
            rule.fault("output", "needs exactly one of choice, answer, above and at_most")
        found.append(concern)
    return tuple(found)
