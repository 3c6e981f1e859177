"""A road-opening permit step by step: the authority's time pauses the clock, the utility's own does not."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import Phone, World


class Scene:
    """A case opened on Friday 2026-09-18 at 09:00, and the engineer who sees to its permit."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customer = world.log_in("o_customer", "13800000001")
        self.id: str = world.submitted(self.customer)["id"]
        self.engineer = world.staff("E001")
        self.path = f"/staff/cases/{self.id}/road-permit/steps"

    def enter(self, moment: str, step: str, by: Phone | None = None, **more: Any) -> Any:
        self.world.at(moment)
        return (by or self.engineer).post(self.path, {"step": step, "evidence": f"{step}-0918", **more})

    def handed_in(self) -> None:
        self.enter("2026-09-18 10:00", "needed")
        self.enter("2026-09-18 11:00", "surveyed")
        self.enter("2026-09-18 14:30", "prepared")
        self.enter("2026-09-18 15:30", "handed_in")


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


def figures(permit: Any) -> dict[str, Any]:
    return {step["key"]: step["working_days"] for step in permit["steps"]}


def test_each_step_has_its_own_figure_and_only_the_authoritys_stops_the_clock(scene: Scene) -> None:
    scene.handed_in()
    clock = scene.customer.get(f"/customer/cases/{scene.id}")["clock"]
    assert (clock["reason"], clock["since"]) == ("道路挖掘（占用）行政审批", "2026-09-18T15:30:00+08:00")
    (stop,) = scene.customer.get(f"/customer/cases/{scene.id}/stops")["items"]
    assert (stop["party"], stop["evidence"], stop["automatic"]) == ("authority", "handed_in-0918", True)
    scene.enter("2026-09-21 10:00", "received")
    permit = scene.customer.get(f"/customer/cases/{scene.id}/road-permit")
    assert permit["waiting_for"] is None
    # In hours of 7: 1, 1 h and (13:30-14:30) 1, 1, and 1.5 of Friday, all of Sunday, 1.5 of Monday.
    assert figures(permit) == {
        "needed": None,
        "surveyed": "0.14",
        "prepared": "0.29",
        "handed_in": "0.14",
        "received": "1.43",
    }
    receipt = scene.customer.get(f"/customer/cases/{scene.id}/receipt")["full_process"]["receipt"]
    assert (receipt["used"], receipt["stopped"]) == ("0.71", "1.43")


def test_the_customer_is_notified_and_reads_the_steps(scene: Scene) -> None:
    scene.handed_in()
    assert scene.customer.get(f"/customer/cases/{scene.id}/road-permit")["waiting_for"] == "received"
    titles = [notice["title"] for notice in scene.customer.get("/customer/notices")["items"]]
    assert "办理计时已暂停" in titles
    texts = [line["text"] for line in scene.customer.get(f"/customer/cases/{scene.id}/timeline")["items"]]
    assert "道路挖掘（占用）审批：递交" in texts


def test_a_permit_received_earlier_ends_the_stop_at_its_own_date(scene: Scene) -> None:
    scene.handed_in()
    scene.enter("2026-09-21 10:00", "received", at="2026-09-20T12:00:00+08:00")
    (stop,) = scene.customer.get(f"/customer/cases/{scene.id}/stops")["items"]
    assert stop["ended_at"] == "2026-09-20T12:00:00+08:00"


def test_the_permits_stop_is_ended_by_its_step_and_not_by_hand(scene: Scene) -> None:
    scene.handed_in()
    (stop,) = scene.customer.get(f"/customer/cases/{scene.id}/stops")["items"]
    manager = scene.world.staff("G001")
    with nothing_changes(scene.world.app):
        path = f"/staff/cases/{scene.id}/stops/{stop['id']}/end"
        refused(manager.send("POST", path), 409, "conflict")


def test_a_permit_is_received_although_its_stop_was_struck(scene: Scene) -> None:
    scene.handed_in()
    (stop,) = scene.customer.get(f"/customer/cases/{scene.id}/stops")["items"]
    path = f"/staff/cases/{scene.id}/stops/{stop['id']}/ruling"
    scene.world.staff("S001").post(path, {"ruling": "struck", "reason": "实际未递交"})
    permit = scene.enter("2026-09-21 10:00", "received")
    assert permit["waiting_for"] is None
    assert scene.customer.get(f"/customer/cases/{scene.id}")["full_process"]["used"] == "2.14"


def test_steps_come_in_their_order_and_once(scene: Scene) -> None:
    scene.world.at("2026-09-18 10:00")
    body = {"step": "handed_in", "evidence": "受理单"}
    with nothing_changes(scene.world.app):
        refused(scene.engineer.send("POST", scene.path, body), 409, "conflict")
    scene.enter("2026-09-18 10:00", "needed")
    with nothing_changes(scene.world.app):
        again = {"step": "needed", "evidence": "受理单"}
        refused(scene.engineer.send("POST", scene.path, again), 409, "already_done")


def test_only_engineering_enters_them(scene: Scene) -> None:
    manager = scene.world.staff("G001")
    with nothing_changes(scene.world.app):
        body = {"step": "needed", "evidence": "踏勘"}
        refused(manager.send("POST", scene.path, body), 403, "not_allowed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_earlier_day_is_a_supervisors_to_enter(scene: Scene) -> None:
    scene.enter("2026-09-18 10:00", "needed")
    scene.world.at("2026-09-20 10:00")
    body = {"step": "surveyed", "evidence": "测绘成果", "at": "2026-09-18T11:00:00+08:00"}
    with nothing_changes(scene.world.app):
        refused(scene.engineer.send("POST", scene.path, body), 422, "invalid_fields")
    assert scene.world.staff("S001").post(scene.path, body)["waiting_for"] == "prepared"


@pytest.mark.parametrize("at", ["2026-09-18T09:59:00+08:00", "2026-09-18T12:00:00+08:00"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_step_is_neither_before_the_last_one_nor_in_the_future(scene: Scene, at: str) -> None:
    scene.enter("2026-09-18 10:00", "needed")
    scene.world.at("2026-09-18 11:00")
    body = {"step": "surveyed", "evidence": "测绘成果", "at": at}
    with nothing_changes(scene.world.app):
        refused(scene.engineer.send("POST", scene.path, body), 422, "invalid_fields")
