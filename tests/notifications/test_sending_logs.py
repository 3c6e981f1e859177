"""What the log tells of sending: the ids that lead to a message, and nothing of what it says or to whom."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core import eventbus, logs
from app.core.atomic import atomic
from app.core.db import db
from app.core.logs import JsonFormatter
from app.domain import events
from notifications.dispatch import dispatcher
from notifications.dispatch.dispatcher import dispatch
from notifications.models import OutboxMessage
from notifications.wording.kinds import Channel
from tests.notifications.conftest import TEMPLATE, Halves, Phones
from tests.notifications.outgoing import DATA, put, rows
from tests.notifications.people import CASE, Registry, person


class Lines(logging.Handler):
    """Every log line of this process, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))

    def of(self, message_id: str) -> list[dict[str, object]]:
        told = [json.loads(line) for line in self.written]
        return [line for line in told if line.get("message_id") == message_id]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All that is logged, from debug up."""
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


PERSONAL = [*DATA[Channel.TEMPLATE].values(), "o-of-somebody", "+8613800000009", "13800000009"]


@pytest.mark.parametrize(
    ("fault", "outcome", "state"),
    [
        ({}, "accepted", "accepted"),
        ({"errcode": -1}, "transient", "waiting"),
        ({"errcode": 43004}, "recipient", "refused"),
        ({"errcode": 47003}, "content", "failed"),
        ({"errcode": 40037}, "template", "waiting"),
        ({"errcode": 45009}, "quota", "waiting"),
        ({"failure": "timeout"}, "unknown", "waiting"),
    ],
)
def test_each_attempt_is_told_by_the_messages_id_and_holds_nobodys_data(
    known: Registry, phones: Phones, lines: Lines, fault: dict[str, object], outcome: str, state: str
) -> None:
    phones.follow("o-of-somebody")
    if fault:
        phones.fault(TEMPLATE, **fault)
    (sent,) = put(rows(1, Channel.TEMPLATE, openid="o-of-somebody"))
    dispatch(phones.accounts, chance=Halves())

    told = [line for line in lines.of(sent) if line["logger"] == dispatcher.__name__]
    assert [(line["outcome"], line["state"], line["errcode"]) for line in told] == [
        (outcome, state, fault.get("errcode"))
    ]
    for word in PERSONAL:
        assert not [line for line in lines.written if word in line]


def test_what_is_logged_below_while_a_message_is_sent_carries_its_id(
    known: Registry, phones: Phones, lines: Lines
) -> None:
    phones.follow("o-of-somebody")
    phones.fault(TEMPLATE, errcode=40001)
    (sent,) = put(rows(1, Channel.TEMPLATE, openid="o-of-somebody"))
    dispatch(phones.accounts, chance=Halves())

    assert "app.wechat.account_calls" in {line["logger"] for line in lines.of(sent)}


def test_the_request_that_a_message_comes_from_can_be_found(
    known: Registry, phones: Phones, lines: Lines
) -> None:
    known.change_case(replace(CASE, acting=person("x", follows=False)))
    token = logs.request_id.set("request-1")
    try:
        with atomic():
            eventbus.publish(events.WaterOn("case-1"))
    finally:
        logs.request_id.reset(token)

    sent = db.session.scalars(select(OutboxMessage.id)).one()
    told = [json.loads(line) for line in lines.written]
    assert [(line["request"], line["message_ids"]) for line in told if "message_ids" in line] == [
        ("request-1", [sent])
    ]


def test_a_fault_of_the_database_names_no_values(known: Registry, lines: Lines) -> None:
    put(rows(1, Channel.TEMPLATE, openid="o-of-somebody"))
    row = rows(1, Channel.TEMPLATE, openid="o-of-somebody", notice_id="nobody")
    try:
        with atomic():
            db.session.connection().execute(insert(OutboxMessage), row)
    except IntegrityError:
        logging.getLogger("test").exception("job failed")

    (line,) = [line for line in lines.written if "job failed" in line]
    assert "IntegrityError" in line
    assert "o-of-somebody" not in line
