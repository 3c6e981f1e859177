"""A thousand due timers swept, against a thousand APScheduler jobs fired from its SQLAlchemy job store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Lock
from time import perf_counter
from unittest.mock import patch

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, insert

from app.core import clock, eventbus
from app.core.atomic import atomic
from app.core.db import db, engine_options, prepare_engine
from app.core.ids import new_id
from app.core.settings import Settings
from app.domain.events import ReminderDue
from app.jobs import runner
from app.jobs.timetable import fire_timers, jobs
from app.models import Task, TaskState, Timer, TimerKind
from app.services.timers import firing
from benchmarks import ground, table
from benchmarks.ground import Ground
from benchmarks.statements import Sent, counted
from benchmarks.table import Figure, Ratio, Table
from miniprogram_api.flask_app import StewardApp

AIM = 25.0
LAST_RESORT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Size:
    """How many timers are due at once, and how often that is measured."""

    timers: int = 1000
    rounds: int = 5
    databases: Sequence[str] = ground.DATABASES


def run(grounds: Ground, size: Size) -> list[Table]:
    """A table for each database."""
    return [_measure(grounds, kind, size) for kind in size.databases]


def _measure(grounds: Ground, kind: str, size: Size) -> Table:
    store = grounds.database(kind)
    with ground.application(grounds.database(kind)) as app:
        table.say(f"sweep on {kind}: walking cases")
        cases = [owned.case_id for owned in ground.cases_with_a_stop(app, 4)]

        def to_nobody() -> float:
            _set_timers(app, cases, size.timers)
            # Nobody unsubscribes in the product, so there is no public way to.
            with patch.dict(eventbus._listeners, {ReminderDue: [do_nothing]}):  # noqa: SLF001
                return drain(app)

        def to_people() -> float:
            _set_timers(app, cases, size.timers)
            return drain(app)

        rounds = table.in_turns(
            f"sweep on {kind}",
            {
                "nobody": to_nobody,
                "people": to_people,
                "apscheduler": lambda: apscheduler(store, size.timers),
            },
            size.rounds,
        )
        idle = _idle_tick(app)
    each = 1_000_000 / size.timers
    return Table(
        f"{size.timers} due timers, {kind}",
        [
            Figure(
                "swept, each event handled, nothing to do", table.middle(rounds, "nobody") * each, "µs each"
            ),
            Figure("swept, notices and messages written", table.middle(rounds, "people") * each, "µs each"),
            Figure(
                "APScheduler jobs from its job store", table.middle(rounds, "apscheduler") * each, "µs each"
            ),
            Figure("a tick of the jobs process with nothing due", len(idle.statements), "statements"),
            Figure("the same", idle.transactions, "transactions"),
        ],
        [
            Ratio("APScheduler / swept", table.ratio(rounds, "apscheduler", "nobody"), AIM),
            Ratio(
                "APScheduler (its job does nothing) / swept with messages",
                table.ratio(rounds, "apscheduler", "people"),
                None,
            ),
        ],
    )


def _idle_tick(app: StewardApp) -> Sent:
    """What the jobs process sends at a tick with nothing due, once everything that was due is done."""
    settings: Settings = app.extensions["steward.settings"]
    everything = jobs(settings, app.extensions["steward.wechat"])
    asking = [job for job in everything if job.works]
    while found := runner.due(app, asking):
        for job in found:
            runner.run_once(app, job)
    ticker = runner.Ticker(app, everything)
    with counted(app) as sent:
        ticker.tick()
    ticker.shutdown()
    return sent


def _set_timers(app: StewardApp, cases: list[str], number: int) -> None:
    """Due reminders of as many open tasks: to remind a person of one task twice would write nothing."""
    now = clock.now()
    with app.app_context(), atomic():
        used = db.session.query(Task).count()
        tasks = [
            {
                "id": new_id(),
                "case_id": cases[position % len(cases)],
                "stage_key": "construction",
                "key": "build_and_accept",
                "round": used + position,
                "department": "engineering",
                "state": TaskState.OPEN,
                "opened_at": now - timedelta(days=3),
                "due_at": now + timedelta(days=1),
                "overdue_told": 0,
                "version": 1,
            }
            for position in range(number)
        ]
        connection = db.session.connection()
        connection.execute(insert(Task), tasks)
        connection.execute(
            insert(Timer),
            [
                {
                    "due_at": now - timedelta(minutes=position % 60),
                    "kind": TimerKind.REMINDER,
                    "case_id": task["case_id"],
                    "task_id": task["id"],
                    "occurrence": 1,
                    "reminders": "before_due",
                }
                for position, task in enumerate(tasks)
            ],
        )


def drain(app: StewardApp) -> float:
    """Seconds until everything due is fired. Raises `RuntimeError` when something is left."""
    with app.app_context():
        begun = perf_counter()
        fire_timers()
        seconds = perf_counter() - begun
        with atomic(read_only=True):
            if firing.QUEUE.pending():
                raise RuntimeError("the sweep left timers behind")
    return seconds


def do_nothing(_event: ReminderDue) -> None:
    """The handler of an event that is nobody's concern."""


class _Fired:
    """Counts the jobs that APScheduler has run; it names a job's function by module and name."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.left = 0
        self.all = Event()


_fired = _Fired()


def note_fired() -> None:
    """The job."""
    with _fired.lock:
        _fired.left -= 1
        if _fired.left == 0:
            _fired.all.set()


def apscheduler(url: str, number: int) -> float:
    """Seconds until its scheduler has fired that many due jobs. Raises `RuntimeError` when it does not."""
    engine = create_engine(url, **engine_options(url))
    # The same journal and the same durability as the product's.
    prepare_engine(engine)
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(engine=engine)}, timezone="UTC")
    scheduler.start(paused=True)
    due = clock.now() - timedelta(seconds=1)
    for _ in range(number):
        scheduler.add_job(note_fired, "date", run_date=due, misfire_grace_time=None)
    _fired.left = number
    _fired.all.clear()
    begun = perf_counter()
    scheduler.resume()
    finished = _fired.all.wait(LAST_RESORT_SECONDS)
    seconds = perf_counter() - begun
    scheduler.shutdown()
    engine.dispose()
    if not finished:
        raise RuntimeError("APScheduler did not fire all of its jobs")
    return seconds
