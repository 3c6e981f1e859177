"""Every command of the product, added to the app's command line."""

import click
from flask import Flask

from app.cli.calendar import calendar
from app.cli.jobs import jobs
from app.cli.keys import keys
from app.cli.programs import programs
from app.cli.serve import serve
from app.cli.staff import staff

COMMANDS: tuple[click.Command, ...] = (programs, calendar, serve, jobs, keys, staff)


def register(app: Flask) -> None:
    """Add every command; those that need settings say so when the environment lacks them."""
    for command in COMMANDS:
        app.cli.add_command(command)
