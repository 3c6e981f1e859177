"""A tick with nothing to do asks one question, and every kind of work is noticed by it."""

import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import wait
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, DateTime, Float, Integer, insert, inspect

import app as product
import notifications
from app.core import clock
from app.core.db import Base, UtcDateTime, db
from app.core.queue import Queue, Work
from app.jobs import timetable
from app.jobs.runner import Ticker
from app.jobs.timetable import Job
from app.models import (
    CalendarMove,
    ChatSend,
    ConversationTimer,
    DataCopy,
    DeletedBytes,
    MessageCheck,
    MessageMedia,
    PromiseWatch,
    StaffSkill,
    Timer,
    VisitChance,
    VisitDue,
    VisitRecheck,
)
from app.services.installation import city
from benchmarks.statements import counted
from notifications.dispatch.outbox_queue import PUSHED
from notifications.models import ChannelGate, DeliveryState, InboxEvent, OutboxMessage
from notifications.outbox import delivery_rules
from notifications.outbox.delivery_rules import IMPORTANCES
from notifications.webhooks.models import PartnerDelivery, WebhookState
from notifications.wording.kinds import Channel
from tests.world import World

LONG_AGO = timedelta(days=1)
MOMENT = timedelta(seconds=1)
A_MINUTE = 30
"""The ticks of a minute under the settings of tests."""


def everything(app: Flask) -> Sequence[Job]:
    return timetable.jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"])


@pytest.fixture
def ticker(world: World) -> Iterator[Ticker]:
    """A ticker of the jobs of `world`; its jobs have ended when the test has."""
    found = Ticker(world.app, everything(world.app))
    yield found
    found.shutdown()


def tick(ticker: Ticker, times: int = 1) -> None:
    """Tick, and wait for the jobs that the tick started."""
    for _ in range(times):
        ticker.tick()
        wait(list(ticker._running.values()))


@pytest.mark.parametrize("moment", ["2026-09-18 09:00", "2026-09-20 11:00"], ids=["working day", "day off"])
def test_an_idle_tick_sends_two_statements_at_most_in_one_transaction(
    world: World, ticker: Ticker, moment: str
) -> None:
    world.submitted(world.log_in("o_idle", "13800000001"))
    world.at(moment)
    # What is due is done, the tokens are fetched, and the day was looked at.
    tick(ticker, 2 * A_MINUTE)
    for _ in range(A_MINUTE):
        with counted(world.app) as sent:
            tick(ticker)
        assert len(sent.statements) <= 2, sent.statements
        assert sent.transactions <= 1


def test_a_tick_after_something_fell_due_does_it(world: World, ticker: Ticker) -> None:
    world.submitted(world.log_in("o_later", "13800000001"))
    tick(ticker, 2 * A_MINUTE)
    world.at("2026-10-20 09:00")
    with world.app.app_context():
        assert [job.name for job in timetable.due([job for job in everything(world.app) if job.works])]
    tick(ticker, 2 * A_MINUTE)
    with world.app.app_context():
        assert timetable.due([job for job in everything(world.app) if job.works]) == []


def _message(now: datetime, **values: Any) -> dict[str, Any]:
    return {"next_attempt_at": now, "state": DeliveryState.WAITING, "importance": 1, "attempts": 0, **values}


def rows(now: datetime) -> Mapping[str, tuple[type[Base], dict[str, Any]]]:
    """By the name of each kind of work, a row that is due at `now` and at no earlier instant."""
    waiting = {
        f"messages.{channel}.{importance}": (
            OutboxMessage,
            _message(now, channel=channel, importance=importance),
        )
        for channel in PUSHED
        for importance in IMPORTANCES
    }
    settled = now - delivery_rules.current().settle_after
    return {
        **waiting,
        "messages.lease_ran_out": (
            OutboxMessage,
            _message(now, state=DeliveryState.SENDING, channel=Channel.SMS, lease_until=now - MOMENT / 2),
        ),
        "messages.draining": (ChannelGate, {"channel": "sms", "draining": True}),
        "calls": (OutboxMessage, _message(now, channel=Channel.CALL)),
        "unknown": (
            OutboxMessage,
            _message(now, state=DeliveryState.UNKNOWN, channel=Channel.SMS, settled_at=settled),
        ),
        "callbacks": (InboxEvent, {"next_attempt_at": now}),
        "timers": (Timer, {"due_at": now, "kind": "reminder"}),
        "promises": (PromiseWatch, {"due_at": now}),
        "calendar": (CalendarMove, {}),
        "visits": (VisitDue, {"due_at": now, "kind": "hold_end"}),
        "rechecks": (VisitRecheck, {"due_at": now}),
        "waitlist": (VisitChance, {"due_at": now}),
        "talk": (ConversationTimer, {"due_at": now, "kind": "push_staff"}),
        "media": (MessageMedia, {"due_at": now, "kind": "picture"}),
        "checks": (MessageCheck, {"due_at": now}),
        "replies": (ChatSend, {"due_at": now, "kind": "text"}),
        "webhooks": (PartnerDelivery, {"next_attempt_at": now, "state": WebhookState.WAITING}),
        "bytes": (DeletedBytes, {}),
        "copies": (DataCopy, {}),
        "skills": (StaffSkill, {"valid_until": _lapses(now)}),
    }


def _lapses(now: datetime) -> date:
    """The last day of a skill that supervisors are warned of from `now` on, and not a moment before."""
    return now.astimezone(city.zone()).date() + city.current().skills.warn


WITHOUT_AN_INSTANT = {"calendar", "bytes", "copies", "messages.draining", "skills"}
"""Work that is due from the moment it is there, or from the beginning of a day."""

WITHOUT_A_ROW = {"morning", "digest", "terms"}
"""Work that no row announces; tests/jobs/test_once_for_all_processes.py and tests/services/privacy run it."""


def _filled(model: type[Base], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, and something in every other column that has to have a value."""
    row = dict(values)
    for column in inspect(model).local_table.columns:
        needed = not column.nullable and column.name not in row and column.autoincrement is not True
        if needed:
            row[column.name] = _anything(column.type)
    return row


def _anything(kind: Any) -> Any:
    if isinstance(kind, UtcDateTime | DateTime):
        return clock.now() - LONG_AGO
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer | Float):
        return 0
    return {} if "Json" in type(kind).__name__ or "JSON" in type(kind).__name__ else "x"


def _noticed(app: Flask, model: type[Base], row: Mapping[str, Any]) -> list[str]:
    """The names of the jobs that would run if there was this row; it is gone afterwards."""
    with app.app_context():
        connection = db.session.connection()
        # What the row belongs to is of no interest here.
        connection.exec_driver_sql(
            "PRAGMA defer_foreign_keys = ON"
            if connection.dialect.name == "sqlite"
            else "SET LOCAL session_replication_role = replica"
        )
        connection.execute(insert(model), _filled(model, row))
        asked = [job for job in everything(app) if job.works and job.name not in {"morning", "terms"}]
        return [job.name for job in timetable.due(asked)]


def job_of(app: Flask, work: str) -> str:
    (name,) = (job.name for job in everything(app) if work in {each.name for each in job.works})
    return name


def test_every_kind_of_work_is_noticed_when_it_falls_due(world: World) -> None:
    # The staff are new, for whom the wait-list is gone through.
    world.work()
    now = clock.now()
    for name, (model, row) in rows(now).items():
        world.clock.set(now)
        assert _noticed(world.app, model, row) == [job_of(world.app, name)], name
        if name not in WITHOUT_AN_INSTANT:
            world.clock.set(now - MOMENT)
            assert _noticed(world.app, model, row) == [], f"{name} is noticed too early"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_queue_is_the_work_of_one_job_and_is_tried_above(app: Flask) -> None:
    for package in (product, notifications):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            import_module(found.name)
    modules = [
        module for name, module in sys.modules.items() if name.partition(".")[0] in {"app", "notifications"}
    ]
    known = {work for job in everything(app) for work in job.works}
    written = {value for module in modules for value in vars(module).values() if isinstance(value, Work)}
    assert written <= known, "work that no job looks for"
    names = [work.name for job in everything(app) for work in job.works]
    assert sorted(names) == sorted({*rows(clock.now()), *WITHOUT_A_ROW})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_table_with_a_lease_or_an_attempt_has_a_queue(app: Flask) -> None:
    served = {
        inspect(work.model).local_table.name
        for job in everything(app)
        for work in job.works
        if isinstance(work, Queue)
    }
    marks = {"claimed_by", "lease_owner", "lease_until", "next_attempt_at"}
    marked = {table.name for table in Base.metadata.tables.values() if marks & set(table.columns.keys())}
    assert marked - served == {"access_tokens"}
