"""Departments are warned before earlier stages use up their time, and before the headline promise breaks."""

from typing import Any

import pytest

from tests.world import Phone, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")
BUDGET, HEADLINE = "budget_threatened", "headline_threatened"


def times(who: Phone, kind: str) -> int:
    return [notice["kind"] for notice in who.get("/staff/notices?limit=100")["items"]].count(kind)


@pytest.fixture
def case(world: World) -> Any:
    """Opened on Friday 2026-09-18 at 09:00."""
    return world.submitted(world.log_in("o_customer", "13800000001"))


def test_a_late_stage_warns_those_who_come_later_once_and_before_their_time_goes(
    world: World, case: Any
) -> None:
    designer, finance, network = world.staff("D001"), world.staff("F001"), world.staff("N001")
    world.at("2026-09-20 08:59")
    world.work()
    assert times(designer, BUDGET) == 0
    world.at("2026-09-20 09:00")
    world.work()
    world.work()
    budget = world.staff("S001").get(f"/staff/cases/{case['id']}/budget")
    assert (budget["total"]["reserve"], budget["total"]["projected"]) == ("0.00", "10.00")
    assert budget["threat"]["later"] == ["设计出图", "出具预算、签订合同", "工程施工、验收通水"]
    told = {number: times(world.staff(number), BUDGET) for number in ("D001", "F001", "G001", "S001", "N001")}
    # 管网管理 has done its part in the first stage and has none in a later one.
    assert told == {"D001": 1, "F001": 1, "G001": 1, "S001": 1, "N001": 0}
    world.at("2026-09-20 16:00")
    world.complete(case["id"], "site_visit")
    world.work()
    assert (times(designer, BUDGET), times(finance, BUDGET), times(network, BUDGET)) == (1, 1, 0)


def test_while_the_clock_stands_nobody_is_warned_and_afterwards_so_much_later(
    world: World, case: Any
) -> None:
    manager = world.staff("G001")
    body = {"reason": "contract_review", "party": "customer", "evidence": "客户来函"}
    stop = manager.post(f"/staff/cases/{case['id']}/stops", body)
    world.at("2026-09-20 09:00")
    world.work()
    assert times(manager, BUDGET) == 0
    manager.post(f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
    world.at("2026-09-21 08:59")
    world.work()
    assert times(manager, BUDGET) == 0
    world.at("2026-09-21 09:00")
    world.work()
    assert times(manager, BUDGET) == 1


def test_what_was_saved_is_used_before_anybody_is_warned(world: World, case: Any) -> None:
    """Acceptance is done in 2 of its 7 hours; design may take 2 days and 5 hours."""
    world.at("2026-09-18 11:00")
    for key in ACCEPTANCE:
        world.complete(case["id"], key)
    budget = world.staff("S001").get(f"/staff/cases/{case['id']}/budget")
    assert budget["total"]["reserve"] == "0.71"
    assert budget["threat"]["at"] == "2026-09-22T09:00:00+08:00"
    world.work()
    assert times(world.staff("E001"), BUDGET) == 0


def test_the_headline_warns_half_a_day_before_its_two_days_are_gone(world: World, case: Any) -> None:
    """Its two working days from Friday 09:00 are Monday 09:00, half a day before is Sunday 14:00."""
    manager, network = world.staff("G001"), world.staff("N001")
    world.at("2026-09-20 13:59")
    world.work()
    assert times(manager, HEADLINE) == 0
    world.at("2026-09-20 14:00")
    world.work()
    told = [times(who, HEADLINE) for who in (manager, world.staff("S001"), network)]
    assert told == [1, 1, 1]
    headline = world.staff("S001").get(f"/staff/cases/{case['id']}/budget")["headline"]
    assert (headline["used"], headline["left"], headline["running"]) == ("1.50", "0.50", "受理并确定用水方案")
    assert times(world.staff("F001"), HEADLINE) == 0


def test_between_its_links_the_headline_warns_nobody(world: World, case: Any) -> None:
    for key in ACCEPTANCE:
        world.complete(case["id"], key)
    world.at("2026-09-24 09:00")
    world.work()
    assert times(world.staff("G001"), HEADLINE) == 0
    headline = world.staff("S001").get(f"/staff/cases/{case['id']}/budget")["headline"]
    assert (headline["used"], headline["warn_at"]) == ("0.00", None)
