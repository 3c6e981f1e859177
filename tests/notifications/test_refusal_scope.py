"""What a refusal is about: one person or one text stops nobody else; what the account meets loses nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from notifications.dispatch import retry
from notifications.dispatch.dispatcher import Counts, dispatch
from notifications.models import ChannelGate, DeliveryAttempt, DeliveryState, Notice, OutboxMessage
from notifications.outbox import consents, disabled_templates
from notifications.wording.kinds import Channel
from tests.notifications.conftest import CARD, SUBSCRIBE, TEMPLATE, Halves, Phones, later
from tests.notifications.outgoing import put, rows, state_of
from tests.notifications.people import Registry

STABLE_TOKEN = "cgi-bin/stable_token"
GETTOKEN = "cgi-bin/gettoken"

A_DAY = 24 * 4
"""In quarters of an hour; after it the quiet hours of the night are over again."""

Run = Callable[..., Counts]


@pytest.fixture
def run(known: Registry, phones: Phones) -> Run:
    """One round of dispatching."""

    def once(**options: Any) -> Counts:
        return dispatch(phones.accounts, chance=Halves(), **options)

    return once


def staff(number: int, phones: Phones, **columns: Any) -> list[str]:
    messages = rows(number, Channel.TEMPLATE, **columns)
    for message in messages:
        phones.follow(message["openid"])
    return put(messages)


def states(ids: list[str]) -> list[str]:
    return [state_of(each)[1] for each in ids]


def closed() -> dict[str, str]:
    """The closed channels and why."""
    db.session.expire_all()
    found = {gate.channel: gate.reason for gate in db.session.scalars(select(ChannelGate)) if gate.reason}
    db.session.rollback()
    return found


# --- the token ---


@pytest.mark.parametrize("fault", [{"errcode": code} for code in (89501, 89506, 50004, 50007, 40003, 999)])
def test_a_refused_token_fails_no_message_and_tells_the_operator(
    run: Run, phones: Phones, set_clock: clock.FixedClock, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    ids = staff(6, phones)
    phones.fault(STABLE_TOKEN, times=None, **fault)
    for _ in range(A_DAY):
        run()
        later(set_clock, minutes=15)
    assert states(ids) == [DeliveryState.WAITING] * 6
    assert closed() == {"template": "configuration"}
    assert disabled_templates.disabled_templates() == []
    assert "a channel is closed" in [record.message for record in caplog.records]

    phones.ask("DELETE", "faults")
    later(set_clock, minutes=15)
    run()
    run()
    assert states(ids) == [DeliveryState.ACCEPTED] * 6


def test_the_same_holds_for_a_token_of_wecom(run: Run, phones: Phones, set_clock: clock.FixedClock) -> None:
    ids = put(rows(3, Channel.WECOM))
    for position in range(3):
        phones.join(f"wecom-{position}")
    phones.fault(GETTOKEN, errcode=40031, times=None)
    for _ in range(A_DAY):
        run()
        later(set_clock, minutes=15)
    assert states(ids) == [DeliveryState.WAITING] * 3

    phones.ask("DELETE", "faults")
    run()
    assert states(ids) == [DeliveryState.ACCEPTED] * 3


def test_a_token_refused_at_every_send_closes_the_channel_and_loses_nothing(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    ids = staff(6, phones)
    phones.fault(TEMPLATE, errcode=40001, times=None)
    for _ in range(A_DAY):
        run()
        later(set_clock, minutes=15)
    assert closed() == {"template": "configuration"}
    assert states(ids) == [DeliveryState.WAITING] * 6


# --- one person, one text ---

ONE_PERSONS = [{"errcode": 50002}, {"errcode": 48001}, {"failure": "http403"}, {"failure": "http412"}]


@pytest.mark.parametrize("fault", ONE_PERSONS)
def test_one_frozen_person_closes_nobody_elses_channel(
    run: Run, phones: Phones, set_clock: clock.FixedClock, fault: Any
) -> None:
    ids = staff(30, phones)
    phones.fault(TEMPLATE, openid="template-7", times=None, **fault)
    for _ in range(6):
        run(batch=5)

    assert state_of(ids[7])[1:3] == (DeliveryState.REFUSED, "refused_alone")
    assert sorted(states(ids)) == ["accepted"] * 29 + ["refused"]
    assert closed() == {}


def test_one_member_out_of_wecoms_reach_closes_nobody_elses_channel(run: Run, phones: Phones) -> None:
    ids = put(rows(10, Channel.WECOM))
    for position in range(10):
        phones.join(f"wecom-{position}")
    phones.fault(CARD, errcode=60011, openid="wecom-7", times=None)
    run(batch=5)
    run(batch=5)
    assert states(ids) == ["accepted"] * 7 + ["refused"] + ["accepted"] * 2
    assert closed() == {}


@pytest.mark.parametrize("fault", [*ONE_PERSONS, {"errcode": -1}, {"failure": "http502"}, {"errcode": 40001}])
def test_one_person_at_night_is_tried_a_bounded_number_of_times_and_keeps_nobody_waiting(
    run: Run, phones: Phones, set_clock: clock.FixedClock, fault: Any
) -> None:
    """Nobody else gets a message, so nobody can tell whose fault it is."""
    ids = staff(25, phones, openid="template-0", recipient_id="one")
    phones.fault(TEMPLATE, openid="template-0", times=None, **fault)
    for _ in range(60):
        run()
        later(set_clock, minutes=20)
        assert closed() == {}

    assert set(states(ids)) <= {DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.UNKNOWN}
    assert all(state_of(each)[2] for each in ids)
    tries = db.session.scalars(select(DeliveryAttempt.message_id)).all()
    assert max(map(tries.count, ids)) <= retry.MOST_ATTEMPTS


@pytest.mark.parametrize("fault", [{"failure": "http412"}, {"failure": "timeout"}, {"errcode": -1}])
def test_the_text_of_one_case_closes_nobody_elses_channel(
    run: Run, phones: Phones, set_clock: clock.FixedClock, fault: Any
) -> None:
    ids = staff(25, phones, case_id="case-with-an-odd-name")
    phones.fault(TEMPLATE, times=None, **fault)
    run()
    phones.ask("DELETE", "faults")
    assert closed() == {}

    others = staff(2, phones, openid="another")
    run()
    assert states(others) == [DeliveryState.ACCEPTED] * 2
    assert DeliveryState.ACCEPTED not in states(ids)


@pytest.mark.parametrize("fault", ONE_PERSONS)
def test_an_account_that_is_refused_closes_its_channel_and_keeps_what_waits(
    run: Run, phones: Phones, set_clock: clock.FixedClock, fault: Any
) -> None:
    early = staff(5, phones)
    run()
    assert states(early) == [DeliveryState.ACCEPTED] * 5

    phones.fault(TEMPLATE, times=None, **fault)
    ids = staff(40, phones)
    for _ in range(8):
        run()
        later(set_clock, minutes=15)
    assert closed() == {"template": "configuration"}
    assert states(ids) == [DeliveryState.WAITING] * 40

    phones.ask("DELETE", "faults")
    for _ in range(3):
        run()
        later(set_clock, seconds=5)
    assert states(ids) == [DeliveryState.ACCEPTED] * 40


def test_a_quota_that_never_comes_back_ends_in_a_named_failure(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    ids = staff(2, phones)
    phones.fault(TEMPLATE, errcode=45009, times=None)
    for _ in range(24 * 10):
        run()
        later(set_clock, hours=1)
    assert [state_of(each)[1:3] for each in ids] == [(DeliveryState.FAILED, "quota")] * 2


# --- templates ---


@pytest.mark.parametrize("errcode", [40165, 40166, 41030, 43104, 45103, 61007])
def test_a_bad_page_of_a_template_message_holds_what_waits(run: Run, phones: Phones, errcode: int) -> None:
    ids = staff(3, phones)
    phones.fault(TEMPLATE, errcode=errcode, times=None)
    run()
    assert states(ids) == [DeliveryState.WAITING] * 3

    phones.ask("DELETE", "faults")
    with atomic():
        assert disabled_templates.release("staff_task") == 3
    run()
    assert states(ids) == [DeliveryState.ACCEPTED] * 3


def test_one_cases_text_to_many_people_stops_no_template(run: Run, phones: Phones) -> None:
    staff(20, phones, case_id="case-with-an-odd-name")
    phones.fault(TEMPLATE, errcode=47003, times=None)
    run()
    assert disabled_templates.disabled_templates() == []


@pytest.mark.parametrize("errcode", [45168, 87014, 99999999])
def test_refused_words_and_unlisted_codes_stop_no_template_however_many_cases_meet_them(
    run: Run, phones: Phones, errcode: int
) -> None:
    ids = staff(20, phones)
    phones.fault(TEMPLATE, errcode=errcode, times=None)
    run()
    assert {state_of(each)[1:3] for each in ids} == {(DeliveryState.FAILED, "own_content")}
    assert disabled_templates.disabled_templates() == []


def test_refused_contents_stop_no_channel_that_has_no_templates(run: Run, phones: Phones) -> None:
    """Every card of WeCom carries the same key; five odd ones must not stop all others."""
    put(rows(20, Channel.WECOM))
    phones.fault(CARD, errcode=45002, times=20)
    run()
    assert disabled_templates.disabled_templates() == []
    phones.join("somebody-else")
    (other,) = put(rows(1, Channel.WECOM, openid="somebody-else"))
    run()
    assert states([other]) == [DeliveryState.ACCEPTED]


def test_a_kind_that_the_city_has_given_up_stops_nobody(run: Run, phones: Phones) -> None:
    staff(1, phones, kind="a_kind_of_last_year", task_id="task-1")
    (other,) = staff(1, phones, openid="another")
    run()
    assert states([other]) == [DeliveryState.ACCEPTED]


# --- success ---


def test_an_answer_that_is_not_wechats_is_no_success(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    (told,) = staff(1, phones)
    phones.fault(TEMPLATE, failure="foreign")
    run()
    assert state_of(told)[1:3] == (DeliveryState.WAITING, "unknown_outcome")
    later(set_clock, minutes=1)
    run()
    assert states([told]) == [DeliveryState.ACCEPTED]


@pytest.mark.parametrize("failure", ["http500", "http502", "foreign"])
def test_a_subscribe_message_is_not_sent_again_after_a_server_error(
    run: Run, phones: Phones, set_clock: clock.FixedClock, failure: str
) -> None:
    phones.consent("subscribe-0", "SIM-accepted", 2)
    with atomic():
        for _ in range(2):
            consents.accepted_event("subscribe-0", "accepted")
    phones.fault(SUBSCRIBE, failure=failure, after_delivery=True)
    (told,) = put(rows(1, Channel.SUBSCRIBE))
    run()
    later(set_clock, hours=2)
    run()
    assert states([told]) == [DeliveryState.UNKNOWN]
    assert len(phones.arrived()) == 1


# --- any course of events ---

PEOPLE = 8
FAULTS = st.sampled_from(
    [
        {"errcode": 50002},
        {"errcode": 48004},
        {"errcode": -1},
        {"errcode": 43004},
        {"errcode": 45168},
        {"errcode": 999},
        {"failure": "http412"},
        {"failure": "http500"},
        {"failure": "timeout"},
    ]
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("send"), st.integers(1, 6)),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 600, 3600])),
    ),
    min_size=5,
    max_size=25,
)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, fault=FAULTS)
def test_whatever_one_person_meets_everybody_else_is_told_and_the_person_has_an_end(
    run: Run, phones: Phones, set_clock: clock.FixedClock, steps: list[tuple[str, int]], fault: dict[str, Any]
) -> None:
    with atomic():
        for model in (DeliveryAttempt, OutboxMessage, Notice, ChannelGate):
            db.session.execute(delete(model))
        for template in disabled_templates.disabled_templates():
            disabled_templates.release(template.template_key)
    phones.ask("DELETE", "faults")
    phones.fault(TEMPLATE, openid="template-0", times=None, **fault)
    for person in range(PEOPLE):
        phones.follow(f"template-{person}")
    mine, others = list[str](), list[str]()
    for act, number in steps:
        if act == "tell":
            message = rows(number + 1, Channel.TEMPLATE)[number]
            (mine if number == 0 else others).extend(put([message]))
        elif act == "send":
            run(batch=number)
        else:
            later(set_clock, seconds=number)
    # Some of them may have waited for the end of a night.
    set_clock.set(clock.now().replace(hour=2, minute=0) + timedelta(days=1))
    while run(batch=50).claimed:
        pass
    assert closed() == {}
    assert set(states(others)) <= {DeliveryState.ACCEPTED}
    for _ in range(30):
        later(set_clock, hours=1)
        run()
    ended = {DeliveryState.REFUSED, DeliveryState.FAILED, DeliveryState.UNKNOWN}
    assert set(states(mine)) <= ended
