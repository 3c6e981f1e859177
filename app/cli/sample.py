"""`flask sample`: openly fictional people and cases, for demo and trial installations only."""

import click
from flask.cli import with_appcontext

from app.cli import needs
from app.core.atomic import atomic
from app.demo import people


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


def _only_simulated() -> None:
    if not needs.settings().simulated:
        raise click.ClickException("fictional data is for demo and test settings only")
