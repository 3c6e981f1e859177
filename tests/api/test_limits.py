"""What one person may do how often is the city's data, and counted across everything they do at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.config_error import ConfigError
from app.domain.limits import Limit, Limited, load_limits
from app.services.installation import city
from app.services.operations import limits
from tests.api.answers import refused
from tests.api.database_rows import count
from tests.at_once import at_once
from tests.world import Phone, World

FEW = 2


@pytest.fixture
def customer(world: World) -> Phone:
    return world.log_in("o_customer", "13800000001")


@pytest.fixture
def case(world: World, customer: Phone) -> Any:
    return world.submitted(customer)


@pytest.fixture(autouse=True)
def few(world: World) -> None:
    """Two of everything in ten minutes."""
    bundle = city.current()
    city.install(replace(bundle, limits=dict.fromkeys(Limited, Limit(FEW, timedelta(minutes=10)))))


def message(phone: Phone, path: str) -> TestResponse:
    body: dict[str, Any] = {"client_id": uuid4().hex, "text": "您好"}
    return phone.send("POST", path, body | ({"urgent": False} if "staff" in path else {}))


def upload(phone: Phone, path: str) -> TestResponse:
    return phone.client.post(
        f"/api/v1{path}",
        data={"kind": "site_photo", "file": (BytesIO(b"%PDF-1.7 1 0 obj"), "a.pdf")},
        headers={"Authorization": f"Bearer {phone.token}", "Idempotency-Key": uuid4().hex},
    )


def draft(phone: Phone, path: str) -> TestResponse:
    return phone.send("POST", path, {"program": "single_meter"})


ACTS: dict[str, tuple[Callable[[Phone, str], TestResponse], str]] = {
    "messages": (message, "/customer/cases/{id}/messages"),
    "uploads": (upload, "/customer/cases/{id}/documents"),
    "uploads of staff": (upload, "/staff/cases/{id}/documents"),
    "messages of staff": (message, "/staff/conversations/{id}/messages"),
}


@pytest.mark.parametrize("what", ACTS)
def test_a_person_is_asked_to_wait_and_others_are_not(
    world: World, customer: Phone, case: Any, what: str
) -> None:
    act, path = ACTS[what]
    path = path.format(id=case["id"])
    person = world.staff("G001") if "staff" in path else customer
    for _ in range(FEW):
        assert act(person, path).status_code == 201
    answer = act(person, path)
    problem = refused(answer, 429, "too_many_attempts")
    assert (answer.headers["Retry-After"], problem["detail"]) == ("600", "操作过于频繁，请10分钟后再试。")
    if "staff" in path:
        assert act(world.staff("S001"), path).status_code == 201
    world.at("2026-09-18 09:10")
    assert act(person, path).status_code == 201


def test_drafts_are_limited_and_saving_them_is_not(world: World, customer: Phone) -> None:
    path = "/customer/applications"
    started = [draft(customer, path) for _ in range(FEW)]
    refused(draft(customer, path), 429, "too_many_attempts")
    for answer in started:
        assert answer.json is not None
        for name in ("甲", "乙", "丙"):
            saved = customer.send("PATCH", f"{path}/{answer.json['id']}", {"answers": {"project_name": name}})
            assert saved.status_code == 200
    assert draft(world.log_in("o_other", "13800000002"), path).status_code == 201


def test_as_many_at_once_as_one_after_the_other(world: World, customer: Phone) -> None:
    def start(client: FlaskClient) -> TestResponse:
        return draft(Phone(client, customer.token), "/customer/applications")

    answers = at_once(world.app, [start] * (3 * FEW))
    assert sorted(answer.status_code for answer in answers) == [201] * FEW + [429] * (2 * FEW)
    assert count(world.app, "applications") == FEW


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("unknown", "unknown"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_ipv6_subscriber_is_a_network(address: str, network: str) -> None:
    assert limits.network_of(address) == network


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_fault_of_the_file_is_named(tmp_path: Any) -> None:
    text = (city.current().folder / "limits.toml").read_text(encoding="utf-8")
    changed = text.replace("[customer_draft]", "[customer_drafts]").replace("most = 200\n", "most = 0\n", 1)
    (tmp_path / "limits.toml").write_text(
        changed.replace("within_minutes = 10\n", "within_minutes = 2000\n", 1)
    )
    with pytest.raises(ConfigError) as fault:
        load_limits(tmp_path)
    for said in (
        "customer_message.most: must be 1 or more",
        "customer_message.within_minutes: must be 1 to 1440, a day",
        "customer_draft: missing",
        "customer_drafts: unknown key",
    ):
        assert said in str(fault.value)
