"""`python -m demo.load_sample staff|cases`: enter openly fictional people and cases into an installation.

For demo and trial installations only: the environment names the database, as for every `flask` command.
"""

import os
from datetime import datetime
from typing import Any

import click
from flask import Flask
from sqlalchemy import event

from app.core import migrations
from app.core.atomic import atomic
from app.core.db import db
from app.core.process_start import without_garbage_collection
from app.core.settings import Settings, SettingsError
from app.domain.errors import Refusal
from app.factory import create_app
from app.jobs import timetable
from demo.people import fictional_people as people
from demo.people.enrol_staff import enrol_staff
from demo.sample import loader, plan

PROGRESS = "progress"


@click.group()
def load_sample() -> None:
    """Enter fictional people and cases; refused outside demo and test settings."""


@load_sample.command("staff")
def load_staff() -> None:
    """Enter the fictional staff, once the database is at its newest migration."""
    app = _application()
    migrations.upgrade(app)
    with app.app_context(), atomic():
        enrol_staff()
    click.echo(f"{len(people.staff())} members of staff entered")


@load_sample.command("cases")
def load_cases() -> None:
    """Make the tables, and enter the fictional staff and about thirty cases, up to the present instant.

    Prints how far it has come: a line `progress PERCENT` each time that the percentage grows. Needs the
    simulator inside the process, so that the messages of the past reach nobody.
    """
    app = _application()
    if "steward.simulator" not in app.extensions:
        raise click.ClickException(
            "unset STEWARD_WECHAT_URL: the past is told to a simulator in this process"
        )
    migrations.upgrade(app)
    with app.app_context(), without_garbage_collection():
        do_not_wait_for_the_disk()
        jobs = timetable.jobs(app.extensions["steward.settings"], app.extensions["steward.wechat"])
        try:
            opened = loader.load(jobs, app.extensions["steward.desk"], plan.read(), _Progress().report)
        except Refusal as refused:
            raise click.ClickException(
                f"the sample does not fit the city: {refused} {refused.extra}"
            ) from refused
    click.echo(f"{opened} cases entered")


class _Progress:
    """Prints the percentage of the sample's past that has been lived through, whenever it grows."""

    def __init__(self) -> None:
        self._shown = -1

    def report(self, start: datetime, at: datetime, present: datetime) -> None:
        percent = int(100 * (at - start) / (present - start))
        if percent > self._shown:
            self._shown = percent
            click.echo(f"{PROGRESS} {percent}")


def _application() -> Flask:
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as fault:
        raise click.ClickException(str(fault)) from fault
    if not settings.simulated:
        raise click.ClickException("fictional data is for demo and test settings only")
    return create_app(settings)


def do_not_wait_for_the_disk() -> None:
    """On SQLite; a sample whose loading was broken off is thrown away, so that nothing could be lost."""
    if db.engine.dialect.name != "sqlite":
        return

    @event.listens_for(db.engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")


if __name__ == "__main__":
    load_sample()
