"""Reading the city's TOML files strictly, so that whoever edits them is told every fault of a file at once.

A `Table` hands out typed values. What is missing or of the wrong type is noted with its path, and a neutral
value is returned so that reading goes on; `Source.finish` then raises everything that was noted, with every
key that nobody asked for (a misspelt key must not be silently without effect).
"""

import tomllib
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from app.domain.config_error import ConfigError

E = TypeVar("E", bound=StrEnum)


class DataFaults(ConfigError):
    """All faults of one or more files; its file, key and fault are those of the first, its text lists all."""

    def __init__(self, faults: tuple[ConfigError, ...]) -> None:
        """`faults` is never empty."""
        first = faults[0]
        super().__init__(first.file, first.key, first.fault)
        self.faults = faults

    def __str__(self) -> str:
        """One line for each fault."""
        return "\n".join(str(fault) for fault in self.faults)


def each_fault(error: ConfigError) -> tuple[ConfigError, ...]:
    """The single faults of an error that may stand for several."""
    return error.faults if isinstance(error, DataFaults) else (error,)


class Source:
    """One TOML file and the faults found in it so far."""

    def __init__(self, file: Path) -> None:
        """Read and parse the file. Raises `ConfigError` when that alone is not possible."""
        self.file = file
        self._faults: list[ConfigError] = []
        self._tables: list[Table] = []
        try:
            # Decimals keep 0.1 exact, so that limits and bounds are the numbers that were written.
            data = tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        except OSError as error:
            raise ConfigError(file, "", f"can't be read ({error.strerror})") from error
        except ValueError as error:
            raise ConfigError(file, "", f"is not valid TOML in UTF-8 ({error})") from error
        self.root = Table(self, data, "")

    def note(self, key: str, fault: str) -> None:
        """Remember a fault at the path `key`."""
        self._faults.append(ConfigError(self.file, key, fault))

    def enter(self, table: "Table") -> None:
        """Remember a table whose keys must all have been asked for by the end."""
        self._tables.append(table)

    def finish(self) -> None:
        """Raise `DataFaults` with everything noted; returns quietly when the file is sound."""
        for table in self._tables:
            for key in table.unread():
                self.note(table.at(key), "unknown key")
        if self._faults:
            raise DataFaults(tuple(self._faults))


class Table:
    """One table of a file; every method takes a key and notes a fault instead of raising."""

    def __init__(self, source: Source, data: dict[str, object], path: str) -> None:
        """`path` is where the table stands in the file, "" for the whole."""
        self._source = source
        self._data = data
        self._path = path
        self._read: set[str] = set()
        source.enter(self)

    def at(self, key: str) -> str:
        """The full path of a key."""
        return f"{self._path}.{key}" if self._path else key

    def fault(self, key: str, fault: str) -> None:
        """Note a fault of a value that was read."""
        self._source.note(self.at(key), fault)

    def unread(self) -> list[str]:
        """The keys that nobody asked for."""
        return [key for key in self._data if key not in self._read]

    def names(self) -> tuple[str, ...]:
        """The keys that the file gives, for tables whose keys are names."""
        return tuple(self._data)

    def has(self, key: str) -> bool:
        """Whether the file gives this key at all."""
        return key in self._data

    def text(self, key: str, *, optional: bool = False) -> str:
        """A text that says something; "" when it is optional and absent."""
        value = self._take(key, optional)
        if value is None:
            return ""
        if not isinstance(value, str) or not value.strip():
            self.fault(key, "must be a text that is not empty")
            return ""
        return value

    def cite(self, key: str = "cite") -> str:
        """The citation that stands beside a value: document and section, or 本产品约定."""
        if not self.has(key):
            self.fault(key, "the citation is missing (name the section of the source, or 本产品约定 and why)")
            return ""
        return self.text(key)

    def day(self, key: str) -> date:
        """A date (without quotes in the file); 2020-01-01 when the file gives none."""
        value = self._take(key, optional=False)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if value is not None:
            self.fault(key, "must be a date such as 2027-02-11, without quotes")
        return date(2020, 1, 1)

    def pairs(self, key: str) -> list[list[str]]:
        """A list of pairs of texts, such as office periods."""
        value = self._take(key, optional=False)
        if value is None:
            return []
        if not isinstance(value, list) or not all(_is_pair(item) for item in value):
            self.fault(key, 'must be pairs of texts such as ["08:30", "12:00"]')
            return []
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Yes or no (true or false in the file); `default` when absent."""
        value = self._take(key, optional=True)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, "must be true or false")
            return default
        return value

    def whole(self, key: str, *, optional: bool = False) -> int | None:
        """A whole number that is not negative."""
        value = self._take(key, optional)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.fault(key, "must be a whole number, 0 or more")
            return None
        return value

    def number(self, key: str, *, optional: bool = True) -> Fraction | None:
        """Any number, exact."""
        value = self._take(key, optional)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
            self.fault(key, "must be a number")
            return None
        return Fraction(value)

    def halves(self, key: str, *, optional: bool = True) -> Fraction | None:
        """A number of working days in halves, not negative: the unit in which the plan gives its limits."""
        value = self.number(key, optional=optional)
        if value is not None and (value < 0 or (value * 2).denominator != 1):
            self.fault(key, "must be working days in halves, such as 0.5 or 3")
            return None
        return value

    def choice(self, key: str, kinds: type[E]) -> E:
        """One of the words of `kinds`; its first when the file gives none of them."""
        value = self._take(key, optional=False)
        for kind in kinds:
            if kind.value == value:
                return kind
        if value is not None:
            self.fault(key, f"must be one of {', '.join(kinds)}")
        return next(iter(kinds))

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts, each at most once."""
        value = self._take(key, optional)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self.fault(key, "must be a list of texts")
            return ()
        if len(set(value)) != len(value):
            self.fault(key, "names something twice")
        return tuple(value)

    def table(self, key: str, *, optional: bool = False) -> "Table | None":
        """A table under this key."""
        value = self._take(key, optional)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(key, "must be a table")
            return None
        return Table(self._source, value, self.at(key))

    def tables(self, key: str, *, optional: bool = False) -> list["Table"]:
        """The tables of a list, in order."""
        value = self._take(key, optional)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(key, "must be a list of tables")
            return []
        return [Table(self._source, item, f"{self.at(key)}[{place}]") for place, item in enumerate(value)]

    def _take(self, key: str, optional: bool) -> object:
        self._read.add(key)
        value = self._data.get(key)
        if value is None and not optional:
            self.fault(key, "missing")
        return value


def _is_pair(item: object) -> bool:
    return isinstance(item, list) and [type(part) for part in item] == [str, str]


def check_unique(tables: list[Table], keys: list[str], name: str = "key") -> None:
    """Note a fault at each table whose key an earlier one of the list already has."""
    seen: set[str] = set()
    for table, key in zip(tables, keys, strict=True):
        if key and key in seen:
            table.fault(name, f"duplicate key {key!r}")
        seen.add(key)
