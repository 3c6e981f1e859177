"""The rules of talking: recall, asking again, quiet hours, WeChat's windows, choices, quick replies."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.city_folder import city_folder
from app.domain.conversation import case_choice, poll_interval, push_timing, quick_replies, reply_window
from app.domain.conversation.loader import load_talk
from app.domain.conversation.message_states import Fate, MessageState, may_recall, state_of
from app.domain.conversation.reply_window import Opened
from app.domain.conversation.rules import PushRules
from app.domain.document_kinds import load_document_rules

RULES = load_talk(city_folder({}), load_document_rules(city_folder({})))
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
instants = st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda away: NOW + away)
stretches = st.timedeltas(timedelta(), timedelta(days=5))


@given(seq=st.integers(1, 9), delivered=st.integers(0, 9), read=st.integers(0, 9), sending=st.booleans())
def test_a_failed_or_recalled_message_never_looks_sent(
    seq: int, delivered: int, read: int, sending: bool
) -> None:
    failed = state_of(seq, Fate(failed=True, sending=sending), delivered=delivered, read=read)
    taken_back = state_of(seq, Fate(recalled=True, failed=True), delivered=delivered, read=read)
    assert (failed, taken_back) == (MessageState.FAILED, MessageState.RECALLED)


@given(seq=st.integers(1, 9), delivered=st.integers(0, 9), read=st.integers(0, 9))
def test_what_is_read_was_delivered_and_nothing_goes_back(seq: int, delivered: int, read: int) -> None:
    order = [MessageState.SENT, MessageState.DELIVERED, MessageState.READ]
    before = order.index(state_of(seq, Fate(), delivered=delivered, read=read))
    after = order.index(state_of(seq, Fate(), delivered=delivered + 1, read=read + 1))
    assert before <= after


@given(ago=st.timedeltas(timedelta(days=-2), timedelta(days=2)))
def test_a_message_can_be_recalled_for_two_minutes_even_if_the_clock_goes_back(
    ago: timedelta,
) -> None:
    assert may_recall(NOW - ago, NOW, RULES.message.recall) == (ago <= timedelta(minutes=2))


@given(silence=stretches, longer=stretches)
def test_the_longer_the_silence_the_later_a_phone_asks(silence: timedelta, longer: timedelta) -> None:
    soon = poll_interval.seconds(RULES.asking, NOW - silence, NOW, writing=False)
    later = poll_interval.seconds(RULES.asking, NOW - silence - longer, NOW, writing=False)
    assert RULES.asking.writing < soon <= later <= RULES.asking.idle
    assert poll_interval.seconds(RULES.asking, NOW - silence, NOW, writing=True) == RULES.asking.writing


@given(sent_at=instants)
def test_a_push_waits_a_minute_and_never_comes_at_night(sent_at: datetime) -> None:
    due = push_timing.push_at(RULES.push, sent_at, ZONE, urgent=False)
    local = due.astimezone(ZONE).time()
    assert due - sent_at >= timedelta(minutes=1)
    assert time(8) <= local < time(21)
    # It waits for nothing but the night: no longer than eleven hours and its minute.
    assert due - sent_at <= timedelta(hours=11, minutes=1)
    assert push_timing.push_at(RULES.push, sent_at, ZONE, urgent=True) == sent_at + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sent", "pushed"),
    [
        ("20:58:59", "18 20:59:59"),
        ("20:59:00", "19 08:00:00"),
        ("20:59:30", "19 08:00:00"),
        ("23:59:30", "19 08:00:00"),
        ("07:58:59", "18 08:00:00"),
        ("07:59:00", "18 08:00:00"),
        ("08:00:00", "18 08:01:00"),
    ],
)
def test_the_edges_of_the_night(sent: str, pushed: str) -> None:
    def local(text: str) -> datetime:
        return datetime.fromisoformat(f"2026-09-{text}").replace(tzinfo=ZONE)

    due = push_timing.push_at(RULES.push, local(f"18 {sent}"), ZONE, urgent=False)
    assert due == local(pushed)


@given(at=instants)
def test_quiet_hours_may_lie_within_a_day(at: datetime) -> None:
    noon = PushRules(timedelta(), timedelta(), time(12), time(14))
    held = push_timing.after_quiet(noon, at, ZONE)
    assert not time(12) <= held.astimezone(ZONE).time() < time(14)
    assert timedelta() <= held - at <= timedelta(hours=2)


@given(wrote=stretches, sends=st.integers(0, 7), queued=st.integers(0, 7))
def test_a_window_is_open_for_two_days_and_five_sends(wrote: timedelta, sends: int, queued: int) -> None:
    found = reply_window.window(RULES.window, Opened(NOW - wrote, sends), NOW, queued=queued)
    if wrote < timedelta(hours=48) and sends + queued < 5:
        assert found is not None
        assert (found.closes_at, found.left) == (NOW - wrote + timedelta(hours=48), 5 - sends - queued)
    else:
        assert found is None


def test_entering_opens_a_short_window_beside_one_that_is_used_up() -> None:
    opened = Opened(NOW - timedelta(hours=1), 5, NOW - timedelta(seconds=30), 1)
    found = reply_window.window(RULES.window, opened, NOW)
    assert found is not None
    assert (found.closes_at, found.left) == (NOW + timedelta(seconds=30), 1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", 1),
        (" ２ ", 1),
        ("第二个", 1),
        ("两", 1),
        ("选1号", 0),
        ("3", None),
        ("0", None),
        ("二楼漏水", None),
    ],
)
def test_what_names_a_choice(text: str, place: int | None) -> None:
    assert case_choice.chosen(text, 2) == place


@given(text=st.text(max_size=40), choices=st.integers(1, 9))
def test_no_answer_chooses_what_was_not_offered(text: str, choices: int) -> None:
    place = case_choice.chosen(text, choices)
    assert place is None or 0 <= place < choices


@given(value=st.text(min_size=1, max_size=20))
def test_a_value_with_braces_is_text(value: str) -> None:
    filled = quick_replies.fill("您好{manager_name}", {"manager_name": value})
    assert (filled.text, filled.missing) == (f"您好{value}", ())


def test_what_is_not_known_is_named() -> None:
    filled = quick_replies.fill("{project_name}{stage_due}{stage_due}", {"project_name": "小铺"})
    assert (filled.text, filled.missing) == ("小铺{stage_due}{stage_due}", ("stage_due",))
    assert quick_replies.unfilled(filled.text) == ("stage_due",)
    assert quick_replies.unfilled("{别的}不是我们的") == ()
