"""`flask staff hours`: an ordinary week, or a fault that says what is wrong with it."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.cli.staff import staff
from app.core.db import db
from app.models import WorkPattern
from tests.api.visits.booking import enrol
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(staff, ["hours", *arguments])
    return result.exit_code, result.output


def test_a_week_is_set_and_replaced(world: World) -> None:
    for day in ("mon=08:30-12:00", "mon=08:30-12:00,13:30-17:00"):
        assert run(world.app, "--number", "N001", "--from", "2026-10-01", "--day", day)[0] == 0
    with world.app.app_context():
        rows = db.session.scalars(select(WorkPattern)).all()
        db.session.remove()
    assert [row.weekly for row in rows] == [{"mon": [["08:30", "12:00"], ["13:30", "17:00"]]}]


def test_a_week_says_what_it_has_no_room_for(world: World) -> None:
    week = ("--from", "2026-10-01", "--day", "mon=08:30-10:00")
    code, said = run(world.app, "--number", "E001", *week)
    assert (code, said) == (
        1,
        "Error: nobody could attend these visits any more: 现场施工 (240 minutes)\n",
    )
    enrol(world, ["E002"], "engineering")
    code, said = run(world.app, "--number", "E001", *week)
    assert (code, said.splitlines()[1]) == (0, "E001 has no room any more for: 现场施工")


@pytest.mark.parametrize(
    ("number", "day", "fault"),
    [
        ("X999", "mon=08:30-12:00", "nobody active has the number X999"),
        ("N001", "noon=08:30-12:00", "'noon' is none of"),
        ("N001", "mon=12:00-08:30", "does not end after it begins"),
        ("N001", "mon=08:30", "unpack"),
        ("N001", "mon=morning-noon", "isoformat"),
    ],
)
def test_a_fault_is_said(world: World, number: str, day: str, fault: str) -> None:
    code, said = run(world.app, "--number", number, "--from", "2026-10-01", "--day", day)
    assert code == 1
    assert fault in said
