"""Leave, closures and departures from the command line: previewed, entered, listed, taken back."""

import re

import pytest
from click import Command
from flask import Flask

from app.cli.absences import absences
from app.cli.staff import staff
from tests.api.visits.booking import Booker, at
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LEAVE = ("leave", "--number", "N001", "--deputy", "S001", "--from", "2026-09-21")


def run(app: Flask, command: Command, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(command, list(arguments))
    return result.exit_code, result.output


def test_leave_from_preview_to_taking_back(world: World) -> None:
    Booker(world).booked(at("2026-09-21", "10:00"))
    code, said = run(world.app, staff, *LEAVE, "--to", "2026-09-22", "--preview")
    assert (code, "09-21 10:00" in said, said.splitlines()[-1]) == (0, True, "nothing was entered")
    assert run(world.app, absences, "list") == (0, "")
    assert run(world.app, staff, *LEAVE, "--to", "2026-09-22")[0] == 0
    listed = run(world.app, absences, "list")[1]
    assert "2026-09-21 00:00 - 2026-09-23 00:00\tN001 孙师傅, deputy S001 冯督办" in listed
    (number,) = re.findall(r"^leave ([0-9]+)", listed)
    assert run(world.app, absences, "change-leave", number, "--to", "2026-09-21")[0] == 0
    assert "2026-09-22 00:00\tN001" in run(world.app, absences, "list")[1]
    assert run(world.app, absences, "change-leave", number, "--take-back")[0] == 0
    assert run(world.app, absences, "list") == (0, "")


def test_closures_are_listed_and_taken_back(world: World) -> None:
    body = {"starts_at": at("2026-09-21", "08:00"), "ends_at": at("2026-09-21", "18:00"), "reason": "抢修"}
    world.staff("S001").post("/staff/closures", body)
    listed = run(world.app, absences, "list")[1]
    (closure,) = re.findall(r"^closure (\S+)", listed)
    assert run(world.app, absences, "change-closure", closure, "--take-back", "--preview")[0] == 0
    assert run(world.app, absences, "list")[1] == listed
    assert run(world.app, absences, "change-closure", closure, "--take-back")[0] == 0
    assert run(world.app, absences, "list") == (0, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "2026-09-20"), "ends before it begins"),
        (("--to", "2027-09-22"), "一次最长366天"),
        (("--to", "9999-12-31"), "has no end"),
    ],
)
def test_impossible_leave_is_said_by_name(world: World, arguments: tuple[str, str], said: str) -> None:
    code, output = run(world.app, staff, *LEAVE, *arguments)
    assert (code, said in output) == (1, True), output


def test_an_unknown_leave_is_said(world: World) -> None:
    code, output = run(world.app, absences, "change-leave", "99", "--take-back")
    assert (code, output) == (1, "Error: 没有找到您要的内容，请返回上一页重试。\n")


def test_somebody_leaves_and_comes_back(world: World) -> None:
    booker = Booker(world)
    code, said = run(world.app, staff, "remove", "--number", "G001", "--preview")
    assert (code, "G002 李建国" in said, said.splitlines()[-1]) == (0, True, "nothing was changed")
    assert run(world.app, staff, "departures") == (0, "")
    assert run(world.app, staff, "remove", "--number", "G001")[0] == 0
    assert run(world.app, staff, "departures") == (0, "G001\t王敏\t2026-09-18\t1 to confirm\n")
    assert booker.phone.get(booker.path)["manager"]["number"] == "G002"
    assert "该人员已登记离岗" in run(world.app, staff, "remove", "--number", "G001")[1]
    assert run(world.app, staff, "return", "--number", "G001")[0] == 0
    assert booker.phone.get(booker.path)["manager"]["number"] == "G001"
    assert "该人员在岗" in run(world.app, staff, "return", "--number", "G001")[1]
