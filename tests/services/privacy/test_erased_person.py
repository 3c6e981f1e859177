"""Nothing of an erased person is left: every table, every column, decrypted, and every stored file."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import objectstore
from app.core.db import db
from app.jobs import timetable
from app.models import Application, Customer, DataCopy, Erasure
from app.services.cases.submit import lookup_hash
from app.services.people.phones import phone_hash
from app.services.privacy import erasure
from notifications.models import Notice
from tests.api.conversations.chat_files import JPEG, send_picture
from tests.api.conversations.test_wechat_chat import callback, write
from tests.api.test_withdrawn_authorisation import CANCEL, withdrawn
from tests.at_once import while_open
from tests.world import CREDIT_CODE, SINGLE_METER, Phone, World

PHONE = "13800000001"
SAID = "我家在演示路1号，快来"
SECRETS = (
    PHONE,
    "钱多多",
    "演示路1号",
    CREDIT_CODE,
    "泉城演示商贸",
    "o_customer",
    "u_customer",
    "o_follower",
    "36.66",
)
OFFICIAL = "service"

KEPT_BY_LAW = {
    "applications",
    "cases",
    "case_changes",
    "conversations",
    "documents",
    # Of staff's own requests, for seven days.
    "idempotency_records",
    "messages",
    "papers",
    "partner_cases",
    "plan_confirmations",
    "quotes",
    "tasks",
    "visits",
}
"""Where something of a case may be found until its term ends."""


def values(world: World) -> Iterator[tuple[str, str]]:
    """Table and column, and every value as the application reads it."""
    with world.app.app_context():
        for table in db.metadata.sorted_tables:
            for column in table.columns:
                for value in db.session.scalars(select(column).where(column.is_not(None))):
                    held = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    yield f"{table.name}.{column.name}", held
        for key in objectstore.keys(""):
            yield f"store.{key}", b"".join(objectstore.stream(key)).decode("latin-1")
        db.session.remove()


def found(world: World, secrets: Collection[str]) -> set[str]:
    return {place for place, value in values(world) if any(secret in value for secret in secrets)}


def tables(places: Collection[str]) -> set[str]:
    return {place.partition(".")[0] for place in places}


def hashes(world: World, *numbers: str) -> list[str]:
    with world.app.app_context():
        phone = f"+86{PHONE}"
        return [phone_hash(phone), *(lookup_hash(number, phone) for number in numbers)]


def run(world: World, *jobs: Any) -> None:
    for job in (*jobs, timetable.remove_deleted_bytes):
        with world.app.app_context():
            job()


def talkative(world: World) -> Phone:
    """Somebody who follows, logs in, proves a phone, begins a form, and writes in both chats."""
    customer = world.log_in("o_customer", PHONE, unionid="u_customer")
    world.desk.ask("POST", "followers", {"openid": "o_follower", "unionid": "u_customer"})
    callback(world, "o_follower", OFFICIAL, MsgType="event", Event="subscribe")
    wanted = customer.get("/customer/subscriptions")["templates"]
    customer.post("/customer/subscriptions", {"choices": {each["key"]: "accept" for each in wanted}})
    draft = customer.post("/customer/applications", {"program": "single_meter"})["id"]
    answers = {
        "contact_name": "钱多多",
        "address": "演示路1号",
        "contact_phone": PHONE,
        "credit_code": CREDIT_CODE,
    }
    customer.send("PATCH", f"/customer/applications/{draft}", {"answers": answers})
    world.work()
    write(world, "o_customer", SAID)
    write(world, "o_follower", SAID, OFFICIAL)
    send_picture(world, "o_customer")
    assert customer.send("POST", "/customer/personal-data/copies").status_code == 202
    world.work()
    return customer


def test_the_scan_finds_what_is_there(world: World) -> None:
    talkative(world)
    places = found(world, [*SECRETS, *hashes(world)])
    assert {
        "customers",
        "applications",
        "messages",
        "followers",
        "subscribe_consents",
        "data_copies",
    } <= tables(places)
    assert "store" in tables(found(world, [JPEG.decode("latin-1")]))


@pytest.mark.parametrize("way", ["in_the_app", "at_wechat"])
def test_of_somebody_without_a_case_nothing_is_left(world: World, way: str) -> None:
    customer = talkative(world)
    if way == "in_the_app":
        assert customer.send("DELETE", "/customer/personal-data").status_code == 200
    else:
        withdrawn(world, CANCEL)
    run(world)
    assert found(world, [*SECRETS, *hashes(world), JPEG.decode("latin-1")]) == set()


def test_what_was_handled_keeps_no_words_and_what_failed_goes_with_the_person(world: World) -> None:
    world.staff("G001")
    customer = world.log_in("o_customer", PHONE)
    write(world, "o_customer", SAID)
    assert "inbox_events" not in tables(found(world, SECRETS))
    # Not handled yet.
    callback(world, "o_customer", "miniprogram", MsgType="text", Content=SAID, MsgId="99")
    assert "inbox_events" in tables(found(world, SECRETS))
    customer.send("DELETE", "/customer/personal-data")
    assert found(world, SECRETS) == set()


def test_of_a_customer_the_law_keeps_what_is_named_until_its_term_and_no_longer(world: World) -> None:
    customer = world.log_in("o_customer", PHONE, unionid="u_customer")
    case = world.submitted(customer)
    send_picture(world, "o_customer")
    write(world, "o_customer", SAID)
    world.work()
    for key in SINGLE_METER:
        if key == "return_visit":
            customer.post(f"/customer/cases/{case['id']}/rating", {"rating": 5, "remark": "钱多多很满意"})
        changes = {"plan": f"接到钱多多家，{PHONE}"} if key == "confirm_plan" else {}
        world.complete(case["id"], key, **changes)
        world.work()
    world.staff("G001").post(f"/staff/cases/{case['id']}/contact-reads")
    customer.send("DELETE", "/customer/personal-data")
    secrets = [*SECRETS, *hashes(world, case["number"])]
    assert tables(found(world, secrets)) <= KEPT_BY_LAW
    with world.app.app_context():
        kept = db.session.scalars(select(Erasure)).one().kept
        db.session.remove()
    assert "自办结之日起保存1095天" in kept["cases"]

    world.at("2029-12-01 10:00")
    run(world, timetable.delete_past_terms, timetable.delete_old_records)
    assert tables(found(world, secrets)) <= {"papers", "payments"}
    assert "store" not in tables(found(world, [JPEG.decode("latin-1")]))
    told = [line["kind"] for line in world.staff("S001").get("/staff/notices")["items"]]
    assert told.count("data_deleted") == 1
    # The figures of the work stay, and whoever opens the case sees that the person is gone.
    seen = world.staff("S001").get(f"/staff/cases/{case['id']}")
    assert seen["project_name"] == "已删除"
    assert "钱多多" not in str(world.staff("S001").post(f"/staff/cases/{case['id']}/contact-reads"))

    world.at("2060-01-05 10:00")
    run(world, timetable.delete_past_terms)
    assert found(world, secrets) == set()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/customer/applications", {"program": "single_meter"}, 403),
        ("/customer/personal-data/copies", None, 401),
    ],
)
def test_a_request_that_began_before_writes_nothing_after_the_deletion(
    world: World, path: str, body: Any, status: int
) -> None:
    """On PostgreSQL its login was still good when it began; SQLite lets one in at a time."""
    customer = world.log_in("o_customer", PHONE)
    headers = {"Authorization": f"Bearer {customer.token}", "Idempotency-Key": uuid4().hex}

    def delete() -> object:
        return erasure.erase_account(db.session.scalars(select(Customer.id)).one())

    def act(client: FlaskClient) -> TestResponse:
        return client.post(f"/api/v1{path}", json=body, headers=headers)

    answer = while_open(world.app, delete, act, keep=True)
    assert answer.status_code in {status, 401}, answer.text
    assert found(world, [*SECRETS, *hashes(world)]) == set()
    with world.app.app_context():
        assert db.session.scalars(select(Application.id)).all() == []
        assert db.session.scalars(select(DataCopy.id)).all() == []
        db.session.remove()


def test_terms_end_for_everybody_and_a_day_is_told_once(world: World) -> None:
    customer = world.log_in("o_customer", PHONE)
    world.submitted(customer)
    world.work()
    world.at("2027-09-20 10:00")
    run(world, timetable.delete_past_terms, timetable.delete_past_terms)
    with world.app.app_context():
        told = db.session.scalars(select(Notice).where(Notice.kind == "data_deleted")).all()
        body = told[0].body
        db.session.remove()
    assert len(told) == 1
    assert "登录记录" in body
    # The case is open: nothing of it is touched.
    assert "applications" in tables(found(world, SECRETS))
