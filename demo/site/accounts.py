"""The accounts that the first page offers, with what each shows; read from data/accounts.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from demo.people import fictional_people as people
from demo.people.fictional_people import DATA, Person


@dataclass(frozen=True, slots=True)
class Link:
    """A request to try: `path` below the API; `{case}` stands for the id of the first case of the account."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody to log in as."""

    person: Person
    role: str
    shows: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody who uses one part of the API."""

    key: str
    title: str
    about: str
    accounts: Sequence[Account]
    links: Sequence[Link]


@cache
def audiences() -> Sequence[Audience]:
    """Every audience in the file's order."""
    data = tomllib.loads((DATA / "accounts.toml").read_text(encoding="utf-8"))
    return tuple(_audience(row) for row in data["audiences"])


def _audience(row: Mapping[str, Any]) -> Audience:
    return Audience(
        key=row["key"],
        title=row["title"],
        about=row["about"],
        accounts=tuple(_account(found) for found in row.get("accounts", ())),
        links=tuple(Link(**link) for link in row["links"]),
    )


def _account(row: Mapping[str, Any]) -> Account:
    everybody = (*people.staff(), *people.customers())
    person = next(person for person in everybody if person.key == row["key"])
    return Account(person, row.get("role", ""), row["shows"])
