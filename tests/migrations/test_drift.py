"""The migrations make what the models describe of an empty database, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from app.core.settings import Settings
from app.factory import create_app
from migrations.drift import differences
from tests.databases import Postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: Postgresql = request.getfixturevalue("postgresql_server")
        yield server.create(f"empty_{uuid4().hex[:8]}")


def test_models_and_migrations_agree(empty_database: str) -> None:
    app = create_app(Settings.for_tests(database_url=empty_database))
    assert differences(app) == []
