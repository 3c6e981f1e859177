"""The results of a campaign: what arrived at WeChat's side, compared with what the outbox says of it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app.core.atomic import atomic
from app.core.db import db
from app.models import Application, Case, Task, Timer
from notifications.channels.envelope import OutcomeKind
from notifications.models import DeliveryAttempt, DeliveryState, Notice, OutboxMessage
from tests.campaign.health_monitor import DUE, LAG, OLDEST, WAITING
from tests.campaign.observations import Observations
from tests.campaign.phones import Phones
from tests.campaign.starting_data import FIRST_OCCURRENCE, StartingData

UNSETTLED = (DeliveryState.WAITING, DeliveryState.SENDING)
ARRIVED = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the outbox has it, how its attempts ended, and the msgids under which it arrived."""

    id: str
    state: str
    failure_class: str | None
    msgid: str | None
    outcomes: Mapping[str, int]
    arrived: Sequence[str]

    @property
    def was_unknown(self) -> bool:
        """Whether the outcome of one of its sends was unknown."""
        return self.outcomes.get(OutcomeKind.UNKNOWN, 0) > 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table at the end."""

    what: str
    number: int | float | str


@dataclass(frozen=True, slots=True)
class Results:
    """The table, and everything that is not as it should be."""

    lines: Sequence[Line]
    faults: Sequence[str]

    def __str__(self) -> str:
        width = max(len(line.what) for line in self.lines) + 2
        rows = [
            f"  {line.what:<{width}}{line.number:>9,}"
            if not isinstance(line.number, str)
            else f"  {line.what:<{width}}{line.number:>9}"
            for line in self.lines
        ]
        verdict = [f"  FAULT: {fault}" for fault in self.faults] or ["  nothing lost, nothing doubled"]
        return "\n".join([*rows, *verdict])


def compare(
    app: Flask,
    data: StartingData,
    received: Callable[[], Sequence[Mapping[str, Any]]],
    phones: Phones,
    observations: Observations,
    metrics: Mapping[str, float],
) -> Results:
    """Compare the outbox with `received`, which asks WeChat's side for every message that arrived there.

    WeChat's side is asked after the outbox was read. The other way round, a message that is sent between the
    two is accepted in the outbox and missing at WeChat, and would be called lost.
    """
    with app.app_context(), atomic(read_only=True):
        messages, strays = _messages(data, received)
        faults = [*_faults_of(messages), *_timers(data), *_cases(phones)]
        lines = [*_lines(messages, data), *_observation_lines(observations)]
    if strays:
        faults.append(f"{strays} messages arrived that the outbox does not know")
    if not metrics or metrics.get(DUE) or metrics.get(WAITING) or metrics.get(LAG):
        faults.append(f"/metrics says that something waits: {dict(metrics)}")
    return Results(lines, [*observations.faults, *faults])


def _messages(
    data: StartingData, received: Callable[[], Sequence[Mapping[str, Any]]]
) -> tuple[list[Message], int]:
    """Every message of the outbox, and how many messages arrived that belong to none of them."""
    rows = db.session.execute(
        select(OutboxMessage.id, OutboxMessage.state, OutboxMessage.failure_class, OutboxMessage.msgid)
    ).all()
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for message_id, outcome, number in db.session.execute(
        select(DeliveryAttempt.message_id, DeliveryAttempt.outcome, func.count()).group_by(
            DeliveryAttempt.message_id, DeliveryAttempt.outcome
        )
    ):
        outcomes[message_id][outcome] = number
    by_mark = {mark: message_id for message_id, mark in data.marks.items()}
    arrived: defaultdict[str, list[str]] = defaultdict(list)
    for one in received():
        key = one["client_msg_id"] or by_mark.get(one["data"].get("character_string1"), "")
        arrived[key].append(str(one["msgid"]))
    messages = [
        Message(row.id, row.state, row.failure_class, row.msgid, outcomes[row.id], arrived.pop(row.id, ()))
        for row in rows
    ]
    return messages, sum(map(len, arrived.values()))


def _faults_of(messages: Sequence[Message]) -> list[str]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for message in messages:
        fault = _fault_of(message)
        if fault is not None:
            found[fault].append(message.id)
    return [f"{len(ids)} {fault}: {', '.join(ids[:SHOWN])}" for fault, ids in sorted(found.items())]


def _fault_of(message: Message) -> str | None:
    """What is wrong with one message, or None."""
    arrived = len(message.arrived)
    if message.state in UNSETTLED:
        return "messages are not settled"
    if arrived > 1 and not message.was_unknown:
        return "messages of known outcome arrived twice"
    if message.state in ARRIVED:
        if not arrived:
            return "messages are lost: said to be accepted, and never arrived"
        return None if message.msgid in message.arrived else "messages carry another message's msgid"
    if message.state != DeliveryState.UNKNOWN and arrived and not message.was_unknown:
        return f"messages arrived and are said to be {message.state}"
    if message.state == DeliveryState.GATHERED:
        # What is only to be known goes into the morning's message.
        return None
    if not message.outcomes and message.failure_class != "no_consent":
        return f"messages ended as {message.state} without an attempt"
    return None


def _timers(data: StartingData) -> list[str]:
    """Each reminder reached its two people, each overdue task was reported once, and no timer is left."""
    faults = []
    told = Counter(key for key in db.session.scalars(select(Notice.dedupe_key)) if key in data.reminders)
    if missing := len(data.reminders - told.keys()):
        faults.append(f"{missing} of {len(data.reminders)} notices of reminders are missing")
    left = db.session.scalar(
        select(func.count()).select_from(Timer).where(Timer.occurrence >= FIRST_OCCURRENCE)
    )
    if left:
        faults.append(f"{left} reminders were never fired")
    tasks = {
        row.id: row
        for row in db.session.execute(
            select(Task.id, Task.overdue_told, Task.version).where(
                Task.id.in_([one.task_id for one in data.overdue])
            )
        )
    }
    # Every telling raises the version by one, so that a second one could not hide.
    wrong = [
        one.task_id
        for one in data.overdue
        if (tasks[one.task_id].overdue_told, tasks[one.task_id].version) != (1, one.version + 1)
    ]
    if wrong:
        faults.append(f"{len(wrong)} overdue tasks were not told exactly once: {', '.join(wrong[:SHOWN])}")
    return faults


def _cases(phones: Phones) -> list[str]:
    """Each customer has exactly the case and the draft of the answer, however often it was requested."""
    faults = []
    for model, key in ((Application, "draft"), (Case, "case")):
        found: defaultdict[str | None, list[str]] = defaultdict(list)
        for customer_id, row_id in db.session.execute(select(model.customer_id, model.id)):
            found[customer_id].append(row_id)
        wrong = [customer for customer, told in phones.answered.items() if found[customer] != [told[key]]]
        if wrong:
            faults.append(
                f"{len(wrong)} customers have not exactly the {key} they were told of: {wrong[:SHOWN]}"
            )
    return faults


def _lines(messages: Sequence[Message], data: StartingData) -> list[Line]:
    states = Counter(message.state for message in messages)
    unknown_once = [message for message in messages if message.was_unknown]
    return [
        Line("messages in the outbox", len(messages)),
        *(Line(f"  {state}", states[state]) for state in DeliveryState if states[state]),
        Line("messages that WeChat took", sum(len(message.arrived) > 0 for message in messages)),
        Line("outcome unknown for a while or for good", len(unknown_once)),
        Line("  of these unknown to the end, and arrived", _count_unknown(messages, arrived=True)),
        Line("  of these unknown to the end, and not arrived", _count_unknown(messages, arrived=False)),
        Line("doubled, outcome unknown", sum(len(message.arrived) > 1 for message in unknown_once)),
        Line(
            "doubled, outcome known",
            sum(len(message.arrived) > 1 and not message.was_unknown for message in messages),
        ),
        Line("lost", sum(message.state in ARRIVED and not message.arrived for message in messages)),
        Line("attempts", sum(sum(message.outcomes.values()) for message in messages)),
        *_errcodes(),
        Line("timers fired", data.timers + len(data.overdue)),
    ]


def _errcodes() -> list[Line]:
    """How often each of WeChat's error codes ended an attempt."""
    rows = db.session.execute(
        select(DeliveryAttempt.errcode, func.count())
        .where(DeliveryAttempt.errcode.is_not(None))
        .group_by(DeliveryAttempt.errcode)
        .order_by(DeliveryAttempt.errcode)
    )
    return [Line(f"  ended by errcode {errcode}", number) for errcode, number in rows]


def _count_unknown(messages: Sequence[Message], *, arrived: bool) -> int:
    return sum(
        message.state == DeliveryState.UNKNOWN and bool(message.arrived) is arrived for message in messages
    )


def _observation_lines(observations: Observations) -> list[Line]:
    counted = [
        "applications answered",
        "progress shown",
        "requests put off (503)",
        "requests without an answer",
    ]
    return [
        *(Line(what, observations.counted(what)) for what in counted),
        Line("oldest message that waited (s)", round(observations.highest(OLDEST), 1)),
        Line("latest timer (s)", round(observations.highest(LAG), 1)),
    ]
