"""Long-term subscriptions (长期订阅): asked for by themselves, not used up, and left alone when declined."""

from dataclasses import replace

import pytest

from app.core import clock
from app.core.atomic import atomic
from app.domain import events
from app.domain.config_error import ConfigError
from notifications.dispatch.dispatcher import dispatch
from notifications.outbox import consents
from notifications.wording import catalog, catalogfile
from notifications.wording.catalog import Catalog
from tests.notifications.conftest import SUBSCRIBE, Halves, Phones, later
from tests.notifications.people import CASE, Registry, person
from tests.notifications.test_catalogfile import edited
from tests.notifications.test_consents import CUSTOMER, OPENID
from tests.notifications.test_dispatcher import publish, states

LONG_TERM = "ask_order = 4\nlong_term = true\nask_again_days = 30"


@pytest.fixture
def lasting(known: Registry, phones: Phones, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The city, to which WeChat granted a long-term subscription for changes of the clock."""
    words = catalogfile.load(edited(tmp_path_factory.mktemp("city"), "ask_order = 4", LONG_TERM), None)
    catalog.install(words)
    for template in words.declared():
        phones.ask("POST", "templates", template)
    return words


def asked() -> list[tuple[str, bool]]:
    return [(each.key, each.long_term) for each in consents.templates_to_ask(CUSTOMER)]


def answer(**choices: str) -> None:
    with atomic():
        consents.record_choices(CUSTOMER, choices)


def test_it_is_asked_for_by_itself_and_never_beside_one_time_ones(lasting: Catalog) -> None:
    assert asked() == [("clock", True)]
    answer(clock="accept")
    assert asked() == [("accepted", False), ("progress", False), ("water_on", False)]


def test_who_declined_it_is_left_in_peace_and_asked_for_the_others(
    lasting: Catalog, set_clock: clock.FixedClock
) -> None:
    answer(clock="reject")
    assert [key for key, _ in asked()] == ["accepted", "progress", "water_on"]
    later(set_clock, days=29, hours=23)
    assert asked()[0] == ("accepted", False)
    later(set_clock, hours=1)
    assert asked() == [("clock", True)]


@pytest.mark.parametrize("told_by", ["client", "wechat", "both"])
def test_one_consent_carries_any_number_of_messages(
    lasting: Catalog, known: Registry, phones: Phones, told_by: str
) -> None:
    known.change_case(replace(CASE, acting=person("x", follows=False)))
    phones.consent(OPENID, "SIM-clock")
    if told_by != "wechat":
        answer(clock="acceptWithAudio")
    if told_by != "client":
        with atomic():
            consents.accepted_event(OPENID, "clock")
    for number in range(4):
        known.stop = replace(known.stop, stop_id=f"stop-{number}")
        publish(events.ClockStopped(f"stop-{number}"))
        dispatch(phones.accounts, chance=Halves())
    assert len(phones.arrived()) == 4
    assert consents.holders([OPENID], "clock") == {OPENID}
    # Several in one claim are not more than were consented to.
    for number in range(4, 8):
        known.stop = replace(known.stop, stop_id=f"stop-{number}")
        publish(events.ClockStopped(f"stop-{number}"))
    dispatch(phones.accounts, chance=Halves())
    assert len(phones.arrived()) == 8


def test_it_ends_when_the_person_switches_it_off_or_wechat_says_so(
    lasting: Catalog, known: Registry, phones: Phones
) -> None:
    answer(clock="accept")
    with atomic():
        consents.consent_exhausted(OPENID, "clock")
    assert consents.holders([OPENID], "clock") == set()
    answer(clock="accept")
    known.change_case(replace(CASE, acting=person("x", follows=False)))
    phones.fault(SUBSCRIBE, errcode=43101)
    publish(events.ClockStopped("stop-1"))
    dispatch(phones.accounts, chance=Halves())
    assert consents.holders([OPENID], "clock") == set()
    assert states()["customer-1"] == "waiting"


@pytest.mark.parametrize(
    ("choice", "held"),
    [
        ("accept", 1),
        ("acceptWithAudio", 1),
        ("acceptWithAlert", 1),
        ("reject", 0),
        ("ban", 0),
        ("filter", 0),
    ],
)
def test_a_yes_with_sound_or_alert_is_a_yes(known: Registry, choice: str, held: int) -> None:
    answer(accepted=choice)
    assert len(consents.holders([OPENID], "accepted")) == held


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("ask_order = 4", "ask_order = 4\nlong_term = true", "ask_again_days"),
        ("ask_order = 4\n", "long_term = true\nask_again_days = 30\n", "long_term"),
        ('title = "通水通知"', 'title = "报装进度通知"', "title"),
    ],
)
def test_what_wechat_would_not_ask_is_a_fault_of_the_data(
    tmp_path_factory: pytest.TempPathFactory, old: str, new: str, key: str
) -> None:
    with pytest.raises(ConfigError, match=key):
        catalogfile.load(edited(tmp_path_factory.mktemp("city"), old, new), None)
