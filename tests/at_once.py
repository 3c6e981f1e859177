"""Several requests or transactions at the same moment, each in a thread of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from threading import Barrier, Event, get_ident
from typing import TypeVar

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from app.core.atomic import atomic
from app.core.db import db

T = TypeVar("T")

_POLL_SECONDS = 0.005


class MeetingPoint:
    """A point inside a transaction where each of `parties` threads waits for the others.

    No time limit decides: on PostgreSQL each other thread arrives, ends, or is seen to wait for a lock.
    SQLite lets one writer in at a time, so there the first one must not wait.
    """

    def __init__(self, app: Flask, parties: int) -> None:
        with app.app_context():
            self._engine = db.engine
        self._parties = parties
        self._pause = Event()
        self._there: set[int] = set()
        """Threads that have arrived or ended."""

    def wait(self) -> None:
        """Wait until none of the others can still arrive."""
        self._there.add(get_ident())
        if self._engine.dialect.name != "postgresql":
            return
        while (missing := self._parties - len(self._there)) > 0 and waiting_for_locks(self._engine) < missing:
            self._pause.wait(_POLL_SECONDS)

    @contextmanager
    def ends_here(self) -> Iterator[None]:
        """The work of one thread: at its end nobody waits for it any more."""
        try:
            yield
        finally:
            self._there.add(get_ident())


def at_once(
    app: Flask, acts: Sequence[Callable[[FlaskClient], T]], meeting: MeetingPoint | None = None
) -> list[T]:
    """What each of `acts` answers; none begins before all of them are ready.

    `meeting` is the point where they wait for each other once more.
    """
    barrier = Barrier(len(acts))

    def run(act: Callable[[FlaskClient], T]) -> T:
        client = app.test_client()
        barrier.wait()
        with meeting.ends_here() if meeting is not None else nullcontext():
            return act(client)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def waiting_for_locks(engine: Engine) -> int:
    """How many connections to this PostgreSQL wait for a lock."""
    with engine.connect() as watcher:
        return watcher.scalar(text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")) or 0


def while_open(app: Flask, change: Callable[[], object], act: Callable[[FlaskClient], T], *, keep: bool) -> T:
    """What `act` answers that runs into the open transaction of a second connection, kept or undone then."""
    with ThreadPoolExecutor(1) as pool, app.app_context(), atomic() as transaction:
        change()
        db.session.flush()
        started = Event()

        def run() -> T:
            started.set()
            return act(app.test_client())

        answer = pool.submit(run)
        started.wait()
        if db.engine.dialect.name == "postgresql":
            _until_somebody_waits(app, answer)
        if not keep:
            transaction.mark_for_rollback()
            db.session.rollback()
        else:
            db.session.commit()
        return answer.result()


def _until_somebody_waits(app: Flask, act: Future[T]) -> None:
    """On SQLite the writer waits at its first statement; here it is seen to wait for the other's row."""
    pause = Event()
    with app.app_context():
        engine = db.engine
    while not waiting_for_locks(engine):
        assert not act.done(), "it did not run into the open transaction"
        pause.wait(_POLL_SECONDS)
