"""The coded reasons for which an application may be refused, from the city's refusals.toml."""

from dataclasses import dataclass
from pathlib import Path

from app.domain.toml_reader import Source, check_unique


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason, what the customer can do next, and whether only a supervisor may refuse for it."""

    key: str
    name: str
    advice: str
    needs_supervisor: bool
    cite: str


def load_refusals(folder: Path) -> tuple[RefusalReason, ...]:
    """The reasons of the city in `folder`, in the file's order.

    :raises ConfigError: with every fault of the file.
    """
    source = Source(folder / "refusals.toml")
    rows = source.root.tables("reasons")
    reasons = tuple(
        RefusalReason(
            row.text("key"), row.text("name"), row.text("advice"), row.flag("needs_supervisor"), row.cite()
        )
        for row in rows
    )
    check_unique(rows, [reason.key for reason in reasons])
    source.finish()
    return reasons
