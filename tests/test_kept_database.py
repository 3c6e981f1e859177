"""A migrated database is kept from run to run, and never used once a migration is another one."""

import shutil
from pathlib import Path

import pytest

from tests import databases

MIGRATIONS = databases.PROJECT / "migrations"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every database that was migrated instead of taken as it was kept."""
    made: list[Path] = []

    def migrated(path: Path) -> Path:
        path.write_text("migrated")
        made.append(path)
        return path

    monkeypatch.setattr(databases, "migrated_sqlite", migrated)
    return made


def test_it_is_migrated_once(made: list[Path], tmp_path: Path) -> None:
    first = databases.kept_sqlite(tmp_path / "kept", MIGRATIONS)
    assert databases.kept_sqlite(tmp_path / "kept", MIGRATIONS) == first
    assert first.read_text() == "migrated"
    assert len(made) == 1
    # What was half made would be taken for whole by the next run.
    assert list((tmp_path / "kept").iterdir()) == [first]


def test_another_migration_makes_another(made: list[Path], tmp_path: Path) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    before = databases.kept_sqlite(tmp_path / "kept", migrations)
    changed = min((migrations / "versions").glob("*.py"))
    changed.write_text(changed.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = databases.kept_sqlite(tmp_path / "kept", migrations)
    assert after != before
    assert len(made) == 2
    assert not before.exists()
