"""How Alembic reaches the application's database and models; `flask db …` runs this."""

from typing import Any, Literal

from alembic import context
from flask import current_app

from app.core.crypto import EncryptedBytes, EncryptedJson, EncryptedText
from app.core.db import UtcDateTime


def render_item(kind: str, item: Any, _autogen_context: Any) -> str | Literal[False]:
    """Migrations spell our column types as what the database stores: they must outlive our code."""
    if kind == "type" and isinstance(item, EncryptedText | EncryptedJson | EncryptedBytes):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the migrations on the engine of the current application."""
    migrate = current_app.extensions["migrate"]
    with migrate.db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            render_item=render_item,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
            **{
                key: value
                for key, value in migrate.configure_args.items()
                if key not in {"compare_type", "render_as_batch"}
            },
        )
        with context.begin_transaction():
            context.run_migrations()
        # SQLite's connections begin by themselves here (BEGIN IMMEDIATE), which Alembic does not see.
        connection.commit()


run()
