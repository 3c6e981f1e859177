"""The jobs process: at each tick of APScheduler the database is asked what is due, and those jobs run."""

import logging
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from app.core.connection_failure import is_connection_failure
from app.core.db import db
from app.core.settings import Settings
from app.jobs import timetable
from app.jobs.timetable import Job, jobs

# What one job makes due, the next round finds; more rounds than this mean that somebody keeps making work.
MOST_ROUNDS = 10

_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGUSR1})
log = logging.getLogger(__name__)


def run(app: Flask) -> None:
    """Tick until the process is told to stop; the jobs under way are finished first.

    SIGUSR1 asks for what is due at once: whoever has just made work need not wait for the next tick. The log
    says when it is done.
    """
    settings: Settings = app.extensions["steward.settings"]
    # Blocked before a thread begins, so that every signal waits until this one asks for it: a handler could
    # interrupt code that holds a lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    ticker = start(app, settings)
    log.info("jobs started")
    while signal.sigwait(_SIGNALS) == signal.SIGUSR1:
        ticker.run_now()
        log.info("ran what was due at once")
    ticker.shutdown()
    log.info("jobs stopped")


def start(app: Flask, settings: Settings) -> "Ticker":
    """A running ticker with every job of the timetable."""
    everything = jobs(settings, app.extensions["steward.wechat"], app.extensions["steward.sms"])
    ticker = Ticker(app, everything)
    ticker.start(settings.tick_seconds)
    return ticker


class Ticker:
    """Asks at every tick what is due, and lets those jobs run side by side, none of them twice at a time.

    A tick with nothing to do costs one statement, however many jobs there are.
    """

    def __init__(self, app: Flask, everything: Sequence[Job]) -> None:
        self._app = app
        self._jobs = everything
        self._ticks = 0
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=max(len(everything), 1), thread_name_prefix="job")
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self, seconds: float) -> None:
        """Tick every so many seconds of real time."""
        self._scheduler.add_job(
            self.tick,
            "interval",
            seconds=seconds,
            # A tick that comes late is still a tick, and many late ones are one.
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        self._scheduler.start()

    def tick(self) -> None:
        """Start every job that has something to do and is not still running."""
        self._ticks += 1
        self._start([job for job in self._jobs if self._ticks % job.every_ticks == 0])

    def run_now(self) -> None:
        """Run every work that is due, then what that made due, until nothing is; and wait for its end."""
        looked_for = [job for job in self._jobs if job.works]
        for _ in range(MOST_ROUNDS):
            started = self._start(looked_for)
            with self._lock:
                running = list(self._running.values())
            if not started and not running:
                return
            wait([*started, *running])

    def shutdown(self) -> None:
        """Tick no more, and wait for the jobs under way."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._pool.shutdown(wait=True)

    def _start(self, looked_at: Sequence[Job]) -> list["Future[None]"]:
        # One at a time, or a tick and `run_now` could both find the same job free.
        with self._starting:
            with self._lock:
                free = [job for job in looked_at if job.name not in self._running]
            started = []
            for job in due(self._app, free):
                with self._lock:
                    self._running[job.name] = self._pool.submit(self._run, job)
                    started.append(self._running[job.name])
            return started

    def _run(self, job: Job) -> None:
        try:
            # Of an error, `run_once` has told.
            with suppress(Exception):
                run_once(self._app, job)
        finally:
            with self._lock:
                self._running.pop(job.name, None)


def due(app: Flask, looked_at: Sequence[Job]) -> list[Job]:
    """Those jobs that have something to do; where the database can't be asked, those that need not ask."""
    with app.app_context():
        try:
            return timetable.due(looked_at)
        except Exception as fault:  # noqa: BLE001 - told of, and the next tick asks again
            _report("what is due", fault)
            return [job for job in looked_at if not job.works]
        finally:
            db.session.remove()


def run_once(app: Flask, job: Job) -> None:
    """Run one job now. An error is logged and the next tick tries again: nothing was committed."""
    with app.app_context():
        try:
            job.run()
        except Exception as fault:
            _report(job.name, fault)
            raise
        finally:
            db.session.remove()


def _report(job: str, fault: Exception) -> None:
    if is_connection_failure(fault):
        # Every job meets it at every tick, and where in the code says nothing.
        log.warning("job put off: the database does not answer", extra={"job": job})
    else:
        log.error("job failed", extra={"job": job}, exc_info=fault)
