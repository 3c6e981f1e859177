"""`flask sample`: openly fictional people and cases, for demo and trial installations only."""

from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import event

from app.cli import needs
from app.core.atomic import atomic
from app.core.db import db
from app.core.settings import Settings
from app.demo import people
from app.demo import sample as cases
from app.domain.errors import Refusal
from app.jobs import timetable


@click.group("sample")
def sample() -> None:
    """Fictional people and cases; refused outside demo and test settings."""


@sample.command("staff")
@with_appcontext
def enrol_staff() -> None:
    """Enter the fictional staff."""
    _only_simulated()
    with atomic():
        people.enrol_staff()
    click.echo(f"{len(people.staff())} members of staff entered")


@sample.command("cases")
@with_appcontext
def load_cases() -> None:
    """Enter the fictional staff and about thirty cases, up to the present instant; takes half a minute.

    Needs the simulator inside the process, so that the messages of the past reach nobody.
    """
    settings = _only_simulated()
    if "steward.simulator" not in current_app.extensions:
        raise click.ClickException(
            "unset STEWARD_WECHAT_URL: the past is told to a simulator in this process"
        )
    _do_not_wait_for_the_disk()
    jobs = timetable.jobs(settings, current_app.extensions["steward.wechat"])
    try:
        opened = cases.load(jobs, current_app.extensions["steward.desk"])
    except Refusal as refused:
        raise click.ClickException(
            f"the sample does not fit the city: {refused} {refused.extra}"
        ) from refused
    click.echo(f"{opened} cases entered")


def _do_not_wait_for_the_disk() -> None:
    """On SQLite; a sample whose loading was broken off is thrown away, so that nothing could be lost."""
    if db.engine.dialect.name != "sqlite":
        return

    @event.listens_for(db.engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")


def _only_simulated() -> Settings:
    settings = needs.settings()
    if not settings.simulated:
        raise click.ClickException("fictional data is for demo and test settings only")
    return settings
