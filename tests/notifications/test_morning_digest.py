"""The morning's message: one for each person, by importance, of what is still true."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain import events
from app.domain.errors import NotFoundError
from app.services.people import recipients
from notifications.dispatch.dispatcher import dispatch
from notifications.followup import undelivered
from notifications.models import DeliveryState, Notice, OutboxMessage
from notifications.oversight import digest_queries, morning_digest, notice_queries
from tests.notifications.conftest import Halves, Phones
from tests.notifications.people import BOSS, DEPUTY, DESIGNER, MANAGER, SECOND_DESIGNER, TASK, Registry

NEXT_MORNING = datetime(2026, 3, 11, 0, 0, tzinfo=UTC)
"""Wednesday, 08:00 in Jinan; the clock stands at Tuesday, 09:00, before."""


def publish(*happened: object) -> None:
    for event in happened:
        with atomic():
            eventbus.publish(event)


def morning(set_clock: clock.FixedClock, at: datetime = NEXT_MORNING) -> int:
    set_clock.set(at)
    with atomic():
        return morning_digest.tell()


def digests() -> dict[str, Notice]:
    """The message of each person."""
    found = db.session.scalars(select(Notice).where(Notice.kind == "morning_digest"))
    return {notice.staff_id or "": notice for notice in found}


def titles(staff_id: str) -> Sequence[str]:
    shown = digest_queries.digest_of(staff_id, digests()[staff_id].id)
    return [notice.title for case in shown.cases for notice in case.notices]


def test_what_is_only_to_be_known_is_one_message_a_person_the_most_important_first(
    known: Registry, phones: Phones, set_clock: clock.FixedClock
) -> None:
    phones.follow("service-boss")
    publish(
        events.PromiseBudgetThreatened("case-1", "acceptance_plan"),
        events.TaskOverdue("task-1", 1),
        events.HeadlineThreatened("case-1", "acceptance_plan"),
    )
    dispatch(phones.accounts, chance=Halves())
    assert [each for each in phones.arrived() if each["openid"] == "service-boss"] == []

    assert morning(set_clock) == 4
    assert titles(BOSS.staff_id) == ["任务超期情况", "承诺时限告急情况", "前一环节延误，请预留时间"]
    assert titles(DESIGNER.staff_id) == ["前一环节延误，请预留时间"]
    dispatch(phones.accounts, chance=Halves())
    (arrived,) = [each for each in phones.arrived() if each["openid"] == "service-boss"]
    assert (arrived["title"], arrived["data"]["number1"]) == ("今日须知", "3")
    assert arrived["page"] == f"staff/digest/index?id={digests()[BOSS.staff_id].id}"


def test_it_comes_once_a_working_day_and_never_empty(known: Registry, set_clock: clock.FixedClock) -> None:
    assert morning(set_clock) == 0
    publish(events.PromiseBudgetThreatened("case-1", "acceptance_plan"))

    # The job of this day has run already; Saturday and Sunday have no office hours.
    assert morning(set_clock, NEXT_MORNING + timedelta(hours=2)) == 0
    saturday = NEXT_MORNING + timedelta(days=3)
    assert [morning(set_clock, saturday + timedelta(days=days)) for days in (0, 1)] == [0, 0]
    assert morning(set_clock, saturday + timedelta(days=2) - timedelta(minutes=1)) == 0
    assert morning(set_clock, saturday + timedelta(days=2)) == 4
    assert morning(set_clock, saturday + timedelta(days=3)) == 0


def test_after_an_outage_it_comes_late_on_the_day_and_never_in_the_night(
    known: Registry, set_clock: clock.FixedClock
) -> None:
    publish(events.PromiseBudgetThreatened("case-1", "acceptance_plan"))
    # 23:00: it would wait for the end of the night, and the next one would follow it at once.
    assert morning(set_clock, NEXT_MORNING + timedelta(hours=15)) == 0
    assert morning(set_clock, NEXT_MORNING + timedelta(days=1)) == 4
    publish(events.PromiseBudgetThreatened("case-1", "design"))
    assert morning(set_clock, NEXT_MORNING + timedelta(days=2, hours=7)) == 4


def test_what_is_no_longer_true_is_left_out(known: Registry, set_clock: clock.FixedClock) -> None:
    publish(events.TaskOverdue("task-1", 1), events.PromiseBudgetThreatened("case-1", "acceptance_plan"))
    with atomic():
        notice = db.session.scalars(
            select(Notice.id).where(Notice.staff_id == DESIGNER.staff_id, Notice.kind == "budget_threatened")
        ).one()
        notice_queries.mark_read_by_staff(DESIGNER.staff_id, notice)
    known.task = replace(TASK, is_open=False)

    morning(set_clock)
    # The task is done, and the designer has read of the rest.
    assert DESIGNER.staff_id not in digests()
    assert titles(BOSS.staff_id) == ["前一环节延误，请预留时间"]
    states = db.session.execute(
        select(OutboxMessage.kind, OutboxMessage.state, OutboxMessage.failure_class).where(
            OutboxMessage.recipient_id.in_((DESIGNER.staff_id, BOSS.staff_id)),
            OutboxMessage.channel == "digest",
        )
    )
    assert {tuple(row) for row in states} == {
        ("task_overdue_info", DeliveryState.EXPIRED, "task_closed"),
        ("budget_threatened", DeliveryState.EXPIRED, "read"),
        ("budget_threatened", DeliveryState.GATHERED, None),
    }


def test_who_is_on_leave_reads_of_it_on_their_return_and_their_work_goes_to_who_acts(
    known: Registry, set_clock: clock.FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {DESIGNER.staff_id}
    monkeypatch.setattr(recipients, "present", lambda ids: set(ids) - away)
    monkeypatch.setattr(recipients, "acting_member", lambda _id: DEPUTY)
    publish(events.PromiseBudgetThreatened("case-1", "acceptance_plan"))
    with atomic():
        # A task that had to wait for the morning, since its holder had been told too much.
        publish(events.TaskOpened("task-1"))
        message = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "task_opened")).one()
        message.recipient_id, message.state = DESIGNER.staff_id, DeliveryState.GATHERED

    morning(set_clock)
    assert DESIGNER.staff_id not in digests()
    assert titles(DEPUTY.staff_id) == ["您有新的任务"]
    away.clear()
    assert morning(set_clock, NEXT_MORNING + timedelta(days=1)) == 1
    assert titles(DESIGNER.staff_id) == ["前一环节延误，请预留时间", "部门有待领取的任务"]


def test_what_did_not_arrive_is_part_of_the_supervisors_message(
    known: Registry, set_clock: clock.FixedClock
) -> None:
    set_clock.set(NEXT_MORNING)
    found = undelivered.Sum(2, 0, 0, 0)
    publish(undelivered.MessagesUndelivered(NEXT_MORNING.date(), clock.now(), found, 0))
    publish(events.TaskOverdue("task-1", 1))

    morning(set_clock)
    assert titles(BOSS.staff_id) == ["任务超期情况", "有消息未能送达"]


def test_a_message_is_shown_to_its_reader_alone_and_read_as_a_whole(
    known: Registry, set_clock: clock.FixedClock
) -> None:
    publish(events.PromiseBudgetThreatened("case-1", "acceptance_plan"))
    morning(set_clock)
    mine = digests()[MANAGER.staff_id].id

    for act in (digest_queries.digest_of, digest_queries.mark_digest_read):
        with pytest.raises(NotFoundError):
            act(BOSS.staff_id, mine)
    with atomic():
        digest_queries.mark_digest_read(MANAGER.staff_id, mine)
    assert notice_queries.notices_of_staff(MANAGER.staff_id, before=None, limit=9).unread == 0
    assert notice_queries.notices_of_staff(SECOND_DESIGNER.staff_id, before=None, limit=9).unread == 2
