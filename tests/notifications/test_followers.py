"""A follow of the 服务号 and the unionid of a log-in join one person, in whichever order they come."""

from collections.abc import Callable
from itertools import permutations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.cli.wechat import wechat
from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.models import Customer, Follower, Staff
from app.services.people import followers, identity
from app.services.people.phones import phone_hash
from app.wechat.port import AccountKind, WeChatError
from notifications.incoming import follower_import
from tests.at_once import at_once
from tests.notifications.conftest import FOLLOWER, Phones, later
from tests.notifications.people import Registry
from tests.notifications.test_inbox import keep, kept, push, work

UNION = "union-1"
PHONE = "+8613800000001"
STABLE_TOKEN = "cgi-bin/stable_token"
PAGE = "cgi-bin/user/get"
BATCH = "cgi-bin/user/info/batchget"


@pytest.fixture
def colleague(house: Flask) -> None:
    """A member of staff who has never logged in."""
    with atomic():
        db.session.add(
            Staff(
                id="staff-1",
                number="G001",
                name="管家甲",
                department="service",
                phone=PHONE,
                phone_hash=phone_hash(PHONE),
                photo_url="",
            )
        )


def log_in(unionid: str | None = UNION) -> None:
    """The same person logs in as a customer and as a member of staff."""
    with atomic():
        identity.sign_in_customer("mini-1", unionid)
    with atomic():
        if identity.sign_in_staff("mini-1", unionid) is None:
            identity.bind_staff("mini-1", unionid, PHONE)


def bound() -> tuple[str | None, str | None]:
    """The second openid of the customer and of the member of staff."""
    with atomic(read_only=True):
        customer = db.session.scalar(select(Customer.service_openid).where(Customer.openid == "mini-1"))
        return customer, db.session.scalar(select(Staff.service_openid).where(Staff.number == "G001"))


def follows(phones: Phones) -> None:
    phones.follow("service-1", UNION)
    keep(push(AccountKind.SERVICE, "subscribe", "service-1"))
    work(phones)


ORDERS = list(permutations(("follow", "first", "union")))


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_the_facts_join_in_every_order(
    colleague: None, known: Registry, phones: Phones, order: tuple[str, ...]
) -> None:
    """The accounts may be bound to one Open Platform account before or after the first log-in."""
    acts: dict[str, Callable[[], None]] = {
        "follow": lambda: follows(phones),
        "first": lambda: log_in(None),
        "union": log_in,
    }
    for act in order:
        acts[act]()
    assert bound() == ("service-1", "service-1")


def test_who_left_before_the_log_in_is_joined_with_nobody(
    colleague: None, known: Registry, phones: Phones
) -> None:
    follows(phones)
    keep(push(AccountKind.SERVICE, "unsubscribe", "service-1", CreateTime="1"))
    work(phones)
    log_in()
    assert bound() == (None, None)
    with atomic(read_only=True):
        assert db.session.scalars(select(Follower)).all() == []


def test_who_comes_back_under_another_number_is_joined_with_the_new_record(
    colleague: None, known: Registry, phones: Phones
) -> None:
    follows(phones)
    log_in()
    other = "+8613800000002"
    with atomic():
        db.session.get_one(Staff, "staff-1").active = False
        db.session.add(
            Staff(
                id="staff-2",
                number="G002",
                name="管家甲",
                department="service",
                phone=other,
                phone_hash=phone_hash(other),
                photo_url="",
            )
        )
    with atomic():
        identity.bind_staff("mini-1", UNION, other)
    with atomic(read_only=True):
        found = db.session.execute(select(Staff.number, Staff.service_openid).order_by(Staff.number)).all()
    assert [tuple(row) for row in found] == [("G001", None), ("G002", "service-1")]


@pytest.mark.parametrize("event", ["CLICK", "VIEW", "SCAN", "TEMPLATESENDJOBFINISH"])
def test_a_follower_of_old_is_known_by_whatever_they_do(
    colleague: None, known: Registry, phones: Phones, event: str
) -> None:
    log_in()
    phones.follow("service-1", UNION)
    keep(push(AccountKind.SERVICE, event, "service-1", EventKey="k", MsgID="1", Status="success"))
    work(phones)
    assert bound() == ("service-1", "service-1")


def test_somebody_known_is_not_asked_about_again(colleague: None, known: Registry, phones: Phones) -> None:
    log_in()
    follows(phones)
    for second in range(3):
        keep(push(AccountKind.SERVICE, "CLICK", "service-1", EventKey="k", CreateTime=str(second)))
    work(phones)
    assert phones.ask("GET", "state")["calls"][FOLLOWER] == 1


def test_a_follower_without_unionid_is_asked_about_once_a_day(
    colleague: None, known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.follow("service-1")
    for second in range(3):
        keep(push(AccountKind.SERVICE, "CLICK", "service-1", EventKey="k", CreateTime=str(second)))
    work(phones)
    assert phones.ask("GET", "state")["calls"][FOLLOWER] == 1

    log_in()
    phones.follow("service-1", UNION)
    later(set_clock, days=1)
    keep(push(AccountKind.SERVICE, "CLICK", "service-1", EventKey="k", CreateTime="9"))
    work(phones)
    assert bound() == ("service-1", "service-1")


@pytest.mark.parametrize("fault", [{"errcode": 50004}, {"errcode": 40001}])
def test_a_follow_event_outlasts_a_refused_token(
    colleague: None, known: Registry, phones: Phones, set_clock: clock.FixedClock, fault: dict[str, int]
) -> None:
    log_in()
    phones.fault(STABLE_TOKEN, times=None, **fault)
    follows(phones)
    for _ in range(30):
        later(set_clock, hours=1)
        work(phones)
    assert kept() == [("subscribe", None)]

    phones.ask("DELETE", "faults")
    later(set_clock, hours=1)
    work(phones)
    assert bound() == ("service-1", "service-1")


def test_what_an_unknown_person_does_takes_effect_while_wechat_can_not_be_asked(
    colleague: None, known: Registry, phones: Phones
) -> None:
    phones.fault(FOLLOWER, errcode=-1, times=None)
    keep(push(AccountKind.SERVICE, "CLICK", "service-1", EventKey="k"))
    work(phones)
    assert kept() == [("CLICK", "ignored")]


def test_wechat_is_asked_outside_any_transaction(
    colleague: None, known: Registry, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    ask = type(phones.accounts.service).follower

    def watched(self: object, openid: str) -> object:
        held.append(db.engine.pool.status())
        return ask(phones.accounts.service, openid)

    monkeypatch.setattr(type(phones.accounts.service), "follower", watched)
    phones.follow("service-1", UNION)
    keep(push(AccountKind.SERVICE, "CLICK", "service-1", EventKey="k"))
    db.session.rollback()
    idle = db.engine.pool.status()
    work(phones)
    assert held == [idle]


@pytest.mark.usefixtures("colleague")
def test_a_follow_and_a_log_in_at_the_same_moment_miss_each_other_never(house: Flask) -> None:
    """Each transaction sees nothing of the other's before it ends."""

    def follow(_: FlaskClient) -> None:
        with house.app_context(), atomic():
            followers.follow("service-1", UNION)

    def sign_in(_: FlaskClient) -> None:
        with house.app_context(), atomic():
            identity.sign_in_customer("mini-1", UNION)

    for _ in range(10):
        at_once(house, [follow, sign_in])
        assert bound()[0] == "service-1"
        with atomic():
            followers.unfollow("service-1")
            db.session.delete(db.session.scalars(select(Customer)).one())


# --- the import ---


def crowd(phones: Phones, number: int) -> None:
    for each in range(number):
        phones.follow(f"service-{each}", f"union-{each}")


def test_an_import_joins_the_followers_of_before(colleague: None, known: Registry, phones: Phones) -> None:
    log_in()
    crowd(phones, 250)
    steps = list(follower_import.import_followers(phones.accounts.service))
    assert [(step.seen, step.total) for step in steps] == [(100, 250), (200, 250), (250, 250)]
    assert bound() == ("service-1", "service-1")
    assert phones.ask("GET", "state")["calls"][BATCH] == 3


def test_an_import_that_broke_off_goes_on_where_it_was(
    colleague: None, known: Registry, phones: Phones
) -> None:
    crowd(phones, 250)
    steps = follower_import.import_followers(phones.accounts.service)
    next(steps)
    phones.fault(BATCH, errcode=45011)
    with pytest.raises(WeChatError):
        next(steps)

    asked = phones.ask("GET", "state")["calls"][BATCH]
    assert list(follower_import.import_followers(phones.accounts.service))[-1].asked == 150
    assert phones.ask("GET", "state")["calls"][BATCH] == asked + 2
    with atomic(read_only=True):
        assert len(db.session.scalars(select(Follower)).all()) == 250


def test_an_import_reads_every_page(known: Registry, phones: Phones) -> None:
    phones.adapter._simulator.state.people.page_size = 40
    crowd(phones, 90)
    steps = list(follower_import.import_followers(phones.accounts.service))
    assert [step.seen for step in steps] == [40, 80, 90]
    assert phones.ask("GET", "state")["calls"][PAGE] == 4


def test_an_import_without_unionids_says_what_to_do(house: Flask, phones: Phones) -> None:
    house.extensions["steward.wechat"] = phones.accounts
    runner = house.test_cli_runner()
    assert "nobody follows" in runner.invoke(wechat, ["followers"]).output
    phones.follow("service-1")
    said = runner.invoke(wechat, ["followers"]).output
    assert "1 of 1 followers" in said
    assert "Open Platform" in said
    phones.fault(PAGE, errcode=-1)
    assert "run it again" in runner.invoke(wechat, ["followers"]).output


@pytest.mark.usefixtures("known")
def test_nothing_is_kept_of_a_follower_who_closed_their_account(phones: Phones) -> None:
    follows(phones)
    keep(push(AccountKind.SERVICE, "user_authorization_cancellation", "service-1", OpenID="service-1"))
    work(phones)
    with atomic(read_only=True):
        assert db.session.scalars(select(Follower)).all() == []
