"""`flask staff skill`: entering, renewing and taking away."""

import pytest

from app.cli.staff import staff
from tests.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def run(world: World, *arguments: str) -> tuple[int, str]:
    result = world.app.test_cli_runner().invoke(staff, ["skill", "--skill", "large_pipe", *arguments])
    return result.exit_code, result.output.strip()


def test_a_skill_is_entered_renewed_and_taken_away(world: World) -> None:
    assert run(world, "--number", "E001") == (0, "E001 has large_pipe")
    entered = run(world, "--number", "E001", "--until", "2027-09-30", "--certificate", "LP-1")
    assert entered == (0, "E001 has large_pipe until 2027-09-30")
    assert run(world, "--number", "E001", "--withdraw") == (0, "E001 does not have large_pipe any more")
    assert run(world, "--number", "E001", "--withdraw") == (1, "Error: E001 does not have large_pipe")


def test_faults_say_what_is_known(world: World) -> None:
    assert run(world, "--number", "X999") == (1, "Error: nobody active has the number X999")
    code, said = run(world, "--number", "E001", "--skill", "juggling")
    assert (code, said) == (1, "Error: unknown skill; known: large_pipe")
