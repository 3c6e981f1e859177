"""Copying all document bytes out of the store and back, for backups."""

from collections.abc import Iterator
from pathlib import Path

from app.core import objectstore


def copy_out(folder: Path) -> Iterator[str]:
    """Write the bytes of every key below `folder`; each key when it is done."""
    for key in objectstore.keys(""):
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for piece in objectstore.stream(key):
                file.write(piece)
        yield key


def copy_in(folder: Path) -> Iterator[str]:
    """Put every file below `folder` into the store; each key when it is done."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            key = file.relative_to(folder).as_posix()
            objectstore.put(key, file.read_bytes())
            yield key
