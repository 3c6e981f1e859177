"""From the outbox to the (simulated) phone, with everything that can go wrong on the way."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain import events
from app.services.people.recipients import CustomerRecipient
from notifications.dispatch import dispatcher, sender_pool
from notifications.dispatch.dispatcher import Counts, dispatch
from notifications.dispatch.outbox_queue import LEASE
from notifications.models import DeliveryAttempt, DeliveryState, Notice, OutboxMessage, SubscribeConsent
from notifications.outbox import consents
from tests.notifications.conftest import SUBSCRIBE, TEMPLATE, Halves, Phones, later
from tests.notifications.people import CASE, DESIGNER, MANAGER, SECOND_DESIGNER, TASK, Registry, person

ACCEPTED = "SIM-accepted"
CUSTOMER = "customer-1"
NO_FOLLOWER = CustomerRecipient(CUSTOMER, {"subscribe": "mini-customer"})


def publish(event: object) -> None:
    with atomic():
        eventbus.publish(event)


def agree(phones: Phones, count: int = 1) -> None:
    """The customer accepts messages of the acceptance, and the client reports it."""
    phones.consent("mini-customer", ACCEPTED, count)
    with atomic():
        for _ in range(count):
            consents.record_accepted(CUSTOMER, {"accepted": 1})


def run(phones: Phones, *, batch: int = 100) -> Counts:
    return dispatch(phones.accounts, batch=batch, chance=Halves())


def message(recipient: str) -> OutboxMessage:
    db.session.expire_all()
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.recipient_id == recipient)).one()


def states() -> dict[str, str]:
    """Of what goes out alone."""
    alone = select(OutboxMessage.recipient_id, OutboxMessage.state).where(
        OutboxMessage.state != DeliveryState.GATHERED
    )
    rows = db.session.execute(alone).all()
    db.session.rollback()
    return {row.recipient_id: row.state for row in rows}


def outcomes() -> Sequence[str]:
    return db.session.scalars(select(DeliveryAttempt.outcome).order_by(DeliveryAttempt.id)).all()


def remaining() -> int:
    db.session.expire_all()
    return db.session.scalars(select(SubscribeConsent.remaining)).one()


def test_the_customer_is_told_by_subscribe_message_the_staff_by_template_message(
    known: Registry, phones: Phones
) -> None:
    agree(phones)
    phones.follow("service-manager")
    publish(events.CaseOpened("case-1"))

    assert run(phones) == Counts(claimed=2, accepted=2)

    by_channel = {arrived["channel"]: arrived for arrived in phones.arrived()}
    assert by_channel["subscribe"]["openid"] == "mini-customer"
    assert by_channel["subscribe"]["title"] == "报装受理通知"
    assert by_channel["subscribe"]["page"] == "pages/case/index?id=case-1"
    assert by_channel["subscribe"]["data"]["name3"] == MANAGER.name
    assert by_channel["subscribe"]["data"]["phone_number4"] == "13800000001"
    assert by_channel["template"]["page"] == "staff/case/index?id=case-1"
    assert by_channel["template"]["client_msg_id"] == message(MANAGER.staff_id).id
    assert remaining() == 0
    assert run(phones) == Counts()


def test_without_any_channel_there_is_the_notice_alone(known: Registry, phones: Phones) -> None:
    known.change_case(replace(CASE, customer=NO_FOLLOWER, acting=person("x", follows=False)))
    publish(events.CaseOpened("case-1"))

    assert run(phones) == Counts()
    assert len(db.session.scalars(select(Notice.id)).all()) == 2


def test_without_consent_a_follower_gets_a_template_message(known: Registry, phones: Phones) -> None:
    phones.follow("service-customer")
    publish(events.WaterOn("case-1"))

    run(phones)

    (arrived,) = phones.arrived()
    assert (arrived["channel"], arrived["openid"]) == ("template", "service-customer")


def test_a_consent_that_wechat_no_longer_honours_leads_to_the_next_channel(
    known: Registry, phones: Phones
) -> None:
    with atomic():
        consents.record_accepted(CUSTOMER, {"water_on": 1})
    phones.consent("mini-customer", "SIM-water_on", 0)
    phones.follow("service-customer")
    publish(events.WaterOn("case-1"))

    assert run(phones) == Counts(claimed=1, waiting=1)
    assert run(phones) == Counts(claimed=1, accepted=1)

    (arrived,) = phones.arrived()
    assert arrived["channel"] == "template"
    assert remaining() == 0
    assert list(outcomes()) == ["recipient", "accepted"]


def test_who_can_be_reached_by_no_channel_has_refused(known: Registry, phones: Phones) -> None:
    with atomic():
        consents.record_accepted(CUSTOMER, {"water_on": 1})
    phones.consent("mini-customer", "SIM-water_on", 0)
    known.change_case(replace(CASE, customer=NO_FOLLOWER))
    publish(events.WaterOn("case-1"))

    assert run(phones) == Counts(claimed=1, waiting=1)
    assert (message(CUSTOMER).channel, message(CUSTOMER).errcode) == ("sms", 43101)
    # This installation has no carrier of text messages.
    assert run(phones) == Counts(claimed=1, refused=1)
    assert (message(CUSTOMER).state, message(CUSTOMER).failure_class) == (DeliveryState.REFUSED, "recipient")
    assert list(outcomes()) == ["recipient", "recipient"]


@pytest.fixture
def reminded(known: Registry, phones: Phones) -> Registry:
    """A reminder waits for two designers who follow."""
    for holder in TASK.holders:
        phones.follow(holder.addresses["template"])
    known.task = replace(TASK, case=replace(CASE, acting=replace(MANAGER, addresses={})))
    publish(events.ReminderDue("task-1", ("before_due",), clock.now()))
    return known


def test_a_transient_fault_is_retried_after_a_while_and_told_once(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.fault(TEMPLATE, errcode=-1, times=2)

    assert run(phones) == Counts(claimed=2, waiting=2)
    assert run(phones) == Counts()
    later(set_clock, seconds=10)
    assert run(phones) == Counts(claimed=2, accepted=2)

    assert len(phones.arrived()) == 2
    assert sorted(outcomes()) == ["accepted", "accepted", "transient", "transient"]


def test_a_transient_fault_that_lasts_ends_in_a_failure(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.fault(TEMPLATE, errcode=45011, times=None)
    for _ in range(20):
        run(phones)
        later(set_clock, hours=1)

    assert set(states().values()) == {DeliveryState.FAILED}
    assert len(outcomes()) == 16
    assert message(DESIGNER.staff_id).failure_class == "transient"


def test_a_used_up_quota_waits_for_wechats_next_day(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.fault(TEMPLATE, errcode=45009, times=2)
    run(phones)
    later(set_clock, hours=12)
    assert run(phones) == Counts()
    later(set_clock, hours=11, minutes=30)

    assert run(phones) == Counts(claimed=2, accepted=2)


def test_content_that_wechat_refuses_fails_that_message_and_raises_the_alarm(
    reminded: Registry, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    phones.fault(TEMPLATE, errcode=47003, times=1)

    assert run(phones) == Counts(claimed=2, accepted=1, failed=1)

    failed = [recipient for recipient, state in states().items() if state == DeliveryState.FAILED]
    assert (message(failed[0]).failure_class, message(failed[0]).errcode) == ("content", 47003)
    (alarm,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert alarm.__dict__["template"] == "staff_reminder"
    assert "service-designer" not in caplog.text


@pytest.mark.parametrize("failure", ["timeout", "reset"])
def test_a_template_message_whose_answer_was_lost_is_repeated_and_arrives_once(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock, failure: str
) -> None:
    phones.fault(TEMPLATE, failure=failure, after_delivery=True, times=2)

    assert run(phones) == Counts(claimed=2, waiting=2)
    later(set_clock, seconds=10)
    assert run(phones) == Counts(claimed=2, accepted=2)

    assert len(phones.arrived()) == 2


def test_a_template_message_of_unknown_outcome_is_not_repeated_after_wechat_forgot_it(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.fault(TEMPLATE, failure="timeout", after_delivery=True, times=2)
    run(phones)
    later(set_clock, minutes=11)

    assert run(phones) == Counts(unknown=2)
    assert sorted(outcomes()) == ["given_up", "given_up", "unknown", "unknown"]
    assert len(phones.arrived()) == 2
    assert set(states().values()) == {DeliveryState.UNKNOWN}


@pytest.mark.parametrize("after_delivery", [True, False])
def test_a_subscribe_message_of_unknown_outcome_is_never_repeated(
    known: Registry, phones: Phones, set_clock: clock.FixedClock, after_delivery: bool
) -> None:
    agree(phones, 3)
    known.change_case(replace(CASE, acting=person("x", follows=False)))
    phones.fault(SUBSCRIBE, failure="timeout", after_delivery=after_delivery)
    publish(events.CaseOpened("case-1"))

    assert run(phones) == Counts(claimed=1, unknown=1)
    later(set_clock, days=1)
    assert run(phones) == Counts()

    assert len(phones.arrived()) == after_delivery
    assert message(CUSTOMER).state == DeliveryState.UNKNOWN


def test_a_reminder_of_a_task_that_is_done_is_dropped(reminded: Registry, phones: Phones) -> None:
    reminded.task = replace(reminded.task, is_open=False)

    assert run(phones) == Counts(expired=2)
    assert list(outcomes()) == ["task_closed", "task_closed"]
    assert phones.arrived() == []
    assert set(states().values()) == {DeliveryState.EXPIRED}


def crash(monkeypatch: pytest.MonkeyPatch, phones: Phones) -> None:
    """Let a worker die after it has sent and before it has written that down."""

    class Died(Exception):
        pass

    record = dispatcher._Pipeline._record

    def die(self: Any, attempted: Sequence[Any], now: Any) -> list[Any]:
        if attempted:
            raise Died
        return record(self, attempted, now)

    with monkeypatch.context() as patched:
        patched.setattr(dispatcher._Pipeline, "_record", die)
        with pytest.raises(Died):
            run(phones)


def test_a_template_message_sent_by_a_worker_that_died_arrives_once(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(monkeypatch, phones)
    assert run(phones) == Counts()
    later(set_clock, seconds=LEASE.total_seconds() + 1)

    assert run(phones) == Counts(claimed=2, accepted=2)
    assert len(phones.arrived()) == 2


def test_a_subscribe_message_of_a_worker_that_died_is_unknown_for_good(
    known: Registry, phones: Phones, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(phones, 3)
    known.change_case(replace(CASE, acting=person("x", follows=False)))
    publish(events.CaseOpened("case-1"))
    crash(monkeypatch, phones)
    later(set_clock, seconds=LEASE.total_seconds() + 1)

    assert run(phones) == Counts(unknown=1)
    later(set_clock, days=1)
    assert run(phones) == Counts()
    assert len(phones.arrived()) == 1


def test_a_message_that_waited_in_the_pool_beyond_its_lease_is_left_to_the_next_round(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = sender_pool.Workers.send

    def after_a_jump(self: Any, messages: Any) -> None:
        later(set_clock, seconds=LEASE.total_seconds())
        send(self, messages)

    with monkeypatch.context() as patched:
        patched.setattr(sender_pool.Workers, "send", after_a_jump)
        assert run(phones) == Counts(claimed=2, waiting=2)
    assert phones.arrived() == []

    assert run(phones) == Counts(claimed=2, accepted=2)
    assert list(outcomes()) == ["accepted", "accepted"]


def test_an_error_of_ours_leaves_the_others_recorded(
    reminded: Registry, phones: Phones, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = type(phones.accounts.service).send_template

    def stumble(self: Any, *, openid: str, **rest: Any) -> Any:
        if openid.endswith("1"):
            raise ZeroDivisionError
        return sent(self, openid=openid, **rest)

    with monkeypatch.context() as patched:
        patched.setattr(type(phones.accounts.service), "send_template", stumble)
        with pytest.raises(ZeroDivisionError):
            run(phones)
    assert states() == {
        DESIGNER.staff_id: DeliveryState.SENDING,
        SECOND_DESIGNER.staff_id: DeliveryState.ACCEPTED,
    }

    later(set_clock, seconds=LEASE.total_seconds() + 1)
    assert run(phones) == Counts(claimed=1, accepted=1)


def test_no_connection_is_held_while_wechat_is_asked(
    reminded: Registry, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    pool = db.engine.pool
    send = sender_pool.send

    def watched(*arguments: Any) -> Any:
        held.append(pool.status())
        return send(*arguments)

    monkeypatch.setattr(sender_pool, "send", watched)
    db.session.rollback()
    idle = pool.status()
    run(phones)

    assert held == [idle, idle]


def test_workers_side_by_side_send_each_message_once(house: Flask, known: Registry, phones: Phones) -> None:
    crowd = tuple(person(f"n{number}") for number in range(60))
    for one in crowd:
        phones.follow(one.addresses["template"])
    known.task = replace(TASK, holders=crowd)
    publish(events.ReminderDue("task-1", ("before_due",), clock.now()))

    def worker(_number: int) -> int:
        with house.app_context():
            return sum(run(phones, batch=5).claimed for _ in range(8))

    with ThreadPoolExecutor(4) as workers:
        claimed = list(workers.map(worker, range(4)))

    run(phones)
    arrived = [message["openid"] for message in phones.arrived()]
    assert sorted(arrived) == sorted(one.addresses["template"] for one in crowd)
    assert sum(claimed) == 60
    assert set(states().values()) == {DeliveryState.ACCEPTED}


def test_draining_goes_on_until_nothing_is_due(
    reminded: Registry, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "BATCH", 1)

    counts = dispatcher.drain(phones.accounts, chance=Halves())

    assert counts == Counts(claimed=2, accepted=2)


def test_the_texts_of_messages_are_not_readable_in_the_database(reminded: Registry, phones: Phones) -> None:
    for table in ("outbox_messages", "notices"):
        rows = db.session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()
        assert rows
        for secret in (CASE.project_name, MANAGER.name):
            assert secret not in str(rows)
