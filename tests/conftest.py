"""What every test may ask for: a database of either kind, the application on it, a client of that.

A test that asks for `database_url` (or `app`, or `client`) runs twice, on SQLite and on PostgreSQL; one
that is about a single database says so with
`@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
"""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from app.core import clock
from app.core.process_start import without_garbage_collection

if TYPE_CHECKING:
    from miniprogram_api.flask_app import StewardApp
    from tests.databases import Postgresql
    from tests.world import World

PROJECT = Path(__file__).parents[1]
SUITE_DATABASE = "suite"
LAST_RESORT_SECONDS = 600

LONGEST = (
    "tests/engine",
    "tests/demo",
    "tests/benchmarks",
    "tests/campaign",
    "tests/api/openapi",
    "tests/notifications/test_killed_dispatcher.py",
)
"""They begin first: a file that takes a minute and begins last has one processor work and the others wait."""

# A deadline would be a timed assertion: it fails on a busy machine and says nothing about the code.
settings.register_profile(
    "suite", deadline=None, database=DirectoryBasedExampleDatabase(PROJECT / "var" / "hypothesis")
)
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, all others as they come."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """The modules of the suite live as long as its process, as those of the product do."""
    with without_garbage_collection():
        return (yield)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator["Postgresql"]:
    """The suite's one PostgreSQL server, started when the first test needs it."""
    from tests.databases import postgresql

    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_url(postgresql_server: "Postgresql") -> str:
    """The suite's one PostgreSQL database, migrated once."""
    from tests.databases import migrated_postgresql

    return migrated_postgresql(postgresql_server, SUITE_DATABASE)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file in a folder of this process."""
    from tests.databases import kept_sqlite

    return Path(shutil.copy(kept_sqlite(), tmp_path_factory.mktemp("sqlite") / "template.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database at the newest migration, without a row in it.

    It is the same address for every test, so that the application on it can be the same, too.
    """
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        for left_over in template.parent.glob("steward.db*"):
            left_over.unlink()
        return f"sqlite:///{shutil.copy(template, template.parent / 'steward.db')}"
    url: str = request.getfixturevalue("postgresql_url")
    server: Postgresql = request.getfixturevalue("postgresql_server")
    # Before rather than after, so that a test which was killed half-way leaves nothing to the next.
    server.empty(SUITE_DATABASE)
    return url


@pytest.fixture(scope="session")
def make_app() -> Callable[[str], "StewardApp"]:
    """The application on a database, made once a process: addresses and statements are compiled only then."""
    with without_garbage_collection():
        from app.core import db as core_db
        from app.core.settings import Settings
        from app.factory import create_app

    @cache
    def make(database_url: str) -> "StewardApp":
        with without_garbage_collection(), pytest.MonkeyPatch.context() as patient:
            # Where tests race, writers wait for each other: on a busy machine longer than people should.
            patient.setattr(core_db, "BUSY_TIMEOUT_SECONDS", LAST_RESORT_SECONDS)
            patient.setattr(core_db, "CONNECT_SECONDS", LAST_RESORT_SECONDS)
            return create_app(Settings.for_tests(database_url=database_url))

    return make


@pytest.fixture(scope="session", autouse=True)
def city_read_once() -> Iterator[None]:
    """The city's own files, read once a process. A copy that a test has changed is read each time."""
    from app.domain.city_folder import city_folder
    from app.services.installation import city
    from notifications.wording import catalogfile

    with pytest.MonkeyPatch.context() as patch:
        for room, name in ((city, "read"), (catalogfile, "load")):
            patch.setattr(room, name, _once(city_folder({}), getattr(room, name)))
        yield


def _once(kept_folder: Path, read: Callable[..., Any]) -> Callable[..., Any]:
    kept = cache(read)
    return lambda folder, *rest: (kept if folder == kept_folder else read)(folder, *rest)


@pytest.fixture
def app(database_url: str, make_app: Callable[[str], "StewardApp"]) -> Iterator[Flask]:
    """The whole application under test settings, on a fresh database and with a fresh simulator of WeChat."""
    from app.core.db import db
    from app.core.settings import Settings
    from app.factory import install

    application = make_app(database_url)
    install(application, Settings.for_tests(database_url=database_url))
    yield application
    with application.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of `app`, without a login."""
    return app.test_client()


@pytest.fixture
def world(app: Flask) -> Iterator["World"]:
    """The application with staff, a settable clock (Friday 2026-09-18 09:00) and simulated WeChat."""
    from tests.world import World

    before = clock.in_use()
    yield World(app)
    clock.use(before)
