"""`flask` finds a command without the application; a command that needs one builds it when it runs."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.cli import FlaskGroup

from app.cli.calendar import calendar
from app.cli.command_line import COMMANDS
from app.cli.lazy_command import LazyCommand

PROJECT = Path(__file__).parents[2]

HEAVY = {
    "alembic",
    "apiflask",
    "apispec",
    "apscheduler",
    "cryptography",
    "flask_migrate",
    "icalendar",
    "marshmallow",
    "obstore",
    "phonenumbers",
    "prometheus_client",
    "requests",
    "sqlalchemy",
    "stdnum",
    "tencentcloud",
    "typst",
    "wechatpy",
}
"""Packages that only the application needs."""

LAZY_IN_CALENDAR = [command for command in calendar.commands.values() if isinstance(command, LazyCommand)]


@pytest.mark.parametrize("listed", [*COMMANDS, *LAZY_IN_CALENDAR], ids=lambda command: command.name)
def test_a_command_is_listed_under_its_own_name_and_help(listed: LazyCommand) -> None:
    command = listed.load()
    assert listed.name == command.name
    assert listed.get_short_help_str(limit=1000) == command.get_short_help_str(limit=1000)


def test_the_calendar_desk_is_listed_in_calendar() -> None:
    assert [command.name for command in LAZY_IN_CALENDAR] == ["import", "rehearse", "publish"]


@pytest.mark.parametrize("words", [["programs", "list"], ["calendar", "day", "2026-10-10"], ["--help"]])
def test_what_needs_no_application_imports_none(words: list[str]) -> None:
    imported = _imported_by_flask(words)
    assert {name for name in imported if name.partition(".")[0] in HEAVY} == set()
    assert {
        "app.factory",
        "app.jobs",
        "app.models",
        "app.services.installation.city",
        "miniprogram_api",
    } & imported == set()


def test_the_programs_need_no_holidays() -> None:
    assert "holidays" not in _imported_by_flask(["programs", "list"])


def test_a_command_on_the_installation_names_every_missing_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEWARD_DATABASE_URL", raising=False)
    for words in (["staff", "list"], ["db", "upgrade"], ["jobs"], ["calendar", "publish"]):
        result = CliRunner().invoke(FlaskGroup(), ["--app", "wsgi", *words])
        assert result.exit_code == 1
        assert "settings are incomplete:\n  - STEWARD_DATABASE_URL: is missing\n" in result.output


def _imported_by_flask(words: Iterable[str]) -> set[str]:
    """The modules that are there after `flask --app wsgi WORDS` in a process of its own."""
    script = (
        "import sys; from flask.cli import cli\n"
        # What other installed packages add to `flask` is theirs.
        "cli._loaded_plugin_commands = True\n"
        f"cli.main(['--app', 'wsgi', *{list(words)!r}], standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, env={}, capture_output=True, text=True, check=True
    )
    return set(ran.stderr.split())
