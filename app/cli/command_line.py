"""The product's commands, as `flask --app wsgi …` finds them."""

import click
from flask import Flask
from flask.cli import FlaskGroup

from app.cli.lazy_command import LazyCommand

COMMANDS: tuple[LazyCommand, ...] = (
    LazyCommand(
        "programs",
        "app.cli.programs:programs",
        "The connection programs, as the city's data describes them.",
    ),
    LazyCommand(
        "calendar",
        "app.cli.calendar:calendar",
        "Working days, due dates and elapsed time, as the promises count them.",
    ),
    LazyCommand(
        "jobs",
        "app.cli.jobs:jobs",
        "Run timers, messages and callbacks until stopped.",
    ),
    LazyCommand("keys", "app.cli.keys:keys", "Keys of personal data."),
    LazyCommand(
        "staff",
        "app.cli.staff:staff",
        "Members of staff; their phone is what binds their WeChat login.",
    ),
    LazyCommand("sessions", "app.cli.sessions:logins", "Logins of customers and of staff."),
    LazyCommand(
        "wechat",
        "app.cli.wechat:wechat",
        "The accounts at WeChat.",
    ),
    LazyCommand(
        "absences",
        "app.cli.absences:absences",
        "Leave and closures: listed, shortened, taken back.",
    ),
    LazyCommand(
        "partners",
        "app.cli.partners:partners",
        "Partner platforms (合作平台): keys, capabilities, webhooks.",
    ),
    LazyCommand(
        "backup",
        "app.cli.backup:backup",
        "Backups of the database and of the documents.",
    ),
    LazyCommand("db", "app.cli.migrations:db", "Perform database migrations."),
)


class CommandLine(Flask):
    """What `flask` searches for a command: the commands alone, without settings, database or routes.

    A command that works on the installation builds the complete application when it runs
    (`app.cli.needs.application`).
    """

    def __init__(self) -> None:
        super().__init__(__name__, static_folder=None)
        for command in COMMANDS:
            self.cli.add_command(command)


def flask_searches_for_a_command() -> bool:
    """Whether the `flask` group itself asks for the application, to find one command or to list all.

    `flask run`, `flask shell` and `flask routes` ask for it in a context of their own.
    """
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)
