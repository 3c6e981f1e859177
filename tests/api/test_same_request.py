"""When a request is the same for its Idempotency-Key: JSON by value, files by content; of staff, too."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.answers import refused
from tests.api.database_rows import count, nothing_changes
from tests.world import Phone, World

KEY = "0123456789abcdef"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


@pytest.fixture
def case(world: World, customer: Phone) -> Any:
    return world.submitted(customer)


def keyed(phone: Phone, path: str, body: bytes, content_type: str = "application/json") -> TestResponse:
    return phone.client.post(
        f"/api/v1{path}",
        data=body,
        content_type=content_type,
        headers={"Authorization": f"Bearer {phone.token}", "Idempotency-Key": KEY},
    )


@pytest.mark.parametrize(
    "again",
    [
        b'{"location":{"longitude_gcj02":117,"latitude_gcj02":36.65,"name":"\xe6\xb3\x89"},"client_id":"m-0000001"}',
        b'{"client_id": "m\\u002d0000001", "location": '
        b'{"latitude_gcj02": 36.650, "longitude_gcj02": 1.17e2, "name": "\\u6cc9"}}',
    ],
    ids=["another order", "other bytes for the same text and numbers"],
)
def test_json_is_the_same_by_its_value(world: World, customer: Phone, case: Any, again: bytes) -> None:
    path = f"/customer/cases/{case['id']}/messages"
    body = (
        '{"client_id": "m-0000001", '
        '"location": {"latitude_gcj02": 36.65, "longitude_gcj02": 117.0, "name": "泉"}}'
    )
    first = keyed(customer, path, body.encode())
    assert first.status_code == 201, first.text
    with nothing_changes(world.app):
        answer = keyed(customer, path, again)
    assert (answer.status_code, answer.get_data()) == (201, first.get_data())
    with nothing_changes(world.app):
        refused(keyed(customer, path, again.replace(b"36.65", b"36.66")), 422, "idempotency_key")


def form(boundary: str, **other: str) -> tuple[bytes, str]:
    """A form with a file; `other` replaces its kind, name or content."""
    parts = {"kind": "other", "name": "图纸.pdf", "content": "%PDF-1.7 1 0 obj"} | other
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{parts["kind"]}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{parts["name"]}"\r\n'
        f"Content-Type: application/pdf\r\n\r\n{parts['content']}\r\n--{boundary}--\r\n"
    )
    return body.encode(), f"multipart/form-data; boundary={boundary}"


@pytest.mark.parametrize("audience", ["customer", "staff"])
def test_an_upload_is_the_same_by_kind_name_and_content(
    world: World, customer: Phone, case: Any, audience: str
) -> None:
    person = customer if audience == "customer" else world.staff("G001")
    path = f"/{audience}/cases/{case['id']}/documents"
    first = keyed(person, path, *form("one"))
    assert first.status_code == 201, first.text
    with nothing_changes(world.app):
        again = keyed(person, path, *form("two"))
    assert (again.status_code, again.get_data()) == (201, first.get_data())
    for other in ({"kind": "site_photo"}, {"name": "b.pdf"}, {"content": "%PDF-1.7 2 0 obj"}):
        with nothing_changes(world.app):
            refused(keyed(person, path, *form("one", **other)), 422, "idempotency_key")
    assert count(world.app, "documents") == 1


def test_a_post_of_staff_may_have_a_key(world: World, case: Any) -> None:
    """Completed once, answered twice; without a key the second is refused as it always was."""
    manager = world.staff("G001")
    body = {"reason": "road_permit", "party": "authority", "evidence": "受理单"}
    path = f"/staff/cases/{case['id']}/stops"
    first = manager.send("POST", path, body, KEY)
    assert first.status_code == 201, first.text
    with nothing_changes(world.app):
        again = manager.send("POST", path, body, KEY)
        refused(manager.send("POST", path, body | {"evidence": "另一份"}, KEY), 422, "idempotency_key")
        headers = {"Authorization": f"Bearer {manager.token}"}
        refused(manager.client.post(f"/api/v1{path}", json=body, headers=headers), 409, "conflict")
        unreadable = headers | {"Idempotency-Key": "short"}
        answer = manager.client.post(f"/api/v1{path}", json=body, headers=unreadable)
        refused(answer, 422, "idempotency_key")
    assert (again.status_code, again.get_data()) == (201, first.get_data())


def test_every_read_on_record_is_recorded_whatever_its_key(world: World, case: Any) -> None:
    manager = world.staff("G001")
    reads = count(world.app, "access_records")
    for _ in range(2):
        assert manager.send("POST", f"/staff/cases/{case['id']}/contact-reads", key=KEY).status_code == 201
    assert count(world.app, "access_records") == reads + 2
