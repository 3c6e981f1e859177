"""`flask jobs`: the process that fires timers and sends messages."""

from typing import cast

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app.cli import needs
from app.jobs import runner


@click.command("jobs")
@with_appcontext
def jobs() -> None:
    """Run timers, messages and callbacks until stopped. Any number of these processes may run."""
    needs.settings()
    # The proxy belongs to this context; the scheduler's threads need the app itself.
    runner.run(cast("Flask", current_app._get_current_object()))  # type: ignore[attr-defined]  # noqa: SLF001
