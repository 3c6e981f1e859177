from dataclasses import replace

import pytest
from sqlalchemy import select

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain import events
from app.domain.errors import NotFoundError
from notifications.dispatch.dispatcher import dispatch
from notifications.followup import attempts
from notifications.models import Notice
from notifications.oversight import notice_queries
from tests.notifications.conftest import Halves, Phones, later
from tests.notifications.people import CASE, MANAGER, Registry

CUSTOMER = "customer-1"


@pytest.fixture
def told(known: Registry, set_clock: clock.FixedClock) -> Registry:
    """Three notices for the customer, one for the manager; nobody follows but the customer."""
    known.change_case(replace(CASE, acting=replace(MANAGER, addresses={})))
    for event in (events.CaseOpened("case-1"), events.WaterOn("case-1"), events.CaseClosed("case-1")):
        with atomic():
            eventbus.publish(event)
        later(set_clock, days=1)
    return known


def test_notices_are_paged_from_the_newest_without_gap_or_double(told: Registry) -> None:
    first = notice_queries.notices_of_customer(CUSTOMER, before=None, limit=2)
    rest = notice_queries.notices_of_customer(CUSTOMER, before=first.items[-1].seq, limit=2)

    assert [line.kind for line in first.items + rest.items] == ["case_closed", "water_on", "case_accepted"]
    assert first.unread == rest.unread == 3
    assert MANAGER.name in first.items[0].body
    assert first.items[0].page == "pages/case/index?id=case-1"


def test_a_notice_is_read_once_and_by_its_reader_alone(told: Registry, set_clock: clock.FixedClock) -> None:
    newest = notice_queries.notices_of_customer(CUSTOMER, before=None, limit=1).items[0]
    read_at = clock.now()
    with atomic():
        notice_queries.mark_read_by_customer(CUSTOMER, newest.id)
    later(set_clock, hours=1)
    with atomic():
        notice_queries.mark_read_by_customer(CUSTOMER, newest.id)

    page = notice_queries.notices_of_customer(CUSTOMER, before=None, limit=1)
    assert (page.items[0].read_at, page.unread) == (read_at, 2)
    for stranger in (notice_queries.mark_read_by_customer, notice_queries.mark_read_by_staff):
        with pytest.raises(NotFoundError):
            stranger("somebody", newest.id)


def test_staff_see_their_own_notices(told: Registry) -> None:
    page = notice_queries.notices_of_staff(MANAGER.staff_id, before=None, limit=10)
    assert [line.kind for line in page.items] == ["new_case"]

    with atomic():
        notice_queries.mark_read_by_staff(MANAGER.staff_id, page.items[0].id)
    assert notice_queries.notices_of_staff(MANAGER.staff_id, before=None, limit=10).unread == 0


def test_staff_see_what_was_told_in_a_case_through_what_and_what_came_of_it(
    told: Registry, phones: Phones
) -> None:
    phones.follow("service-customer")
    phones.fault("cgi-bin/message/template/send", errcode=47003)
    dispatch(phones.accounts, pool_size=1, chance=Halves())

    lines = notice_queries.messages_of_case("case-1")

    assert [(line.kind, line.audience, line.channel, line.state, line.errcode) for line in lines] == [
        ("case_accepted", "customer", "template", "failed", 47003),
        ("new_case", "staff", None, "in_app", None),
        ("water_on", "customer", "template", "accepted", None),
        ("case_closed", "customer", "template", "accepted", None),
    ]
    (tried,) = lines[0].attempts
    assert (tried.at, tried.channel, tried.outcome, tried.errcode) == (
        clock.now(),
        "template",
        "content",
        47003,
    )
    assert (tried.said, tried.errcode_said) == (
        "消息内容未被接受",
        "模板内容缺项，或超出微信规定的长度或格式",
    )
    assert [len(line.attempts) for line in lines] == [1, 0, 1, 1]
    assert notice_queries.messages_of_case("case-2") == []


def test_every_outcome_has_its_words() -> None:
    assert set(attempts.words()) == set(attempts.OUTCOMES)


def test_what_waits_at_this_instant_is_counted(told: Registry, phones: Phones) -> None:
    assert notice_queries.waiting_now() == 3
    phones.follow("service-customer")
    dispatch(phones.accounts, chance=Halves())

    assert notice_queries.waiting_now() == 0
    assert len(db.session.scalars(select(Notice.id)).all()) == 4
