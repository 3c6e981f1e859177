"""Whoever holds or may claim a task learns beforehand what is wanted and where, and not by whom."""

from typing import Any

import pytest

from tests.api.answers import json_of, refused
from tests.api.database_rows import full_reads, nothing_changes
from tests.api.test_documents import PDF, bring
from tests.world import ANSWERS, CREDIT_CODE, Phone, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHO = ("钱多多", "13800000001", CREDIT_CODE, ANSWERS["organisation"])


def case_of(world: World) -> tuple[Phone, Any]:
    customer = world.log_in("o_customer", "13800000001")
    return customer, world.submitted(customer, peak_demand_m3h=2.5)


def task_of(world: World, case_id: str, key: str) -> Any:
    tasks = world.staff("S001").get(f"/staff/cases/{case_id}/tasks")["items"]
    return next(task for task in tasks if task["key"] == key)


@pytest.mark.parametrize("key", ["network_survey", "design_opinion"])
def test_the_department_knows_what_is_wanted_and_not_by_whom(world: World, key: str) -> None:
    _, case = case_of(world)
    task = task_of(world, case["id"], key)
    number = {"network_survey": "N001", "design_opinion": "D001"}[key]
    answer = world.staff(number).send("GET", f"/staff/tasks/{task['id']}/demand")
    demand = json_of(answer)
    told = {line["key"]: line["value"] for line in demand["answers"]}
    assert (told["use_class"], told["calibre"], told["meter_count"]) == ("非居民", "DN20", 1)
    assert (told["peak_demand_m3h"], demand["calibre_mm"], demand["position"]) == (2.5, 20, None)
    assert [who for who in (*WHO, "演示路1号") if who in answer.text] == []


def test_the_place_is_read_in_full_on_record(world: World) -> None:
    _, case = case_of(world)
    task = task_of(world, case["id"], "network_survey")
    answer = world.staff("N001").send("POST", f"/staff/tasks/{task['id']}/demand-reads")
    read = json_of(answer)
    assert (answer.status_code, read["address"], read["position"]) == (
        201,
        ANSWERS["address"],
        ANSWERS["location"],
    )
    assert [who for who in WHO if who in answer.text] == []
    assert full_reads(world.app, case["id"]) == [("N001", "place")]


@on_sqlite
def test_its_drawings_can_be_opened(world: World) -> None:
    customer, case = case_of(world)
    path = f"/customer/cases/{case['id']}"
    for kind, name in (("project_drawings", "钱多多家.pdf"), ("other", "身份证.pdf")):
        assert bring(customer, path, PDF, name, kind).status_code == 201
    task = task_of(world, case["id"], "network_survey")
    network = world.staff("N001")
    drawings = network.get(f"/staff/tasks/{task['id']}/demand")["drawings"]
    assert [drawing["kind"] for drawing in drawings] == ["project_drawings"]
    assert "name" not in drawings[0]
    assert network.post(f"/staff/cases/{case['id']}/documents/{drawings[0]['id']}/link")["path"]


def test_nobody_else_learns_it(world: World) -> None:
    _, case = case_of(world)
    task = task_of(world, case["id"], "network_survey")
    strangers = [world.staff(number) for number in ("D001", "M001", "G002")]
    with nothing_changes(world.app):
        for verb, path in (("GET", "demand"), ("POST", "demand-reads")):
            for stranger in strangers:
                refused(stranger.send(verb, f"/staff/tasks/{task['id']}/{path}"), 404, "not_found")
    assert world.staff("G001").get(f"/staff/tasks/{task_of(world, case['id'], 'site_visit')['id']}/demand")


@on_sqlite
def test_a_finished_task_shows_it_no_longer(world: World) -> None:
    _, case = case_of(world)
    task = task_of(world, case["id"], "network_survey")
    world.complete(case["id"], "network_survey")
    problem = refused(
        world.staff("N001").send("GET", f"/staff/tasks/{task['id']}/demand"), 403, "not_allowed"
    )
    assert "客户管家" in problem["detail"]
