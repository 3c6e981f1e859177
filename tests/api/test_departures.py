"""Somebody leaves: their work finds somebody else in the same moment, and nothing is sent to them."""

from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.models import Case, Complaint, Conversation, Staff, Task
from app.services.departures import remove_person
from app.services.people import followers
from notifications.dispatch import claims
from notifications.models import DeliveryState, Notice, OutboxMessage
from tests import paperwork
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.api.visits.booking import Booker, at, enrol
from tests.world import ANSWERS, OUTPUTS, SINGLE_METER, Phone, World

FRIDAY, MONDAY = "2026-09-18", "2026-09-21"
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


def leaves(world: World, number: str) -> Any:
    return world.staff("S001").post("/staff/departures", {"staff_number": number})


def manager_of(phone: Phone, case_id: str) -> str:
    number: str = phone.get(f"/customer/cases/{case_id}")["manager"]["number"]
    return number


def told(phone: Phone, kind: str) -> int:
    return sum(notice["kind"] == kind for notice in phone.get("/staff/notices")["items"])


def drawing(world: World, case_id: str, *, until: int = 5) -> tuple[Phone, Any]:
    """The designer who has taken the drawings of a case, and the task."""
    for key in SINGLE_METER[:until]:
        world.complete(case_id, key)
    designer = world.staff("D001")
    tasks = designer.get("/staff/tasks?scope=department")["items"]
    task = next(task for task in tasks if task["key"] == "drawings")
    designer.post(f"/staff/tasks/{task['id']}/assignment", {})
    return designer, task


def holds_nothing(world: World, number: str) -> None:
    with world.app.app_context():
        gone = db.session.scalars(select(Staff.id).where(Staff.number == number)).one()
        for noun, column in (
            (Task, Task.assignee_id),
            (Case, Case.manager_id),
            (Conversation, Conversation.holder_id),
            (Complaint, Complaint.responsible_id),
        ):
            query = select(noun.id).where(column == gone)
            if noun is Task:
                query = query.where(Task.state == "open")
            assert db.session.scalars(query).all() == [], noun
        db.session.remove()


def test_a_taken_task_is_back_in_the_queue_and_can_be_done(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    _, task = drawing(world, case["id"])
    moved = leaves(world, "D001")
    assert [(line["task_name"], line["holder_name"]) for line in moved["tasks"]] == [
        ("出具并审定设计图纸", None)
    ]
    colleague = world.staff("D002")
    assert task["id"] in [line["id"] for line in colleague.get("/staff/tasks?scope=department")["items"]]
    assert told(colleague, "task_reassigned") == 1
    with world.app.app_context(), atomic():
        outputs = paperwork.prepare("D002", task["id"], OUTPUTS["drawings"])
    colleague.post(f"/staff/tasks/{task['id']}/completion", {"outputs": outputs})
    texts = [line["text"] for line in world.staff("S001").get(f"/staff/cases/{case['id']}/timeline")["items"]]
    assert "“出具并审定设计图纸”重新分派" in texts


def test_cases_get_a_proposed_manager_whom_a_supervisor_confirms(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    moved = leaves(world, "G001")
    assert [line["proposed_number"] for line in moved["cases"]] == ["G002"]
    assert [line["holder_name"] for line in moved["tasks"]] == ["李建国"]
    # Until it is confirmed the proposed one has the case, and the customer is told nothing yet.
    assert manager_of(customer, case["id"]) == "G002"
    proposed, supervisor = world.staff("G002"), world.staff("S001")
    assert told(proposed, "handover_proposed") == told(supervisor, "staff_left") == 1
    assert case["id"] in [task["case_id"] for task in proposed.get("/staff/tasks")["items"]]
    (line,) = supervisor.get("/staff/supervision/handovers")["items"]
    assert (line["case_id"], line["former_name"], line["proposed_name"]) == (case["id"], "王敏", "李建国")
    kinds = [notice["kind"] for notice in customer.get("/customer/notices")["items"]]
    assert "manager_changed" not in kinds
    path = f"/staff/supervision/handovers/{line['id']}/confirmation"
    assert supervisor.send("POST", path, {}).status_code == 204
    notice = customer.get("/customer/notices")["items"][0]
    assert (notice["kind"], "李建国" in notice["body"]) == ("manager_changed", True)
    assert supervisor.get("/staff/supervision/handovers")["items"] == []
    refused(supervisor.send("POST", path, {}), 409, "already_done")
    holds_nothing(world, "G001")


def test_a_supervisor_chooses_another_manager(world: World, customer: Phone) -> None:
    enrol(world, ["G003"], "customer_development", manager=True)
    case = world.submitted(customer)
    leaves(world, "G001")
    supervisor = world.staff("S001")
    (line,) = supervisor.get("/staff/supervision/handovers")["items"]
    other = {"G002", "G003"} - {line["proposed_number"]}
    path = f"/staff/supervision/handovers/{line['id']}/confirmation"
    refused(supervisor.send("POST", path, {"manager_number": "G001"}), 422, "invalid_fields")
    refused(supervisor.send("POST", path, {"manager_number": "D001"}), 422, "invalid_fields")
    body = {"manager_number": other.pop(), "summary": "已电话交接"}
    assert supervisor.send("POST", path, body).status_code == 204
    assert manager_of(customer, case["id"]) == body["manager_number"]
    changes = supervisor.get(f"/staff/cases/{case['id']}/turns")["items"]
    assert [(change["kind"], change["was"]) for change in changes] == [("handed_over", "王敏")]


def test_all_hand_overs_are_confirmed_at_once(world: World, customer: Phone) -> None:
    for _ in range(3):
        world.submitted(customer)
    departure = leaves(world, "G001")["id"]
    supervisor = world.staff("S001")
    confirmations = "/staff/supervision/handovers/confirmations"
    assert supervisor.post(confirmations, {"departure_id": "x" * 16})["confirmed"] == 0
    assert supervisor.post(confirmations, {"departure_id": departure})["confirmed"] == 3
    assert supervisor.post(confirmations, {})["confirmed"] == 0
    kinds = [notice["kind"] for notice in customer.get("/customer/notices")["items"]]
    assert kinds.count("manager_changed") == 3


def test_the_deputy_who_has_been_acting_is_proposed(world: World, customer: Phone) -> None:
    enrol(world, ["G000"], "customer_development", manager=True)
    world.submitted(customer)
    body = {
        "staff_number": "G001",
        "deputy_number": "G002",
        "starts_at": at(FRIDAY, "08:00"),
        "ends_at": at(MONDAY, "18:00"),
    }
    world.staff("S001").post("/staff/leaves", body)
    assert [line["proposed_number"] for line in leaves(world, "G001")["cases"]] == ["G002"]


def test_without_another_manager_a_supervisor_has_the_case_and_must_choose(
    world: World, customer: Phone
) -> None:
    case = world.submitted(customer)
    leaves(world, "G002")
    leaves(world, "G001")
    supervisor = world.staff("S001")
    (line,) = supervisor.get("/staff/supervision/handovers")["items"]
    assert (line["proposed_number"], line["proposed_is_manager"]) == ("S001", False)
    path = f"/staff/supervision/handovers/{line['id']}/confirmation"
    refused(supervisor.send("POST", path, {}), 422, "invalid_fields")
    assert supervisor.post("/staff/supervision/handovers/confirmations", {})["confirmed"] == 0
    # A new case without managers stands in the list as well.
    second = world.submitted(customer)
    listed = supervisor.get("/staff/supervision/handovers")["items"]
    assert {item["id"] for item in listed} == {line["id"], None}
    enrol(world, ["G003"], "customer_development", manager=True)
    assert supervisor.send("POST", path, {"manager_number": "G003"}).status_code == 204
    body = {"manager_number": "G003", "summary": "新人", "version": 0}
    version = supervisor.get(f"/staff/cases/{second['id']}")["version"]
    supervisor.post(f"/staff/cases/{second['id']}/handover", {**body, "version": version})
    assert manager_of(customer, case["id"]) == manager_of(customer, second["id"]) == "G003"
    assert supervisor.get("/staff/supervision/handovers")["items"] == []


def test_whoever_was_proposed_may_leave_before_it_is_confirmed(world: World, customer: Phone) -> None:
    enrol(world, ["G003"], "customer_development", manager=True)
    world.submitted(customer)
    first = leaves(world, "G001")["cases"][0]["proposed_number"]
    leaves(world, first)
    (line,) = world.staff("S001").get("/staff/supervision/handovers")["items"]
    assert (line["former_number"], line["proposed_number"]) == ("G001", ({"G002", "G003"} - {first}).pop())


def test_nothing_is_sent_to_who_left_and_supervisors_hear_at_once(world: World, customer: Phone) -> None:
    world.staff("G001")
    world.desk.ask("POST", "followers", {"openid": "svc_G001", "unionid": "union_G001"})
    with world.app.app_context(), atomic():
        followers.follow("svc_G001", "union_G001")
    world.submitted(customer)
    # Messages wait; then the person leaves, and they are dropped.
    with world.app.app_context():
        gone = db.session.scalars(select(Staff.id).where(Staff.number == "G001")).one()
        waiting = select(OutboxMessage.state).where(OutboxMessage.recipient_id == gone)
        assert set(db.session.scalars(waiting)) == {DeliveryState.WAITING}
        db.session.remove()
    leaves(world, "G001")
    assert told(world.staff("S001"), "staff_left") == 1
    for moment in ("2026-09-20 12:00", f"{MONDAY} 08:30"):
        world.at(moment)
        world.work()
    assert [message for message in world.messages() if message["openid"] == "svc_G001"] == []
    with world.app.app_context():
        assert set(db.session.scalars(waiting)) == {DeliveryState.EXPIRED}
        later = select(Notice.id).where(Notice.staff_id == gone, Notice.created_at > world.clock.now())
        assert db.session.scalars(later).all() == []
        db.session.remove()


def test_the_login_of_who_left_ends(world: World, customer: Phone) -> None:
    manager = world.staff("G001")
    leaves(world, "G001")
    refused(manager.send("GET", "/staff/tasks"), 401, "not_signed_in")


def test_visits_find_somebody_else_as_the_preview_says(world: World) -> None:
    enrol(world, ["N002"], "network")
    booker = Booker(world)
    visit = booker.booked(at(MONDAY, "10:00"))
    supervisor = world.staff("S001")
    who = next(person["name"] for person in visit["visitors"] if person["name"] in {"孙师傅", "N002"})
    number = "N001" if who == "孙师傅" else "N002"
    with nothing_changes(world.app):
        preview = supervisor.post("/staff/departures/previews", {"staff_number": number})
    hits = preview["visits"]["items"]
    assert [(hit["visit_id"], hit["becomes"]) for hit in hits] == [(visit["id"], at(MONDAY, "10:00"))]
    assert leaves(world, number)["visits"] == preview["visits"]
    world.work()
    (now,) = [
        each for each in booker.phone.get(f"{booker.path}/visits")["items"] if each["state"] == "confirmed"
    ]
    assert who not in [person["name"] for person in now["visitors"]]


def test_complaints_conversations_and_drafts_move(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    customer.post(f"/customer/cases/{case['id']}/messages", {"client_id": "phone-0001", "text": "您好"})
    complaint = customer.post(f"/customer/cases/{case['id']}/complaints", {"text": "没有人来"})
    manager = world.staff("G001")
    draft = manager.post(
        "/staff/applications", {"program": "single_meter", "channel": "door", "answers": dict(ANSWERS)}
    )
    moved = leaves(world, "G001")
    assert (moved["conversations"], moved["complaints"]) == (1, 1)
    holds_nothing(world, "G001")
    other = world.staff("G002")
    assert [line["id"] for line in other.get("/staff/complaints")["items"]] == [complaint["id"]]
    assert [line["id"] for line in other.get("/staff/conversations/unanswered")["items"]] == [case["id"]]
    assert other.get(f"/staff/applications/{draft['id']}")["id"] == draft["id"]
    customer.post(f"/customer/cases/{case['id']}/chases")
    assert told(world.staff("G002"), "case_chased") == 1


def test_who_left_before_departures_were_recorded_is_removed_like_anybody(
    world: World, customer: Phone
) -> None:
    case = world.submitted(customer)
    with world.app.app_context(), atomic():
        db.session.scalars(select(Staff).where(Staff.number == "G001")).one().active = False
    # Until somebody does it, the rule reaches who acts: nothing lies with nobody.
    (line,) = world.staff("S001").get("/staff/supervision/handovers")["items"]
    assert (line["id"], line["proposed_number"], line["proposed_is_manager"]) == (None, "G001", False)
    mine = world.staff("G002").get("/staff/tasks")["items"]
    assert [task["case_id"] for task in mine] == [case["id"]]
    assert [moved["proposed_number"] for moved in leaves(world, "G001")["cases"]] == ["G002"]
    holds_nothing(world, "G001")


def test_a_case_that_ended_needs_no_hand_over(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    leaves(world, "G001")
    supervisor = world.staff("S001")
    (line,) = supervisor.get("/staff/supervision/handovers")["items"]
    customer.post(f"/customer/cases/{case['id']}/withdrawal", {})
    assert supervisor.get("/staff/supervision/handovers")["items"] == []
    path = f"/staff/supervision/handovers/{line['id']}/confirmation"
    refused(supervisor.send("POST", path, {}), 409, "case_ended")
    assert supervisor.post("/staff/supervision/handovers/confirmations", {})["confirmed"] == 0


def test_a_message_that_is_claimed_is_not_handed_over_any_more(world: World, customer: Phone) -> None:
    """Between its claim and its sending the person leaves."""
    world.staff("G001")
    world.desk.ask("POST", "followers", {"openid": "svc_G001", "unionid": "union_G001"})
    with world.app.app_context(), atomic():
        followers.follow("svc_G001", "union_G001")
    world.submitted(customer)
    with world.app.app_context():
        now = world.clock.now()
        with atomic():
            gone = db.session.scalars(select(Staff.id).where(Staff.number == "G001")).one()
            claimed = claims.claim("worker", 100, now, Random(1)).messages
        assert gone in {message.recipient_id for message in claimed}
        with atomic():
            remove_person.remove(None, "G001")
        with atomic():
            sent = claims.mark_handed_over("worker", claimed, now)
        db.session.remove()
    assert gone not in {message.recipient_id for message in sent}


def test_who_comes_back_has_the_unconfirmed_cases_again(world: World, customer: Phone) -> None:
    first, second = world.submitted(customer), world.submitted(customer)
    departure = leaves(world, "G001")["id"]
    supervisor = world.staff("S001")
    lines = {line["case_id"]: line["id"] for line in supervisor.get("/staff/supervision/handovers")["items"]}
    supervisor.send("POST", f"/staff/supervision/handovers/{lines[first['id']]}/confirmation", {})
    (gone,) = supervisor.get("/staff/departures")["items"]
    assert (gone["id"], gone["staff_number"], gone["unconfirmed"]) == (departure, "G001", 1)
    path = f"/staff/departures/{departure}/return"
    with nothing_changes(world.app):
        preview = supervisor.post(f"{path}/previews")
    assert [case["case_id"] for case in preview["cases"]] == [second["id"]]
    assert supervisor.post(path) == preview
    assert (manager_of(customer, first["id"]), manager_of(customer, second["id"])) == ("G002", "G001")
    mine = [task["case_id"] for task in world.staff("G001").get("/staff/tasks")["items"]]
    assert mine == [second["id"]]
    assert supervisor.get("/staff/departures")["items"] == []
    refused(supervisor.send("POST", path), 409, "already_done")
    # And can leave once more.
    assert [line["case_id"] for line in leaves(world, "G001")["cases"]] == [second["id"]]


@on_sqlite
def test_departures_are_the_supervisors(world: World) -> None:
    network, supervisor = world.staff("N001"), world.staff("S001")
    with nothing_changes(world.app):
        for path in ("/staff/departures", "/staff/departures/previews"):
            refused(network.send("POST", path, {"staff_number": "E001"}), 403, "not_allowed")
            refused(supervisor.send("POST", path, {"staff_number": "X999"}), 422, "invalid_fields")
            refused(supervisor.send("POST", path, {"staff_number": "S001"}), 409, "conflict")
        for path in ("/staff/departures", "/staff/supervision/handovers"):
            refused(network.send("GET", path), 403, "not_allowed")
        refused(network.send("POST", "/staff/supervision/handovers/confirmations", {}), 403, "not_allowed")
    leaves(world, "E001")
    refused(supervisor.send("POST", "/staff/departures", {"staff_number": "E001"}), 409, "already_done")


def test_a_supervisor_takes_a_task_back_or_gives_it_to_somebody(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    first, task = drawing(world, case["id"])
    supervisor, path = world.staff("S001"), f"/staff/tasks/{task['id']}/reassignment"

    def version() -> int:
        seen: int = supervisor.get(f"/staff/tasks/{task['id']}")["version"]
        return seen

    refused(supervisor.send("POST", path, {"version": version() - 1}), 409, "changed_meanwhile")
    refused(first.send("POST", path, {"version": version()}), 403, "not_allowed")
    for wrong in ("N001", "G001", "X999"):
        body = {"staff_number": wrong, "version": version()}
        problem = refused(supervisor.send("POST", path, body), 422, "invalid_fields")
        assert [error["field"] for error in problem["errors"]] == ["staff_number"]
    body = {"staff_number": "D002", "version": version()}
    assert supervisor.post(path, body)["assignee_name"] == "钱工"
    assert told(world.staff("D002"), "task_reassigned") == told(world.staff("D001"), "task_taken_back") == 1
    refused(supervisor.send("POST", path, {**body, "version": version()}), 409, "already_done")
    assert supervisor.post(path, {"version": version()})["assignee_name"] is None
    world.complete(case["id"], "drawings")
    refused(supervisor.send("POST", path, {"version": version()}), 409, "already_done")


def test_the_managers_own_task_goes_to_managers_only(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    supervisor = world.staff("S001")
    tasks = supervisor.get(f"/staff/cases/{case['id']}/tasks")["items"]
    task = next(task for task in tasks if task["key"] == "site_visit")
    path = f"/staff/tasks/{task['id']}/reassignment"
    body = {"staff_number": "D001", "version": task["version"]}
    refused(supervisor.send("POST", path, body), 422, "invalid_fields")
    assert supervisor.post(path, {**body, "staff_number": "G002"})["assignee_name"] == "李建国"
    version = supervisor.get(f"/staff/tasks/{task['id']}")["version"]
    assert supervisor.post(path, {"version": version})["assignee_name"] == "王敏"
