"""`flask db`: Flask-Migrate's commands, on the complete application."""

from copy import copy

import click
from flask_migrate.cli import db as flask_migrate_group

from app.cli import needs
from app.core import migrations


def _on_the_installation(**options: object) -> None:
    migrations.prepare(needs.enter_application())
    flask_migrate_group.callback(**options)


# A copy, so that the library's own group stays as it is.
db: click.Group = copy(flask_migrate_group)
db.callback = _on_the_installation
