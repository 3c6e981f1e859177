"""Flask-Migrate on an application. Only what changes or compares tables imports it, and Alembic with it."""

from pathlib import Path

import flask_migrate
from flask import Flask

from app.core.db import db

FOLDER = Path(__file__).parents[2] / "migrations"


def prepare(app: Flask) -> None:
    """Let Flask-Migrate work on the database of `app`."""
    flask_migrate.Migrate(app, db, directory=str(FOLDER))


def upgrade(app: Flask) -> None:
    """Bring the database of `app` to the newest migration, as `flask db upgrade` does."""
    prepare(app)
    with app.app_context():
        flask_migrate.upgrade()
