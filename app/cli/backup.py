"""`flask backup`: the whole installation into a folder, and back into an empty one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from app.cli import needs
from app.core import clock
from app.core.backups import postgresql, sqlite
from app.core.backups.counting import Counts, DatabaseInUseError, count
from app.core.backups.postgresql import ToolFailedError, ToolMissingError
from app.core.db import db
from app.core.objectstore import PRIVATE_FOLDER
from app.services.documents import store_copy

MANIFEST = "manifest.json"
DOCUMENTS = "documents"


@click.group("backup")
def backup() -> None:
    """Backups of the database and of the documents. The keys of personal data are not in them."""


@backup.command("make")
@click.argument("folder", type=click.Path(file_okay=False, resolve_path=True, path_type=Path))
@click.option(
    "--documents/--no-documents",
    default=True,
    help="Leave out documents kept in a store that has its own backups.",
)
@needs.application
def make(folder: Path, documents: bool) -> None:
    """Copy everything into FOLDER, which must not exist yet, while the installation goes on working."""
    settings = needs.settings()
    try:
        # For the account alone that makes it: the same data as the installation's own.
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
    except FileExistsError as fault:
        raise click.ClickException(f"{folder} exists already") from fault
    # The database first: a document's bytes are there before its row, so none of the copied rows lacks them.
    with _told_as_click_tells(), _bar("database") as progress:
        counts = (
            sqlite.dump(db.engine, folder, progress)
            if settings.on_sqlite
            else postgresql.dump(db.engine, folder)
        )
    kept = None
    if documents:
        kept = sum(1 for _ in _shown(store_copy.copy_out(folder / DOCUMENTS), "documents"))
    manifest = {"made_at": clock.now().isoformat(), "rows": dict(counts), "documents": kept}
    # Last, so that a folder with a manifest is a backup that was finished.
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    _say(counts, kept)


@backup.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path))
@needs.application
def restore(folder: Path) -> None:
    """Restore FOLDER into an empty database and the document store; compare what came with its manifest."""
    settings = needs.settings()
    manifest = _manifest(folder)
    with _told_as_click_tells(), _bar("database") as progress:
        if settings.on_sqlite:
            sqlite.load(db.engine, folder, progress)
        else:
            postgresql.load(db.engine, folder)
    kept = manifest["documents"]
    if kept is not None:
        restored = sum(1 for _ in _shown(store_copy.copy_in(folder / DOCUMENTS), "documents"))
        if restored != kept:
            raise click.ClickException(f"{restored} documents came, the manifest says {kept}")
    with db.engine.connect() as connection:
        counts = count(connection)
    wrong = sorted(
        f"{table}: {counts.get(table, 0)} rows came, the manifest says {manifest['rows'].get(table, 0)}"
        for table in counts.keys() | manifest["rows"].keys()
        if counts.get(table) != manifest["rows"].get(table)
    )
    if wrong:
        raise click.ClickException("\n".join(wrong))
    _say(counts, kept)


def _manifest(folder: Path) -> Any:
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        message = f"{folder} has no {MANIFEST}: it is no backup, or one that was cut off"
        raise click.ClickException(message) from fault


@contextmanager
def _bar(label: str) -> Iterator[sqlite.Progress]:
    with click.progressbar(length=1, label=label) as bar:

        def at(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield at


def _shown(keys: Iterator[str], label: str) -> Iterator[str]:
    with click.progressbar(keys, label=label) as bar:
        yield from bar


@contextmanager
def _told_as_click_tells() -> Iterator[None]:
    try:
        yield
    except (DatabaseInUseError, ToolMissingError, ToolFailedError) as fault:
        raise click.ClickException(str(fault)) from fault


def _say(counts: Counts, documents: int | None) -> None:
    for table, rows in sorted(counts.items()):
        click.echo(f"{rows:>12,}  {table}")
    left_out = "documents left out" if documents is None else f"{documents:,} documents"
    click.echo(f"{sum(counts.values()):>12,}  rows in all; {left_out}")
