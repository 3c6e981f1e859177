"""Several requests at the same moment, each from a thread with a client of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from flask import Flask
from flask.testing import FlaskClient

T = TypeVar("T")


def at_once(app: Flask, acts: Sequence[Callable[[FlaskClient], T]]) -> list[T]:
    """What each of `acts` answers; none begins before all of them are ready."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[FlaskClient], T]) -> T:
        client = app.test_client()
        barrier.wait()
        return act(client)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
