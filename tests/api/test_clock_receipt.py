"""The exact shares of a clock receipt add up to the figures shown everywhere, on screen and in the PDF."""

from fractions import Fraction
from typing import Any

import pytest

from app.domain.worktime import rounded
from tests.world import Phone, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")


def case_with_pauses(world: World) -> tuple[Phone, str]:
    """A single-meter case through a weekend, a make-up workday, holidays and a clock pause."""
    customer = world.log_in("o_customer", "13800000001")
    case_id: str = world.submitted(customer)["id"]
    world.at("2026-09-18 15:15")
    for key in ACCEPTANCE:
        world.complete(case_id, key)
    world.at("2026-09-21 10:00")
    for key in ("drawings", "quote", "sign_agreement"):
        world.complete(case_id, key)
    world.at("2026-09-28 09:30")
    world.complete(case_id, "payment")
    world.at("2026-09-30 11:00")
    world.complete(case_id, "build_and_accept")
    # A login lasts seven days.
    return world.log_in("o_customer"), case_id


def closed_case(world: World) -> tuple[Phone, str]:
    _, case_id = case_with_pauses(world)
    world.at("2026-09-30 14:30")
    world.complete(case_id, "water_on")
    world.at("2026-10-08 09:00")
    world.complete(case_id, "return_visit")
    return world.log_in("o_customer"), case_id


def adds_up(written: Any) -> None:
    for name in ("used", "stopped"):
        share = "share_exact" if name == "used" else "stopped_exact"
        exact = sum((Fraction(day[share]) for day in written["days"]), Fraction(0))
        assert str(exact) == written[f"{name}_exact"]
        assert str(rounded(exact)) == written[name]
    exact = Fraction(written["used_exact"]) + Fraction(written["stopped_exact"])
    assert str(exact) == written["length_exact"]


@pytest.mark.parametrize("end", [case_with_pauses, closed_case])
def test_the_receipt_sums_to_the_figures_of_the_progress_page(world: World, end: Any) -> None:
    customer, case_id = end(world)
    progress = customer.get(f"/customer/cases/{case_id}")
    receipt = customer.get(f"/customer/cases/{case_id}/receipt")
    adds_up(receipt["full_process"]["receipt"])
    assert receipt["full_process"]["receipt"]["used"] == progress["full_process"]["used"]
    adds_up(receipt["headline"]["receipt"])
    assert receipt["headline"]["receipt"]["used"] == progress["headline"]["used"]
    assert receipt["headline"]["left"] == progress["headline"]["left"]
    stages = {stage["key"]: stage for stage in progress["stages"]}
    for stage in receipt["stages"]:
        adds_up(stage["receipt"])
        shown = stages[stage["key"]]
        assert (stage["receipt"]["used"], stage["receipt"]["stopped"]) == (shown["used"], shown["stopped"])
    assert world.staff("S001").get(f"/staff/cases/{case_id}/receipt") == receipt


def test_each_day_says_what_it_counted_or_why_not(world: World) -> None:
    customer, case_id = case_with_pauses(world)
    days = customer.get(f"/customer/cases/{case_id}/receipt")["full_process"]["receipt"]["days"]
    by_date = {day["date"]: day for day in days}
    assert len(by_date) == 13
    friday = by_date["2026-09-18"]
    assert (friday["kind"], friday["counted_minutes"], friday["share_exact"]) == (
        "workday",
        "390.00",
        "13/14",
    )
    assert friday["office_hours"] == ["08:30-12:00", "13:30-17:00"]
    assert by_date["2026-09-19"]["why"] == "周末休息，不计时"
    assert by_date["2026-09-20"]["kind"] == "make-up workday"
    assert by_date["2026-09-20"]["why"].startswith("调休上班（换 2026-")
    assert by_date["2026-09-25"]["why"] == "中秋节（国务院公布的节假日），不计时"
    (held,) = by_date["2026-09-21"]["stops"]
    assert (held["reason"], held["party_name"], held["evidence"]) == ("备款", "客户", "系统自动暂停")
    assert (held["start"], held["end"]) == ("2026-09-21T10:00:00+08:00", "2026-09-21T17:00:00+08:00")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_day_of_a_year_not_announced_says_so(world: World) -> None:
    world.at("2026-12-31 15:00")
    customer = world.log_in("o_customer", "13800000001")
    case_id = world.submitted(customer)["id"]
    world.at("2027-01-04 10:00")
    days = customer.get(f"/customer/cases/{case_id}/receipt")["full_process"]["receipt"]["days"]
    assert [day["provisional"] for day in days] == [False, True, True, True, True]
    assert days[1]["why"] == "元旦（国务院尚未公布当年安排，暂按推算），不计时"


def test_a_closed_case_names_the_calendar_it_was_closed_with(world: World) -> None:
    customer, case_id = closed_case(world)
    snapshot = customer.get(f"/customer/cases/{case_id}/receipt")["snapshot"]
    assert snapshot["same_calendar"] is True
    assert (snapshot["full_process_used"], snapshot["headline_used"]) == ("4.64", "0.96")


def test_a_stop_that_is_struck_after_the_end_corrects_what_was_kept(world: World) -> None:
    customer, case_id = closed_case(world)
    supervisor = world.staff("S001")
    (stop,) = customer.get(f"/customer/cases/{case_id}/stops")["items"]
    supervisor.post(
        f"/staff/cases/{case_id}/stops/{stop['id']}/ruling", {"ruling": "struck", "reason": "款项早已到账"}
    )
    receipt = customer.get(f"/customer/cases/{case_id}/receipt")
    # 4.64 used and 3.93 stopped: every minute of it counts now.
    assert receipt["full_process"]["receipt"]["used"] == "8.57"
    assert receipt["snapshot"]["full_process_used"] == "8.57"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_paper_of_a_closed_case_is_the_same_each_time_and_for_staff(world: World) -> None:
    customer, case_id = closed_case(world)
    first = customer.send("GET", f"/customer/cases/{case_id}/receipt.pdf")
    assert (first.status_code, first.mimetype) == (200, "application/pdf")
    assert first.data.startswith(b"%PDF-")
    world.at("2026-10-09 09:00")
    assert customer.send("GET", f"/customer/cases/{case_id}/receipt.pdf").data == first.data
    assert world.staff("S001").send("GET", f"/staff/cases/{case_id}/receipt.pdf").data == first.data
