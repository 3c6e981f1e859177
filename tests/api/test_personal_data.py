"""The customer's rights over their data: see, correct, take a copy, withdraw, delete, see who read."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.domain.data_terms import DataKind
from app.models import Case, Customer, DataCopy
from app.services.people.phones import phone_hash
from app.services.privacy import data_copies
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import ANSWERS, Phone, World

NUMBER = "13800000001"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLACE = {"latitude_gcj02": 36.67, "longitude_gcj02": 117.03}


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", NUMBER, unionid="u_customer")


def held(customer: Phone) -> dict[str, Any]:
    return {kind["kind"]: kind for kind in customer.get("/customer/personal-data")["kinds"]}


def test_everything_is_seen_with_purpose_and_term(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    customer.post(f"/customer/cases/{case['id']}/messages", {"client_id": "phone-0001", "text": "您好"})
    seen = held(customer)
    assert set(seen) == set(DataKind)
    assert all(kind["purpose"] and kind["basis"] and kind["term"] and kind["cite"] for kind in seen.values())
    assert seen["account"]["items"][0]["phone"] == f"+86{NUMBER}"
    assert seen["applications"]["items"][0]["answers"]["address"] == ANSWERS["address"]
    assert seen["messages"]["items"][-1]["content"] == {"text": "您好"}
    assert seen["notices"]["total"] == len(customer.get("/customer/notices")["items"])
    other = world.log_in("o_other", "13800000002")
    assert held(other)["applications"]["total"] == 0


def test_a_read_by_staff_is_told_by_role_and_department(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    assert customer.get("/customer/personal-data/reads")["items"] == []
    manager = world.staff("G001")
    for _ in range(3):
        manager.post(f"/staff/cases/{case['id']}/contact-reads")
    page = customer.get("/customer/personal-data/reads?limit=2")
    assert [(line["reader"], line["department"], line["what"]) for line in page["items"]] == [
        ("客户管家", "客户发展部", "联系人、电话和地址")
    ] * 2
    rest = customer.get(f"/customer/personal-data/reads?cursor={page['cursor']}")["items"]
    assert len(rest) == 1
    assert page["items"][0]["case_number"] == case["number"]
    # Nobody's name or number is in it.
    assert not {"王敏", "G001"} & {str(value) for line in page["items"] for value in line.values()}
    other = world.log_in("o_other", "13800000002")
    assert other.get("/customer/personal-data/reads")["items"] == []


def test_a_corrected_contact_is_found_and_shown_everywhere(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    path = f"/customer/cases/{case['id']}/contact"
    body = {
        "contact_name": "孙小明",
        "contact_phone": "13800000055",
        "address": "改正路2号",
        "location": PLACE,
    }
    answer = customer.send("PATCH", path, body)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["contact_phone"] == "+8613800000055"
    manager = world.staff("G001")
    contact = manager.post(f"/staff/cases/{case['id']}/contact-reads")
    assert (contact["name"], contact["phone"], contact["address"]) == (
        "孙小明",
        "+8613800000055",
        "改正路2号",
    )
    for digits, status in (("0055", 200), ("0001", 404)):
        body = {"number": case["number"], "phone_last_digits": digits}
        assert world.client.post("/api/v1/customer/lookups", json=body).status_code == status
    with world.app.app_context():
        assert db.session.get_one(Case, case["id"]).phone_hash == phone_hash("+8613800000055")
        db.session.remove()
    kinds = [line["kind"] for line in customer.get(f"/customer/cases/{case['id']}/timeline")["items"]]
    assert kinds[-1] == "contact_corrected"
    world.work()
    told = [line["kind"] for line in manager.get("/staff/notices")["items"]]
    assert "contact_corrected" in told


@ON_SQLITE
def test_every_fault_of_a_correction_is_told_and_nothing_changes(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    path = f"/customer/cases/{case['id']}/contact"
    with nothing_changes(world.app):
        far = {"latitude_gcj02": 10.0, "longitude_gcj02": 10.0}
        body = {"contact_phone": "12345", "address": "路1号", "location": far}
        faults = refused(customer.send("PATCH", path, body), 422, "invalid_fields")["errors"]
        assert {fault["field"] for fault in faults} == {"contact_phone", "location"}
        alone = refused(customer.send("PATCH", path, {"address": "路1号"}), 422, "invalid_fields")["errors"]
        assert [fault["field"] for fault in alone] == ["location"]
        refused(customer.send("PATCH", path, {"project_name": "别的"}), 422, "invalid_fields")


def test_a_stranger_corrects_nothing(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    stranger = world.log_in("o_other", "13800000002")
    with nothing_changes(world.app):
        answer = stranger.send("PATCH", f"/customer/cases/{case['id']}/contact", {"contact_name": "别人"})
        refused(answer, 404, "not_found")


def test_a_copy_is_made_by_the_jobs_as_json_and_pdf(world: World, customer: Phone) -> None:
    world.submitted(customer)
    asked = customer.send("POST", "/customer/personal-data/copies")
    assert (asked.status_code, asked.get_json()["state"]) == (202, "waiting")
    path = f"/customer/personal-data/copies/{asked.get_json()['id']}"
    refused(customer.send("GET", f"{path}/file"), 409, "not_yet")
    world.work()
    assert customer.get(path)["state"] == "ready"
    document = customer.send("GET", f"{path}/file")
    assert document.headers["Cache-Control"] == "no-store"
    kinds = {kind["kind"]: kind for kind in document.get_json()["kinds"]}
    assert kinds["applications"]["items"][0]["answers"]["contact_name"] == ANSWERS["contact_name"]
    readable = customer.send("GET", f"{path}/file?format=pdf")
    assert (readable.mimetype, readable.data[:5]) == ("application/pdf", b"%PDF-")
    # Asked again on the same day, the same one is given.
    assert customer.send("POST", "/customer/personal-data/copies").get_json()["id"] == asked.get_json()["id"]
    stranger = world.log_in("o_other", "13800000002")
    for way in (path, f"{path}/file"):
        refused(stranger.send("GET", way), 404, "not_found")
    world.at("2026-09-26 09:00")
    again = world.log_in("o_customer")
    refused(again.send("GET", path), 404, "not_found")


@ON_SQLITE
def test_a_new_copy_may_be_asked_for_on_each_day_of_the_city(world: World, customer: Phone) -> None:
    def asked_at(instant: str) -> str:
        world.at(instant)
        found: str = customer.send("POST", "/customer/personal-data/copies").get_json()["id"]
        return found

    # One day in UTC, two in the city; and the other way round.
    evening = asked_at("2026-09-18 23:30")
    early = asked_at("2026-09-19 00:30")
    assert early != evening
    assert asked_at("2026-09-19 09:00") == early


@ON_SQLITE
def test_a_copy_is_bounded(world: World, customer: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_copies, "MOST_ITEMS", 1)
    for _ in range(3):
        world.submitted(customer)
    copy = customer.send("POST", "/customer/personal-data/copies").get_json()["id"]
    world.work()
    kinds = customer.get(f"/customer/personal-data/copies/{copy}/file")["kinds"]
    (applications,) = (kind for kind in kinds if kind["kind"] == "applications")
    assert (applications["total"], len(applications["items"])) == (3, 1)


@ON_SQLITE
def test_a_copy_that_cannot_be_made_stops_no_other(
    world: World, customer: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = customer.send("POST", "/customer/personal-data/copies").get_json()["id"]
    with monkeypatch.context() as broken:
        broken.setattr(data_copies, "TEMPLATE", "agreement.typ")
        world.work()
    assert customer.get(f"/customer/personal-data/copies/{copy}")["state"] == "failed"
    again = customer.send("POST", "/customer/personal-data/copies").get_json()["id"]
    world.work()
    assert customer.get(f"/customer/personal-data/copies/{again}")["state"] == "ready"
    with world.app.app_context():
        assert len(db.session.scalars(select(DataCopy.id)).all()) == 1
        db.session.remove()


def test_withdrawn_consent_stops_what_is_new_and_keeps_what_was_done(world: World, customer: Phone) -> None:
    case = world.submitted(customer)
    draft = customer.post("/customer/applications", {"program": "single_meter"})["id"]
    customer.send("PATCH", f"/customer/applications/{draft}", {"answers": dict(ANSWERS)})
    answer = customer.send("DELETE", "/customer/consents")
    assert answer.status_code == 200, answer.text
    assert any(key.startswith("consent ") for key in answer.get_json()["kept"])
    refused(
        customer.send("POST", "/customer/applications", {"program": "single_meter"}), 403, "consent_needed"
    )
    refused(customer.send("POST", f"/customer/applications/{draft}/submission"), 403, "consent_needed")
    assert customer.get(f"/customer/cases/{case['id']}")["number"] == case["number"]
    customer.post("/customer/consents", {"version": customer.get("/customer/privacy")["version"]})
    assert customer.send("POST", f"/customer/applications/{draft}/submission").status_code in {200, 201}


def test_deleting_ends_the_login_and_names_what_is_kept(world: World, customer: Phone) -> None:
    world.submitted(customer)
    customer.post("/customer/applications", {"program": "single_meter"})
    answer = customer.send("DELETE", "/customer/personal-data")
    assert answer.status_code == 200, answer.text
    gone = answer.get_json()
    assert (gone["deleted"]["phone"], gone["deleted"]["drafts"]) == (1, 1)
    assert gone["kept"]["cases"].startswith("1项：")
    assert "自办结之日起保存1095天" in gone["kept"]["cases"]
    assert "民法典" in gone["kept"]["cases"]
    refused(customer.send("GET", "/customer/cases"), 401, "not_signed_in")
    # Who comes back is somebody new.
    back = world.log_in("o_customer", NUMBER)
    assert back.get("/customer/cases")["items"] == []
    with world.app.app_context(), atomic():
        assert len(db.session.scalars(select(Customer.id)).all()) == 2
