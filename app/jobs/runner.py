"""The jobs process: APScheduler ticks in real time, each job runs in an application context of its own."""

import logging
import signal
import threading
from contextlib import suppress
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from app.core.away import database_is_away
from app.core.db import db
from app.core.settings import Settings
from app.jobs.timetable import Job, jobs

log = logging.getLogger(__name__)


def run(app: Flask) -> None:
    """Tick until the process is told to stop; the job under way is finished first."""
    settings: Settings = app.extensions["steward.settings"]
    stop = threading.Event()
    _stop_on_signal(stop)
    scheduler = start(app, settings)
    log.info("jobs started")
    stop.wait()
    scheduler.shutdown(wait=True)
    log.info("jobs stopped")


def start(app: Flask, settings: Settings) -> BackgroundScheduler:
    """A running scheduler with every job of the timetable."""
    scheduler = BackgroundScheduler(timezone="UTC")
    for job in jobs(settings, app.extensions["steward.wechat"], app.extensions["steward.sms"]):
        scheduler.add_job(
            lambda job=job: _tick(app, job),
            "interval",
            seconds=settings.tick_seconds * job.every_ticks,
            id=job.name,
            name=job.name,
            # A tick that comes late is still a tick, and many late ones are one.
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    return scheduler


def _tick(app: Flask, job: Job) -> None:
    """A run at its time; of an error, `run_once` has told."""
    with suppress(Exception):
        run_once(app, job)


def run_once(app: Flask, job: Job) -> None:
    """Run one job now. An error is logged and the next tick tries again: nothing was committed."""
    with app.app_context():
        try:
            job.run()
        except Exception as fault:
            if database_is_away(fault):
                # Every job meets it at every tick, and where in the code says nothing.
                log.warning("job put off: the database does not answer", extra={"job": job.name})
            else:
                log.exception("job failed", extra={"job": job.name})
            raise
        finally:
            db.session.remove()


def _stop_on_signal(stop: threading.Event) -> None:
    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
