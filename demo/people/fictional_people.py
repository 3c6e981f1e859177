"""The fictional people of demo and sample data, read from data/people.toml."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone and WeChat: a member of staff (`key` is the staff number) or a customer.

    A person's two openids and unionid follow from the key, so that a simulator that was started anew still
    knows whom it speaks of.
    """

    key: str
    name: str
    phone: str

    @property
    def openid(self) -> str:
        """Who they are in the mini-program."""
        return f"mini-{self.key}"

    @property
    def service_openid(self) -> str:
        """Who they are in the service account (服务号)."""
        return f"service-{self.key}"

    @property
    def unionid(self) -> str:
        """What joins the two."""
        return f"union-{self.key}"


@dataclass(frozen=True, slots=True)
class StaffMember(Person):
    """A person of the utility."""

    department: str
    is_manager: bool
    is_supervisor: bool
    districts: tuple[str, ...]
    skills: tuple[str, ...]


@cache
def staff() -> Sequence[StaffMember]:
    """Everybody at the utility, in the file's order."""
    return tuple(
        StaffMember(
            key=row["number"],
            name=row["name"],
            phone=row["phone"],
            department=row["department"],
            is_manager=row.get("manager", False),
            is_supervisor=row.get("supervisor", False),
            districts=tuple(row.get("districts", ())),
            skills=tuple(row.get("skills", ())),
        )
        for row in _read()["staff"]
    )


@cache
def customers() -> Sequence[Person]:
    """Every customer, in the file's order."""
    return tuple(Person(row["key"], row["name"], row["phone"]) for row in _read()["customers"])


def customer(key: str) -> Person:
    """The customer of that key. Raises `StopIteration` when there is none."""
    return next(person for person in customers() if person.key == key)


@cache
def _read() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads((DATA / "people.toml").read_text(encoding="utf-8"))
