"""The simulator's console: codes for logging in by hand, faults, the clock, and a message's recipient."""

from typing import Any

import pytest

from app.jobs import timetable
from notifications.oversight import notice_queries
from tests.api.partners.partner_platform import add_partner
from tests.api.partners.test_partner_application import APPLICATION
from tests.api.visits.booking import Booker, at
from tests.world import World, local


def finished(world: World) -> None:
    """Everything that is due now has been done, the morning's message too."""
    world.work()
    with world.app.app_context():
        timetable.send_morning_messages()


def test_codes_from_the_console_log_a_member_of_staff_in(world: World) -> None:
    codes = world.client.post("/dev/codes", json={"openid": "staff_G001", "phone": "13800000101"}).get_json()
    body = {"code": codes["login_code"], "phone_code": codes["phone_code"]}
    answer = world.client.post("/api/v1/staff/sessions", json=body)
    assert answer.status_code == 201
    assert answer.get_json()["name"] == "王敏"


def test_codes_for_a_malformed_person_are_refused(world: World) -> None:
    answer = world.client.post("/dev/codes", json={"openid": "空格 不行"})
    assert answer.status_code == 422


def test_a_fault_is_listed_until_it_is_cleared(world: World) -> None:
    fault = {"path": "cgi-bin/message/template/send", "errcode": 43004, "times": 2}
    assert world.client.post("/dev/faults", json=fault).status_code == 200
    listed = world.client.get("/dev/faults").get_json()["items"]
    assert [(item["path"], item["errcode"], item["times"]) for item in listed] == [
        ("cgi-bin/message/template/send", 43004, 2)
    ]
    assert world.client.post("/dev/faults", json={"path": "*", "failure": "flood"}).status_code == 422
    world.client.delete("/dev/faults")
    assert world.client.get("/dev/faults").get_json()["items"] == []


def test_the_clock_jumps_over_no_promise_that_runs_short(world: World) -> None:
    """The headline of a case opened on Friday 09:00 warns on Sunday the 20th, a make-up workday, at 14:00."""
    world.submitted(world.log_in("o_customer", "13800000001"))
    world.at("2026-09-20 13:59")
    finished(world)
    assert world.client.get("/dev/clock").get_json()["next_timer"] == "2026-09-20T06:00:00+00:00"
    world.at("2026-09-20 14:00")
    assert world.client.get("/dev/clock").get_json()["timers_due"] == 1
    world.work()
    assert world.client.get("/dev/clock").get_json()["timers_due"] == 0


def test_the_clock_jumps_over_no_morning_and_no_end_of_a_night(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state() -> Any:
        return world.client.get("/dev/clock").get_json()

    # A Friday before a make-up Sunday: the morning's message comes on Sunday, not on Saturday.
    finished(world)
    assert (state()["next_timer"], state()["timers_due"]) == ("2026-09-20T08:00:00+08:00", 0)
    world.at("2026-09-20 08:00")
    assert state()["timers_due"] == 1
    finished(world)
    assert (state()["next_timer"], state()["timers_due"]) == ("2026-09-21T08:00:00+08:00", 0)
    monkeypatch.setattr(notice_queries, "next_message", lambda: local("2026-09-20 20:30"))
    assert state()["next_timer"] == "2026-09-20T20:30:00+08:00"


def test_the_clock_jumps_over_nothing_that_falls_due_with_a_visit(world: World) -> None:
    booker = Booker(world)
    booker.hold(at("2026-09-21", "10:00"))
    finished(world)
    assert world.client.get("/dev/clock").get_json()["next_timer"] == "2026-09-18T01:05:00+00:00"
    world.at("2026-09-18 09:05")
    assert world.client.get("/dev/clock").get_json()["timers_due"] == 1
    world.work()
    assert world.client.get("/dev/clock").get_json()["timers_due"] == 0
    assert booker.states() == [(at("2026-09-21", "10:00"), "expired")]


def test_a_webhook_that_is_still_to_be_sent_counts_as_waiting(world: World) -> None:
    platform = add_partner(world.app, url="https://partner.example.invalid/hooks")
    platform.send("POST", "/applications", APPLICATION)
    manager = world.staff("G001")
    case = manager.get("/staff/cases")["items"][0]["id"]
    before = world.client.get("/dev/clock").get_json()["messages_waiting"]
    # Nobody owns the case yet, so that the stop is told to the partner alone.
    stop = {"reason": "road_permit", "party": "authority", "evidence": "受理单"}
    manager.post(f"/staff/cases/{case}/stops", stop)
    assert world.client.get("/dev/clock").get_json()["messages_waiting"] == before + 1


def test_the_page_asks_nothing_of_the_world_outside(world: World) -> None:
    page = world.client.get("/dev/").get_data(as_text=True)
    assert "微信模拟器" in page
    assert "http://" not in page
    assert "https://" not in page
