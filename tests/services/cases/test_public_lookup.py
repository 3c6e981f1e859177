"""Progress for whoever knows number and digits: little, limited, silent about which of the two is wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.core import clock
from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app
from tests.api.answers import json_of, refused
from tests.world import World

DIGITS = "0001"
HOME, ELSEWHERE = "198.51.100.1", "198.51.100.2"


@pytest.fixture
def number(world: World) -> str:
    found: str = world.submitted(world.log_in("o_customer", "13800000001"))["number"]
    return found


def ask(world: World, number: str, digits: str = DIGITS, source: str = HOME) -> TestResponse:
    return world.client.post(
        "/api/v1/customer/lookups",
        json={"number": number, "phone_last_digits": digits},
        environ_base={"REMOTE_ADDR": source},
    )


def test_the_look_up_shows_little(world: World, number: str) -> None:
    answer = json_of(ask(world, number))
    assert set(answer) == {
        "number",
        "program",
        "state",
        "whose_turn",
        "next_action",
        "stages",
        "manager_name",
    }
    assert answer["manager_name"] == "*敏"
    assert {frozenset(stage) for stage in answer["stages"]} == {frozenset({"name", "state"})}


def unlike(problem: Any) -> Any:
    return {key: value for key, value in problem.items() if key != "request_id"}


def test_the_same_answer_whichever_is_wrong(world: World, number: str) -> None:
    strangers = world.submitted(world.log_in("o_other", "13800000002"), contact_phone="13800000002")["number"]
    wrong = [
        refused(ask(world, number, "9999"), 404, "case_not_found"),
        refused(ask(world, "26091800000000", DIGITS), 404, "case_not_found"),
        # Right for another case.
        refused(ask(world, strangers, DIGITS), 404, "case_not_found"),
        refused(ask(world, "中" * 14, "中" * 4), 404, "case_not_found"),
        refused(ask(world, "'; DROP TABLE", "' OR"), 422, "invalid_fields"),
    ]
    assert unlike(wrong[0]) == unlike(wrong[1]) == unlike(wrong[2]) == unlike(wrong[3])


def test_a_source_has_ten_tries_in_ten_minutes(world: World, number: str) -> None:
    """Counted although each is refused, and whatever is asked for."""
    for attempt in range(10):
        refused(ask(world, f"260918{attempt:08d}"), 404, "case_not_found")
    refused(ask(world, number), 429, "too_many_attempts")
    assert ask(world, number, source=ELSEWHERE).status_code == 200
    world.at("2026-09-18 09:10")
    assert ask(world, number).status_code == 200


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(world: World, number: str) -> None:
    """However many addresses he has, as long as he can't have guessed it."""
    for attempt in range(40):
        refused(ask(world, number, f"{attempt + 1000}", f"203.0.113.{attempt}"), 404, "case_not_found")
    assert ask(world, number, source=ELSEWHERE).status_code == 200


def test_a_case_has_a_hundred_wrong_tries_a_day_from_wherever_they_come(world: World, number: str) -> None:
    """Four digits are guessed by many machines together, if only machines are counted."""
    assert ask(world, number).status_code == 200
    for attempt in range(100):
        answer = ask(world, number, f"{attempt + 1000}", f"203.0.113.{attempt}")
        refused(answer, 404, "case_not_found")
    answer = ask(world, number, source=ELSEWHERE)
    refused(answer, 429, "too_many_attempts")
    # Until the day is over in UTC, in which windows are counted.
    assert answer.headers["Retry-After"] == str(23 * 3600)
    # From here it was looked up before: that is no stranger.
    assert ask(world, number).status_code == 200
    assert ask(world, "26091800000000", source=ELSEWHERE).status_code == 404
    world.at("2026-09-19 08:00")
    assert ask(world, number, source=ELSEWHERE).status_code == 200


def test_an_ipv6_network_is_one_source(world: World, number: str) -> None:
    for attempt in range(10):
        answer = ask(world, f"260918{attempt:08d}", source=f"2001:db8:0:1:{attempt:x}::1")
        refused(answer, 404, "case_not_found")
    refused(ask(world, number, source="2001:db8:0:1:ffff::9"), 429, "too_many_attempts")
    assert ask(world, number, source="2001:db8:0:2::1").status_code == 200


def test_a_success_counts_as_well(world: World, number: str) -> None:
    for _ in range(10):
        assert ask(world, number).status_code == 200
    refused(ask(world, number), 429, "too_many_attempts")


@pytest.fixture
def behind_a_proxy(database_url: str) -> Iterator[World]:
    application = create_app(Settings.for_tests(database_url=database_url, trusted_proxies="1"))
    before = clock.in_use()
    yield World(application)
    clock.use(before)
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def forwarded(world: World, number: str, *chain: str) -> TestResponse:
    return world.client.post(
        "/api/v1/customer/lookups",
        json={"number": number, "phone_last_digits": DIGITS},
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
        headers={"X-Forwarded-For": ", ".join(chain)},
    )


def test_behind_a_proxy_each_has_their_own_tries_and_nobody_forges_more(behind_a_proxy: World) -> None:
    world = behind_a_proxy
    for attempt in range(10):
        # What the caller wrote into the header stands before what the proxy added, and is not believed.
        forged = f"203.0.113.{attempt}"
        refused(forwarded(world, f"260918{attempt:08d}", forged, HOME), 404, "case_not_found")
    refused(forwarded(world, "26091800000099", "203.0.113.99", HOME), 429, "too_many_attempts")
    refused(forwarded(world, "26091800000099", ELSEWHERE), 404, "case_not_found")


def test_without_a_proxy_no_header_is_believed(world: World) -> None:
    for attempt in range(10):
        refused(forwarded(world, f"260918{attempt:08d}", f"203.0.113.{attempt}"), 404, "case_not_found")
    refused(forwarded(world, "26091800000099", ELSEWHERE), 429, "too_many_attempts")
