"""The day of a visit: reminders, arrival pass, delay, no-show, and the stage's task."""

from typing import Any

import pytest

from tests.api.answers import json_of, refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at
from tests.world import STAFF, Phone, World

# What happens on the day is decided by the visit's state, whatever the database.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MONDAY = "2026-09-21"
HERE = {"latitude_gcj02": 36.6601, "longitude_gcj02": 117.0201}
ACROSS_TOWN = {"latitude_gcj02": 36.70, "longitude_gcj02": 117.10}


def kinds(phone: Phone, audience: str = "customer") -> list[str]:
    """What somebody was told of visits, the first first."""
    found = [notice["kind"] for notice in phone.get(f"/{audience}/notices")["items"]]
    return [kind for kind in reversed(found) if "visit" in kind and kind != "return_visit"]


class Day:
    """A visit of Monday at 10 with four people, and the phones of those who matter."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.booker = Booker(world)
        self.id: str = self.booker.booked(at(MONDAY, "10:00"))["id"]
        self.path = f"/staff/visits/{self.id}"

    def at(self, time: str, day: str = MONDAY) -> None:
        self.world.at(f"{day} {time}")
        self.world.work()

    def by(self, number: str, verb: str, body: Any = None) -> Any:
        return self.world.staff(number).send("POST", f"{self.path}/{verb}", body or {})


@pytest.fixture
def day(world: World) -> Day:
    return Day(world)


def test_reminders_come_the_evening_before_and_two_hours_before(day: Day) -> None:
    day.at("17:59", "2026-09-20")
    assert kinds(day.booker.phone) == ["visit_booked"]
    day.at("18:00", "2026-09-20")
    assert kinds(day.booker.phone) == ["visit_booked", "visit_tomorrow"]
    day.at("07:59")
    day.at("08:00")
    day.at("08:01")
    assert kinds(day.booker.phone) == ["visit_booked", "visit_tomorrow", "visit_soon"]
    coming = {visitor["name"] for visitor in day.booker.visit(day.id)["visitors"]}
    for number, name, *_ in STAFF:
        heard = [kind for kind in kinds(day.world.staff(number), "staff") if kind != "missing_before_visit"]
        expected = ["staff_visit_booked", "staff_visit_tomorrow", "staff_visit_soon"]
        assert heard == (expected if name in coming else []), number


@on_sqlite
def test_who_books_after_a_reminder_would_have_come_is_not_reminded(world: World) -> None:
    booker = Booker(world)
    booker.booked(at("2026-09-18", "11:00"))
    world.at("2026-09-18 09:30")
    world.work()
    assert kinds(booker.phone) == ["visit_booked"]


def test_a_visit_that_was_moved_reminds_of_its_new_time_only(day: Day) -> None:
    json_of(day.booker.act(day.id, "reschedule", {"starts_at": at("2026-09-22", "10:00")}))
    day.at("08:30")
    assert kinds(day.booker.phone) == ["visit_booked", "visit_moved"]
    day.at("18:00")
    assert kinds(day.booker.phone)[-1] == "visit_tomorrow"


@on_sqlite
def test_the_pass_shows_who_comes_and_the_code_that_the_visitors_have(day: Day) -> None:
    path = f"{day.booker.path}/visits/{day.id}/pass"
    with nothing_changes(day.world.app):
        refused(day.booker.phone.send("GET", path), 409, "not_yet")
    day.at("09:00")
    shown = day.booker.phone.get(path)
    assert len(shown["code"]) == 6
    lead = shown["visitors"][0]
    assert (lead["name"], lead["number"]) == ("王敏", "G001")
    assert lead["photo_url"] == "https://example.invalid/G001.jpg"
    assert day.world.staff("N001").get(day.path)["code"] == shown["code"]
    # A supervisor sees the visit, and not what would let them in.
    assert day.world.staff("S001").get(day.path)["code"] is None


def test_check_in_near_the_site_or_with_a_note(day: Day) -> None:
    refused(day.by("G001", "arrival", {"position": HERE}), 409, "not_yet")
    day.at("09:55")
    refused(day.by("S001", "arrival", {"position": HERE}), 403, "not_allowed")
    refused(day.by("G001", "arrival", {}), 422, "invalid_fields")
    problem = refused(day.by("G001", "arrival", {"position": ACROSS_TOWN}), 422, "invalid_fields")
    assert "米" in problem["errors"][0]["message"]
    wrong = {"position": HERE, "code": "000000"}
    code = day.world.staff("G001").get(day.path)["code"]
    if code != "000000":
        refused(day.by("G001", "arrival", wrong), 422, "invalid_fields")
    arrived = json_of(day.by("G001", "arrival", {"position": HERE, "code": code}))
    assert arrived["visit"]["visitors"][0]["arrived_at"] == at(MONDAY, "09:55")
    refused(day.by("G001", "arrival", {"position": HERE}), 409, "already_done")
    json_of(day.by("N001", "arrival", {"position": ACROSS_TOWN, "note": "在井口等候"}))
    refused(day.booker.act(day.id, "cancellation", {"reason": "不要了"}), 409, "conflict")


def test_check_in_answers_the_stages_task(day: Day) -> None:
    day.at("09:58")
    json_of(day.by("G001", "arrival", {"position": HERE}))
    day.at("11:00")
    refused(day.by("N001", "completion", {"outputs": {"form_guided": True}}), 404, "not_found")
    done = json_of(day.by("G001", "completion", {"outputs": {"form_guided": True}}))
    assert (done["visit"]["state"], done["task_id"]) == ("done", None)
    tasks = day.world.staff("G001").get(f"/staff/cases/{day.booker.case_id}/tasks")["items"]
    visit = next(task for task in tasks if task["key"] == "site_visit")
    assert visit["delivered"] == {"visited_at": at(MONDAY, "09:58"), "form_guided": True}


@on_sqlite
def test_without_outputs_the_visit_proposes_them(day: Day) -> None:
    day.at("09:58")
    refused(day.by("G001", "completion"), 409, "not_yet")
    json_of(day.by("G001", "arrival", {"position": HERE}))
    done = json_of(day.by("G001", "completion"))
    assert done["proposed"] == {"visited_at": at(MONDAY, "09:58")}
    body = {"outputs": {"form_guided": True}}
    json_of(day.world.staff("G001").send("POST", f"/staff/tasks/{done['task_id']}/completion", body))
    refused(day.by("G001", "completion"), 409, "already_done")


@on_sqlite
def test_running_late_is_one_tap_and_the_customer_knows_the_new_time(day: Day) -> None:
    day.at("09:45")
    late = json_of(day.by("G001", "delay", {"minutes": 15}))
    assert late["visit"]["expected_at"] == at(MONDAY, "10:15")
    assert kinds(day.booker.phone)[-1] == "visit_delayed"
    body = day.booker.phone.get("/customer/notices")["items"][0]["body"]
    assert "2026-09-21 10:15" in body
    # Nobody is late before that time and the grace beside it are gone.
    day.at("10:20")
    day.at("10:34")
    assert kinds(day.booker.phone)[-1] == "visit_delayed"
    day.at("10:35")
    assert kinds(day.booker.phone)[-1] == "visit_late"


@on_sqlite
def test_a_long_delay_offers_other_times_at_once(day: Day) -> None:
    day.at("09:45")
    json_of(day.by("G001", "delay", {"minutes": 60}))
    assert kinds(day.booker.phone)[-2:] == ["visit_delayed", "visit_late"]
    moved = json_of(day.booker.act(day.id, "reschedule", {"starts_at": at("2026-09-22", "10:00")}))
    assert moved["state"] == "confirmed"


def test_a_missed_visit_offers_other_times_by_itself(day: Day) -> None:
    day.at("08:00")
    day.at("10:19")
    assert kinds(day.booker.phone)[-1] == "visit_soon"
    assert day.booker.visit(day.id)["changeable"] is False
    day.at("10:20")
    assert kinds(day.booker.phone)[-1] == "visit_late"
    assert kinds(day.world.staff("G001"), "staff")[-1] == "staff_visit_late"
    text = day.booker.phone.get("/customer/notices")["items"][0]["body"]
    first = day.booker.starts()[0]
    assert first[:10] + " " + first[11:16] in text
    json_of(day.booker.act(day.id, "reschedule", {"starts_at": at("2026-09-22", "10:00")}))


@on_sqlite
def test_somebody_who_came_in_time_is_not_late(day: Day) -> None:
    day.at("10:05")
    json_of(day.by("N001", "arrival", {"position": HERE}))
    day.at("10:40")
    assert "visit_late" not in kinds(day.booker.phone)


def test_a_customer_who_is_not_there(day: Day) -> None:
    body = {"absent": "customer", "note": "敲门无人，电话未接"}
    day.at("10:05")
    refused(day.by("G001", "no-show", body), 409, "not_yet")
    json_of(day.by("G001", "arrival", {"position": HERE}))
    # A few minutes are not an absence.
    refused(day.by("G001", "no-show", body), 409, "not_yet")
    day.at("10:20")
    missed = json_of(day.by("G001", "no-show", body))
    assert (missed["visit"]["state"], missed["visit"]["no_show_of"]) == ("no_show", "customer")
    assert kinds(day.booker.phone)[-1] == "visit_missed"
    day.booker.booked(at("2026-09-22", "10:00"))


@on_sqlite
def test_a_visitor_who_is_not_there(day: Day) -> None:
    body = {"note": "等到10点半无人上门"}
    day.at("10:19")
    refused(day.booker.act(day.id, "no-show", body), 409, "not_yet")
    day.at("10:30")
    missed = json_of(day.booker.act(day.id, "no-show", body))
    assert (missed["state"], missed["no_show_of"]) == ("no_show", "visitor")
    assert kinds(day.world.staff("G001"), "staff")[-1] == "staff_visit_missed"
    refused(day.booker.act(day.id, "no-show", body), 409, "conflict")


def test_my_day_in_order_and_in_full_on_record(day: Day) -> None:
    second = Booker(day.world, 2, address="演示路2号")
    second.booked(at(MONDAY, "14:00"))
    day.at("07:30")
    manager = day.world.staff("G001")
    masked = manager.get("/staff/visits?days=1")["items"]
    assert [item["visit"]["starts_at"] for item in masked] == [at(MONDAY, "10:00"), at(MONDAY, "14:00")]
    assert masked[0]["contact"]["phone"] == "138******01"
    full = manager.post("/staff/visits/day-reads", {"days": 1})["items"]
    assert [item["contact"]["address"] for item in full] == ["演示路1号", "演示路2号"]
    assert full[0]["contact"]["phone"] == "+8613800000001"
    department = day.world.staff("D002").get("/staff/visits/department?days=7")["items"]
    assert len(department) == 2
    loads = {item["number"]: item for item in day.world.staff("S001").get("/staff/visits/load")["items"]}
    # Two visits of an hour, each with half an hour of travel; the office is open seven and a half hours.
    assert (loads["N001"]["visits"], loads["N001"]["taken_minutes"]) == (2, 180)
    assert loads["M001"]["visits"] == 0
    refused(day.world.staff("N001").send("GET", "/staff/visits/load"), 403, "not_allowed")
