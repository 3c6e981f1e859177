"""Documents: typed by content, shown to those who may see them, requested within the program's number."""

import hashlib
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any
from uuid import uuid4

import obstore
import pytest
from obstore.exceptions import GenericError
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import objectstore
from app.core.atomic import atomic
from app.core.db import db
from app.domain.file_types import LARGEST_FILE
from app.models import AccessRecord, Staff
from app.services.documents import upload
from tests.api.answers import json_of, refused
from tests.domain.test_picture_metadata import GPS, JFIF, OWNER, exif, jpeg, segment
from tests.world import Phone, World

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def bring(
    person: Phone, path: str, content: bytes, name: str = "照片.jpg", kind: str = "site_photo"
) -> TestResponse:
    return person.client.post(
        f"/api/v1{path}/documents",
        data={"kind": kind, "file": (BytesIO(content), name)},
        headers={"Authorization": f"Bearer {person.token}", "Idempotency-Key": uuid4().hex},
    )


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


@pytest.fixture
def case(world: World, customer: Phone) -> Any:
    return world.submitted(customer)


def test_a_document_is_named_by_its_content_and_fetched_by_a_short_lived_link(
    world: World, case: Any, customer: Phone
) -> None:
    path = f"/customer/cases/{case['id']}"
    answer = bring(customer, path, PDF, "../../etc/passwd\u202e.jpg")
    assert answer.status_code == 201, answer.text
    document = answer.get_json()
    assert document["media_type"] == "application/pdf"
    assert document["name"] == "passwd.jpg"
    assert document["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert [item["id"] for item in customer.get(f"{path}/documents")["items"]] == [document["id"]]
    link = customer.get(f"{path}/documents/{document['id']}/link")
    fetched = world.client.get(link["path"])
    assert fetched.data == PDF
    assert fetched.headers["Content-Disposition"] == "attachment; filename*=UTF-8''passwd.jpg.pdf"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    world.at("2026-09-18 09:06")
    assert world.client.get(link["path"]).status_code == 404
    assert world.client.get(link["path"][:-2] + "xx").status_code == 404


def test_a_photos_place_and_owner_are_out_before_anybody_sees_it(
    world: World, case: Any, customer: Phone
) -> None:
    photo = jpeg(JFIF, segment(0xE1, exif(6)))
    document = json_of(bring(customer, f"/customer/cases/{case['id']}", photo))
    link = world.staff("G001").post(f"/staff/cases/{case['id']}/documents/{document['id']}/link")
    fetched = world.client.get(link["path"]).data
    assert (GPS in fetched, OWNER in fetched) == (False, False)
    assert (document["size"], document["sha256"]) == (len(fetched), hashlib.sha256(fetched).hexdigest())
    with world.app.app_context():
        [key] = objectstore.keys("")
        assert b"".join(objectstore.stream(key)) == fetched


@pytest.mark.parametrize(
    ("content", "name", "kind", "status", "code"),
    [
        (b"<html>%PDF-1.7", "合同.pdf", "site_photo", 422, "document_refused"),
        (b"", "空.pdf", "site_photo", 422, "document_refused"),
        (PDF, "a.pdf", "no_such_kind", 422, "document_refused"),
        (PDF, "a.pdf", "as_built_drawing", 422, "document_refused"),
        (PDF + bytes(LARGEST_FILE), "a.pdf", "site_photo", 422, "document_refused"),
        (PDF + bytes(LARGEST_FILE + 70_000), "a.pdf", "site_photo", 413, "too_large"),
    ],
)
def test_an_unacceptable_file_is_refused_and_leaves_nothing(
    case: Any, customer: Phone, content: bytes, name: str, kind: str, status: int, code: str
) -> None:
    path = f"/customer/cases/{case['id']}"
    answer = bring(customer, path, content, name, kind)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert customer.get(f"{path}/documents")["items"] == []
    assert list(objectstore.keys("2026-09-18")) == []


def test_json_where_a_file_belongs_is_refused(case: Any, customer: Phone) -> None:
    answer = customer.send("POST", f"/customer/cases/{case['id']}/documents", {"kind": "site_photo"})
    assert answer.status_code == 415


def test_another_customers_documents_do_not_exist(world: World, case: Any, customer: Phone) -> None:
    path = f"/customer/cases/{case['id']}"
    document = bring(customer, path, PDF).get_json()
    stranger = world.log_in("o_stranger", "13800000002")
    assert bring(stranger, path, PDF).status_code == 404
    assert stranger.send("GET", f"{path}/documents").status_code == 404
    assert stranger.send("GET", f"{path}/documents/{document['id']}/link").status_code == 404


def test_staff_see_all_documents_and_each_read_is_recorded(world: World, case: Any, customer: Phone) -> None:
    path = f"/customer/cases/{case['id']}"
    manager = world.staff("G001")
    inner = bring(manager, f"/staff/cases/{case['id']}", PDF, kind="construction_photo").get_json()
    assert customer.get(f"{path}/documents")["items"] == []
    assert customer.send("GET", f"{path}/documents/{inner['id']}/link").status_code == 404
    link = manager.post(f"/staff/cases/{case['id']}/documents/{inner['id']}/link")
    assert world.client.get(link["path"]).data == PDF
    with world.app.app_context():
        read = db.session.execute(
            select(Staff.number, AccessRecord.field).join(Staff, Staff.id == AccessRecord.staff_id)
        ).all()
    assert [tuple(row) for row in read] == [("G001", f"document:{inner['id']}")]


def test_asking_for_more_than_the_programs_documents_is_refused(
    world: World, case: Any, customer: Phone
) -> None:
    manager = world.staff("G001")
    path = f"/staff/cases/{case['id']}/document-requests"
    for wanted in ("application_form", "project_drawings", "property_certificate"):
        answer = manager.send("POST", path, {"document": wanted})
        assert (answer.status_code, answer.get_json()["code"]) == (422, "document_not_allowed")
    ledger = customer.get(f"/customer/cases/{case['id']}/ledger")
    assert ledger["documents"] == 1
    asked = customer.get(f"/customer/cases/{case['id']}/documents")["asked"]
    assert [(line["key"], line["delivered"]) for line in asked] == [("application_form", True)]


def test_bytes_without_a_row_are_swept_after_a_day_and_others_are_not(
    world: World, case: Any, customer: Phone
) -> None:
    bring(customer, f"/customer/cases/{case['id']}", PDF)
    objectstore.put("2026-09-18/orphan0000000000", PDF)

    def sweep() -> int:
        with world.app.app_context(), atomic(read_only=True):
            return upload.sweep_orphans()

    world.at("2026-09-19 12:00")
    assert sweep() == 0
    world.at("2026-09-20 12:00")
    assert sweep() == 1
    assert len(list(objectstore.keys("2026-09-18"))) == 1


def test_a_failed_upload_leaves_no_row(
    world: World, case: Any, customer: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_key: str, _content: bytes) -> None:
        raise OSError("the store is full")

    monkeypatch.setattr(objectstore, "put", broken)
    path = f"/customer/cases/{case['id']}"
    assert bring(customer, path, PDF).status_code == 500
    assert customer.get(f"{path}/documents")["items"] == []


def test_a_repeated_upload_is_one_document(case: Any, customer: Phone) -> None:
    path = f"/customer/cases/{case['id']}"
    key = uuid4().hex
    body = (
        b'--b\r\nContent-Disposition: form-data; name="kind"\r\n\r\nsite_photo\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        + PDF
        + b"\r\n--b--\r\n"
    )
    answers = [
        customer.client.post(
            f"/api/v1{path}/documents",
            data=body,
            headers={
                "Authorization": f"Bearer {customer.token}",
                "Idempotency-Key": key,
                "Content-Type": "multipart/form-data; boundary=b",
            },
        )
        for _ in range(2)
    ]
    assert answers[0].get_json() == answers[1].get_json()
    assert len(customer.get(f"{path}/documents")["items"]) == 1


@pytest.mark.parametrize("fault", ["unavailable", "too many wait already"])
def test_a_store_that_does_not_answer_is_told_as_such(
    world: World, case: Any, customer: Phone, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Upload and download; nothing else depends on the store."""
    path = f"/customer/cases/{case['id']}"
    document = bring(customer, path, PDF).get_json()
    link = customer.get(f"{path}/documents/{document['id']}/link")["path"]

    def unavailable(*_: Any, **__: Any) -> None:
        raise GenericError("it did not answer")

    if fault == "unavailable":
        monkeypatch.setattr(obstore, "put", unavailable)
        monkeypatch.setattr(obstore, "get", unavailable)
    else:
        monkeypatch.setattr(objectstore, "_calls", BoundedSemaphore(1))
        objectstore._calls.acquire()
    for answer in (bring(customer, path, PDF, "b.pdf"), world.client.get(link)):
        refused(answer, 503, "store_unavailable")
        assert answer.headers["Retry-After"] == "30"
    assert len(customer.get(f"{path}/documents")["items"]) == 1
    monkeypatch.undo()
    assert world.client.get(link).data == PDF
