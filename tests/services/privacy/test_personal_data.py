"""Phone, name, address, credit code: unreadable in the database, masked in lists and logs, reads recorded."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import LargeBinary, select, type_coerce
from stdnum.cn import uscc

from app.cli.keys import keys as keys_command
from app.core import crypto
from app.core.db import db
from app.core.logs import JsonFormatter
from app.core.settings import Settings
from app.models import AccessRecord, Staff
from app.services.privacy import key_rotation
from tests.world import ANSWERS, CREDIT_CODE, SINGLE_METER, Phone, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

REMARK = "我是钱多多，电话13800000001，水很好"
# In the spellings in which they could be stored; a phone's last four digits are what people are asked for.
SECRETS = ("13800000001", CREDIT_CODE, "钱多多", "演示路1号", "Qianduoduo")


@pytest.fixture
def journey(world: World, caplog: pytest.LogCaptureFixture) -> Any:
    """A case from the first tap to its rated end, with a stop, a remark, notices and kept answers."""
    caplog.set_level(logging.DEBUG)
    customer = world.log_in("o_customer", "13800000001")
    wanted = customer.get("/customer/subscriptions")["templates"]
    customer.post("/customer/subscriptions", {"choices": {each["key"]: "accept" for each in wanted}})
    case = world.submitted(customer)
    manager = world.staff("G001")
    stop = manager.post(
        f"/staff/cases/{case['id']}/stops",
        {"reason": "contract_review", "party": "customer", "evidence": "钱多多在演示路1号看合同"},
    )
    manager.post(f"/staff/cases/{case['id']}/stops/{stop['id']}/end")
    world.work()
    for key in SINGLE_METER:
        if key == "return_visit":
            customer.post(f"/customer/cases/{case['id']}/rating", {"rating": 5, "remark": REMARK})
        changes = {"plan": "接到钱多多家，13800000001"} if key == "confirm_plan" else {}
        world.complete(case["id"], key, **changes)
        world.work()
    return case


def stored(app: Flask) -> Iterator[tuple[str, str]]:
    """Every value of every column as the database holds it, as text."""
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for column in table.columns:
                raw = type_coerce(column, LargeBinary) if encrypted(column) else column
                for value in db.session.scalars(select(raw)):
                    held = bytes(value).decode("latin-1") if encrypted(column) and value else str(value)
                    yield f"{table.name}.{column.name}", held
        db.session.remove()


def encrypted(column: Any) -> bool:
    return isinstance(column.type, crypto.EncryptedText | crypto.EncryptedJson)


def test_no_column_of_any_table_reveals_the_customer(world: World, journey: Any) -> None:
    tables = set()
    readable = set()
    for where, value in stored(world.app):
        tables.add(where.partition(".")[0])
        readable |= {(where, secret) for secret in SECRETS if secret in value}
    assert readable == set()
    assert {"applications", "cases", "customers", "idempotency_records", "notices", "timeline"} <= tables
    assert {"outbox_messages", "stops", "tasks", "ledger", "sessions"} <= tables


@on_sqlite
def test_the_database_file_itself_reveals_nothing(world: World, journey: Any) -> None:
    """Whatever SQLite keeps beside the rows: indexes, free pages, the write-ahead log."""
    with world.app.app_context():
        file = db.engine.url.database
        db.session.remove()
    assert file is not None
    written = b"".join(path.read_bytes() for path in Path(file).parent.glob(Path(file).name + "*"))
    assert "王敏".encode() in written
    assert [secret for secret in SECRETS if secret.encode() in written] == []


def test_lists_mask_and_the_full_contact_is_read_on_record(world: World, journey: Any) -> None:
    manager = world.staff("G001")
    tasks = manager.get(f"/staff/cases/{journey['id']}/tasks")["items"]
    assert {tuple(task["contact"].values()) for task in tasks} == {
        ("钱*多", "138******01", None, None, "演示***")
    }
    assert reads(world.app) == []
    contact = manager.post(f"/staff/cases/{journey['id']}/contact-reads")
    shown = {"name": "钱多多", "phone": "+8613800000001", "address": "演示路1号"}
    assert contact == shown | {"extension": None, "country": None}
    manager.post(f"/staff/cases/{journey['id']}/contact-reads")
    assert reads(world.app) == [("G001", journey["id"], "contact")] * 2


def reads(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        rows = db.session.execute(
            select(Staff.number, AccessRecord.case_id, AccessRecord.field)
            .join(Staff, Staff.id == AccessRecord.staff_id)
            .order_by(AccessRecord.id)
        ).all()
        db.session.remove()
    return [(row.number, row.case_id, row.field) for row in rows]


@on_sqlite
def test_staff_answers_show_a_phone_only_where_the_read_is_recorded(world: World, journey: Any) -> None:
    """The application that a manager took for somebody is masked once the customer has it."""
    manager, case = world.staff("G001"), journey["id"]
    for path in (
        f"/staff/cases/{case}",
        f"/staff/cases/{case}/timeline?limit=100",
        f"/staff/cases/{case}/tasks",
        f"/staff/cases/{case}/messages",
        "/staff/cases",
        "/staff/tasks",
        "/staff/tasks?scope=department",
    ):
        answer = manager.send("GET", path)
        assert answer.status_code == 200, path
        # What a colleague wrote into a task's output is theirs to answer for.
        told = answer.text.replace("接到钱多多家，13800000001", "")
        assert [secret for secret in SECRETS if secret in told] == [], path


@on_sqlite
def test_the_application_is_masked_for_staff_once_it_is_submitted(world: World) -> None:
    manager = world.staff("G001")
    draft = manager.post(
        "/staff/applications",
        {"program": "single_meter", "channel": "door", "answers": dict(ANSWERS)},
    )
    path = f"/staff/applications/{draft['id']}"
    # What they are just typing, they see.
    assert manager.get(path)["answers"]["contact_phone"] == "+8613800000001"
    manager.post(f"{path}/submission")
    after = manager.get(path)["answers"]
    assert {key: after[key] for key in ("contact_name", "contact_phone", "address", "credit_code")} == {
        "contact_name": "钱*多",
        "contact_phone": "138******01",
        "address": "演示***",
        "credit_code": "9****************8",
    }
    assert after["project_name"] == ANSWERS["project_name"]


@on_sqlite
def test_no_log_line_contains_a_phone(world: World, journey: Any, caplog: pytest.LogCaptureFixture) -> None:
    world.desk.ask("POST", "faults", {"path": "/wxa/business/getuserphonenumber", "errcode": -1, "times": 20})
    codes = world.codes(openid="o_customer", phone="13800000001")
    Phone(world.client, world.log_in("o_customer").token).send(
        "POST", "/customer/phone", {"code": codes["phone_code"]}
    )
    lines = [JsonFormatter().format(record) for record in caplog.records]
    ours = [line for line in lines if "13800000001" in line or "钱多多" in line]
    assert ours == []


def with_keys(*data_keys: str) -> None:
    settings = Settings.for_tests("sqlite:///unused.db", data_keys=",".join(data_keys))
    crypto.install(settings.data_keys, settings.hash_key)


@pytest.fixture
def old_key() -> Iterator[str]:
    """The key that the test installation writes with; put back at the end."""
    (key,) = Settings.for_tests("sqlite:///unused.db").data_keys
    yield key
    with_keys(key)


def test_a_key_is_rotated_away(world: World, journey: Any, old_key: str) -> None:
    new_key = Fernet.generate_key().decode()
    with_keys(new_key, old_key)
    assert world.log_in("o_customer").get(f"/customer/cases/{journey['id']}")["state"] == "closed"
    result = world.app.test_cli_runner().invoke(keys_command, ["rotate"])
    assert result.exit_code == 0, result.output
    with_keys(new_key)
    with world.app.app_context():
        for column in key_rotation.columns():
            # Each value is decrypted on its way out, and raises when the key that wrote it is gone.
            assert len(db.session.scalars(select(column.column)).all()) >= key_rotation.count(column)
        assert sum(key_rotation.count(column) for column in key_rotation.columns()) > 50
        db.session.remove()
    manager = world.staff("G001")
    assert manager.post(f"/staff/cases/{journey['id']}/contact-reads")["phone"] == "+8613800000001"


@on_sqlite
def test_without_rotation_the_old_key_can_not_go(world: World, journey: Any, old_key: str) -> None:
    with_keys(Fernet.generate_key().decode())
    with world.app.app_context(), pytest.raises(crypto.UnreadableError):
        db.session.scalars(select(Staff.phone)).all()


@on_sqlite
def test_rotation_goes_on_where_it_was_interrupted(world: World, journey: Any, old_key: str) -> None:
    new_key = Fernet.generate_key().decode()
    with_keys(new_key, old_key)
    with world.app.app_context():
        column = next(column for column in key_rotation.columns() if str(column) == "tasks.outputs")
        first = key_rotation.rotate_batch(column, None, 5)
        assert first.size == 5
        rest = key_rotation.rotate_batch(column, first.last, 500)
        assert first.size + rest.size == key_rotation.count(column)
        assert key_rotation.rotate_batch(column, rest.last, 500).last is None
        db.session.rollback()


SOLE_TRADER = "欧阳演示便民店"


@pytest.mark.parametrize(("kind", "found_plain"), [("92", False), ("91", True)])
def test_a_sole_traders_name_is_readable_nowhere_and_found_by_its_manager(
    world: World, kind: str, found_plain: bool
) -> None:
    """It is a person's (个体工商户); a company's is not, and is kept so that it is found quickly."""
    code = f"{kind}370102MA3C0000X"
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, organisation=SOLE_TRADER, credit_code=code + uscc.calc_check_digit(code))
    customer.post(f"/customer/cases/{case['id']}/messages", {"client_id": "phone-0001", "text": "在吗"})
    plain = {where for where, value in stored(world.app) if SOLE_TRADER in value}
    assert plain == ({"conversations.organisation"} if found_plain else set())
    found = world.staff("G001").post("/staff/conversations/search", {"text": "便民店"})["items"]
    assert [(each["conversation_id"], each["why"]) for each in found] == [(case["id"], "organisation")]
