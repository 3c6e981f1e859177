"""What a campaign is made of, and when what happens: all of it drawn from one seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

SUBSCRIBE = "cgi-bin/message/subscribe/send"
TEMPLATE = "cgi-bin/message/template/send"
PATHS = (SUBSCRIBE, TEMPLATE)

LATENCY_MS = 50
SLOW_MS = 2000
BUSY, QUOTA, TOKEN, REFUSED = -1, 45009, 40001, 43101

Faults = Sequence[Mapping[str, object]]
"""Documents as the simulator's control interface takes them, the first to be met first."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much, and for how long (seconds of the chaos phase, in real time).

    `kills` is how often one process of each sort is killed; `faults` how many sends each phase of bad weather
    spoils.
    """

    messages: int
    timers: int
    cases: int
    customers: int
    chaos: float
    kills: int
    faults: int
    database_away: float
    tick: float


SMALL = Size(
    messages=200, timers=200, cases=8, customers=12, chaos=8, kills=1, faults=3, database_away=1, tick=0.2
)
FULL = Size(
    messages=20_000,
    timers=20_000,
    cases=100,
    customers=300,
    chaos=240,
    kills=4,
    faults=60,
    database_away=8,
    tick=1,
)


class Act(StrEnum):
    """What is done to the processes."""

    KILL_JOBS = "kill -9 a jobs process"
    KILL_WEB = "kill -9 a web server"
    KILL_WORKER = "kill -9 a web worker"
    STOP_DATABASE = "stop PostgreSQL"
    START_DATABASE = "start PostgreSQL"
    CHANGE_FAULTS = "change WeChat's faults"


@dataclass(frozen=True, slots=True)
class Event:
    """One act `at` seconds after the start of the chaos phase.

    `what` is the process, the way of stopping PostgreSQL, or the phase of faults.
    """

    at: float
    act: Act
    what: str
    faults: Faults = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A size, and everything that happens, in its order."""

    seed: int
    size: Size
    events: Sequence[Event]


def draw(size: Size, seed: int) -> Plan:
    """The plan of this seed: a phase of every kind of fault, kills, and PostgreSQL away in the middle.

    No web server is killed while PostgreSQL is away, so that what each says of it can be listened to; a jobs
    process may be, and then has to start without a database.
    """
    chance = random.Random(seed)
    events = [*_fault_phases(size, chance), *(away := _outages(size, chance)), *_kills(size, chance, away)]
    return Plan(seed, size, sorted(events, key=lambda event: event.at))


def _outages(size: Size, chance: random.Random) -> list[Event]:
    """PostgreSQL stopped and started again; a full campaign has an outage of each kind."""
    ways = ["fast", "immediate"]
    chance.shuffle(ways)
    moments = [0.5] if size.kills == 1 else [0.35, 0.65]
    events = []
    for share, way in zip(moments, ways, strict=False):
        at = size.chaos * (share + chance.uniform(-0.05, 0.05))
        events += [
            Event(at, Act.STOP_DATABASE, way),
            Event(at + size.database_away, Act.START_DATABASE, way),
        ]
    return events


def _kills(size: Size, chance: random.Random, away: Sequence[Event]) -> list[Event]:
    events = []
    for act, names in (
        (Act.KILL_JOBS, ("jobs-1", "jobs-2")),
        (Act.KILL_WEB, ("web-1", "web-2")),
        (Act.KILL_WORKER, ("web-1", "web-2")),
    ):
        for number in range(size.kills):
            # Each in its own part of the time, so that they are spread.
            at = size.chaos * (0.1 + 0.8 * (number + chance.random()) / size.kills)
            events.append(
                Event(
                    _clear_of(at, away, size) if act is not Act.KILL_JOBS else at, act, chance.choice(names)
                )
            )
    return events


def _clear_of(at: float, away: Sequence[Event], size: Size) -> float:
    """`at`, or a moment before, while a web server has time to be up again when PostgreSQL goes."""
    margin = size.chaos / 12
    for stop, start in zip(away[::2], away[1::2], strict=True):
        if stop.at - margin < at < start.at + margin:
            return max(stop.at - margin, 0.0)
    return at


def _fault_phases(size: Size, chance: random.Random) -> list[Event]:
    """Every kind of fault once (twice in a full campaign), in any order; the used-up quota comes last."""
    phases = list(_phases(size.faults).items())
    rounds = 1 if size.kills == 1 else 2
    order = [phase for _ in range(rounds) for phase in chance.sample(phases, len(phases))]
    events = [Event(0.0, Act.CHANGE_FAULTS, "fair", _latency(LATENCY_MS))]
    length = size.chaos * 0.85 / len(order)
    for number, (name, faults) in enumerate(order):
        at = size.chaos * 0.05 + length * (number + chance.uniform(0.0, 0.2))
        events.append(Event(at, Act.CHANGE_FAULTS, name, faults))
    quota = [_fault(SUBSCRIBE, errcode=QUOTA), *_latency(LATENCY_MS)]
    return [*events, Event(size.chaos * 0.92, Act.CHANGE_FAULTS, f"quota used up ({QUOTA})", quota)]


def _phases(times: int) -> Mapping[str, Faults]:
    """The faults of each phase by its name; besides, WeChat takes 50 ms, or 2 s."""
    after = _latency(LATENCY_MS)
    some = {"times": times}
    return {
        f"busy ({BUSY})": [*_both(errcode=BUSY, **some), *after],
        # Nothing else is answered: the channels close.
        f"outage ({BUSY})": _both(errcode=BUSY, times=None),
        f"token refused ({TOKEN})": [*_both(errcode=TOKEN, **some), *after],
        f"customer refuses ({REFUSED})": [_fault(SUBSCRIBE, errcode=REFUSED, **some), *after],
        "hangs": [*_both(failure="timeout", **some), *after],
        "hangs after delivery": [*_both(failure="timeout", after_delivery=True, **some), *after],
        "resets": [*_both(failure="reset", **some), *after],
        "resets after delivery": [*_both(failure="reset", after_delivery=True, **some), *after],
        "slow (2 s)": _latency(SLOW_MS),
        "fair (50 ms)": after,
    }


def _latency(milliseconds: int) -> Faults:
    return _both(latency_ms=milliseconds, times=None)


def _both(**fault: object) -> list[Mapping[str, object]]:
    return [_fault(path, **fault) for path in PATHS]


def _fault(path: str, **fault: object) -> Mapping[str, object]:
    return {"path": path, **fault}
