"""What WeChat tells us: kept once, and what comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain import events
from app.models import Customer
from app.wechat.port import AccountKind
from app.wechat.push import UnreadablePush
from app.wechat.pushevent import PushEvent, event_of
from notifications.channels.sms_carrier import NullSms
from notifications.dispatch.dispatcher import dispatch
from notifications.incoming import failed_callbacks, inbox
from notifications.models import DeliveryAttempt, DeliveryState, InboxEvent, OutboxMessage
from notifications.outbox import consents
from notifications.oversight import delivery_metrics
from tests.notifications.conftest import FOLLOWER, SUBSCRIBE, Halves, Phones, later
from tests.notifications.people import CASE, NOW, Registry, person

CUSTOMER = "customer-1"
OPENID = "mini-customer"
CREATED = str(int(NOW.timestamp()))


def push(account: AccountKind, event: str, openid: str, **fields: object) -> PushEvent:
    values: Mapping[str, object] = {
        "ToUserName": "gh_demo",
        "FromUserName": openid,
        "CreateTime": CREATED,
        "MsgType": "event",
        "Event": event,
        **fields,
    }
    return event_of(account, values, pushed_at=NOW)


def choices(event: str, **answers: str) -> PushEvent:
    entries = [
        {"TemplateId": f"SIM-{key}", "SubscribeStatusString": answer} for key, answer in answers.items()
    ]
    return push(AccountKind.MINI_PROGRAM, event, OPENID, List=entries)


def sent(msgid: str, code: int) -> PushEvent:
    entry = {"TemplateId": "SIM-accepted", "MsgID": msgid, "ErrorCode": str(code), "ErrorStatus": "success"}
    return push(AccountKind.MINI_PROGRAM, "subscribe_msg_sent_event", OPENID, List=entry)


def keep(event: PushEvent) -> bool:
    with atomic():
        return inbox.accept(event)


def work(phones: Phones) -> int:
    return inbox.work(phones.accounts.service, chance=Halves())


def kept() -> list[tuple[str, str | None]]:
    db.session.expire_all()
    rows = db.session.execute(select(InboxEvent.event, InboxEvent.outcome).order_by(InboxEvent.id)).all()
    db.session.rollback()
    return [(row.event, row.outcome) for row in rows]


def customer(unionid: str) -> Callable[[], str | None]:
    """A customer known by unionid; tells the second openid that is bound to them."""
    with atomic():
        db.session.add(Customer(id=CUSTOMER, openid=OPENID, unionid=unionid, created_at=NOW))

    def bound() -> str | None:
        with atomic(read_only=True):
            return db.session.scalars(select(Customer.service_openid)).one()

    return bound


def test_a_repeated_push_is_kept_once(known: Registry, phones: Phones) -> None:
    event = choices("subscribe_msg_popup_event", accepted="accept")

    assert [keep(event), keep(event)] == [True, False]
    work(phones)
    keep(event)
    work(phones)

    assert kept() == [("subscribe_msg_popup_event", "handled")]
    assert consents.holders([OPENID], "accepted") == {OPENID}


def test_following_binds_the_second_openid_by_unionid_and_leaving_unbinds_it(
    known: Registry, phones: Phones
) -> None:
    bound = customer("union-1")
    phones.follow("service-1", "union-1")
    keep(push(AccountKind.SERVICE, "subscribe", "service-1"))

    assert work(phones) == 1
    assert bound() == "service-1"

    keep(push(AccountKind.SERVICE, "unsubscribe", "service-1"))
    work(phones)
    assert bound() is None


def test_while_wechat_can_not_be_asked_a_follow_event_waits(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    bound = customer("union-1")
    phones.follow("service-1", "union-1")
    phones.fault(FOLLOWER, errcode=-1)
    keep(push(AccountKind.SERVICE, "subscribe", "service-1"))

    work(phones)
    assert (bound(), kept()) == (None, [("subscribe", None)])
    assert work(phones) == 0

    later(set_clock, minutes=1)
    work(phones)
    assert (bound(), kept()) == ("service-1", [("subscribe", "handled")])


def test_a_follower_whom_wechat_will_never_name_is_given_up(known: Registry, phones: Phones) -> None:
    keep(push(AccountKind.SERVICE, "subscribe", "service-of-nobody"))

    work(phones)

    assert kept() == [("subscribe", "failed")]


def test_a_wait_for_wechat_holds_up_nobody_else(known: Registry, phones: Phones) -> None:
    phones.fault(FOLLOWER, failure="timeout")
    keep(push(AccountKind.SERVICE, "subscribe", "service-1"))
    keep(choices("subscribe_msg_popup_event", accepted="accept"))

    work(phones)

    assert kept() == [("subscribe", None), ("subscribe_msg_popup_event", "handled")]


def test_a_no_in_the_popup_takes_nothing_away_and_switching_off_does(known: Registry, phones: Phones) -> None:
    keep(choices("subscribe_msg_popup_event", accepted="accept", progress="accept"))
    keep(choices("subscribe_msg_popup_event", accepted="reject"))
    keep(choices("subscribe_msg_change_event", progress="reject"))

    work(phones)

    assert consents.holders([OPENID], "accepted") == {OPENID}
    assert consents.holders([OPENID], "progress") == set()


def test_consent_to_a_template_of_somebody_else_is_no_consent_of_ours(
    known: Registry, phones: Phones
) -> None:
    keep(choices("subscribe_msg_popup_event", foreign="accept"))

    work(phones)

    assert kept() == [("subscribe_msg_popup_event", "handled")]


def test_an_event_that_means_nothing_here_is_kept_and_ignored(known: Registry, phones: Phones) -> None:
    keep(push(AccountKind.SERVICE, "VIEW", "service-1", EventKey="https://example.invalid/"))
    keep(push(AccountKind.MINI_PROGRAM, "some_new_event", OPENID))

    work(phones)

    assert kept() == [("VIEW", "ignored"), ("some_new_event", "ignored")]


@pytest.fixture
def template_sent(known: Registry, phones: Phones) -> str:
    """A template message that WeChat accepted; its msgid."""
    phones.follow("service-customer")
    with atomic():
        eventbus.publish(events.WaterOn("case-1"))
    dispatch(phones.accounts, chance=Halves())
    return msgid()


def msgid() -> str:
    with atomic(read_only=True):
        return db.session.scalars(select(OutboxMessage.msgid)).one() or ""


def attempts() -> list[str]:
    with atomic(read_only=True):
        return list(db.session.scalars(select(DeliveryAttempt.outcome).order_by(DeliveryAttempt.id)))


def state() -> tuple[str, str | None]:
    with atomic(read_only=True):
        row = db.session.execute(select(OutboxMessage.state, OutboxMessage.failure_class)).one()
        return row.state, row.failure_class


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("success", (DeliveryState.DELIVERED, None)),
        ("failed:user block", (DeliveryState.REFUSED, "reported")),
        ("failed: system failed", (DeliveryState.FAILED, "reported")),
    ],
)
def test_the_report_of_a_template_message_settles_it(
    template_sent: str, phones: Phones, status: str, expected: tuple[str, str | None]
) -> None:
    with atomic():
        db.session.execute(update(OutboxMessage).values(next_channels={"routes": []}))
    keep(
        push(
            AccountKind.SERVICE,
            "TEMPLATESENDJOBFINISH",
            "service-customer",
            MsgID=template_sent,
            Status=status,
        )
    )
    work(phones)

    assert state() == expected
    assert attempts() == ["accepted", *(["reported"] if expected[1] else [])]


def test_what_wechat_reports_as_not_arrived_goes_on_by_the_next_channel(
    template_sent: str, phones: Phones
) -> None:
    for created in ("1", "2"):
        fields = {"MsgID": template_sent, "Status": "failed:user block", "CreateTime": created}
        keep(push(AccountKind.SERVICE, "TEMPLATESENDJOBFINISH", "service-customer", **fields))
    work(phones)

    assert state() == (DeliveryState.WAITING, "reported")
    carrier = NullSms()
    dispatch(phones.accounts, carrier, chance=Halves())
    assert [asked.phone for asked in carrier.asked] == ["+8613800000009"]
    assert attempts() == ["accepted", "reported", "recipient"]


def test_a_second_report_does_not_undo_the_first(template_sent: str, phones: Phones) -> None:
    for created, status in (("1", "success"), ("2", "failed: system failed")):
        keep(
            push(
                AccountKind.SERVICE,
                "TEMPLATESENDJOBFINISH",
                "service-customer",
                MsgID=template_sent,
                Status=status,
                CreateTime=created,
            )
        )
    work(phones)

    assert state() == (DeliveryState.DELIVERED, None)


def test_a_report_of_nobodys_message_is_ignored(template_sent: str, phones: Phones) -> None:
    keep(push(AccountKind.SERVICE, "TEMPLATESENDJOBFINISH", "service-customer", MsgID="1", Status="success"))
    work(phones)

    assert kept() == [("TEMPLATESENDJOBFINISH", "ignored")]
    assert state() == (DeliveryState.ACCEPTED, None)


@pytest.fixture
def unknown(known: Registry, phones: Phones) -> None:
    """A subscribe message that arrived although its sender never learned so."""
    phones.consent(OPENID, "SIM-accepted")
    with atomic():
        consents.record_accepted(CUSTOMER, {"accepted": 1})
    known.change_case(replace(CASE, acting=person("x", follows=False)))
    phones.fault(SUBSCRIBE, failure="timeout", after_delivery=True)
    with atomic():
        eventbus.publish(events.CaseOpened("case-1"))
    dispatch(phones.accounts, chance=Halves())
    assert state()[0] == DeliveryState.UNKNOWN


def test_the_report_of_a_message_of_unknown_outcome_settles_it(unknown: None, phones: Phones) -> None:
    keep(sent("4711", 0))
    work(phones)

    assert state()[0] == DeliveryState.DELIVERED
    assert msgid() == "4711"


def test_a_person_who_refused_the_message_is_told_apart_from_a_fault(unknown: None, phones: Phones) -> None:
    keep(sent("4711", 43101))
    work(phones)

    assert state() == (DeliveryState.WAITING, "reported")
    assert attempts() == ["unknown", "reported"]
    # Nothing more of this template is tried at somebody who has had enough of it.
    with atomic(read_only=True):
        assert consents.holders({OPENID}, "accepted") == set()


def test_a_report_that_comes_before_the_sender_has_written_waits_for_it(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.follow("service-customer")
    with atomic():
        eventbus.publish(events.WaterOn("case-1"))
        db.session.flush()
        db.session.execute(OutboxMessage.__table__.update().values(state=DeliveryState.SENDING))  # type: ignore[attr-defined]
    keep(push(AccountKind.SERVICE, "TEMPLATESENDJOBFINISH", "service-customer", MsgID="9", Status="success"))
    work(phones)
    assert kept() == [("TEMPLATESENDJOBFINISH", None)]

    with atomic():
        db.session.execute(
            OutboxMessage.__table__.update().values(state=DeliveryState.ACCEPTED, msgid="9")  # type: ignore[attr-defined]
        )
    later(set_clock, minutes=1)
    work(phones)
    assert state()[0] == DeliveryState.DELIVERED


def unreadable(content: str) -> UnreadablePush:
    return UnreadablePush(AccountKind.SERVICE, content, "k" * 64)


def test_what_nobody_can_read_is_kept_once_as_failed_and_alarms(
    known: Registry, phones: Phones, caplog: pytest.LogCaptureFixture
) -> None:
    with atomic():
        assert [inbox.keep_unreadable(unreadable("<xml>没水")) for _ in range(2)] == [True, False]
    assert work(phones) == 0
    assert kept() == [("unreadable", "failed")]
    with atomic(read_only=True):
        assert db.session.scalars(select(InboxEvent.payload)).one() == {"content": "<xml>没水"}
        assert failed_callbacks.count(NOW - timedelta(minutes=1), NOW) == 1
        assert delivery_metrics.read().callbacks_failed == 1
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "没水" not in caplog.text
    assert "can't be read" in record.message


def test_an_event_that_breaks_its_handler_stops_nobody_and_ends_as_failed(
    known: Registry, phones: Phones, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(openid: str, key: str) -> None:
        raise TypeError(key)

    monkeypatch.setattr(consents, "accepted_event", broken)
    keep(choices("subscribe_msg_popup_event", accepted="accept"))
    keep(push(AccountKind.SERVICE, "VIEW", "service-1"))
    for _ in range(12):
        work(phones)
        later(set_clock, hours=3)
    assert kept() == [("subscribe_msg_popup_event", "failed"), ("VIEW", "ignored")]


def test_the_name_of_an_event_may_be_longer_than_its_column(known: Registry, phones: Phones) -> None:
    keep(push(AccountKind.SERVICE, "x" * 300, "service-1"))
    work(phones)
    assert kept() == [("x" * 64, "ignored")]
