"""Named values to choose from, and the city's own lists of them (districts, calibres, classes of use)."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.toml_reader import Table, check_unique


@dataclass(frozen=True, slots=True)
class Choice:
    """One permitted value: its stable key and the Chinese name that people read."""

    key: str
    name: str


ChoiceLists = Mapping[str, tuple[Choice, ...]]


def read_list(table: Table, key: str) -> tuple[Choice, ...]:
    """The list under `key`, never empty, each key once."""
    rows = table.tables(key)
    choices = tuple(Choice(row.text("key"), row.text("name")) for row in rows)
    if table.has(key) and not choices:
        table.fault(key, "must offer at least one choice")
    check_unique(rows, [choice.key for choice in choices])
    return choices


def read_choices(table: Table, lists: ChoiceLists, *, wanted: bool) -> tuple[Choice, ...]:
    """The choices of a field: its own `choices`, or one of the city's lists named by `choices_from`.

    :param wanted: whether the field is of a kind that has choices; having them otherwise is a fault.
    """
    if table.has("choices_from"):
        name = table.text("choices_from")
        if name and name not in lists:
            table.fault("choices_from", f"city.toml has no list {name!r} under [choices]")
        found = lists.get(name, ())
    elif table.has("choices"):
        found = read_list(table, "choices")
    else:
        found = ()
        if wanted:
            table.fault("choices", "missing")
    if not wanted and (table.has("choices") or table.has("choices_from")):
        table.fault("choices", "only a field of kind 'choice' has choices")
    return found
