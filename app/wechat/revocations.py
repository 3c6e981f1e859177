"""Which authorisations somebody revoked at WeChat: revocations.toml, read and checked as a whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from app.domain.toml_reader import Source

TABLE = Path(__file__).with_name("revocations.toml")
_NUMBER = re.compile(r"[0-9]+")


class Held(StrEnum):
    """Which of the revoked data this product may hold."""

    PHONE = "phone"
    ADDRESS = "address"
    PLACES = "places"
    FILES = "files"
    NOT_HELD = "not_held"


@dataclass(frozen=True, slots=True)
class Revoked:
    """One number of RevokeInfo: WeChat's `name` for it, and which data of it this product may hold.

    Both are None for a number that WeChat has added since; somebody has to look up what it means.
    """

    number: str
    name: str | None
    held: Held | None


def revoked(info: str) -> tuple[Revoked, ...]:
    """The numbers in a RevokeInfo, each once and in ascending order."""
    known = _table()
    numbers = sorted({int(number) for number in _NUMBER.findall(info)})
    return tuple(known.get(number, Revoked(str(number), None, None)) for number in numbers)


def load(file: Path) -> Mapping[int, Revoked]:
    """Read a table of numbers. Raises `ConfigError` for one that is no number or is listed twice."""
    source = Source(file)
    found: dict[int, Revoked] = {}
    for held in Held:
        table = source.root.table(held)
        for name in () if table is None else table.names():
            assert table is not None  # noqa: S101 - it has names
            meaning = table.text(name)
            if _NUMBER.fullmatch(name) is None:
                table.fault(name, "must be a number of RevokeInfo")
            elif int(name) in found:
                table.fault(name, f"is listed under {found[int(name)].held} too")
            else:
                found[int(name)] = Revoked(name, meaning, held)
    source.finish()
    return found


@cache
def _table() -> Mapping[int, Revoked]:
    return load(TABLE)
