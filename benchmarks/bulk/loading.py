"""Filling an empty PostgreSQL database: walk, take the constraints away, print, put them back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter
from typing import Any

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import SystemClock
from app.core.db import db
from app.core.settings import Profile, Settings
from app.models import Application, Case, Staff
from app.services.installation import city
from benchmarks import table
from benchmarks.bulk import walks
from benchmarks.bulk.pattern import Pattern, take
from benchmarks.bulk.printing import CHUNK, Keys, Order, carry_out
from benchmarks.bulk.walks import Walk, Walked
from tests.world import World

# Drafts of the benchmark and everybody walked need phones, too.
MOST_CASES = 5_000_000
PROCESSES = 2


class NotToBeFilledError(Exception):
    """Not a database to fill: not PostgreSQL, of a production, or not empty."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written: rows by table, and how long it took (seconds)."""

    rows: Counter[str]
    seconds: float


def load(
    app: Flask,
    cases: int,
    seed: int,
    *,
    courses: Sequence[Walk] = walks.WALKS,
    processes: int = PROCESSES,
) -> Loaded:
    """Fill the application's migrated, empty database with `cases` cases and their people.

    The same seed writes the same people, numbers and courses, on whatever day. Raises `NotToBeFilledError`.
    """
    begun = perf_counter()
    settings: Settings = app.extensions["steward.settings"]
    _check(app, settings, cases)
    url = psycopg_url(settings.database_url)
    patterns = _patterns(app, url, courses)
    managers, consent = _people_here(app)
    orders = [
        Order(url, seed, first, min(first + CHUNK, cases), patterns, managers, consent)
        for first in range(0, cases - len(patterns), CHUNK)
    ]
    orders[-1] = Order(url, seed, orders[-1].first, cases - len(patterns), patterns, managers, consent)
    with psycopg.connect(url, autocommit=True) as connection:
        with unchecked(connection):
            rows = _carry_out(orders, Keys(settings.data_keys, settings.hash_key), cases, processes)
        table.say("load: vacuum and statistics")
        connection.execute("VACUUM (ANALYZE)")
    table.say("")
    return Loaded(rows, perf_counter() - begun)


def psycopg_url(url: str) -> str:
    """A database's address as the driver takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def _check(app: Flask, settings: Settings, cases: int) -> None:
    if settings.profile is Profile.PRODUCTION or settings.on_sqlite:
        raise NotToBeFilledError("only a PostgreSQL database outside of production can be filled")
    if not 100 <= cases <= MOST_CASES:
        raise NotToBeFilledError(f"between 100 and {MOST_CASES} cases")
    with app.app_context(), atomic(read_only=True):
        if any(db.session.scalar(select(noun.id).limit(1)) for noun in (Case, Application, Staff)):
            raise NotToBeFilledError("the database is not empty; make and migrate a fresh one")


def _patterns(app: Flask, url: str, courses: Sequence[Walk]) -> list[Pattern]:
    world = World(app)
    found = []
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        now = SystemClock().now().replace(microsecond=0)
        for number, walked in enumerate(walks.walk_all(world, courses, now), start=1):
            table.say(f"load: walked {number} of {len(courses)} courses ({walked.walk.name})")
            found.append(take(connection, walked, _answers(app, walked)))
            connection.commit()
    # Now: until here everything was done by the few that `World` knows by name.
    walks.hire(world)
    clock.use(SystemClock())
    return found


def _answers(app: Flask, walked: Walked) -> dict[str, Any]:
    with app.app_context(), atomic(read_only=True):
        submitted = select(Application).join(Case, Case.application_id == Application.id)
        return dict(db.session.scalars(submitted.where(Case.id == walked.case_id)).one().answers)


def _people_here(app: Flask) -> tuple[list[tuple[str, str]], str]:
    with app.app_context(), atomic(read_only=True):
        managers = db.session.scalars(select(Staff).where(Staff.is_manager).order_by(Staff.number))
        by_district = [(manager.id, district) for manager in managers for district in manager.districts]
    return by_district, city.current().city.privacy.version


def _carry_out(orders: Sequence[Order], keys: Keys, cases: int, processes: int) -> Counter[str]:
    rows: Counter[str] = Counter()
    begun = perf_counter()

    def count(written: dict[str, int]) -> None:
        rows.update(written)
        rate = rows["cases"] / (perf_counter() - begun)
        table.say(f"load: {rows['cases']:,} of {cases:,} cases, {rate:,.0f}/s")

    if processes == 1:
        for order in orders:
            count(carry_out(order, keys))
        return rows
    # Fresh processes: a copy of this one would share its connections.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(carry_out, order, keys) for order in orders]):
            count(done.result())
    return rows


@contextmanager
def unchecked(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Without constraints and indexes in this block; they are put back at its end, and check every row.

    An error in the block leaves the database without them: it is then half filled, and to be dropped.
    """
    constraints = connection.execute(_CONSTRAINTS).fetchall()
    indexes = connection.execute(_INDEXES).fetchall()
    for owner, name, _definition in constraints:
        connection.execute(_ddl(f'ALTER TABLE {owner} DROP CONSTRAINT "{name}"'))
    for name, _definition in indexes:
        connection.execute(_ddl(f'DROP INDEX "{name}"'))
    yield
    connection.execute("SET maintenance_work_mem = '1GB'")
    for number, (name, definition) in enumerate(indexes, start=1):
        table.say(f"load: index {number} of {len(indexes)}: {name}")
        connection.execute(_ddl(definition))
    # What others point at comes first.
    for number, (owner, name, definition) in enumerate(reversed(constraints), start=1):
        table.say(f"load: constraint {number} of {len(constraints)}: {name}")
        connection.execute(_ddl(f'ALTER TABLE {owner} ADD CONSTRAINT "{name}" {definition}'))


def _ddl(statement: str) -> sql.SQL:
    # Names and definitions are the database's own; no word of anybody else is in them.
    return sql.SQL(statement)


# Foreign keys first, since a key that is pointed at can't be dropped.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'u', 'p')
    ORDER BY contype = 'p', contype = 'u', conrelid::regclass::text, conname
"""
_INDEXES = """
    SELECT indexname, indexdef
    FROM pg_indexes
    WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)
    ORDER BY tablename, indexname
"""
