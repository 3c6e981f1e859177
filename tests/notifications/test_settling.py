from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.channels.envelope import Envelope, Outcome, OutcomeKind, Route
from notifications.dispatch import retry
from notifications.dispatch.outcome_policy import resolve
from notifications.models import DeliveryState
from notifications.wording.kinds import Channel

NOW = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
SUBSCRIBE = Route(Channel.SUBSCRIBE, "accepted", "mini", {})
TEMPLATE = Route(Channel.TEMPLATE, "service_progress", "service", {})


def envelope(
    route: Route, *next_routes: Route, attempt: int = 1, unknown_since: datetime | None = None
) -> Envelope:
    return Envelope(
        "m", "case_accepted", "case", "person", route, next_routes, "p", attempt, NOW, unknown_since
    )


def outcome(kind: OutcomeKind, at: datetime = NOW) -> Outcome:
    return Outcome(kind, at)


@given(attempt=st.integers(1, 10_000), seed=st.integers())
def test_delays_are_bounded_on_both_sides(attempt: int, seed: int) -> None:
    wait = retry.delay(attempt, Random(seed))

    assert retry.FIRST_DELAY / 2 <= wait <= retry.LONGEST_DELAY


def test_delays_grow_until_they_are_bounded() -> None:
    class Never:
        def random(self) -> float:
            return 0.0

    waits = [retry.delay(attempt, Never()) for attempt in range(1, 8)]

    assert waits == sorted(waits)
    assert waits[1] == 4 * waits[0]
    assert waits[-1] == retry.LONGEST_DELAY


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    chance = Random(7)

    assert len({retry.delay(3, chance) for _ in range(50)}) == 50


@pytest.mark.parametrize("hour", [0, 15, 16, 23])
def test_a_used_up_quota_comes_back_after_midnight_in_china(hour: int) -> None:
    now = datetime(2026, 3, 10, hour, 30, tzinfo=UTC)

    at = retry.tomorrow(now, Random(1))

    local = at.astimezone(UTC) + timedelta(hours=8)
    assert local.date() == (now + timedelta(hours=8)).date() + timedelta(days=1)
    assert (local.hour, local.minute < 30) == (0, True)


def test_a_transient_fault_is_tried_a_bounded_number_of_times() -> None:
    states = [
        resolve(envelope(TEMPLATE, attempt=attempt), outcome(OutcomeKind.TRANSIENT), Random(1)).state
        for attempt in range(1, retry.MOST_ATTEMPTS + 1)
    ]

    assert states == [DeliveryState.WAITING] * (retry.MOST_ATTEMPTS - 1) + [DeliveryState.FAILED]


def test_a_token_refused_to_the_end_raises_the_alarm() -> None:
    settled = resolve(envelope(TEMPLATE, attempt=retry.MOST_ATTEMPTS), outcome(OutcomeKind.TOKEN), Random(1))

    assert (settled.state, settled.alarm) == (DeliveryState.FAILED, True)


def test_a_refused_account_costs_no_attempt_where_no_message_can_be_at_fault() -> None:
    settled = resolve(envelope(TEMPLATE, attempt=3), outcome(OutcomeKind.CONFIGURATION), Random(1))

    assert (settled.state, settled.attempts, settled.alarm) == (DeliveryState.WAITING, 2, True)


SENT_IN_VAIN = (
    OutcomeKind.TRANSIENT,
    OutcomeKind.QUOTA,
    OutcomeKind.TOKEN,
    OutcomeKind.UNCLEAR,
    OutcomeKind.ACCOUNT_REFUSED,
    OutcomeKind.REFUSED_ALONE,
    OutcomeKind.RECIPIENT,
    OutcomeKind.CONTENT,
    OutcomeKind.OWN_CONTENT,
    OutcomeKind.UNKNOWN,
)


@given(kinds=st.lists(st.sampled_from(SENT_IN_VAIN), min_size=retry.MOST_ATTEMPTS), seed=st.integers())
def test_whatever_a_message_meets_it_ends_after_a_bounded_number_of_sends(
    kinds: list[OutcomeKind], seed: int
) -> None:
    attempt, since, states = 0, None, []
    for kind in kinds[: retry.MOST_ATTEMPTS]:
        attempt += 1
        settled = resolve(
            envelope(TEMPLATE, attempt=attempt, unknown_since=since), outcome(kind), Random(seed)
        )
        states.append(settled.state)
        if settled.state is not DeliveryState.WAITING:
            assert settled.failure_class is not None
            return
        attempt, since = settled.attempts, settled.unknown_since
    # Only what may have arrived is left to the clock: it is repeated while WeChat recognises it.
    assert since is not None


def test_a_subscribe_message_of_unknown_outcome_is_never_repeated() -> None:
    settled = resolve(envelope(SUBSCRIBE, TEMPLATE), outcome(OutcomeKind.UNKNOWN), Random(1))

    assert (settled.state, settled.reroute) == (DeliveryState.UNKNOWN, None)


def test_a_template_message_of_unknown_outcome_is_repeated_while_wechat_would_recognise_it() -> None:
    first = resolve(envelope(TEMPLATE), outcome(OutcomeKind.UNKNOWN), Random(1))
    assert (first.state, first.unknown_since) == (DeliveryState.WAITING, NOW)

    late = NOW + timedelta(minutes=9)
    last = resolve(
        envelope(TEMPLATE, attempt=2, unknown_since=NOW), outcome(OutcomeKind.UNKNOWN, late), Random(1)
    )
    assert last.state is DeliveryState.UNKNOWN


@given(attempt=st.integers(1, 20), minutes=st.floats(0, 30), seed=st.integers())
def test_no_repetition_is_planned_beyond_wechats_ten_minutes(attempt: int, minutes: float, seed: int) -> None:
    message = envelope(TEMPLATE, attempt=attempt, unknown_since=NOW)
    for kind in (OutcomeKind.UNKNOWN, OutcomeKind.TRANSIENT, OutcomeKind.TOKEN):
        settled = resolve(message, outcome(kind, NOW + timedelta(minutes=minutes)), Random(seed))
        if settled.next_attempt_at is not None:
            assert settled.next_attempt_at - NOW < timedelta(minutes=9)


def test_somebody_who_can_not_be_reached_gets_the_next_channel_then_none() -> None:
    moved = resolve(envelope(SUBSCRIBE, TEMPLATE, attempt=2), outcome(OutcomeKind.RECIPIENT), Random(1))
    assert (moved.state, moved.reroute, moved.attempts) == (DeliveryState.WAITING, TEMPLATE, 0)

    ended = resolve(envelope(TEMPLATE), outcome(OutcomeKind.RECIPIENT), Random(1))
    assert ended.state is DeliveryState.REFUSED


def test_a_message_that_was_not_sent_in_time_waits_as_if_nothing_had_been() -> None:
    settled = resolve(envelope(SUBSCRIBE, attempt=1), outcome(OutcomeKind.LATE), Random(1))

    assert (settled.state, settled.attempts, settled.next_attempt_at) == (DeliveryState.WAITING, 0, NOW)
