"""At night nobody's phone rings for what can wait: on every channel, after an outage, for retries as well."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.core import clock
from app.core.atomic import atomic
from app.domain import events
from app.services.people.recipients import CustomerRecipient
from notifications.channels.sms_carrier import SmsError, SmsFault
from notifications.dispatch import quiet_hours
from notifications.dispatch.dispatcher import dispatch
from notifications.outbox import consents
from tests.notifications.conftest import SUBSCRIBE, TEMPLATE, Halves, Phones, later
from tests.notifications.people import CASE, MANAGER, NOW, TASK, Registry, person
from tests.notifications.test_dispatcher import publish, states

EIGHT_IN_THE_EVENING = NOW.replace(hour=12, minute=30)
"""20:30 in the city; the quiet hours are from 21:00 to 08:00."""


def local(instant: datetime) -> str:
    return (instant + timedelta(hours=8)).strftime("%H:%M")


class Carrier:
    """A carrier of text messages that notes when it was asked; its first answers may be faults."""

    def __init__(self, *faults: SmsFault) -> None:
        self.at: list[str] = []
        self.phones: list[str] = []
        self._faults = list(faults)

    def send(self, *, phone: str, values: Mapping[str, str], reference: str) -> str | None:
        self.at.append(local(clock.now()))
        self.phones.append(phone)
        if self._faults:
            raise SmsError(self._faults.pop(0))
        return "1"


def by_night(at: str) -> bool:
    return at >= "21:00" or at < "08:00"


def only_texts(known: Registry, phones: Phones) -> None:
    """A customer who can be told by subscribe message, which will fail, and by text message."""
    with atomic():
        consents.record_accepted("customer-1", {"water_on": 1})
    phones.consent("mini-customer", "SIM-water_on")
    subscriber = CustomerRecipient("customer-1", {"subscribe": "mini-customer"})
    known.change_case(replace(CASE, customer=subscriber, acting=person("x", follows=False)))


def night_and_morning(phones: Phones, carrier: Carrier, set_clock: clock.FixedClock) -> None:
    for _ in range(80):
        dispatch(phones.accounts, carrier, chance=Halves())
        later(set_clock, minutes=10)


def test_nobody_is_texted_at_night_after_another_channel_failed(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    set_clock.set(EIGHT_IN_THE_EVENING)
    only_texts(known, phones)
    phones.fault(SUBSCRIBE, errcode=-1, times=None)
    publish(events.WaterOn("case-1"))
    carrier = Carrier()
    night_and_morning(phones, carrier, set_clock)
    # It is not lost either: the next day it has had its tries, and takes the next channel.
    night_and_morning(phones, carrier, set_clock)
    assert [by_night(at) for at in carrier.at] == [False]


def test_a_text_message_that_is_retried_waits_for_the_morning(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    set_clock.set(NOW.replace(hour=12, minute=59))
    only_texts(known, phones)
    phones.fault(SUBSCRIBE, errcode=43101)
    publish(events.WaterOn("case-1"))
    carrier = Carrier(SmsFault.TRANSIENT)
    dispatch(phones.accounts, carrier, chance=Halves())
    later(set_clock, seconds=30)
    night_and_morning(phones, carrier, set_clock)
    assert carrier.at[0] == "20:59"
    assert len(carrier.at) == 2
    assert not by_night(carrier.at[1])


def test_what_piled_up_in_an_outage_goes_in_the_morning_to_staff_as_well(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    set_clock.set(EIGHT_IN_THE_EVENING)
    people = tuple(person(f"n{each}") for each in range(20))
    for one in people:
        phones.follow(one.addresses["template"])
    without_manager = replace(CASE, acting=replace(MANAGER, addresses={}))
    known.task = replace(TASK, holders=people, case=without_manager)
    phones.fault(TEMPLATE, errcode=-1, times=None)
    publish(events.ReminderDue("task-1", ("before_due",), clock.now()))
    for _ in range(12):
        dispatch(phones.accounts, chance=Halves())
        later(set_clock, minutes=10)
    phones.ask("DELETE", "faults")
    for _ in range(80):
        dispatch(phones.accounts, chance=Halves())
        later(set_clock, minutes=10)
    arrived = phones.arrived()
    assert len(arrived) == 20
    assert not any(by_night(local(datetime.fromisoformat(each["at"]))) for each in arrived)


def test_waiting_for_the_morning_costs_no_attempt_and_no_consent(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    set_clock.set(NOW.replace(hour=14))
    only_texts(known, phones)
    publish(events.WaterOn("case-1"))
    assert dispatch(phones.accounts, chance=Halves()).accepted == 0
    assert states() == {"customer-1": "waiting"}
    set_clock.set(NOW.replace(day=11, hour=0))
    assert dispatch(phones.accounts, chance=Halves()).accepted == 1


@pytest.mark.parametrize(
    ("kind", "channel", "minutes", "waits"),
    [
        ("water_on", "subscribe", 0, True),
        ("task_overdue", "wecom", 0, True),
        ("visit_late", "subscribe", 600, False),
        ("visit_late", "sms", 600, False),
        ("case_accepted", "subscribe", 9, False),
        ("case_accepted", "subscribe", 10, True),
        ("visit_moved", "template", 1, False),
        ("visit_moved", "sms", 1, True),
    ],
)
def test_what_goes_at_night_is_data(
    known: Registry, kind: str, channel: str, minutes: int, waits: bool
) -> None:
    night = NOW.replace(hour=18)  # 02:00 in the city
    morning = NOW.replace(day=11, hour=0)
    found = quiet_hours.until(kind, channel, night - timedelta(minutes=minutes), night)
    assert found == (morning if waits else night)


@pytest.mark.parametrize(
    ("phone", "texted"), [("+8613800000009", True), ("+85261234567", False), ("+12025550123", False)]
)
def test_a_number_abroad_is_told_by_the_next_channel_than_a_text(
    known: Registry, phones: Phones, phone: str, texted: bool
) -> None:
    known.phone = phone
    known.change_case(replace(CASE, customer=CustomerRecipient("customer-1", {})))
    publish(events.ClockStopped("stop-1"))
    carrier = Carrier()
    dispatch(phones.accounts, carrier, chance=Halves())
    assert carrier.phones == ([phone] if texted else [])
    assert states()["customer-1"] == ("accepted" if texted else "waiting")
