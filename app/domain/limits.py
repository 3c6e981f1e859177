"""How often one person, address or case may do something: the city's limits.toml."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from app.domain.toml_reader import Source, Table

LONGEST_MINUTES = 24 * 60


class Limited(StrEnum):
    """What is limited."""

    CUSTOMER_MESSAGE = "customer_message"
    CUSTOMER_DRAFT = "customer_draft"
    CUSTOMER_UPLOAD = "customer_upload"
    CUSTOMER_EXPORT = "customer_export"
    STAFF_MESSAGE = "staff_message"
    STAFF_UPLOAD = "staff_upload"
    LOOKUP_BY_ADDRESS = "lookup_by_address"
    LOOKUP_FAILURES_OF_CASE = "lookup_failures_of_case"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in each window of time."""

    most: int
    window: timedelta


def load_limits(folder: Path) -> Mapping[Limited, Limit]:
    """Read limits.toml of a city's folder.

    :raises ConfigError: with every fault of the file.
    """
    source = Source(folder / "limits.toml")
    limits = {}
    for what in Limited:
        table = source.root.table(what)
        if table is not None:
            limits[what] = _limit(table)
    source.finish()
    return limits


def _limit(table: Table) -> Limit:
    most, minutes = table.whole("most"), table.whole("within_minutes")
    table.cite()
    if most == 0:
        table.fault("most", "must be 1 or more")
    if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
        table.fault("within_minutes", f"must be 1 to {LONGEST_MINUTES}, a day")
        minutes = 1
    return Limit(most or 1, timedelta(minutes=minutes or 1))
