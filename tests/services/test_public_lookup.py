"""Progress for whoever knows number and digits: little, limited, silent about which of the two is wrong."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.said import refused, told
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


def test_it_tells_little(world: World, number: str) -> None:
    answer = told(ask(world, number))
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


def test_a_number_has_ten_tries_from_wherever_they_come(world: World, number: str) -> None:
    """Four digits are guessed by many machines together, if only machines are counted."""
    for attempt in range(10):
        refused(ask(world, number, f"{attempt:04d}"[::-1], f"203.0.113.{attempt}"), 404, "case_not_found")
    refused(ask(world, number, source=ELSEWHERE), 429, "too_many_attempts")
    assert ask(world, "26091800000000", source=ELSEWHERE).status_code == 404
    world.at("2026-09-18 09:10")
    assert ask(world, number, source=ELSEWHERE).status_code == 200


def test_a_success_counts_as_well(world: World, number: str) -> None:
    for _ in range(10):
        assert ask(world, number).status_code == 200
    refused(ask(world, number), 429, "too_many_attempts")
