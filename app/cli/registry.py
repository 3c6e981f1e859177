"""Every command of the product, added to the app's command line."""

import click
from flask import Flask

from app.cli import calendar_desk, needs
from app.cli.backup import backup
from app.cli.calendar import calendar
from app.cli.jobs import jobs
from app.cli.keys import keys
from app.cli.partners import partners
from app.cli.programs import programs
from app.cli.staff import staff

COMMANDS: tuple[click.Command, ...] = (programs, calendar, jobs, keys, staff, partners, backup)


def register(app: Flask) -> None:
    """Add every command; those that need settings say so when the environment lacks them."""
    for command in calendar_desk.COMMANDS:
        # Put in here: the group's own commands answer without a framework and a database.
        calendar.add_command(command)
    for command in COMMANDS:
        app.cli.add_command(command)


def register_without_settings(app: Flask) -> None:
    """Where Flask-Migrate could not be readied, let `flask db …` say what is missing."""

    @app.cli.command("db", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    @click.argument("words", nargs=-1)
    def db(words: tuple[str, ...]) -> None:  # noqa: ARG001 - whatever is asked, the answer is the same
        """Perform database migrations (needs complete settings)."""
        needs.settings()
