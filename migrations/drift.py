"""Do the models and the migrations tell the same story?

`python -m migrations.drift` brings an empty SQLite database to the newest migration and compares what
stands there with the models: it prints each difference and exits with 1 when there is one. The suite
asks the same of PostgreSQL.
"""

import sys
import tempfile

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from app.core import migrations
from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app


def differences(app: Flask) -> list[str]:
    """What is still to be migrated in the database of `app`, after bringing it to the newest migration."""
    migrations.upgrade(app)
    with app.app_context():
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            found = [str(difference) for difference in compare_metadata(context, db.metadata)]
        db.engine.dispose()
    return found


def main() -> int:
    """Check an empty SQLite database; the exit code."""
    with tempfile.TemporaryDirectory(prefix="steward-drift-") as folder:
        app = create_app(Settings.for_tests(database_url=f"sqlite:///{folder}/drift.db"))
        found = differences(app)
    for difference in found:
        print(difference)
    print(f"migrations: {len(found)} differences from the models")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
