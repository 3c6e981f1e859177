"""How many documents each side may bring to a case, and taking one back until it is used."""

from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core import objectstore
from app.core.db import db
from app.models import DeletedBytes, Document, Staff
from app.services.installation import city
from tests.api.answers import refused
from tests.api.database_rows import count
from tests.api.test_documents import PDF, bring
from tests.at_once import at_once
from tests.world import SINGLE_METER, Phone, World


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


@pytest.fixture
def case(world: World, customer: Phone) -> Any:
    return world.submitted(customer)


def allow(by_customer: int, by_staff: int) -> None:
    rules = replace(city.current().documents, most_by_customer=by_customer, most_by_staff=by_staff)
    city.install(replace(city.current(), documents=rules))


def documents(person: Phone, path: str) -> list[str]:
    return [item["id"] for item in person.get(f"{path}/documents")["items"]]


def test_neither_side_uses_up_the_others_allowance(world: World, customer: Phone, case: Any) -> None:
    allow(2, 1)
    theirs, ours = f"/customer/cases/{case['id']}", f"/staff/cases/{case['id']}"
    engineer = world.staff("E001")
    for _ in range(2):
        assert bring(customer, theirs, PDF).status_code == 201
    problem = refused(bring(customer, theirs, PDF), 422, "document_refused")
    assert "撤回" in problem["detail"]
    assert bring(engineer, ours, PDF).status_code == 201
    refused(bring(engineer, ours, PDF), 422, "document_refused")


def test_eight_at_once_do_not_pass_the_number(world: World, customer: Phone, case: Any) -> None:
    allow(3, 9)
    path = f"/api/v1/customer/cases/{case['id']}/documents"

    def act(client: FlaskClient) -> int:
        return client.post(
            path,
            data={"kind": "site_photo", "file": (BytesIO(PDF), "a.pdf")},
            headers={"Authorization": f"Bearer {customer.token}", "Idempotency-Key": uuid4().hex},
        ).status_code

    assert sorted(at_once(world.app, [act] * 8)) == [201] * 3 + [422] * 5
    assert count(world.app, "documents") == 3


@pytest.mark.parametrize("side", ["customer", "staff"])
def test_who_brought_it_takes_it_back(world: World, customer: Phone, case: Any, side: str) -> None:
    allow(1, 1)
    path = f"/{side}/cases/{case['id']}"
    person = customer if side == "customer" else world.staff("E001")
    document = bring(person, path, PDF).get_json()["id"]
    assert person.send("DELETE", f"{path}/documents/{document}").status_code == 204
    assert documents(person, path) == []
    refused(person.send("DELETE", f"{path}/documents/{document}"), 404, "not_found")
    assert bring(person, path, PDF).status_code == 201
    # The bytes of the first go with the next sweep.
    with world.app.app_context():
        doomed = db.session.scalars(select(DeletedBytes.object_key)).all()
        assert (len(doomed), set(doomed) <= set(objectstore.keys(""))) == (1, True)
    said = [line["text"] for line in world.staff("G001").get(f"/staff/cases/{case['id']}/timeline")["items"]]
    assert said.count("已撤回“现场照片”") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_takes_back_what_somebody_else_brought(world: World, customer: Phone, case: Any) -> None:
    theirs, ours = f"/customer/cases/{case['id']}", f"/staff/cases/{case['id']}"
    engineer = world.staff("E001")
    by_customer = bring(customer, theirs, PDF).get_json()["id"]
    by_staff = bring(engineer, ours, PDF).get_json()["id"]
    for person, path, document in (
        (customer, theirs, by_staff),
        (engineer, ours, by_customer),
        (world.staff("D001"), ours, by_staff),
        (world.log_in("o_other"), theirs, by_customer),
    ):
        refused(person.send("DELETE", f"{path}/documents/{document}"), 404, "not_found")
    assert len(documents(engineer, ours)) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_has_been_used_stays(world: World, customer: Phone, case: Any) -> None:
    """Sent in the conversation, or the proof of work that a task was completed with."""
    path = f"/customer/cases/{case['id']}"
    sent = bring(customer, path, PDF).get_json()["id"]
    customer.post(f"{path}/messages", {"client_id": "phone-0001", "document_id": sent})
    refused(customer.send("DELETE", f"{path}/documents/{sent}"), 409, "conflict")
    for key in SINGLE_METER[: SINGLE_METER.index("water_on")]:
        world.complete(case["id"], key)
    with world.app.app_context():
        rows = db.session.execute(
            select(Document.id, Document.kind, Staff.number)
            .join(Staff, Staff.id == Document.actor_id)
            .where(Document.case_id == case["id"])
        ).all()
    proofs = [row for row in rows if row.kind == "pressure_record"]
    assert proofs
    for document, _, number in proofs:
        answer = world.staff(number).send("DELETE", f"/staff/cases/{case['id']}/documents/{document}")
        assert "办结" in refused(answer, 409, "conflict")["detail"]
