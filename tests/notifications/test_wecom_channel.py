"""Staff are told through 企业微信: which channel comes first, and that nothing is dropped or doubled."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import text

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain import events
from app.domain.config_error import ConfigError
from notifications.channels.wecom import WeComChannel
from notifications.dispatch import claims, dispatcher, member_limits
from notifications.dispatch.dispatcher import Counts
from notifications.models import DeliveryState
from notifications.outbox import delivery_rules, delivery_rules_file
from notifications.wording.catalog import Catalog
from notifications.wording.kinds import Channel
from tests.notifications.conftest import CARD, JINAN, Halves, Phones, later
from tests.notifications.outgoing import put, rows, state_of
from tests.notifications.people import CASE, MANAGER, Registry

MEMBER = "g001"


@pytest.fixture
def told_by_wecom(known: Registry, phones: Phones, jinan: Catalog) -> Registry:
    """The city's rules where the installation has WeCom, and a manager whom both accounts know."""
    delivery_rules.install(delivery_rules_file.load(JINAN, jinan))
    manager = replace(MANAGER, addresses={"template": "service-manager", "wecom": MEMBER})
    known.change_case(replace(CASE, customer=None, manager=manager, acting=manager))
    phones.follow("service-manager")
    return known


def drain(phones: Phones) -> Counts:
    return dispatcher.drain(phones.accounts, chance=Halves())


def publish() -> None:
    with atomic():
        eventbus.publish(events.CaseOpened(CASE.case_id))


@pytest.mark.usefixtures("told_by_wecom")
def test_a_card_with_the_link_comes_first(phones: Phones) -> None:
    phones.join(MEMBER)
    publish()

    assert drain(phones).accepted == 1
    ((card,), dropped) = phones.cards()
    assert (card["member_id"], card["title"], dropped) == (MEMBER, "您有新的报装客户", 0)
    assert CASE.number in card["description"]
    page = "staff%2Fcase%2Findex%3Fid%3Dcase-1"
    assert card["url"].startswith(f"https://shuiguanjia.example.cn/open?page={page}#")
    assert phones.arrived() == []


@pytest.mark.usefixtures("told_by_wecom")
def test_whom_the_application_does_not_reach_is_told_by_the_service_account(phones: Phones) -> None:
    phones.join(MEMBER, visible=False)
    publish()

    assert drain(phones).accepted == 1
    assert phones.cards()[0] == []
    assert [message["channel"] for message in phones.arrived()] == ["template"]


@pytest.mark.usefixtures("told_by_wecom")
def test_without_the_account_what_waits_goes_on_by_the_next_channel(phones: Phones) -> None:
    phones.join(MEMBER)
    publish()

    dispatcher.drain(replace(phones.accounts, work=None), chance=Halves())
    assert [message["channel"] for message in phones.arrived()] == ["template"]


@pytest.mark.usefixtures("known")
def test_nobody_gets_more_than_wecom_carries_and_nothing_is_dropped(
    phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.join(MEMBER)
    phones.join("g002")
    put(rows(35, Channel.WECOM, openid=MEMBER) + rows(3, Channel.WECOM, openid="g002"))

    assert drain(phones).accepted == 33
    # A card may be sent a little later than it is counted.
    later(set_clock, seconds=60)
    assert drain(phones).accepted == 0
    later(set_clock, seconds=30)
    assert drain(phones).accepted == 5
    cards, dropped = phones.cards()
    assert (len(cards), dropped) == (38, 0)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("known")
def test_one_worker_at_a_time_counts_what_a_person_got(house: Flask, phones: Phones) -> None:
    put(rows(60, Channel.WECOM, openid=MEMBER))
    done = Event()

    def claimed(owner: str) -> int:
        return len(claims.claim(owner, 32, clock.now(), Halves()).messages)

    def second() -> int:
        with house.app_context():
            try:
                with atomic():
                    return claimed("second")
            finally:
                done.set()

    with ThreadPoolExecutor(1) as workers:
        with atomic():
            first = claimed("first")
            later_one = workers.submit(second)
            waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            while not done.wait(0.01) and not db.session.scalar(waits):
                pass
        assert (first, later_one.result()) == (30, 0)


@pytest.mark.usefixtures("known")
def test_the_hour_counts_as_well(
    phones: Phones, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute, hour = WeComChannel.limits
    few = (replace(minute, most=3), replace(hour, most=5))
    monkeypatch.setattr(member_limits, "LIMITED", {Channel.WECOM: few})
    phones.join(MEMBER)
    put(rows(6, Channel.WECOM, openid=MEMBER))

    assert drain(phones).accepted == 3
    later(set_clock, seconds=90)
    assert drain(phones).accepted == 2
    later(set_clock, minutes=50)
    assert drain(phones).accepted == 0
    later(set_clock, minutes=10)
    assert drain(phones).accepted == 1


@pytest.mark.usefixtures("known")
def test_a_card_of_unknown_outcome_is_repeated_and_arrives_once(
    phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.join(MEMBER)
    (message,) = put(rows(1, Channel.WECOM, openid=MEMBER))
    phones.fault(CARD, failure="timeout", after_delivery=True)

    assert drain(phones).waiting == 1
    later(set_clock, minutes=1)
    assert drain(phones).accepted == 1
    cards, dropped = phones.cards()
    assert (len(cards), dropped) == (1, 1)
    assert state_of(message)[1] == DeliveryState.ACCEPTED


@pytest.mark.usefixtures("known")
def test_two_notices_with_the_same_words_are_two_cards(phones: Phones) -> None:
    phones.join(MEMBER)
    put(rows(2, Channel.WECOM, openid=MEMBER))

    assert drain(phones).accepted == 2
    assert (len(phones.cards()[0]), phones.cards()[1]) == (2, 0)


@pytest.mark.usefixtures("known")
def test_an_account_that_is_refused_closes_its_channel_alone(
    phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.join(MEMBER)
    (message,) = put(rows(1, Channel.WECOM, openid=MEMBER))
    phones.fault(CARD, errcode=60020)

    assert drain(phones).waiting == 1
    assert state_of(message)[:3] == ("wecom", DeliveryState.WAITING, "configuration")
    assert drain(phones) == Counts()
    later(set_clock, minutes=15)
    assert drain(phones).accepted == 1


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('staff = ["wecom", "template"]', 'staff = ["sms"]', r"chains\.staff: 'sms' is no channel to staff"),
        (
            'default = ["subscribe"',
            'default = ["wecom"',
            r"chains\.default: 'wecom' is no channel to customer",
        ),
        ('link = "https://', 'link = "http://', r"cards\.link: must begin with https://"),
        ("?page={page}", "", r"cards\.link: must begin with https:// and hold \{page\} once"),
        ('[cards]\nlink = "https://shuiguanjia.example.cn/open?page={page}"\n', "", r"cards: missing"),
    ],
)
def test_rules_that_lead_nowhere_are_faults(
    tmp_path: Path, jinan: Catalog, old: str, new: str, fault: str
) -> None:
    text = (JINAN / delivery_rules_file.FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / delivery_rules_file.FILE).write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ConfigError, match=fault):
        delivery_rules_file.load(tmp_path, jinan)
