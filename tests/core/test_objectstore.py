"""The document store: what was put is fetched, and a store that never answers is given up in bounded time."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core import objectstore
from app.core.objectstore import StoreUnavailableError

LAST_RESORT_SECONDS = 600


@pytest.fixture(autouse=True)
def memory_again() -> Iterator[None]:
    yield
    objectstore.install(objectstore.MEMORY)


@contextmanager
def silent_store(
    monkeypatch: pytest.MonkeyPatch, seconds: float, drip: bytes | None = None
) -> Iterator[threading.Event]:
    """A store over HTTP that accepts every connection; it never answers, or sends `drip` again and again.

    The event is set once somebody is connected.
    """
    connected, over = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                open_connections.append(connection)
                connected.set()
                if drip is not None:
                    threading.Thread(target=send, args=[connection, drip], daemon=True).start()

        def send(connection: socket.socket, drip: bytes) -> None:
            pause = threading.Event()
            try:
                while not over.is_set():
                    connection.sendall(drip)
                    pause.wait(0.01)
            except OSError:
                return

        open_connections: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.getsockname()[1]}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "local",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(objectstore, "ANSWER_SECONDS", seconds)
        monkeypatch.setattr(objectstore, "RETRY_SECONDS", seconds / 2)
        objectstore.install("s3://documents/steward")
        yield connected
        over.set()
        for connection in open_connections:
            connection.close()


@pytest.mark.parametrize("size", [0, 10, objectstore.IN_MEMORY + 1, 12_000_000])
@pytest.mark.parametrize("where", ["memory", "folder"])
def test_what_was_put_is_fetched_whole(tmp_path: Path, where: str, size: int) -> None:
    objectstore.install(objectstore.MEMORY if where == "memory" else f"file://{tmp_path}")
    content = bytes(range(251)) * (size // 251 + 1)
    objectstore.put("2026-09-18/a", content[:size])
    with objectstore.fetch("2026-09-18/a") as file:
        assert file.read() == content[:size]
    objectstore.remove("2026-09-18/a")
    with pytest.raises(FileNotFoundError):
        objectstore.fetch("2026-09-18/a")


@pytest.mark.parametrize("drip", [None, b"H", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nx"])
def test_a_store_that_does_not_come_to_an_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, drip: bytes | None
) -> None:
    with silent_store(monkeypatch, 0.2, drip):
        with pytest.raises(StoreUnavailableError):
            objectstore.fetch("2026-09-18/a")
        if drip is None or len(drip) == 1:
            with pytest.raises(StoreUnavailableError):
                objectstore.put("2026-09-18/a", b"x" * 12_000_000)
            with pytest.raises(StoreUnavailableError):
                objectstore.remove("2026-09-18/a")


def test_a_store_that_refuses_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent_store(monkeypatch, 0.2):
        pass
    with pytest.raises(StoreUnavailableError):
        objectstore.put("2026-09-18/a", b"x")


def test_no_more_than_a_few_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objectstore, "_calls", threading.BoundedSemaphore(1))
    failed: list[BaseException] = []

    def wait() -> None:
        try:
            objectstore.put("2026-09-18/a", b"x")
        except StoreUnavailableError as fault:
            failed.append(fault)

    with silent_store(monkeypatch, LAST_RESORT_SECONDS) as connected:
        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        assert connected.wait(LAST_RESORT_SECONDS)
        with pytest.raises(StoreUnavailableError, match="already"):
            objectstore.put("2026-09-18/b", b"x")
        with pytest.raises(StoreUnavailableError, match="already"):
            objectstore.fetch("2026-09-18/b")
    waiting.join()
    assert len(failed) == 1


def test_each_call_ends_well_before_twenty_seconds() -> None:
    assert objectstore.MOST_SECONDS < 20
