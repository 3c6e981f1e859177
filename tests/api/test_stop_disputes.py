"""A clock pause is shown, disputed and decided on; a revoked one counts in no figure."""

from typing import Any

import pytest

from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import Phone, World

ROAD = {"reason": "road_permit", "party": "authority", "evidence": "路政受理单0918号"}


class Scene:
    """A case opened on Friday 2026-09-18 at 09:00, due at 09:00 on Sunday the 20th (a make-up workday)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.customer = world.log_in("o_customer", "13800000001")
        self.id: str = world.submitted(self.customer)["id"]
        self.manager = world.staff("G001")
        self.supervisor = world.staff("S001")

    def stop(self, by: Phone | None = None, **more: Any) -> Any:
        return (by or self.manager).post(f"/staff/cases/{self.id}/stops", {**ROAD, **more})

    def stage(self, key: str = "acceptance_plan") -> Any:
        progress = self.customer.get(f"/customer/cases/{self.id}")
        return next(stage for stage in progress["stages"] if stage["key"] == key)

    def rule(self, stop_id: str, ruling: str) -> Any:
        return self.supervisor.post(
            f"/staff/cases/{self.id}/stops/{stop_id}/ruling", {"ruling": ruling, "reason": "已核对凭据"}
        )

    def titles(self, who: Phone, audience: str) -> list[str]:
        return [notice["title"] for notice in who.get(f"/{audience}/notices")["items"]]


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


def test_a_customer_sees_a_stop_at_once_with_its_reason_party_and_evidence(scene: Scene) -> None:
    scene.world.at("2026-09-18 10:00")
    stop = scene.stop()
    (seen,) = scene.customer.get(f"/customer/cases/{scene.id}/stops")["items"]
    assert seen == {
        "id": stop["id"],
        "reason": "道路挖掘（占用）行政审批",
        "party": "authority",
        "party_name": "行政审批部门",
        "evidence": "路政受理单0918号",
        "started_at": "2026-09-18T10:00:00+08:00",
        "ended_at": None,
        "automatic": False,
        "entered_at": None,
        "struck_at": None,
        "reviews": [],
    }


def test_a_struck_stop_leaves_every_figure_and_due_date(scene: Scene) -> None:
    before = scene.stage()["due_at"]
    scene.world.at("2026-09-18 10:00")
    stop = scene.stop()
    scene.world.at("2026-09-18 16:00")
    scene.manager.post(f"/staff/cases/{scene.id}/stops/{stop['id']}/end")
    assert scene.stage()["due_at"] > before
    disputed = scene.customer.post(
        f"/customer/cases/{scene.id}/stops/{stop['id']}/dispute", {"text": "当天并未递交"}
    )
    assert disputed["reviews"][0]["objection"] == "当天并未递交"
    ruled = scene.rule(stop["id"], "struck")
    assert (ruled["reviews"][0]["ruling"], ruled["reviews"][0]["grounds"]) == ("struck", "已核对凭据")
    stage = scene.stage()
    assert (stage["due_at"], stage["stopped"]) == (before, "0.00")
    # 09:00-12:00 and 13:30-16:00 of 7 office hours.
    assert stage["used"] == "0.79"
    receipt = scene.customer.get(f"/customer/cases/{scene.id}/receipt")
    assert receipt["full_process"]["receipt"]["used"] == "0.79"
    assert receipt["full_process"]["receipt"]["days"][0]["stops"] == []
    assert receipt["stops"][0]["struck_at"] == "2026-09-18T16:00:00+08:00"
    assert scene.supervisor.get(f"/staff/cases/{scene.id}/budget")["total"]["used"] == "0.79"


def test_striking_an_open_stop_sets_clock_and_reminders_going_again(scene: Scene) -> None:
    before = scene.stage()["due_at"]
    stop = scene.stop()
    assert scene.stage()["due_at"] is None
    scene.world.at("2026-09-18 14:00")
    scene.rule(stop["id"], "struck")
    assert scene.stage()["due_at"] == before
    assert scene.customer.get(f"/customer/cases/{scene.id}")["clock"]["stopped"] is False
    scene.world.at("2026-09-20 09:00")
    scene.world.work()
    assert "任务提醒" in scene.titles(scene.manager, "staff")


def test_a_struck_stop_corrects_the_due_date_of_a_stage_that_is_done(scene: Scene) -> None:
    before = scene.stage()["due_at"]
    stop = scene.stop()
    scene.world.at("2026-09-18 11:00")
    scene.manager.post(f"/staff/cases/{scene.id}/stops/{stop['id']}/end")
    for key in ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan"):
        scene.world.complete(scene.id, key)
    assert scene.stage()["due_at"] > before
    scene.rule(stop["id"], "struck")
    assert scene.stage()["due_at"] == before


def test_who_is_notified_of_a_dispute_and_of_the_ruling(scene: Scene) -> None:
    stop = scene.stop()
    path = f"/customer/cases/{scene.id}/stops/{stop['id']}/dispute"
    scene.customer.post(path, {"text": "不应暂停"})
    assert "客户对暂停计时有异议" in scene.titles(scene.supervisor, "staff")
    assert "客户异议待督办裁定" in scene.titles(scene.manager, "staff")
    scene.rule(stop["id"], "upheld")
    assert "您的异议已有结果" in scene.titles(scene.customer, "customer")
    scene.customer.post(path, {"text": "已拖延太久"})
    scene.rule(stop["id"], "struck")
    assert "一段暂停计时已撤销" in scene.titles(scene.customer, "customer")
    texts = [line["text"] for line in scene.customer.get(f"/customer/cases/{scene.id}/timeline")["items"]]
    reason = "道路挖掘（占用）行政审批"
    assert texts[-4:] == [
        f"客户对“{reason}”暂停计时提出异议",
        f"经督办核查，“{reason}”暂停计时有效",
        f"客户对“{reason}”暂停计时提出异议",
        f"经督办核查，撤销“{reason}”暂停计时，时限已重新计算",
    ]


def test_what_is_decided_or_undecided_is_not_done_twice(scene: Scene) -> None:
    stop = scene.stop()
    dispute = f"/customer/cases/{scene.id}/stops/{stop['id']}/dispute"
    ruling = f"/staff/cases/{scene.id}/stops/{stop['id']}/ruling"
    upheld = {"ruling": "upheld", "reason": "凭据有效"}
    with nothing_changes(scene.world.app):
        refused(scene.supervisor.send("POST", ruling, upheld), 409, "conflict")
    scene.customer.post(dispute, {"text": "不应暂停"})
    with nothing_changes(scene.world.app):
        refused(scene.customer.send("POST", dispute, {"text": "再说一次"}), 409, "conflict")
    scene.rule(stop["id"], "struck")
    with nothing_changes(scene.world.app):
        refused(scene.customer.send("POST", dispute, {"text": "再说一次"}), 409, "already_done")
        refused(scene.supervisor.send("POST", ruling, upheld), 409, "already_done")


def test_only_a_supervisor_decides_and_enters_afterwards(scene: Scene) -> None:
    stop = scene.stop()
    with nothing_changes(scene.world.app):
        ruling = f"/staff/cases/{scene.id}/stops/{stop['id']}/ruling"
        refused(
            scene.manager.send("POST", ruling, {"ruling": "struck", "reason": "有误"}), 403, "not_allowed"
        )
        body = {**ROAD, "reason": "contract_review", "started_at": "2026-09-18T09:00:00+08:00"}
        refused(scene.manager.send("POST", f"/staff/cases/{scene.id}/stops", body), 403, "not_allowed")


def test_a_stop_entered_afterwards_counts_as_one_set_at_its_time(scene: Scene) -> None:
    scene.world.at("2026-09-20 10:00")
    scene.stop(
        scene.supervisor,
        started_at="2026-09-18T10:00:00+08:00",
        ended_at="2026-09-18T16:00:00+08:00",
    )
    stage = scene.stage()
    # Stopped 10:00-12:00 and 13:30-16:00, used 1 h and 1 h of Friday and 1.5 h of Sunday.
    assert (stage["stopped"], stage["used"]) == ("0.64", "0.50")
    assert stage["due_at"] == "2026-09-20T15:00:00+08:00"
    assert "补记一段暂停计时" in scene.titles(scene.customer, "customer")


def test_overlapping_stops_count_once(scene: Scene) -> None:
    scene.world.at("2026-09-18 10:00")
    scene.stop()
    scene.stop(reason="contract_review", party="customer")
    scene.world.at("2026-09-18 12:00")
    assert scene.stage()["stopped"] == "0.29"
    day = scene.customer.get(f"/customer/cases/{scene.id}/receipt")["full_process"]["receipt"]["days"][0]
    assert (day["stopped"], len(day["stops"])) == ("0.2857", 2)


@pytest.mark.parametrize(
    ("started", "ended", "field"),
    [
        ("2026-09-18T08:59:00+08:00", None, "started_at"),
        ("2026-09-18T11:00:00+08:00", None, "started_at"),
        ("2026-09-18T09:10:00+08:00", "2026-09-18T11:00:00+08:00", "ended_at"),
        ("2026-09-18T09:10:00+08:00", "2026-09-18T09:10:00+08:00", "ended_at"),
        (None, "2026-09-18T09:10:00+08:00", "started_at"),
        ("2026-09-18T09:10:00", None, "started_at"),
        ("0001-01-01T00:00:00+14:00", None, "started_at"),
        ("9999-12-31T23:59:59-14:00", None, "started_at"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_time_that_can_not_be_is_refused(
    scene: Scene, started: str | None, ended: str | None, field: str
) -> None:
    scene.world.at("2026-09-18 10:00")
    times = {"started_at": started, "ended_at": ended}
    body = {**ROAD, **{key: value for key, value in times.items() if value}}
    with nothing_changes(scene.world.app):
        problem = refused(
            scene.supervisor.send("POST", f"/staff/cases/{scene.id}/stops", body), 422, "invalid_fields"
        )
    assert [error["field"] for error in problem["errors"]] == [field]
