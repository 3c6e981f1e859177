"""What the queue does when WeChat, a template, a consent or a worker fails: nothing is lost, others go on."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.domain.errors import ConflictError, NotFoundError
from app.services.cases.decisions import call_customer
from app.wechat.errcodes import kind_of
from app.wechat.port import SendReceipt, WeChatError
from notifications.channels.envelope import Route
from notifications.dispatch import circuit_breaker, claims, dispatcher
from notifications.dispatch.dispatcher import Counts, dispatch, drain
from notifications.dispatch.outbox_queue import LEASE
from notifications.followup import calls, undelivered, unknown_outcomes
from notifications.models import ChannelGate, DeliveryAttempt, DeliveryState, OutboxMessage
from notifications.outbox import consents, disabled_templates
from notifications.outbox.delivery_rules import FIRST, LAST, ORDINARY
from notifications.oversight import notice_queries
from notifications.wording.kinds import Channel
from tests.notifications.conftest import SUBSCRIBE, TEMPLATE, Halves, Phones, later
from tests.notifications.outgoing import DATA, put, rows, state_of
from tests.notifications.people import Registry

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


def plain(channel: Channel, template_key: str, openid: str) -> dict[str, Any]:
    route = Route(channel, template_key, openid, DATA.get(channel, {}))
    return asdict(route) | {"channel": channel.value}


def arrived(phones: Phones) -> list[str]:
    return [message["openid"] for message in phones.arrived()]


def gate() -> ChannelGate:
    db.session.expire_all()
    return db.session.scalars(select(ChannelGate)).one()


def outcomes(message_id: str) -> list[str]:
    asked = select(DeliveryAttempt.outcome).where(DeliveryAttempt.message_id == message_id)
    return list(db.session.scalars(asked.order_by(DeliveryAttempt.id)))


# --- crashed workers ---


def test_what_a_dead_worker_had_not_handed_over_goes_on_as_if_nothing_had_been(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    ids = put(rows(3, Channel.SUBSCRIBE))
    for position in range(3):
        phones.consent(f"subscribe-{position}", "SIM-accepted")
        with atomic():
            consents.accepted_event(f"subscribe-{position}", "accepted")
    with atomic():
        claim = claims.claim("dead", 10, clock.now(), Halves())
        claims.mark_handed_over("dead", claim.messages[:1], clock.now())
    later(set_clock, seconds=LEASE.total_seconds() + 1)

    assert run() == Counts(claimed=2, accepted=2, unknown=1)

    handed = claim.messages[0].id
    assert state_of(handed)[1] == DeliveryState.UNKNOWN
    assert outcomes(handed) == ["unknown"]
    for other in set(ids) - {handed}:
        assert outcomes(other) == ["accepted"]


def test_a_worker_that_lost_its_lease_hands_nothing_over(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    staff(2, phones)
    with atomic():
        claim = claims.claim("slow", 10, clock.now(), Halves())
    later(set_clock, seconds=LEASE.total_seconds() + 1)
    run()

    with atomic():
        assert claims.mark_handed_over("slow", claim.messages, clock.now()) == []
    assert len(phones.arrived()) == 2


# --- order ---


def test_the_most_important_goes_first_and_of_these_the_oldest(run: Run, phones: Phones) -> None:
    now = clock.now()
    plan = [(LAST, 9), (FIRST, 1), (FIRST, 5), (LAST, 8)]
    messages = [
        rows(
            1,
            Channel.TEMPLATE,
            importance=importance,
            openid=f"p{age}",
            next_attempt_at=now - age * timedelta(hours=1),
        )[0]
        for importance, age in plan
    ]
    for message in messages:
        phones.follow(message["openid"])
    put(messages)

    for _ in plan:
        run(batch=1)

    assert arrived(phones) == ["p5", "p1", "p9", "p8"]


def test_nothing_is_sent_before_its_time_or_after_its_point_is_lost(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    soon = clock.now() + timedelta(hours=1)
    (early,) = staff(1, phones, next_attempt_at=soon)
    (late,) = staff(1, phones, next_attempt_at=soon, expires_at=soon)

    assert run() == Counts()
    later(set_clock, hours=1)
    assert run() == Counts(claimed=1, accepted=1, expired=1)
    assert (state_of(early)[1], state_of(late)[1]) == (DeliveryState.ACCEPTED, DeliveryState.EXPIRED)
    assert (outcomes(early), outcomes(late)) == (["accepted"], ["over"])


def test_a_person_is_never_sent_two_messages_at_the_same_moment(
    run: Run, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = rows(6, Channel.TEMPLATE, openid="one-person")
    phones.follow("one-person")
    put(messages)
    together: list[int] = []
    take = claims.mark_handed_over

    def watched(owner: str, chosen: Any, now: Any) -> Any:
        together.append(len(chosen))
        return take(owner, chosen, now)

    monkeypatch.setattr(claims, "mark_handed_over", watched)

    assert run() == Counts(claimed=6, accepted=6)
    assert max(together) == 1


# --- templates ---


@pytest.mark.usefixtures("known")
def test_many_messages_to_one_person_keep_nobody_else_waiting(
    phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "BATCH", claims.OF_ONE_PERSON + 8)
    one, others = 3 * claims.OF_ONE_PERSON, 5
    before = clock.now() - timedelta(hours=1)
    put(
        [
            *rows(one, Channel.TEMPLATE, openid="supervisor", next_attempt_at=before),
            *rows(others, Channel.TEMPLATE),
        ]
    )
    for position in range(others):
        phones.follow(f"template-{position}")
    phones.follow("supervisor")

    done = drain(phones.accounts, chance=Halves())

    assert done == Counts(claimed=one + others, accepted=one + others)
    places = [place for place, openid in enumerate(arrived(phones)) if openid != "supervisor"]
    assert len(places) == others
    assert max(places) <= 2 * claims.OF_ONE_PERSON


def test_a_wrong_template_stops_itself_and_not_the_queue(
    run: Run, phones: Phones, set_clock: clock.FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    phones.fault(TEMPLATE, errcode=40037, times=1)
    wrong = staff(1, phones)[0]
    run()
    more = staff(3, phones)
    other = staff(2, phones, template_key="staff_overdue", openid="someone")

    assert run().accepted == 2
    # Waiting is no attempt, however often it is looked at.
    assert (outcomes(wrong), outcomes(more[0])) == (["template"], [])
    assert [state_of(each)[1:3] for each in [wrong, *more]] == [("waiting", "template_stopped")] * 4
    assert {state_of(each)[1] for each in other} == {DeliveryState.ACCEPTED}
    assert [
        (stop.template_key, stop.errcode, stop.waiting) for stop in disabled_templates.disabled_templates()
    ] == [("staff_task", 40037, 4)]
    assert [record.message for record in caplog.records if record.levelname == "ERROR"].count(
        "a template is stopped"
    ) == 1

    with atomic():
        assert disabled_templates.release("staff_task") == 4
    assert run() == Counts(claimed=4, accepted=4)
    with pytest.raises(NotFoundError), atomic():
        disabled_templates.release("staff_task")


def test_a_stopped_templates_message_takes_the_next_channel(run: Run, phones: Phones) -> None:
    with atomic():
        disabled_templates.disable("accepted", 40037, clock.now())
    phones.follow("service-1")
    next_channels = {"routes": [plain(Channel.TEMPLATE, "staff_task", "service-1")]}
    (told,) = put(rows(1, Channel.SUBSCRIBE, next_channels=next_channels))

    run()
    assert run() == Counts(claimed=1, accepted=1)
    assert arrived(phones) == ["service-1"]
    assert outcomes(told) == ["template_stopped", "accepted"]


def test_content_that_is_refused_again_and_again_is_the_templates_fault(run: Run, phones: Phones) -> None:
    phones.fault(TEMPLATE, errcode=47003, times=disabled_templates.CONTENT_FAULTS)
    staff(disabled_templates.CONTENT_FAULTS - 1, phones)
    run()
    assert disabled_templates.disabled_templates() == []
    staff(1, phones, case_id="one-more")
    run()

    assert [stop.template_key for stop in disabled_templates.disabled_templates()] == ["staff_task"]


# --- outages ---


def close(phones: Phones, run: Run) -> list[str]:
    """Let the channel close: so many sends in a row go unanswered."""
    phones.fault(TEMPLATE, errcode=-1, times=None)
    ids = staff(circuit_breaker.FAULTS_TO_CLOSE, phones)
    run()
    return ids


def test_an_outage_closes_its_channel_and_what_waits_uses_up_no_attempts(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    close(phones, run)
    assert (gate().channel, gate().reason) == ("template", "outage")
    waiting = staff(5, phones)

    later(set_clock, seconds=circuit_breaker.FIRST_PAUSE.total_seconds() / 2)
    assert run() == Counts()
    assert {state_of(each)[1] for each in waiting} == {DeliveryState.WAITING}


def test_a_closed_channel_is_tried_with_a_few_and_stays_closed_longer_each_time(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    close(phones, run)
    pauses = []
    for _ in range(3):
        until = gate().closed_until
        assert until is not None
        set_clock.set(until)
        assert run().claimed == circuit_breaker.PROBES
        again = gate().closed_until
        assert again is not None
        pauses.append(again - until)

    assert pauses == [
        circuit_breaker.FIRST_PAUSE * 2,
        circuit_breaker.FIRST_PAUSE * 4,
        circuit_breaker.FIRST_PAUSE * 8,
    ]


def test_after_an_outage_the_backlog_goes_out_at_the_citys_rate(
    run: Run, phones: Phones, set_clock: clock.FixedClock
) -> None:
    close(phones, run)
    staff(400, phones)
    phones.ask("DELETE", "faults")
    later(set_clock, minutes=2)
    assert run().accepted == circuit_breaker.PROBES
    assert (gate().reason, gate().draining) == (None, True)

    assert run() == Counts()
    later(set_clock, seconds=1)
    assert run().claimed == 50
    assert run() == Counts()
    later(set_clock, hours=1)
    assert run(batch=1000).claimed == 50 * circuit_breaker.SAVED_SECONDS
    later(set_clock, seconds=5)
    run(batch=1000)
    assert not gate().draining


def test_while_one_channel_is_closed_the_other_goes_on(run: Run, phones: Phones) -> None:
    close(phones, run)
    put(rows(1, Channel.SUBSCRIBE))
    phones.consent("subscribe-0", "SIM-accepted")
    with atomic():
        consents.accepted_event("subscribe-0", "accepted")

    assert run().accepted == 1


@pytest.mark.parametrize(("errcode", "reason"), [(45009, "quota"), (40164, "configuration")])
def test_what_the_whole_account_meets_is_met_once_and_keeps_everything(
    run: Run, phones: Phones, set_clock: clock.FixedClock, errcode: int, reason: str
) -> None:
    phones.fault(TEMPLATE, errcode=errcode, times=2)
    ids = staff(2, phones)
    run()
    ids += staff(20, phones)
    assert run() == Counts()
    assert gate().reason == reason
    assert {state_of(each)[1] for each in ids} == {DeliveryState.WAITING}

    later(set_clock, hours=24)
    while run().claimed:
        later(set_clock, seconds=5)
    assert {state_of(each)[1] for each in ids} == {DeliveryState.ACCEPTED}


def test_faults_between_answers_close_nothing(
    run: Run, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, asked = phones.accounts.service.send_template, count()

    def every_second_fails(**message: Any) -> SendReceipt:
        if next(asked) % 2:
            raise WeChatError(-1, "system error", kind_of(-1))
        receipt: SendReceipt = send(**message)
        return receipt

    monkeypatch.setattr(phones.accounts.service, "send_template", every_second_fails)
    staff(2 * circuit_breaker.FAULTS_TO_CLOSE, phones)
    # One at a time: side by side, all the faults may happen to be answered first.
    run(pool_size=1)
    assert next(asked) == 2 * circuit_breaker.FAULTS_TO_CLOSE

    assert db.session.scalars(select(ChannelGate).where(ChannelGate.reason.is_not(None))).all() == []


# --- consents ---


def test_the_last_consent_is_kept_for_the_most_important_message(run: Run, phones: Phones) -> None:
    phones.consent("one-person", "SIM-accepted", 2)
    with atomic():
        for _ in range(2):
            consents.accepted_event("one-person", "accepted")
    ordinary = put(rows(2, Channel.SUBSCRIBE, openid="one-person", importance=ORDINARY))
    run()
    assert sorted(state_of(each)[1] for each in ordinary) == ["accepted", "refused"]
    assert sorted(outcomes(each)[0] for each in ordinary) == ["accepted", "no_consent"]

    (first,) = put(rows(1, Channel.SUBSCRIBE, openid="one-person"))
    run()
    assert state_of(first)[1] == DeliveryState.ACCEPTED


# --- text messages and calls ---


class Carrier:
    """A carrier of text messages that takes everything."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, *, phone: str, values: Any, reference: str) -> str | None:
        self.sent.append((phone, reference))
        return f"serial-{len(self.sent)}"


def test_a_text_message_goes_to_the_verified_phone(run: Run, phones: Phones) -> None:
    carrier = Carrier()
    ids = put(rows(1, Channel.SMS, openid="", data={"1": "甲"}))

    assert run(sms=carrier) == Counts(claimed=1, accepted=1)
    assert carrier.sent == [("+8613800000009", ids[0])]


@pytest.mark.parametrize(("asked", "state"), [(True, DeliveryState.TO_CALL), (False, DeliveryState.REFUSED)])
def test_whom_nothing_reaches_is_called_unless_they_read_the_notice(
    run: Run, monkeypatch: pytest.MonkeyPatch, set_clock: clock.FixedClock, asked: bool, state: str
) -> None:
    monkeypatch.setattr(call_customer, "ask_to_call", lambda _case: asked)
    call = {"routes": [plain(Channel.CALL, "", "")]}
    unread, read = put(rows(2, Channel.SUBSCRIBE, next_channels=call))
    run()
    with atomic():
        assert calls.ask_managers(10) == 0
        message = db.session.get_one(OutboxMessage, read)
        notice_queries.mark_read_by_customer(message.recipient_id, message.notice_id)
    later(set_clock, hours=4)
    with atomic():
        assert calls.ask_managers(10) == 2

    assert (state_of(unread)[1], state_of(read)[1]) == (state, DeliveryState.DELIVERED)
    assert outcomes(read) == ["no_consent", "read_in_app"]


def test_nobody_is_called_about_what_has_lost_its_point(
    known: Registry, monkeypatch: pytest.MonkeyPatch, set_clock: clock.FixedClock
) -> None:
    monkeypatch.setattr(call_customer, "ask_to_call", lambda _case: pytest.fail("the visit is over"))
    (told,) = put(rows(1, Channel.CALL, openid="", expires_at=clock.now() + timedelta(hours=1)))
    later(set_clock, hours=2)

    with atomic():
        assert calls.ask_managers(10) == 1
    assert state_of(told)[1] == DeliveryState.EXPIRED
    assert outcomes(told) == ["over"]


# --- what stays unknown, and what did not arrive ---


@pytest.mark.parametrize(
    ("template", "state", "why"),
    [("accepted", "unknown", "presumed_arrived"), ("clock", "waiting", "unknown_outcome")],
)
def test_the_citys_rule_settles_what_stays_unknown(
    run: Run, phones: Phones, set_clock: clock.FixedClock, template: str, state: str, why: str
) -> None:
    next_channels = {"routes": [plain(Channel.TEMPLATE, "staff_task", "service-1")]}
    (lost,) = put(
        rows(
            1,
            Channel.SUBSCRIBE,
            template_key=template,
            state=DeliveryState.UNKNOWN,
            settled_at=clock.now(),
            next_channels=next_channels,
        )
    )
    with atomic():
        assert unknown_outcomes.resolve_unknown_outcomes(10) == 0
    later(set_clock, hours=24)
    with atomic():
        assert unknown_outcomes.resolve_unknown_outcomes(10) == 1
        assert unknown_outcomes.resolve_unknown_outcomes(10) == 0

    assert state_of(lost)[1:3] == (state, why)
    assert outcomes(lost) == ["ruled"]


def test_supervisors_see_failures_by_cause_and_replay_what_can_be(run: Run, phones: Phones) -> None:
    before = clock.now() - timedelta(days=1)
    phones.fault(TEMPLATE, errcode=47003, times=2)
    failed = staff(2, phones)
    (unknown,) = put(rows(1, Channel.SUBSCRIBE, state=DeliveryState.UNKNOWN, settled_at=clock.now()))
    run()

    assert [
        (each.channel, each.state, each.errcode, each.messages) for each in undelivered.causes(before)
    ] == [
        ("template", "failed", 47003, 2),
        ("subscribe", "unknown", None, 1),
    ]
    assert {each.id: each.replayable for each in undelivered.listed(None, 10)} == {
        failed[0]: True,
        failed[1]: True,
        unknown: False,
    }
    with atomic():
        undelivered.replay(failed[0])
    assert run() == Counts(claimed=1, accepted=1)
    assert outcomes(failed[0]) == ["content", "replayed", "accepted"]
    refusals = ((failed[0], ConflictError), (unknown, ConflictError), ("nobody", NotFoundError))
    for message, refusal in refusals:
        with pytest.raises(refusal), atomic():
            undelivered.replay(message)
    assert undelivered.total(before, clock.now()) == undelivered.Sum(1, 0, 1, 0)


def test_a_lost_answer_of_a_subscribe_message_is_settled_by_no_repetition(run: Run, phones: Phones) -> None:
    phones.consent("subscribe-0", "SIM-accepted")
    with atomic():
        consents.accepted_event("subscribe-0", "accepted")
    phones.fault(SUBSCRIBE, failure="reset", after_delivery=True)
    put(rows(1, Channel.SUBSCRIBE))

    assert run() == Counts(claimed=1, unknown=1)
    assert dispatcher.drain(phones.accounts) == Counts()
    assert arrived(phones) == ["subscribe-0"]
