"""Who is told what: the wired handlers, from the event to the notices."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db
from app.domain import events
from app.services.event_views import cases
from app.services.people import recipients
from notifications.models import Notice, OutboxMessage
from tests.notifications import people
from tests.notifications.conftest import later
from tests.notifications.people import BOSS, CASE, DEPUTY, DESIGNER, MANAGER, SECOND_DESIGNER, TASK, Registry

CUSTOMER = people.CUSTOMER.customer_id
DESIGNERS = {DESIGNER.staff_id, SECOND_DESIGNER.staff_id}


NEAR = datetime(2026, 3, 12, 5, 30, tzinfo=UTC)


def told(*happened: object) -> Counter[tuple[str, str]]:
    """Who was told what, (kind, person), by these events in one transaction."""
    with atomic():
        for event in happened:
            eventbus.publish(event)
    # In the words of which kind: a variant is shown as the kind that it belongs to.
    rows = db.session.execute(select(Notice.dedupe_key, Notice.customer_id, Notice.staff_id)).all()
    return Counter((row.dedupe_key.partition(":")[0], row.customer_id or row.staff_id) for row in rows)


def only(kind: str, *people: str | None) -> Counter[tuple[str, str]]:
    return Counter((kind, person or "") for person in people)


def test_a_new_case_is_told_to_customer_and_manager(known: Registry) -> None:
    assert told(events.CaseOpened("case-1")) == only("case_accepted", CUSTOMER) + only(
        "new_case", MANAGER.staff_id
    )


def test_the_first_visit_is_no_second_message_to_the_manager(known: Registry) -> None:
    known.task = replace(
        TASK, task_key="site_visit", holders=(MANAGER,), opened_at=CASE.opened_at, stage_kind="promised"
    )

    assert told(events.CaseOpened("case-1"), events.TaskOpened("task-1")) == only(
        "case_accepted", CUSTOMER
    ) + only("new_case", MANAGER.staff_id)


def test_a_manager_who_filled_in_the_form_at_the_door_is_not_sent_to_call(known: Registry) -> None:
    assert told(events.CaseOpened("case-1", MANAGER.staff_id)) == only("case_accepted", CUSTOMER)
    assert ("new_case", MANAGER.staff_id) in told(events.CaseOpened("case-1", DESIGNER.staff_id))


def test_another_task_that_opens_with_the_case_is_told(known: Registry) -> None:
    known.task = replace(TASK, task_key="design_opinion", opened_at=CASE.opened_at)

    found = told(events.CaseOpened("case-1"), events.TaskOpened("task-1"))

    assert {person for kind, person in found if kind in {"task_opened", "task_in_queue"}} == DESIGNERS


def test_during_leave_the_deputy_is_told_and_the_customer_reads_of_the_manager(known: Registry) -> None:
    known.change_case(replace(CASE, acting=DEPUTY))

    assert ("new_case", DEPUTY.staff_id) in told(events.CaseOpened("case-1"))
    body = db.session.scalars(select(Notice.body).where(Notice.customer_id == CUSTOMER)).one()
    assert MANAGER.name in body
    assert "13800000001" in body


def test_a_case_without_customer_tells_them_at_the_latest_when_they_confirm_it(known: Registry) -> None:
    known.change_case(replace(CASE, customer=None))
    assert told(events.CaseOpened("case-1")) == only("new_case", MANAGER.staff_id)

    known.change_case(CASE)
    found = told(events.CaseConfirmed("case-1"), events.CaseConfirmed("case-1"))
    assert found - only("new_case", MANAGER.staff_id) == only("case_accepted", CUSTOMER) + only(
        "case_confirmed", MANAGER.staff_id
    )


def test_a_customer_who_knows_already_is_not_told_of_the_acceptance_again(known: Registry) -> None:
    found = told(events.CaseOpened("case-1"), events.CaseConfirmed("case-1"))

    assert found["case_accepted", "customer-1"] == 1


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (events.StageCompleted("case-1", "design"), "stage_completed"),
        (events.StageCompleted("case-1", "acceptance_plan"), "plan_ready"),
        (events.ClockStopped("stop-1"), "clock_stopped"),
        (events.ClockResumed("stop-1"), "clock_resumed"),
        (events.WaterOn("case-1"), "water_on"),
        (events.CaseClosed("case-1"), "case_closed"),
    ],
)
def test_the_customer_alone_is_told_how_it_goes_and_once(known: Registry, event: object, kind: str) -> None:
    assert told(event, event) == only(kind, CUSTOMER)


def test_the_end_of_one_stop_is_not_told_while_another_holds_the_clock(known: Registry) -> None:
    known.stop = replace(known.stop, still_stopped=True)

    assert told(events.ClockResumed("stop-1")) == Counter()


@pytest.mark.parametrize("stage", ["construction", "return_visit", "after_work"])
def test_a_stage_of_which_another_message_tells_is_quiet(known: Registry, stage: str) -> None:
    assert told(events.StageCompleted("case-1", stage)) == Counter()


def test_a_stage_that_is_completed_again_is_told_again(known: Registry, set_clock: clock.FixedClock) -> None:
    told(events.StageCompleted("case-1", "design"))
    later(set_clock, days=1)

    assert told(events.StageCompleted("case-1", "design"))["stage_completed", "customer-1"] == 2


def test_one_of_a_queue_is_asked_and_the_others_are_informed(known: Registry) -> None:
    assert told(events.TaskOpened("task-1")) == only("task_opened", DESIGNER.staff_id) + only(
        "task_in_queue", SECOND_DESIGNER.staff_id
    )


def test_in_the_app_everybody_who_is_told_of_an_event_reads_of_one_kind(known: Registry) -> None:
    told(events.TaskOverdue("task-1", 1))

    assert set(db.session.scalars(select(Notice.kind))) == {"task_overdue"}


def test_the_people_of_a_queue_are_asked_in_turn(known: Registry) -> None:
    told(events.TaskOpened("task-1"))
    known.task = replace(TASK, task_id="task-2")

    assert told(events.TaskOpened("task-2"))["task_opened", SECOND_DESIGNER.staff_id] == 1


def test_who_is_asked_in_one_transaction_counts_as_well(
    known: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = {name: replace(TASK, task_id=name) for name in ("task-1", "task-2")}
    monkeypatch.setattr(cases, "task", tasks.__getitem__)

    with atomic(), eventbus.together():
        for name in tasks:
            eventbus.publish(events.TaskOpened(name))

    asked = db.session.scalars(select(OutboxMessage.recipient_id).where(OutboxMessage.kind == "task_opened"))
    assert set(asked) == DESIGNERS


def test_who_is_away_or_can_not_be_reached_is_not_asked_first(
    known: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "present", lambda ids: set(ids) - {DESIGNER.staff_id})
    assert told(events.TaskOpened("task-1"))["task_opened", SECOND_DESIGNER.staff_id] == 1

    monkeypatch.setattr(recipients, "present", set)
    known.task = replace(TASK, task_id="task-2", holders=(replace(DESIGNER, addresses={}), SECOND_DESIGNER))
    assert told(events.TaskOpened("task-2"))["task_opened", SECOND_DESIGNER.staff_id] == 2


def test_a_queue_where_nobody_is_at_work_is_told_as_a_whole(
    known: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipients, "present", lambda _ids: set())

    assert told(events.TaskOpened("task-1")) == only("task_opened", *DESIGNERS)


def test_the_return_visit_is_pushed_to_who_makes_it_and_what_follows_is_a_task(known: Registry) -> None:
    known.task = replace(TASK, task_key="return_visit", stage_kind="return_visit", holders=(DESIGNER,))
    assert told(events.TaskOpened("task-1")) == only("return_visit", DESIGNER.staff_id)


def test_what_came_of_a_return_visit_is_a_task_like_others(known: Registry) -> None:
    known.task = replace(
        TASK, task_key="care_call", stage_kind="return_visit", holders=(MANAGER,), triggered=True
    )
    assert told(events.TaskOpened("task-1")) == only("task_opened", MANAGER.staff_id)


def test_a_reminder_goes_to_all_holders_and_the_manager_is_informed(known: Registry) -> None:
    found = told(events.ReminderDue("task-1", ("before_due", "lower_bound"), NEAR))
    assert found == only("task_reminder", *DESIGNERS) + only("task_reminder_info", MANAGER.staff_id)

    body = db.session.scalars(select(Notice.body).where(Notice.staff_id == DESIGNER.staff_id)).one()
    assert "即将到期" in body
    assert "2026-03-12 17:00" in body


def test_a_manager_who_holds_the_task_is_reminded_once(known: Registry) -> None:
    known.task = replace(TASK, holders=(MANAGER,))

    assert told(events.ReminderDue("task-1", ("at_due",), NEAR)) == only("task_reminder", MANAGER.staff_id)


def test_the_reminder_of_a_new_due_date_is_a_new_reminder(known: Registry) -> None:
    told(events.ReminderDue("task-1", ("before_due",), NEAR))
    assert TASK.due_at is not None
    known.task = replace(TASK, due_at=TASK.due_at.replace(day=16))

    assert told(events.ReminderDue("task-1", ("before_due",), NEAR))["task_reminder", DESIGNER.staff_id] == 2


def test_a_second_reminder_of_the_same_kind_is_a_reminder_of_its_own(known: Registry) -> None:
    told(events.ReminderDue("task-1", ("before_due",), NEAR))

    again = told(events.ReminderDue("task-1", ("before_due",), NEAR + timedelta(days=5)))
    assert again["task_reminder", DESIGNER.staff_id] == 2


def test_what_is_overdue_is_told_each_working_day_and_to_everybody_for_what_they_can_do(
    known: Registry,
) -> None:
    first = told(events.TaskOverdue("task-1", 1))
    assert first == only("task_overdue", *DESIGNERS) + only("task_overdue_case", MANAGER.staff_id) + only(
        "task_overdue_info", BOSS.staff_id
    )
    # From the second day on everybody knows, and the morning says it again.
    second = told(events.TaskOverdue("task-1", 2)) - first
    assert second == only("task_overdue_again", *DESIGNERS) + only(
        "task_overdue_info", MANAGER.staff_id, BOSS.staff_id
    )


def test_a_supervisor_who_holds_the_task_is_told_once_that_it_is_overdue(known: Registry) -> None:
    known.task = replace(TASK, holders=(BOSS,))

    assert told(events.TaskOverdue("task-1", 1)) == only("task_overdue", BOSS.staff_id) + only(
        "task_overdue_case", MANAGER.staff_id
    )


def test_a_manager_who_is_told_in_two_roles_is_told_the_more_urgent_thing(known: Registry) -> None:
    known.task = replace(TASK, holders=(MANAGER,))

    assert told(events.TaskOverdue("task-1", 1)) == only("task_overdue", MANAGER.staff_id) + only(
        "task_overdue_info", BOSS.staff_id
    )


@pytest.mark.parametrize(("rating", "expected"), [(1, 1), (3, 1), (5, 0)])
def test_a_low_rating_goes_to_who_reviews_it_and_the_other_supervisors_are_informed(
    known: Registry, rating: int, expected: int
) -> None:
    known.supervisors = (BOSS, DEPUTY)

    found = told(events.CaseRated("case-1", rating, low=expected == 1))
    assert found == Counter(
        {("low_rating", BOSS.staff_id): expected, ("low_rating_info", DEPUTY.staff_id): expected}
    )


def test_wiring_twice_tells_once(known: Registry) -> None:
    from notifications import wiring
    from tests.notifications.conftest import JINAN

    wiring.wire(JINAN, None, simulated=True)
    wiring.wire(JINAN, None, simulated=True)

    assert told(events.TaskOpened("task-1"))["task_opened", DESIGNER.staff_id] == 1


def test_a_change_that_is_rolled_back_tells_nobody(known: Registry) -> None:
    with atomic() as transaction:
        eventbus.publish(events.CaseOpened("case-1"))
        transaction.mark_for_rollback()

    assert db.session.scalars(select(Notice.id)).all() == []
