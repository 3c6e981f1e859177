"""Who is told of stops that are disputed or entered afterwards, and of promises that run short."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain import events
from tests.notifications.people import BOSS, CASE, DEPUTY, DESIGNER, MANAGER, NOW, Registry
from tests.notifications.test_routing import CUSTOMER, DESIGNERS, only, told


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (events.StopEntered("stop-1"), "stop_entered"),
        (events.StopRuled("stop-1", "review-1", struck=False), "stop_upheld"),
        (events.StopRuled("stop-1", "review-1", struck=True), "stop_struck"),
    ],
)
def test_the_customer_alone_is_told_what_became_of_a_stop_and_once(
    known: Registry, event: object, kind: str
) -> None:
    known.stop = replace(known.stop, ended_at=NOW + timedelta(hours=2))

    assert told(event, event) == only(kind, CUSTOMER)


def test_a_dispute_goes_to_supervisors_the_manager_is_informed_and_each_dispute_is_told(
    known: Registry,
) -> None:
    expected = only("stop_disputed", BOSS.staff_id) + only("stop_disputed_info", MANAGER.staff_id)
    assert told(events.StopDisputed("stop-1", "review-1")) == expected
    assert told(events.StopDisputed("stop-1", "review-2")) == expected + expected


def test_during_leave_the_deputy_hears_of_the_dispute(known: Registry) -> None:
    known.change_case(replace(CASE, acting=DEPUTY))

    assert ("stop_disputed_info", DEPUTY.staff_id) in told(events.StopDisputed("stop-1", "review-1"))


def test_a_threatened_budget_is_told_to_those_whose_time_is_next_once_for_a_stage(known: Registry) -> None:
    event = events.PromiseBudgetThreatened("case-1", "acceptance_plan")
    once = only("budget_threatened", *DESIGNERS, MANAGER.staff_id, BOSS.staff_id)

    assert told(event, event) == once
    assert told(replace(event, stage_key="design")) == once + once


def test_a_threatened_headline_is_told_to_those_who_work_on_it(known: Registry) -> None:
    known.task = replace(known.task, holders=(DESIGNER,))

    found = told(events.HeadlineThreatened("case-1", "acceptance_plan"))
    assert found == only("headline_threatened", DESIGNER.staff_id, MANAGER.staff_id) + only(
        "headline_info", BOSS.staff_id
    )
