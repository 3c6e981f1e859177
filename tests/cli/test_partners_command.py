"""`flask partners`: what IT types to let a platform in, and out."""

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.cli.partners import partners

# What the command prints is decided by no database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ADD = [
    "add",
    "--key",
    "government",
    "--name",
    "演示市政务服务局",
    "--channel-name",
    "政务服务平台",
]


@pytest.fixture
def command(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def secret_in(output: str) -> str:
    return next(line.split()[1] for line in output.splitlines() if line.startswith("secret"))


def test_a_partner_is_added_rotated_and_disabled(command: FlaskCliRunner) -> None:
    added = command.invoke(partners, [*ADD, "--capability", "progress", "--capability", "consultation"])
    assert added.exit_code == 0, added.output
    listed = command.invoke(partners, ["list"]).output
    assert "consultation,progress" in listed
    assert "政务服务平台" in listed
    rotated = command.invoke(partners, ["rotate", "--key", "government"])
    assert rotated.exit_code == 0
    assert secret_in(rotated.output) != secret_in(added.output)
    listed = command.invoke(partners, ["list"]).output
    assert secret_in(added.output) not in listed
    assert secret_in(rotated.output) not in listed
    assert command.invoke(partners, ["disable", "--key", "government"]).exit_code == 0
    assert "disabled" in command.invoke(partners, ["list"]).output
    again = command.invoke(partners, ["rotate", "--key", "government"])
    assert (again.exit_code, "no partner in use" in again.output) == (1, True)


@pytest.mark.parametrize(
    "more",
    [
        ["--capability", "everything"],
        [],
        ["--capability", "progress", "--key", "Government!"],
        ["--capability", "progress", "--webhook-url", "http://partner.example.invalid/"],
        ["--capability", "progress", "--webhook-url", "https://user:pass@partner.example.invalid/"],
        ["--capability", "progress", "--webhook-url", "https://[half/"],
        ["--capability", "progress", "--webhook-url", "ftp://127.0.0.1/"],
        ["--capability", "progress", "--name", " "],
    ],
)
def test_a_faulty_partner_is_not_added(command: FlaskCliRunner, more: list[str]) -> None:
    assert command.invoke(partners, [*ADD, *more]).exit_code != 0
    assert command.invoke(partners, ["list"]).output == ""


def test_a_key_is_one_partners(command: FlaskCliRunner) -> None:
    add = [*ADD, "--capability", "progress"]
    assert command.invoke(partners, add).exit_code == 0
    assert command.invoke(partners, add).exit_code == 1
