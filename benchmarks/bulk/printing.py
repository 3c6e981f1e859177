"""Printing cases from patterns, and writing them with COPY: what one process does for its share of them."""

import base64
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from operator import itemgetter
from typing import Any

import orjson
import psycopg
from psycopg import sql

from app.core import crypto
from app.core.db import db
from app.services.cases.submit import lookup_hash
from app.services.people.phones import phone_hash
from benchmarks.bulk import people
from benchmarks.bulk.pattern import NULL, TABLES, Blank, Pattern, columns

CHUNK = 500
# Every fourth case is of somebody who had one before.
RETURNING = 0.25
REMEMBERED = 60
YEARS_BACK_WEEKS = 340
_ID_BYTES = 12
_ID_LENGTH = 16
_STRIDE = 61_803_399
_NUMBERS = 10**8
_PAPER = b"%PDF-1.7 fictional, in the place of a paper of some 16 kB"

Texts = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What a process needs to write personal data as the application does."""

    data: tuple[str, ...] = field(repr=False)
    hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """Cases `first` to `last` (exclusive) of a database that one seed describes."""

    url: str
    seed: int
    first: int
    last: int
    patterns: Sequence[Pattern]
    managers: Sequence[tuple[str, str]]
    """Of each, the id and a district."""
    consent_version: str


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    serial: int
    name: str
    phone: str
    phone_hash: str
    manager: str
    district: str


def carry_out(order: Order, keys: Keys) -> dict[str, int]:
    """Print and write; how many rows each table got. The order of work never changes what is written."""
    crypto.install(keys.data, keys.hash)
    texts, rows = _print(order)
    with psycopg.connect(order.url) as connection:
        for name in ("customers", "privacy_consents", *TABLES):
            if texts[name]:
                copy(connection, name, "".join(texts[name]))
    return rows


def copy(connection: psycopg.Connection[Any], name: str, text: str) -> None:
    """Write rows in COPY's spelling into the columns that `pattern.columns` names."""
    table = db.metadata.tables[name]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns(table)))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copied:
        copied.write(text.encode())


def hexed(secret: bytes) -> str:
    """Bytes as COPY spells them."""
    return "\\\\x" + secret.hex()


def fresh_ids(chance: random.Random, number: int) -> list[str]:
    """Identifiers as the product's, from a seed."""
    text = base64.urlsafe_b64encode(chance.randbytes(_ID_BYTES * number)).decode()
    return [text[at : at + _ID_LENGTH] for at in range(0, len(text), _ID_LENGTH)]


def row(name: str, cells: Mapping[str, str]) -> str:
    """One row in COPY's spelling; columns that are not named stay empty."""
    return "\t".join(cells.get(column, NULL) for column in columns(db.metadata.tables[name])) + "\n"


def customer_rows(
    customer_id: str,
    serial: int,
    phone: str,
    hashed: str,
    since: str,
    consent_version: str,
    *,
    follows: bool = False,
) -> tuple[str, str]:
    """Somebody who accepted the privacy text and proved a phone at `since`; `phone` in E.164.

    `follows`: they follow the 服务号.
    """
    customer = row(
        "customers",
        {
            "id": customer_id,
            "openid": f"o_printed_{serial}",
            "service_openid": f"s_printed_{serial}" if follows else NULL,
            "phone": hexed(crypto.encrypt(phone)),
            "phone_hash": hashed,
            "created_at": since,
        },
    )
    consent = row(
        "privacy_consents", {"customer_id": customer_id, "version": consent_version, "accepted_at": since}
    )
    return customer, consent


def _print(order: Order) -> tuple[Texts, dict[str, int]]:
    chance = random.Random(f"{order.seed}/{order.first}")
    press = _Press(order, chance)
    for serial in range(order.first, order.last):
        press.case(serial)
    return press.texts, dict(press.rows)


class _Press:
    def __init__(self, order: Order, chance: random.Random) -> None:
        self.texts: Texts = defaultdict(list)
        self.rows: dict[str, int] = defaultdict(int)
        self._order = order
        self._chance = chance
        self._shares = list(accumulate(pattern.walk.share for pattern in order.patterns))
        self._known: list[_Person] = []
        self._paper = (hexed(crypto.encrypt(_PAPER.decode())), hashlib.sha256(_PAPER).hexdigest())

    def case(self, serial: int) -> None:
        (pattern,) = self._chance.choices(self._order.patterns, cum_weights=self._shares)
        weeks = 0 if pattern.walk.open else self._chance.randrange(YEARS_BACK_WEEKS)
        opened = pattern.opened - timedelta(weeks=weeks)
        person = self._person(serial, opened)
        values = self._values(pattern, opened, serial, person)
        for blank in pattern.blanks:
            self.texts[blank.table].append(blank.text % _holes(blank)(values))
            self.rows[blank.table] += blank.rows

    def _values(self, pattern: Pattern, opened: date, serial: int, person: _Person) -> list[str]:
        digits = f"{(serial * _STRIDE + self._order.seed) % _NUMBERS:08d}"
        number = f"{opened:%y%m%d}{digits}"
        answers = people.answers_of(pattern.answers, serial, person.name, person.phone, person.district)
        day = opened.toordinal()
        return [
            *fresh_ids(self._chance, pattern.ids),
            *(_day(day + offset) for offset in pattern.days),
            number,
            digits,
            f"{self._chance.randrange(10**6):06d}",
            person.phone_hash,
            lookup_hash(number, person.phone),
            hexed(crypto.encrypt(orjson.dumps(answers).decode())),
            people.project_of(serial),
            person.id,
            person.manager,
            person.district,
            *self._paper,
        ]

    def _person(self, serial: int, opened: date) -> _Person:
        if self._known and self._chance.random() < RETURNING:
            return self._chance.choice(self._known)
        (customer_id,) = fresh_ids(self._chance, 1)
        manager, district = self._chance.choice(self._order.managers)
        phone = "+86" + people.phone_of_printed(serial, self._order.seed)
        hashed = phone_hash(phone)
        person = _Person(customer_id, serial, people.name_of(serial), phone, hashed, manager, district)
        since = f"{opened.isoformat()} 00:00:00+00"
        customer, consent = customer_rows(
            customer_id, serial, phone, hashed, since, self._order.consent_version
        )
        self.texts["customers"].append(customer)
        self.texts["privacy_consents"].append(consent)
        for name in ("customers", "privacy_consents"):
            self.rows[name] += 1
        self._known = [*self._known[1 - REMEMBERED :], person]
        return person


@cache
def _holes(blank: Blank) -> Callable[[Sequence[str]], tuple[str, ...]]:
    # No table of a case has fewer than two, so that this is always a tuple.
    return itemgetter(*blank.values)


@cache
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def as_copied(instant: datetime) -> str:
    """An instant as COPY spells it."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00"
