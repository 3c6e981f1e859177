"""What is there when a campaign begins: cases with timers, messages on their way, customers-to-be."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, update

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.core.db import db
from app.core.ids import new_id
from app.models import Customer, Task, Timer, TimerKind
from app.services.installation import city
from app.services.people import identity, personnel, phones
from app.services.people.personnel import NewStaff
from app.services.people.sessions import Audience
from demo.environment.simulated_wechat import ControlsOverHttp, SimulatedWeChat
from notifications.models import SubscribeConsent
from notifications.outbox.delivery_rules import IMPORTANCES
from notifications.outbox.outbox import dedupe_key
from notifications.wording.kinds import Channel
from tests.campaign.plan import Size
from tests.notifications.outgoing import DATA, TEMPLATES, put, rows
from tests.world import World, local

START = local("2026-09-22 10:00")
"""A Tuesday. Timers that the cases set by themselves are due in the afternoon and later."""

BEFORE = START - timedelta(minutes=30)
"""When the cases were submitted, and the hour of every process until all is prepared."""

SPARE_CONSENTS = 5
MESSAGES_EACH = 50
FIRST_OCCURRENCE = 1000
"""No timer that a case has set by itself has had so many before it."""

REMINDED, OVERDUE = "network_survey", ("site_visit", "design_opinion", "engineering_opinion")
"""The task of each case that is reminded of, and those that are told to be overdue."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """A customer who is known, logged in, and has applied for nothing yet."""

    customer_id: str
    token: str
    phone: str


@dataclass(frozen=True, slots=True)
class OverdueTask:
    """A task with an overdue timer of its own, as it stood before."""

    task_id: str
    version: int


@dataclass(frozen=True, slots=True)
class StartingData:
    """What has to be found at the end. `marks` is the text by which a subscribe message is recognised.

    `reminders` are the keys of the notices that the reminders owe, two for each: its holder and the manager.
    """

    marks: dict[str, str]
    reminders: frozenset[str]
    timers: int
    overdue: Sequence[OverdueTask]
    applicants: Sequence[Applicant]
    followers: Sequence[str]
    consents: dict[str, int]


def prepare(app: Flask, size: Size, chance: random.Random) -> StartingData:
    """Fill the application's empty database."""
    world = World(app)
    fixed = FixedClock(BEFORE)
    clock.use(fixed)
    customer = world.log_in("o_campaign", "13900000000")
    cases = [world.submitted(customer)["id"] for _ in range(size.cases)]
    fixed.set(START)
    with app.app_context():
        holders = _holders(size.cases)
        reminders = _set_reminders(cases, holders, size, chance)
        overdue = _move_overdue(cases, size, chance)
        followers = [f"follower-{number}" for number in range(_people(size))]
        marks, consents = _messages(size, followers, chance)
        applicants = _applicants(app, size.customers)
        with atomic():
            db.session.connection().exec_driver_sql("ANALYZE")
        db.session.remove()
        db.engine.dispose()
    return StartingData(
        marks,
        frozenset(reminders),
        size.timers,
        overdue,
        applicants,
        [
            *followers,
            *(f"holder-{n}" for n in range(size.cases)),
            *(f"applicant-{n}" for n in range(size.customers)),
        ],
        consents,
    )


def introduce(data: StartingData, controls: ControlsOverHttp) -> None:
    """Let the simulated WeChat know everybody, and what they consented to."""
    wechat = SimulatedWeChat(controls)
    for openid in data.followers:
        wechat.know_follower(openid, f"union-{openid}")
    for openid, count in data.consents.items():
        wechat.consent(openid, f"SIM-{TEMPLATES[Channel.SUBSCRIBE]}", count)


def _people(size: Size) -> int:
    return max(size.messages // MESSAGES_EACH, 4)


def _holders(number: int) -> list[str]:
    """One staff member for each case who follows the 服务号; the others read notices in the app."""
    found = []
    with atomic():
        for place in range(number):
            member = personnel.add(
                NewStaff(
                    f"R{place:03d}",
                    f"演示{place}",
                    "group",
                    f"137{place:08d}",
                    "https://example.invalid/r.jpg",
                    False,
                    False,
                    (),
                )
            )
            member.service_openid = f"holder-{place}"
            found.append(member.id)
    return found


def _set_reminders(
    cases: Sequence[str], holders: Sequence[str], size: Size, chance: random.Random
) -> set[str]:
    """Reminders of one task of each case, no two of a case in the same second; the notices they owe."""
    each = size.timers // len(cases)
    # Some are late when it begins, and the last come before it ends.
    seconds = range(-each, int(size.chaos * 0.9))
    expected, timers = set(), []
    with atomic():
        tasks = db.session.scalars(select(Task).where(Task.case_id.in_(cases), Task.key == REMINDED)).all()
        managers = dict(
            db.session.execute(
                select(Task.case_id, Task.assignee_id).where(Task.case_id.in_(cases), Task.key == OVERDUE[0])
            ).all()
        )
        for task, holder in zip(tasks, holders, strict=True):
            task.assignee_id = holder
            assert task.due_at is not None
            for number, second in enumerate(sorted(chance.sample(seconds, each))):
                timers.append(
                    {
                        "due_at": START + timedelta(seconds=second),
                        "kind": TimerKind.REMINDER,
                        "case_id": task.case_id,
                        "task_id": task.id,
                        "occurrence": FIRST_OCCURRENCE + number,
                        "reminders": "before_due",
                    }
                )
                stamps = f"{int(START.timestamp()) + second}:{int(task.due_at.timestamp())}"
                key = f"{task.case_id}:{task.stage_key}:{stamps}"
                expected |= {
                    dedupe_key("task_reminder", key, holder),
                    dedupe_key("task_reminder_info", key, str(managers[task.case_id])),
                }
    with atomic():
        db.session.connection().execute(insert(Timer), timers)
    return expected


def _move_overdue(cases: Sequence[str], size: Size, chance: random.Random) -> list[OverdueTask]:
    """Let the other tasks' own overdue timers become due during the chaos phase."""
    with atomic():
        tasks = db.session.scalars(select(Task).where(Task.case_id.in_(cases), Task.key.in_(OVERDUE))).all()
        for task in tasks:
            at = START + timedelta(seconds=chance.uniform(0, size.chaos * 0.9))
            db.session.execute(
                update(Timer)
                .where(Timer.task_id == task.id, Timer.kind == TimerKind.OVERDUE)
                .values(due_at=at)
            )
        return [OverdueTask(task.id, task.version) for task in tasks]


def _messages(
    size: Size, followers: Sequence[str], chance: random.Random
) -> tuple[dict[str, str], dict[str, int]]:
    """Half of them subscribe messages, every second of which may go on by template; due all through it.

    The mark of each message, and how many consents each person has given.
    """
    half = size.messages // 2
    marks: dict[str, str] = {}
    consents: dict[str, int] = {}
    messages = [*rows(half, Channel.SUBSCRIBE), *rows(size.messages - half, Channel.TEMPLATE)]
    for place, message in enumerate(messages):
        mark = f"C{place:08d}"
        follower = followers[place % len(followers)]
        by_template = _route(follower, mark)
        if message["channel"] == Channel.SUBSCRIBE:
            openid = f"reader-{place % len(followers)}"
            consents[openid] = consents.get(openid, SPARE_CONSENTS) + 1
            message["next_channels"] = {"routes": [by_template] if place % 2 else []}
        else:
            openid = follower
        marks[message["id"]] = mark
        message |= {
            "openid": openid,
            "data": _data(message["channel"], mark),
            "importance": chance.choice(IMPORTANCES),
            # A third waits already when it begins.
            "next_attempt_at": START + timedelta(seconds=max(chance.uniform(-0.45, 0.9), 0) * size.chaos),
        }
    put(messages)
    with atomic():
        db.session.connection().execute(
            insert(SubscribeConsent),
            [
                {
                    "openid": openid,
                    "template_key": TEMPLATES[Channel.SUBSCRIBE],
                    "remaining": count,
                    "updated_at": START,
                }
                for openid, count in consents.items()
            ],
        )
    return marks, consents


def _route(openid: str, mark: str) -> dict[str, Any]:
    return {
        "channel": Channel.TEMPLATE.value,
        "template_key": TEMPLATES[Channel.TEMPLATE],
        "openid": openid,
        "data": _data(Channel.TEMPLATE, mark),
    }


def _data(channel: Channel, mark: str) -> dict[str, str]:
    return {**DATA[channel], "character_string1": mark}


def _applicants(app: Flask, number: int) -> list[Applicant]:
    signer = app.extensions["steward.signer"]
    version = city.current().city.privacy.version
    found = []
    with atomic():
        for place in range(number):
            phone = f"+86138{place:08d}"
            customer = Customer(
                id=new_id(),
                openid=f"mini-applicant-{place}",
                service_openid=f"applicant-{place}",
                phone=phone,
                phone_hash=phones.phone_hash(phone),
                created_at=clock.now(),
            )
            db.session.add(customer)
            db.session.flush()
            identity.consent(customer.id, version)
            token = signer.issue(Audience.CUSTOMER, customer.id)
            found.append(Applicant(customer.id, token.value, phone))
    return found
