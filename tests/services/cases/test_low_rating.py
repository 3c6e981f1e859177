"""A low rating opens a supervisor's task, which ends neither the return visit nor its case."""

from typing import Any

import pytest

from tests.services.timers.timer_state import watered
from tests.world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_low_rating_before_the_visit_leaves_the_visit_to_be_made(world: World, case: Any) -> None:
    """The supervisor's look into it is waited for by nobody, and ends neither stage nor case."""
    watered(world, case)
    customer = world.log_in("o_customer")
    customer.post(f"/customer/cases/{case['id']}/rating", {"rating": 1, "remark": "管子漏水"})
    supervisor = world.staff("S001")
    (review,) = [task for task in supervisor.get("/staff/tasks")["items"] if task["key"] == "rating_review"]
    world.at("2026-10-08 10:00")
    supervisor = world.staff("S001")
    supervisor.post(f"/staff/tasks/{review['id']}/completion", {"outputs": {"review": "已整改"}})
    progress = world.log_in("o_customer").get(f"/customer/cases/{case['id']}")
    assert (progress["state"], progress["stages"][-1]["state"]) == ("open", "open")
    world.complete(case["id"], "return_visit")
    assert world.log_in("o_customer").get(f"/customer/cases/{case['id']}")["state"] == "closed"


def test_a_review_after_the_visit_leaves_the_visits_figures_alone(world: World, case: Any) -> None:
    watered(world, case)
    world.at("2026-10-08 10:00")
    world.complete(case["id"], "return_visit", rating=2)
    customer = world.log_in("o_customer")
    before = customer.get(f"/customer/cases/{case['id']}")
    assert (before["state"], before["rating"]) == ("closed", 2)
    world.at("2026-10-09 10:00")
    supervisor = world.staff("S001")
    (review,) = [task for task in supervisor.get("/staff/tasks")["items"] if task["key"] == "rating_review"]
    supervisor.post(f"/staff/tasks/{review['id']}/completion", {"outputs": {"review": "已回复客户"}})
    after = customer.get(f"/customer/cases/{case['id']}")
    assert after["stages"] == before["stages"]
    kinds = [
        line["kind"] for line in customer.get(f"/customer/cases/{case['id']}/timeline?limit=100")["items"]
    ]
    assert kinds.count("case_closed") == 1
    assert kinds[-1] == "task_completed"
