"""`flask keys`: making and rotating the keys of personal data."""

import click
from cryptography.fernet import Fernet

from app.cli import needs
from app.core.atomic import atomic
from app.services.privacy import key_rotation

BATCH = 500


@click.group("keys")
def keys() -> None:
    """Keys of personal data."""


@keys.command("new")
def new() -> None:
    """Print a fresh data key; put it first in STEWARD_DATA_KEYS, then run `flask keys rotate`."""
    click.echo(Fernet.generate_key().decode())


@keys.command("rotate")
@needs.application
def rotate() -> None:
    """Re-encrypt every stored value under the first key; the others can then be taken away."""
    for column in key_rotation.columns():
        with atomic(read_only=True):
            total = key_rotation.count(column)
        done, after = 0, None
        with click.progressbar(length=total, label=str(column)) as bar:
            while True:
                with atomic():
                    batch = key_rotation.rotate_batch(column, after, BATCH)
                if batch.last is None:
                    break
                after = batch.last
                done += batch.size
                bar.update(batch.size)
        click.echo(f"{column}: {done} values under the first key")
