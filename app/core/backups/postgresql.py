"""A backup of PostgreSQL by its own pg_dump and pg_restore, which must be on the PATH."""

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.pq import Conninfo
from sqlalchemy import Engine, text

from app.core.backups.counting import Counts, count, must_be_empty

FILE = "database.dump"


class ToolMissingError(Exception):
    """PostgreSQL's own tools are not on this machine."""


class ToolFailedError(Exception):
    """pg_dump or pg_restore ended with an error; the text is what it wrote to standard error."""


def dump(engine: Engine, folder: Path) -> Counts:
    """Dump the database into `folder`; the rows that the dump holds, by table.

    Counted in the very snapshot that is dumped, while others go on writing. Raises `ToolMissingError` and
    `ToolFailedError`.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        counts = count(connection)
        _run(
            engine,
            "pg_dump",
            "--format=custom",
            f"--snapshot={snapshot}",
            f"--file={folder / FILE}",
            "--no-owner",
        )
    return counts


def load(engine: Engine, folder: Path) -> None:
    """Restore the dump in `folder`, all of it or nothing.

    Raises `DatabaseInUseError`, `ToolMissingError` and `ToolFailedError`.
    """
    with engine.connect() as connection:
        must_be_empty(connection)
    _run(
        engine,
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        f"--dbname={engine.url.database}",
        str(folder / FILE),
    )


def _run(engine: Engine, tool: str, *arguments: str) -> None:
    path = shutil.which(tool)
    if path is None:
        message = f"{tool} is not on the PATH; install PostgreSQL's client tools"
        raise ToolMissingError(message)
    # In the environment and not in the arguments, which every user of the machine can read.
    done = subprocess.run(  # noqa: S603 - the tool by its full path, arguments of our own
        [path, *arguments],
        env={**os.environ, **address(engine)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ToolFailedError(done.stderr.strip())


def address(engine: Engine) -> dict[str, str]:
    """Where and how the driver itself connects, in libpq's variables: every host, what is asked of TLS."""
    _, asked = engine.dialect.create_connect_args(engine.url)
    return {
        variable: str(asked[option.keyword.decode()])
        for option in Conninfo.get_defaults()
        if (variable := (option.envvar or b"").decode()) and option.keyword.decode() in asked
    }
