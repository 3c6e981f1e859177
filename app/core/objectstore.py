"""Storage of large files: a local folder by default, any S3-compatible store by URL (obstore).

A store may accept a connection and never answer. Each call of one on the network ends within `MOST_SECONDS`,
and no more than `MOST_CALLS` wait for it in one process: whoever comes then is refused at once. A local
folder is the operating system's, which nobody can hurry (docs/decisions/0031).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore
from typing import IO

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, from_url

FILE = "file://"
MEMORY = "memory://"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 12.0
"""For one whole request, the bytes of the largest file included: 14 Mbit/s."""

RETRY_SECONDS = 3.0
"""A request that fails sooner is repeated. obstore's own three minutes kept a web worker for as long."""

MOST_SECONDS = RETRY_SECONDS + ANSWER_SECONDS
MOST_CALLS = 8
IN_MEMORY = 1024 * 1024
"""A larger file that is fetched lies on the disk while it is sent."""


class NoStoreError(RuntimeError):
    """A file was stored or fetched before `install` named a store."""


class StoreUnavailableError(RuntimeError):
    """The store refused, did not answer in time, or too many are waiting for it already."""


class _Installed:
    store: ObjectStore | None = None
    folder: Path | None = None


_calls = BoundedSemaphore(MOST_CALLS)


def install(url: str) -> None:
    """Store files at `url` from now on: `file:///folder`, `s3://bucket/prefix`, or `memory://` for tests.

    A folder and what is put into it are for the account of the service alone (docs/decisions/0034).
    """
    _Installed.folder = None
    if url.startswith(MEMORY):
        _Installed.store = MemoryStore()
    elif url.startswith(FILE):
        folder = Path(url.removeprefix(FILE))
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid():
            # A folder from before, or made by hand.
            folder.chmod(PRIVATE_FOLDER)
        _Installed.folder = folder
        _Installed.store = LocalStore(folder)
    else:
        _Installed.store = from_url(
            url,
            client_options={
                "connect_timeout": f"{CONNECT_SECONDS}s",
                "timeout": f"{ANSWER_SECONDS}s",
                # obstore reads this variable by itself only where no options are given.
                "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"true", "1"},
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        )


def put(key: str, content: bytes) -> None:
    """Store `content` under `key`. Raises `StoreUnavailableError`."""
    with _bounded():
        if _Installed.folder is not None:
            (_Installed.folder / key).parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        # In one request: each part of a multipart upload would have its own time.
        obstore.put(_store(), key, content, use_multipart=False)
        if _Installed.folder is not None:
            (_Installed.folder / key).chmod(PRIVATE_FILE)


def fetch(key: str) -> IO[bytes]:
    """The bytes under `key`, complete. Raises `FileNotFoundError`, `StoreUnavailableError`.

    Nobody waits for the store while a phone on a slow line reads, and no answer is cut off in the middle.
    """
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the caller's from now on
    try:
        with _bounded():
            for piece in obstore.get(_store(), key).stream():
                file.write(piece)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def stream(key: str) -> Iterator[bytes]:
    """The bytes under `key`, piece by piece. Raises `FileNotFoundError` at once when there are none."""
    found = obstore.get(_store(), key)
    return (bytes(piece) for piece in found.stream())


def remove(key: str) -> None:
    """Delete the file under `key`; no error if there is none. Raises `StoreUnavailableError`."""
    try:
        with _bounded():
            obstore.delete(_store(), key)
    except FileNotFoundError:
        return


def keys(prefix: str) -> Iterator[str]:
    """Every key that begins with the folder `prefix`."""
    for batch in obstore.list(_store(), prefix):
        for entry in batch:
            yield entry["path"]


@contextmanager
def _bounded() -> Iterator[None]:
    if not _calls.acquire(blocking=False):
        raise StoreUnavailableError(f"{MOST_CALLS} calls wait for the document store already")
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as fault:
        # Its text may be long and names the key, nothing personal.
        raise StoreUnavailableError(str(fault).partition("\n")[0]) from fault
    finally:
        _calls.release()


def _store() -> ObjectStore:
    if _Installed.store is None:
        raise NoStoreError
    return _Installed.store
