"""Runs a campaign: starting data, chaos phase, time until all work is done, comparison."""

import random
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event as Pause
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FileClock
from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app
from app.wechat.simulator.faults import Failure
from benchmarks.table import say
from notifications.models import DeliveryAttempt
from tests.campaign import remaining_work
from tests.campaign.campaign_clock import CampaignClock
from tests.campaign.health_monitor import HealthMonitor
from tests.campaign.machines import LAST_RESORT_SECONDS, machines
from tests.campaign.observations import Observations
from tests.campaign.phones import Phones
from tests.campaign.plan import BUSY, Act, Event, Faults, Plan
from tests.campaign.results import Line, Results, compare
from tests.campaign.starting_data import BEFORE, START, Applicant, introduce, prepare
from tests.databases import Postgresql, migrated_postgresql, postgresql

T = TypeVar("T")

DATABASE = "campaign"
LOOK_SECONDS = 0.25
STUCK_SECONDS = 900.0
SETTLE_SECONDS = 6 * 3600.0
"""Last resorts of the time after the chaos: real time without any change, and altogether."""

HANG_SECONDS = 6.0
"""A little longer than the client waits for WeChat: after it, nothing hangs on an earlier phase."""

CALM_SPEED = 10.0
"""How fast time passes after the chaos: a send takes no time then, and must not seem to outlast its lease."""
CALM_SECONDS = 1.0

NEXT_MORNING = START + timedelta(hours=22, minutes=5)


class WorkRemainsError(Exception):
    """Messages or timers remained although nothing happened any more."""


def run(plan: Plan, *, morning_after: bool) -> Results:
    """Carry out the plan; with `morning_after`, until the next day's summary for supervisors."""
    before = clock.in_use()
    # Not below pytest's own folder: PostgreSQL runs as another user, and paths of sockets are short.
    with (
        tempfile.TemporaryDirectory(prefix="steward-campaign-") as folder,
        postgresql(durable=True) as server,
    ):
        try:
            return _Campaign(plan, Path(folder), server).play(morning_after=morning_after)
        finally:
            clock.use(before)
            say("")


class _Campaign:
    def __init__(self, plan: Plan, folder: Path, server: Postgresql) -> None:
        self._plan = plan
        self._folder = folder
        self._server = server
        self._observations = Observations()
        self._pause = Pause()
        self._begun = self._last_hang = 0.0
        self._lines: list[Line] = []

    def play(self, *, morning_after: bool) -> Results:
        size = self._plan.size
        say(f"campaign, seed {self._plan.seed}: writing the starting data")
        # Written without waiting for the disk; `be_careful` makes it durable before the chaos phase.
        self._server.be_careless()
        url = migrated_postgresql(self._server, DATABASE)
        self._app = create_app(Settings.for_tests(url))
        self._clock = CampaignClock(self._folder / "clock", BEFORE)
        with machines(self._folder, url, self._clock.path, size.tick) as self._machines:
            wechat = self._machines.open_wechat()
            # They start while the data is written, at an hour at which nothing of it is due.
            self._machines.start()
            data = prepare(self._app, size, random.Random(self._plan.seed))
            introduce(data, wechat)
            self._server.be_careful()
            say(f"campaign, seed {self._plan.seed}: starting the machines")
            self._machines.wait()
            clock.use(FileClock(self._clock.path))
            self._monitor = HealthMonitor(self._machines, self._observations)
            phones = Phones(self._machines, self._observations)
            try:
                self._chaos(phones, data.applicants)
                phones.wait()
                self._monitor.end()
                self._settle()
                if morning_after:
                    self._morning()
                    self._settle()
                figures = self._monitor.figures()
                # The clock still runs: whatever falls due from here on must not be sent while it is counted.
                self._machines.stop_jobs()
            finally:
                self._monitor.end()
                self._clock.end()
            found = compare(self._app, data, self._received, phones, self._observations, figures)
        with self._app.app_context():
            db.engine.dispose()
        return Results([*self._killed(), *found.lines, *self._lines], found.faults)

    def _received(self) -> list[dict[str, Any]]:
        """Every message that arrived at WeChat's side."""
        messages: list[dict[str, Any]] = self._machines.controls.ask("GET", "messages")
        return messages

    def _chaos(self, phones: Phones, applicants: Sequence[Applicant]) -> None:
        self._clock.jump_to(START)
        self._clock.begin()
        self._monitor.begin()
        self._begun = monotonic()
        phones.begin(applicants, self._plan.size.chaos)
        for event in self._plan.events:
            self._wait_until(event.at)
            self._carry_out(event)
        self._wait_until(self._plan.size.chaos)
        self._end_chaos()

    def _wait_until(self, moment: float) -> None:
        while (seconds := self._begun + moment - monotonic()) > 0:
            self._machines.check()
            self._show(f"chaos {monotonic() - self._begun:.0f} of {self._plan.size.chaos:g} s")
            self._pause.wait(min(seconds, LOOK_SECONDS))

    def _carry_out(self, event: Event) -> None:
        self._observations.count(event.act)
        match event.act:
            case Act.CHANGE_FAULTS:
                self._change_faults(event.faults)
            case Act.KILL_JOBS | Act.KILL_WEB:
                self._machines.units[event.what].kill()
            case Act.KILL_WORKER:
                self._machines.units[event.what].kill_worker()
            case Act.STOP_DATABASE:
                self._server.stop(event.what)
                self._monitor.away(True)
            case Act.START_DATABASE:
                self._wait_until_noticed()
                self._monitor.away(False)
                self._server.start()
                self._wait_until_back(event.what)

    def _wait_until_noticed(self) -> None:
        """Wait until every web server has reported that PostgreSQL is away."""
        until = monotonic() + LAST_RESORT_SECONDS
        while (silent := self._monitor.silent()) and monotonic() < until:
            self._machines.check()
            self._pause.wait(0.05)
        for name in silent:
            self._observations.fault(f"/readyz of {name} never said that the database was away")

    def _wait_until_back(self, way: str) -> None:
        """Wait until the web servers are ready and every process is connected to PostgreSQL again."""
        begun = monotonic()
        ready = self._monitor.until_ready(LAST_RESORT_SECONDS)
        while (
            ready is not None and (missing := self._missing()) and monotonic() - begun < LAST_RESORT_SECONDS
        ):
            self._machines.check()
            self._pause.wait(0.05)
        if ready is None or missing:
            self._observations.fault(f"not back {LAST_RESORT_SECONDS:g} s after PostgreSQL was")
            return
        self._lines += [
            Line(f"ready after PostgreSQL was back ({way}, s)", round(ready, 1)),
            Line(f"all four at work after PostgreSQL was back ({way}, s)", round(monotonic() - begun, 1)),
        ]

    def _missing(self) -> set[str]:
        """Those of the processes that have no connection to the database."""
        there = self._ask(
            lambda: set(db.session.scalars(text("SELECT application_name FROM pg_stat_activity")))
        )
        return set(self._machines.units) - (there or set())

    def _change_faults(self, faults: Faults) -> None:
        """Begin the next phase of faults. Faults of earlier phases that hit no send yet stay."""
        controls = self._machines.controls
        to_come = self._to_come()
        controls.ask("DELETE", "faults")
        for fault in (*to_come, *faults):
            controls.ask("POST", "faults", dict(fault))

    def _end_chaos(self) -> None:
        """WeChat answers at once from now on, if only with errors: the clock is about to run faster."""
        controls = self._machines.controls
        to_come = self._to_come()
        controls.ask("DELETE", "faults")
        for fault in to_come:
            if fault["errcode"] is not None:
                controls.ask("POST", "faults", fault)
        # What was taken just now may hang for as long as the client waits.
        self._pause.wait(max(self._last_hang + HANG_SECONDS - monotonic(), 0))

    def _to_come(self) -> list[dict[str, Any]]:
        """The faults that are meant for a number of sends and still wait for some.

        Without those that say “busy”: each of them would keep a closed channel closed, long after its phase.
        """
        found: list[dict[str, Any]] = self._machines.controls.ask("GET", "faults")
        if any(fault["failure"] == Failure.TIMEOUT for fault in found):
            self._last_hang = monotonic()
        return [fault for fault in found if fault["times"] is not None and fault["errcode"] != BUSY]

    def _settle(self) -> None:
        """Let time pass until no work remains: faster, and by jumps where everything only waits."""
        self._clock.set_speed(CALM_SPEED)
        begun = changed = quiet_since = monotonic()
        before = (-1, -1)
        while (number := self._remaining()) != 0:
            self._machines.check()
            self._show("settling")
            now, seen = monotonic(), (number or 0, self._attempts() or 0)
            if seen != before:
                changed = quiet_since = now
                before = seen
            elif now - quiet_since > CALM_SECONDS + 2 * self._plan.size.tick:
                self._jump()
                quiet_since = monotonic()
            if now - changed > STUCK_SECONDS or now - begun > SETTLE_SECONDS:
                raise WorkRemainsError(f"{number} messages and timers after {now - begun:.0f} s")
            self._pause.wait(LOOK_SECONDS)
        self._clock.set_speed(1.0)

    def _jump(self) -> None:
        now = self._clock.now()
        found = self._ask(lambda: remaining_work.next_instant(now))
        if found is not None:
            self._observations.count("jumps of the clock")
            self._clock.jump_to(found + timedelta(seconds=1))

    def _morning(self) -> None:
        """The next working day at 08:05: supervisors are told once what did not arrive."""
        self._clock.jump_to(NEXT_MORNING)
        until = monotonic() + LAST_RESORT_SECONDS
        while (
            not (runs := self._ask(lambda: remaining_work.count_summaries(NEXT_MORNING.date())))
            or not runs[0]
        ):
            self._machines.check()
            self._show("the morning after")
            if monotonic() > until:
                self._observations.fault("supervisors were not told in the morning")
                return
            self._pause.wait(LOOK_SECONDS)
        # Both jobs processes have had their turn by then.
        self._pause.wait(60 + self._plan.size.tick)
        runs = self._ask(lambda: remaining_work.count_summaries(NEXT_MORNING.date()))
        if runs != (1, 1):
            self._observations.fault(f"the morning's summary: (runs, notices to the supervisor) are {runs}")
        self._lines.append(Line("morning summaries told", runs[0] if runs else 0))

    def _remaining(self) -> int | None:
        return self._ask(remaining_work.count)

    def _attempts(self) -> int | None:
        return self._ask(lambda: db.session.scalar(select(func.count()).select_from(DeliveryAttempt)) or 0)

    def _show(self, what: str) -> None:
        number = self._remaining()
        waits = "PostgreSQL is away" if number is None else f"{number:,} messages and timers to go"
        say(f"campaign, seed {self._plan.seed}: {what}, {self._kills()} kills, {waits}")

    def _ask(self, question: Callable[[], T]) -> T | None:
        """The database's answer, None while it is away."""
        try:
            with self._app.app_context(), atomic(read_only=True):
                return question()
        except SQLAlchemyError:
            return None

    def _kills(self) -> int:
        return sum(self._observations.counted(act) for act in (Act.KILL_JOBS, Act.KILL_WEB, Act.KILL_WORKER))

    def _killed(self) -> list[Line]:
        return [Line("seed", str(self._plan.seed))] + [
            Line(act.value, self._observations.counted(act)) for act in Act
        ]
