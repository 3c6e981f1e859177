"""Malformed requests are refused with a problem document, and change nothing."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from miniprogram_api import body_shape
from miniprogram_api.flask_app import LARGEST_BODY
from miniprogram_api.problems import MOST_FAULTS
from tests.api.answers import json_of, refused
from tests.api.database_rows import nothing_changes
from tests.world import Phone, World

# What the edge refuses does not reach the database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

JSON = "application/json"


class RawClient:
    """A signed-in customer who can send any bytes."""

    def __init__(self, world: World) -> None:
        self.app: Flask = world.app
        self._client: FlaskClient = world.client
        self.customer: Phone = world.log_in("o_customer", "13800000001")
        draft = self.customer.post("/customer/applications", {"program": "single_meter"})
        self.draft = f"/customer/applications/{draft['id']}"

    def send(
        self,
        path: str,
        body: bytes,
        content_type: str = JSON,
        method: str = "POST",
        **headers: str,
    ) -> TestResponse:
        return self._client.open(
            f"/api/v1{path}",
            method=method,
            data=body,
            content_type=content_type,
            headers={
                "Authorization": f"Bearer {self.customer.token}",
                "Idempotency-Key": uuid4().hex,
                **headers,
            },
        )


@pytest.fixture
def raw_client(world: World) -> RawClient:
    return RawClient(world)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"program": "single_meter"',
        b"{'program': 'single_meter'}",
        b'{"program": NaN}',
        b'{"program": Infinity}',
        b'{"program": "single_meter"}{}',
        b'{"program": "\xff\xfe"}',
        b'{"program": "\\ud800"}',
        b'{"program": "\\udc00\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"program": "a\x00b"}',
        '{"program": "单表"}'.encode("gb18030"),
        '{"program": "single_meter"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b"[" * 100_000,
        b"[]",
        b"null",
        b"true",
        b"1",
        b'"single_meter"',
        b" ",
    ],
)
def test_a_body_that_is_no_json_object_is_refused(raw_client: RawClient, body: bytes) -> None:
    with nothing_changes(raw_client.app):
        refused(raw_client.send("/customer/applications", body), 400, "bad_request")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
def test_another_content_type_is_refused(raw_client: RawClient, content_type: str) -> None:
    with nothing_changes(raw_client.app):
        answer = raw_client.send("/customer/applications", b'{"program": "single_meter"}', content_type)
        refused(answer, 415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_refused(raw_client: RawClient) -> None:
    body = b'{"answers": {"project_name": "' + b"x" * LARGEST_BODY + b'"}}'
    with nothing_changes(raw_client.app):
        refused(raw_client.send(raw_client.draft, body, method="PATCH"), 413, "too_large")


def test_a_body_without_length_is_cut_off_at_the_same_size(raw_client: RawClient) -> None:
    """A chunked request names no length; it must not fill the memory before it is refused."""
    endless = BytesIO(b'{"program": "' + b"x" * (2 * LARGEST_BODY) + b'"}')
    with nothing_changes(raw_client.app):
        answer = raw_client._client.post(
            "/api/v1/customer/applications",
            input_stream=endless,
            content_type=JSON,
            environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
            headers={"Authorization": f"Bearer {raw_client.customer.token}", "Idempotency-Key": uuid4().hex},
        )
        refused(answer, 413, "too_large")
    assert endless.tell() <= LARGEST_BODY + 64 * 1024


@pytest.mark.parametrize(
    ("path", "method", "body", "field"),
    [
        ("/customer/applications", "POST", b'{"program": 1}', "program"),
        ("/customer/applications", "POST", b'{"program": null}', "program"),
        ("/customer/applications", "POST", b'{"program": ["single_meter"]}', "program"),
        ("/customer/applications", "POST", b'{"program": ""}', "program"),
        ("/customer/applications", "POST", b'{"program": "a\\u0000b"}', "program"),
        ("/customer/applications", "POST", b'{"program": "single_meter", "x": 1}', "x"),
        ("/customer/applications", "POST", b"{}", "program"),
        ("/customer/applications", "POST", b"", "program"),
        ("/customer/subscriptions", "POST", b'{"choices": []}', "choices"),
        ("/customer/subscriptions", "POST", b'{"choices": {"no_such": "accept"}}', "no_such"),
        ("/customer/consents", "POST", b'{"version": {}}', "version"),
        ("/customer/consents", "POST", b'{"version": "1999-01"}', "version"),
        ("DRAFT", "PATCH", b'{"answers": []}', "answers"),
        ("DRAFT", "PATCH", b'{"answers": "project_name"}', "answers"),
        ("DRAFT", "PATCH", b'{"answers": {"no_such_field": 1}}', "no_such_field"),
        ("DRAFT", "PATCH", b'{"answers": {"project_name": 1}}', "project_name"),
        ("DRAFT", "PATCH", b'{"answers": {"project_name": "a\\u0000b"}}', "project_name"),
        ("DRAFT", "PATCH", b'{"answers": {"project_name": "a\\u202eb"}}', "project_name"),
        ("DRAFT", "PATCH", b'{"answers": {"contact_phone": "12345"}}', "contact_phone"),
        ("DRAFT", "PATCH", b'{"answers": {"contact_phone": "+1415"}}', "contact_phone"),
        ("DRAFT", "PATCH", b'{"answers": {"credit_code": "91370100MA3C0000X9"}}', "credit_code"),
        ("DRAFT", "PATCH", b'{"answers": {"calibre": ["DN20"]}}', "calibre"),
        ("DRAFT", "PATCH", b'{"answers": {"calibre": {"key": "DN20"}}}', "calibre"),
        ("DRAFT", "PATCH", b'{"answers": {"applicant_kind": {}}}', "applicant_kind"),
        ("DRAFT", "PATCH", b'{"answers": {"meter_count": true}}', "meter_count"),
        ("DRAFT", "PATCH", b'{"answers": {"meter_count": 1.5}}', "meter_count"),
        ("DRAFT", "PATCH", b'{"answers": {"meter_count": 99999999999999999999999}}', "meter_count"),
        ("DRAFT", "PATCH", b'{"answers": {"meter_count": 1e308}}', "meter_count"),
        ("DRAFT", "PATCH", b'{"answers": {"location": [36.6, 117.0]}}', "location"),
        ("DRAFT", "PATCH", b'{"answers": {"location": {"latitude_gcj02": 36.6}}}', "location"),
        (
            "DRAFT",
            "PATCH",
            b'{"answers": {"location": {"latitude_gcj02": 0, "longitude_gcj02": 0}}}',
            "location",
        ),
    ],
)
def test_a_field_of_the_wrong_shape_is_named(
    raw_client: RawClient, path: str, method: str, body: bytes, field: str
) -> None:
    path = raw_client.draft if path == "DRAFT" else path
    with nothing_changes(raw_client.app):
        problem = refused(raw_client.send(path, body, method=method), 422, "invalid_fields")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["errors"][0]["message"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=" + "9" * 5000,
        "cursor=%00",
        "cursor=%ff%fe",
        "cursor=x",
        "cursor=-1",
        "cursor=9223372036854775808",
        "cursor=" + "9" * 64,
        "cursor=%D9%A1",
        "cursor=",
    ],
)
@pytest.mark.parametrize("path", ["/customer/cases", "/customer/notices"])
def test_a_wrong_page_is_refused(raw_client: RawClient, path: str, query: str) -> None:
    with nothing_changes(raw_client.app):
        refused(raw_client.customer.send("GET", f"{path}?{query}"), 422, "invalid_fields")


@pytest.mark.parametrize(
    "path",
    [
        "/customer/cases/%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00",
        "/customer/cases/AAAAAAAAAAAAAAAA",
        "/customer/cases/' OR 1=1 --",
        "/customer/cases/%ed%a0%80AAAAAAAAAAAAA",
        "/customer/cases/../../staff/cases",
        "/customer/forms/no_such_form_%00",
        "/customer/forms/UPPER",
        "/no/such/address",
        "/customer/cases/",
    ],
)
def test_an_unknown_path_is_refused(raw_client: RawClient, path: str) -> None:
    with nothing_changes(raw_client.app):
        refused(raw_client.customer.send("GET", path), 404, "not_found")


def test_an_unsupported_method_is_refused(raw_client: RawClient) -> None:
    with nothing_changes(raw_client.app):
        answer = raw_client.customer.send("PUT", "/customer/cases", {})
        refused(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


TEXTS = [
    "王小二'); DROP TABLE cases;--",
    '<script>alert("水")</script>',
    "{{7*7}} ${7*7} %s %(a)s {0}",
    "泉城💧小铺 👨‍👩‍👧",
    "\\u0000 &amp; \"'`",
    "𠮷野家",
]


@pytest.mark.parametrize("text", TEXTS)
def test_unusual_characters_in_a_text_are_stored_as_they_are(world: World, text: str) -> None:
    """SQL, HTML, templates and emoji come back as they were typed, in every answer that shows them."""
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, project_name=text)
    answer = customer.send("GET", f"/customer/cases/{case['id']}")
    assert answer.content_type == JSON
    assert json_of(answer)["project_name"] == text
    (line,) = world.staff("G001").get("/staff/cases")["items"]
    assert line["project_name"] == text
    world.work()
    assert customer.get("/customer/cases")["items"][0]["project_name"] == text


def test_a_given_request_id_is_returned_unless_it_is_not_plain(raw_client: RawClient) -> None:
    given = {"given": "abc-123", "odd": "a b\tc<x>", "long": "x" * 65}
    told = {
        name: refused(
            raw_client.send("/customer/applications", b"{", **{"X-Request-Id": value}), 400, "bad_request"
        )["request_id"]
        for name, value in given.items()
    }
    assert told["given"] == "abc-123"
    assert told["odd"] != given["odd"]
    assert told["long"] != given["long"]


def test_every_answer_names_its_request(raw_client: RawClient) -> None:
    answer: Any = raw_client.send("/customer/applications", b"{}", **{"X-Request-Id": "abc-123"})
    assert answer.headers["X-Request-Id"] == answer.json["request_id"] == "abc-123"
    assert raw_client.customer.send("GET", "/customer/cases").headers["X-Request-Id"]


TOO_LARGE_VALUES = {
    "24,000 unknown fields": {f"f{number}": 1 for number in range(24_000)},
    "24,000 with a blank after the name": None,
    "an object with too many fields": {f"f{number}": 1 for number in range(body_shape.MOST_FIELDS + 1)},
    "a list with too many entries": {"program": [1] * body_shape.MOST_ENTRIES},
    "many small objects": {"program": [{"a": 1, "b": 2}] * (body_shape.MOST_ENTRIES // 2)},
}


@pytest.mark.parametrize("value", TOO_LARGE_VALUES.values(), ids=TOO_LARGE_VALUES.keys())
def test_a_body_with_too_many_entries_is_refused_before_any_schema(
    raw_client: RawClient, value: dict[str, Any] | None
) -> None:
    if value is None:
        body = b"{" + b",".join(b'"f%d" : 1' % number for number in range(20_000)) + b"}"
    else:
        body = orjson.dumps(value)
    with nothing_changes(raw_client.app):
        answer = raw_client.send("/customer/applications", body)
        problem = refused(answer, 422, "invalid_fields")
    assert [error["code"] for error in problem["errors"]] == ["too_many"]


def test_a_body_may_be_nested_as_deep_as_any_schema_and_no_deeper(raw_client: RawClient) -> None:
    codes = []
    for depth in (body_shape.DEEPEST, body_shape.DEEPEST + 1):
        body = b'{"program":' * depth + b"1" + b"}" * depth
        problem = refused(raw_client.send("/customer/applications", body), 422, "invalid_fields")
        codes.append(problem["errors"][0]["code"])
    assert codes == ["invalid", "too_many"]


@pytest.mark.parametrize("where", ["in the body", "in the form's answers"])
def test_a_refusal_lists_twenty_faults_and_says_how_many_there_are(raw_client: RawClient, where: str) -> None:
    unknown = {f"f{number}": 1 for number in range(50)}
    value = unknown if where == "in the body" else {"answers": unknown}
    answer = raw_client.send(raw_client.draft, orjson.dumps(value), method="PATCH")
    problem = refused(answer, 422, "invalid_fields")
    assert len(problem["errors"]) == MOST_FAULTS == 20
    # `answers` is missing as well in the first one.
    assert problem["errors_left_out"] == (31 if where == "in the body" else 30)


def test_a_text_full_of_quotes_and_colons_is_no_field(raw_client: RawClient) -> None:
    """As many as the largest body holds: the count of bytes must not take them for names of fields."""
    body = orjson.dumps({"program": '":' * (LARGEST_BODY // 4 - 20)})
    problem = refused(raw_client.send("/customer/applications", body), 422, "invalid_fields")
    assert problem["errors"][0]["field"] == "program"
