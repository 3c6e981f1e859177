"""Storage of large files: a local folder by default, any S3-compatible store by URL (obstore)."""

from collections.abc import Iterator
from pathlib import Path

import obstore
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

FILE = "file://"
MEMORY = "memory://"


class NoStoreError(RuntimeError):
    """A file was stored or fetched before `install` named a store."""


class _Installed:
    store: ObjectStore | None = None


def install(url: str) -> None:
    """Store files at `url` from now on: `file:///folder`, `s3://bucket/prefix`, or `memory://` for tests."""
    if url.startswith(MEMORY):
        _Installed.store = MemoryStore()
    elif url.startswith(FILE):
        _Installed.store = LocalStore(Path(url.removeprefix(FILE)), mkdir=True)
    else:
        _Installed.store = from_url(url)


def put(key: str, content: bytes) -> None:
    """Store `content` under `key`; errors of the store propagate."""
    obstore.put(_store(), key, content)


def stream(key: str) -> Iterator[bytes]:
    """The bytes under `key`, piece by piece. Raises `FileNotFoundError` at once when there are none."""
    found = obstore.get(_store(), key)
    return (bytes(piece) for piece in found.stream())


def remove(key: str) -> None:
    """Delete the file under `key`; no error if there is none."""
    try:
        obstore.delete(_store(), key)
    except FileNotFoundError:
        return


def keys(prefix: str) -> Iterator[str]:
    """Every key that begins with the folder `prefix`."""
    for batch in obstore.list(_store(), prefix):
        for entry in batch:
            yield entry["path"]


def _store() -> ObjectStore:
    if _Installed.store is None:
        raise NoStoreError
    return _Installed.store
