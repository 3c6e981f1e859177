"""Every promised number, compared with the guide as it is served."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.domain.test_program_data import PROMISES, STAGES

# What is promised is decided by no database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def guide(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/v1/customer/guide")
    assert answer.status_code == 200
    return {program["key"]: program for program in answer.get_json()["programs"]}


def test_the_three_programs_are_served_in_the_order_of_the_plan(guide: dict[str, Any]) -> None:
    assert list(guide) == ["single_meter", "three_zero", "residential"]


@pytest.mark.parametrize("key", list(STAGES))
def test_every_stage_is_served_as_it_was_promised(guide: dict[str, Any], key: str) -> None:
    fields = ("name", "kind", "min", "max", "same_day", "departments")
    assert [tuple(stage[field] for field in fields) for stage in guide[key]["stages"]] == STAGES[key]


@pytest.mark.parametrize("key", list(PROMISES))
def test_every_program_is_served_as_it_was_promised(guide: dict[str, Any], key: str) -> None:
    served, promise = guide[key], PROMISES[key]
    for field in ("name", "headline", "total", "documents"):
        assert served[field] == promise[field]
    assert [reason["name"] for reason in served["stop_reasons"]] == promise["stops"]
    assert "济水集团字〔2019〕138 号" in served["source"]


def test_half_days_and_whole_days_are_served_as_the_plan_writes_them(client: FlaskClient) -> None:
    text = client.get("/api/v1/customer/guide").get_data(as_text=True).replace(" ", "")
    assert '"min":0.5' in text
    assert '"max":1.0' not in text
