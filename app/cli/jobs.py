"""`flask jobs`: the process that fires timers and sends messages."""

import click

from app.cli import needs
from app.jobs import runner


@click.command("jobs")
def jobs() -> None:
    """Run timers, messages and callbacks until stopped. Any number of these processes may run."""
    runner.run(needs.enter_application())
