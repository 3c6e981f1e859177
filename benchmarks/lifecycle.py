"""Whole lifecycles over HTTP on PostgreSQL: is the product as fast when the database is ten times larger?

The shape is that of a published load test of another product: create, assign, resolve, search. The databases
are printed by `benchmarks.bulk`; both are served at the same time and asked in turns.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median

import psycopg
from sqlalchemy import func, select, update

from app.core.atomic import atomic
from app.core.db import db
from app.models import Customer, Staff
from app.services.installation import city
from app.services.people.sessions import Audience
from benchmarks import cpu, ground, table
from benchmarks.bulk import drafts, loading, walks
from benchmarks.bulk.drafts import PrintedDraft
from benchmarks.ground import Ground
from benchmarks.lifecycle_load import CALLS, Order, Outcome
from benchmarks.server import Loader, served
from benchmarks.table import Figure, Ratio, Table
from miniprogram_api.flask_app import StewardApp

ROOM = "benchmarks.lifecycle_load"
AIM_PER_SECOND = 100.0
AIM_RATIO = 0.9
PERCENTILES = (50, 95, 99)
SPIKE_CONNECTIONS = 64
# Lifecycles begun in a second, and for how many seconds; the published test went from 1 to 35.
SPIKE = ((1, 5), (35, 10), (70, 5))


@dataclass(frozen=True, slots=True)
class Size:
    """How large the databases are, the smallest first, and how much is asked of each in a round."""

    cases: Sequence[int] = (100_000, 1_000_000)
    lifecycles: int = 600
    warm_up: int = 60
    rounds: int = 5
    connections: int = 8
    spike: Sequence[tuple[int, int]] = SPIKE
    seed: int = 7
    courses: Sequence[walks.Walk] = walks.WALKS
    processes: int = loading.PROCESSES


@dataclass(frozen=True, slots=True)
class Asked:
    """A served database of so many cases, and those who ask."""

    cases: int
    postmaster: int
    """The process that PostgreSQL's others come from."""
    port: int
    supervisor: str
    managers: Mapping[str, str]
    drafts: Iterator[PrintedDraft]


def run(grounds: Ground, size: Size) -> list[Table]:
    """The loading, the lifecycles, the spike. Raises `RuntimeError` when one fails at the even load."""
    urls: dict[int, str] = {}
    loaded = []
    with grounds.careless_postgresql():
        for cases in size.cases:
            urls[cases] = grounds.database("postgresql")
            with ground.application(urls[cases]) as app:
                loaded.append(
                    loading.load(app, cases, size.seed, courses=size.courses, processes=size.processes)
                )
    return [
        Table(
            "loading fictional cases, postgresql",
            [
                figure
                for cases, one in zip(size.cases, loaded, strict=True)
                for figure in (
                    Figure(f"{cases:,} cases", one.seconds, "s"),
                    Figure(f"{cases:,} cases, all of their rows", sum(one.rows.values()), "rows"),
                )
            ],
            [],
        ),
        *measure(urls, size),
    ]


def measure(urls: Mapping[int, str], size: Size) -> list[Table]:
    """Ask databases that are loaded already; a table of the even load and one of the spike."""
    with ExitStack() as held:
        loader = Loader(ROOM)
        held.callback(loader.stop)
        asked = {f"{cases:,} cases": _asked(held, url, cases, size) for cases, url in sorted(urls.items())}
        for one in asked.values():
            _whole(loader, one, size.warm_up, size.connections)
        outcomes: dict[str, list[Outcome]] = {name: [] for name in asked}
        used: dict[str, tuple[float, ...]] = dict.fromkeys(asked, (0.0, 0.0))
        for number in range(1, size.rounds + 1):
            for name, one in asked.items():
                table.say(f"lifecycles: round {number} of {size.rounds}, {name}")
                before = _used(one, loader)
                outcomes[name].append(_whole(loader, one, size.lifecycles, size.connections))
                used[name] = tuple(
                    sum_ + now - then
                    for sum_, now, then in zip(used[name], _used(one, loader), before, strict=True)
                )
        table.say("lifecycles: the spike")
        spikes = {name: _spike(loader, one, size.spike) for name, one in asked.items()}
        table.say("")
    return [_even(outcomes, used, size), _spiked(spikes, size)]


def _asked(held: ExitStack, url: str, cases: int, size: Size) -> Asked:
    table.say(f"lifecycles: writing drafts beside {cases:,} cases")
    number = (
        size.warm_up + size.rounds * size.lifecycles + sum(rate * seconds for rate, seconds in size.spike)
    )
    with ground.application(url) as app:
        with app.app_context(), atomic(read_only=True):
            # Behind everybody who is there, those of an earlier run included.
            first = cases + (db.session.scalar(select(func.count()).select_from(Customer)) or 0)
        made = drafts.write(
            loading.psycopg_url(url),
            app.extensions["steward.signer"],
            size.seed,
            first,
            number,
            city.current().city.privacy.version,
        )
        supervisor, managers = _tokens(app)
    return Asked(cases, _postmaster(url), held.enter_context(served(url)), supervisor, managers, iter(made))


def _postmaster(url: str) -> int:
    with psycopg.connect(loading.psycopg_url(url)) as connection:
        return cpu.parent(connection.info.backend_pid)


def _tokens(app: StewardApp) -> tuple[str, dict[str, str]]:
    signer = app.extensions["steward.signer"]
    with app.app_context(), atomic():
        # Everybody follows the 服务号, so that every message has a channel and is written.
        db.session.execute(
            update(Staff).where(Staff.service_openid.is_(None)).values(service_openid="s_" + Staff.number)
        )
        people = db.session.scalars(select(Staff).order_by(Staff.number)).all()
        tokens = {person.number: signer.issue(Audience.STAFF, person.id).value for person in people}
        managers = {person.number: tokens[person.number] for person in people if person.is_manager}
        return next(tokens[person.number] for person in people if person.is_supervisor), managers


def _whole(loader: Loader, one: Asked, number: int, connections: int) -> Outcome:
    outcome = _carry_out(loader, one, number, connections, ())
    if outcome.failures:
        raise RuntimeError(f"{len(outcome.failures)} lifecycles failed: {outcome.failures[0]}")
    return outcome


def _spike(loader: Loader, one: Asked, spike: Sequence[tuple[int, int]]) -> Outcome:
    arrivals: list[float] = []
    begun = 0
    for rate, seconds in spike:
        arrivals += [begun + place / rate for place in range(rate * seconds)]
        begun += seconds
    return _carry_out(loader, one, len(arrivals), SPIKE_CONNECTIONS, arrivals)


def _carry_out(
    loader: Loader, one: Asked, number: int, connections: int, arrivals: Sequence[float]
) -> Outcome:
    taken = [next(one.drafts) for _ in range(number)]
    order = Order(
        one.port,
        [(draft.application_id, draft.token, draft.phone) for draft in taken],
        one.supervisor,
        dict(one.managers),
        connections,
        arrivals,
    )
    return Outcome(**loader.ask(asdict(order)))


def _used(one: Asked, loader: Loader) -> tuple[float, ...]:
    """Processor seconds so far: of the product's processes, of PostgreSQL's."""
    return cpu.seconds(os.getpid(), without=loader.pid), cpu.seconds(one.postmaster)


def _even(
    outcomes: Mapping[str, Sequence[Outcome]], used: Mapping[str, tuple[float, ...]], size: Size
) -> Table:
    figures = []
    rates = {
        name: [len(outcome.lifecycles) / outcome.seconds for outcome in rounds]
        for name, rounds in outcomes.items()
    }
    for name, rounds in outcomes.items():
        figures.append(Figure(f"{name}: whole lifecycles", median(rates[name]), "/s"))
        figures += _times(name, [time for outcome in rounds for time in outcome.lifecycles])
        for whose, spent in zip(("the product", "PostgreSQL"), used[name], strict=True):
            each = spent * 1000 / sum(len(outcome.lifecycles) for outcome in rounds)
            figures.append(Figure(f"{name}: processor time of {whose} for a lifecycle", each, "ms"))
        for call in CALLS:
            times = [time for outcome in rounds for time in outcome.calls[call]]
            figures.append(Figure(f"{name}: {call}, p50", percentile(times, 50), "ms"))
    largest = list(rates)[-1]
    ratios = [Ratio(f"{largest}: lifecycles per second", median(rates[largest]), AIM_PER_SECOND)]
    for smaller, larger in pairwise(rates):
        of_rounds = [b / a for a, b in zip(rates[smaller], rates[larger], strict=True)]
        ratios.append(Ratio(f"{larger} / {smaller}, median of the rounds", median(of_rounds), AIM_RATIO))
    return Table(
        f"lifecycles (five requests, three of them writing), {size.connections} at a time", figures, ratios
    )


def _spiked(spikes: Mapping[str, Outcome], size: Size) -> Table:
    figures = []
    for name, outcome in spikes.items():
        asked = len(outcome.lifecycles) + len(outcome.failures)
        figures.append(Figure(f"{name}: lifecycles asked", asked, ""))
        figures.append(
            Figure(f"{name}: of them failed (answers that were no success)", len(outcome.failures), "")
        )
        figures += _times(name, outcome.lifecycles)
    steps = ", ".join(f"{seconds} s at {rate}/s" for rate, seconds in size.spike)
    return Table(f"a spike of lifecycles: {steps}", figures, [])


def _times(name: str, times: Sequence[float]) -> list[Figure]:
    return [Figure(f"{name}: a lifecycle, p{share}", percentile(times, share), "ms") for share in PERCENTILES]


def percentile(times: Sequence[float], share: int) -> float:
    """The time that `share` percent of these do not exceed; 0 of none."""
    ordered = sorted(times)
    return ordered[min(len(ordered) * share // 100, len(ordered) - 1)] if ordered else 0.0
