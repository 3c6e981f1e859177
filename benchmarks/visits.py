"""Openings of a full calendar over HTTP; bookings under contention against a design that locks people's rows.

Full means: 40 people, 14 days, 5,000 visits of a quarter of an hour each in the first five hours of the
days, so that openings of an hour are left in the afternoon. Joint: one of each of four departments has to be
free.
"""

import http.client
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, cycle, islice
from random import Random
from statistics import median
from time import perf_counter
from uuid import uuid4

import orjson
from sqlalchemy import delete, insert, select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.core.ids import new_id
from app.domain.slots import grid
from app.domain.slots.patterns import Pattern
from app.models import (
    Case,
    Visit,
    VisitAttendee,
    VisitDayPlace,
    VisitDue,
    VisitPiece,
    VisitState,
)
from app.services.applications import drafts
from app.services.cases.submit import submit
from app.services.history.timeline import by_customer
from app.services.installation import city
from app.services.people import personnel
from app.services.people.personnel import NewStaff
from app.services.scheduling import absences, working_hours
from benchmarks import cpu, ground, row_locks, table
from benchmarks.ground import Draft, Ground
from benchmarks.load import Order, post
from benchmarks.served import ROW_LOCKS, TRIVIAL
from benchmarks.server import Loader, served
from benchmarks.table import Figure, Ratio, Table
from miniprogram_api.flask_app import StewardApp

DEPARTMENTS = ("customer_development", *row_locks.DEPARTMENTS)

AGAINST_ROW_LOCKS = 1.3
CONNECTIONS = 8
_MORNING_PIECES = 20
_MOST_PER_DAY = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: people of each department, visits booked, and so on."""

    each: int = 10
    booked: int = 5000
    questions: int = 100
    bookings: int = 64
    processes: int = CONNECTIONS
    rounds: int = 5
    databases: Sequence[str] = ground.DATABASES


@dataclass(frozen=True, slots=True)
class Asker:
    """A case, and a live token of the customer it belongs to."""

    case_id: str
    token: str


def run(grounds: Ground, size: Size) -> list[Table]:
    """Openings on each database, then bookings on each."""
    return [
        *(_openings(grounds.database(kind), kind, size) for kind in size.databases),
        *(_bookings(grounds.database(kind), kind, size) for kind in size.databases),
    ]


def _openings(url: str, kind: str, size: Size) -> Table:
    table.say(f"openings on {kind}: filling the calendar")
    with ground.application(url) as app:
        people = _enrol(app, size.each)
        askers = _cases(app, 4, people[DEPARTMENTS[0]])
        _fill(app, [staff_id for ids in people.values() for staff_id in ids], size.booked)
    paths = cycle(
        (f"/api/v1/customer/cases/{one.case_id}/openings/{row_locks.PURPOSE}", one.token) for one in askers
    )
    # Closed before the server is told to stop: it would wait for a connection that is open.
    with served(url) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        found = _ask(connection, *next(paths))[1]
        if not found["items"]:
            raise RuntimeError("nothing is open: the calendar is too full to tell anything")

        def milliseconds(path: Callable[[], tuple[str, str]]) -> Callable[[], float]:
            return lambda: median(_ask(connection, *path())[0] for _ in range(size.questions))

        contestants = {
            "trivial": milliseconds(lambda: (TRIVIAL, "")),
            "openings": milliseconds(lambda: next(paths)),
        }
        rounds = table.in_turns(f"openings on {kind}", contestants, size.rounds)
    return Table(
        f"joint openings of 14 days, {len(DEPARTMENTS) * size.each} people, {size.booked} visits, {kind}",
        [
            Figure("openings found", len(found["items"]), ""),
            Figure("openings, median of the questions", table.middle(rounds, "openings"), "ms"),
            Figure("trivial JSON route, median", table.middle(rounds, "trivial"), "ms"),
        ],
        [Ratio("openings / trivial route (times as long)", table.ratio(rounds, "openings", "trivial"), None)],
    )


def _bookings(url: str, kind: str, size: Size) -> Table:
    table.say(f"bookings on {kind}: opening cases")
    with ground.application(url) as app:
        people = _enrol(app, 8)
        askers = _cases(app, size.bookings, people[DEPARTMENTS[0]])
        with app.app_context(), atomic(read_only=True):
            starts = _starts()
    loader = Loader()
    failures: list[int] = []
    spent: dict[str, list[float]] = {"unique": [], "locked": []}
    turns = count()
    with served(url, size.processes) as port:

        def rate(name: str, request: Callable[[Asker, int], str]) -> Callable[[], float]:
            def measure() -> float:
                _clear(url)
                # Eight at a time want the same hour, for which there are eight people of each kind.
                first = next(turns) % len(starts)
                wanted = [starts[(first + place // 8) % len(starts)] for place in range(len(askers))]
                requests = [request(asker, piece) for asker, piece in zip(askers, wanted, strict=True)]
                before = cpu.seconds(os.getpid(), without=loader.pid)
                outcome = loader.carry_out(Order(port, requests, CONNECTIONS, 0, 0, once=True))
                used = cpu.seconds(os.getpid(), without=loader.pid) - before
                spent[name].append(used * 1000 / len(requests))
                failures.append(outcome.failures)
                return outcome.per_second

            return measure

        contestants = {"unique": rate("unique", _hold), "locked": rate("locked", _hold_with_locks)}
        for warm_up in contestants.values():
            warm_up()
        failures.clear()
        rounds = table.in_turns(f"bookings on {kind}", contestants, size.rounds)
    loader.stop()
    return Table(
        f"joint bookings over HTTP, {size.processes} processes at a time for the same hours, {kind}",
        [
            Figure("people's pieces under a unique key, as it ships", table.middle(rounds, "unique"), "/s"),
            Figure("people's rows locked before looking", table.middle(rounds, "locked"), "/s"),
            Figure("processor time of the product for one, as it ships", median(spent["unique"]), "ms"),
            Figure("processor time of the product for one, with row locks", median(spent["locked"]), "ms"),
            Figure("answers that were no success, of either", sum(failures), ""),
        ],
        [
            Ratio(
                "unique key / row locks",
                table.ratio(rounds, "unique", "locked"),
                AGAINST_ROW_LOCKS if kind == "postgresql" else None,
            )
        ],
    )


def _hold(asker: Asker, piece: int) -> str:
    return _holding(f"/api/v1/customer/cases/{asker.case_id}/visits", asker, piece)


def _hold_with_locks(asker: Asker, piece: int) -> str:
    return _holding(f"{ROW_LOCKS}{asker.case_id}", asker, piece)


def _holding(path: str, asker: Asker, piece: int) -> str:
    starts_at = grid.instant_of(piece).astimezone(city.zone()).isoformat()
    body = orjson.dumps({"purpose": row_locks.PURPOSE, "starts_at": starts_at}).decode()
    return post(path, asker.token, uuid4().hex, body)


def _ask(
    connection: http.client.HTTPConnection, path: str, token: str
) -> tuple[float, dict[str, list[object]]]:
    """How many milliseconds an answer took, and the answer."""
    begun = perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = connection.getresponse()
    body = answer.read()
    took = (perf_counter() - begun) * 1000
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}: {body!r}")
    return took, orjson.loads(body)


def _enrol(app: StewardApp, each: int) -> dict[str, list[str]]:
    """So many people of each department, who may have more visits a day than the city has it."""
    found: dict[str, list[str]] = {}
    with app.app_context(), atomic():
        for place, department in enumerate(DEPARTMENTS):
            found[department] = []
            for number in range(each):
                phone = f"137{place:04d}{number:04d}"
                manager = department == DEPARTMENTS[0]
                wanted = NewStaff(
                    f"B{place}{number:03d}", f"{number}", department, phone, "", manager, False, ()
                )
                member = personnel.add(wanted)
                week = {
                    day: city.current().office.hours[0].periods for day in ("mon", "tue", "wed", "thu", "fri")
                }
                absences.enter_pattern(member.id, Pattern(date(2020, 1, 1), week, _MOST_PER_DAY))
                found[department].append(member.id)
    return found


def _cases(app: StewardApp, number: int, managers: Sequence[str]) -> list[Asker]:
    """So many cases, shared out among the managers."""
    found = []
    for draft, manager in zip(ground.drafts_to_submit(app, number), cycle(managers), strict=False):
        with app.app_context(), atomic():
            case_id = _submitted(draft)
            db.session.get_one(Case, case_id).manager_id = manager
        found.append(Asker(case_id, draft.token))
    return found


def _submitted(draft: Draft) -> str:
    application = drafts.draft_of_customer(draft.customer_id, draft.application_id)
    return submit(application, by_customer(draft.customer_id), confirmed=True).id


def _starts() -> list[int]:
    """The pieces at which eight visits of an hour with their travel fit into the days to come."""
    line = city.working_time()
    today = working_hours.local_day(clock.now())
    pieces = []
    for day in (today + timedelta(days=number) for number in range(1, 14)):
        for opens, closes in line.open_periods(day):
            length = (closes - opens) // grid.PIECE
            pieces += [grid.piece_of(opens) + offset for offset in range(1, length - 5, 6)]
    return pieces


def _fill(app: StewardApp, people: Sequence[str], number: int) -> None:
    """Visits of one piece each, on working days of the window, the same number for everybody."""
    with app.app_context(), atomic():
        case_id = db.session.scalars(select(Case.id).limit(1)).one()
        line = city.working_time()
        today = working_hours.local_day(clock.now())
        days = [
            (day, grid.piece_of(opening))
            for day in (today + timedelta(days=offset) for offset in range(1, 15))
            if (opening := line.opening_of(day)) is not None
        ]
        random = Random(1)
        quarters = [
            (staff_id, day, opening + offset)
            for offset in random.sample(range(_MORNING_PIECES), _MORNING_PIECES)
            for day, opening in days
            for staff_id in people
        ]
        rows = [(new_id(), *quarter) for quarter in islice(quarters, number)]
        if len(rows) < number:
            raise RuntimeError(f"{number} visits do not fit into {len(quarters)} quarters of an hour")
        connection = db.session.connection()
        connection.execute(
            insert(Visit), [_visit(case_id, visit_id, piece) for visit_id, _, _, piece in rows]
        )
        connection.execute(
            insert(VisitAttendee),
            [
                {"visit_id": visit_id, "staff_id": staff_id, "role": "manager", "lead": True}
                for visit_id, staff_id, _, _ in rows
            ],
        )
        connection.execute(
            insert(VisitPiece),
            [
                {"staff_id": staff_id, "piece": piece, "visit_id": visit_id}
                for visit_id, staff_id, _, piece in rows
            ],
        )
        connection.execute(
            insert(VisitDayPlace),
            [
                {"staff_id": staff_id, "day": day.toordinal(), "place": piece % 96, "visit_id": visit_id}
                for visit_id, staff_id, day, piece in rows
            ],
        )


def _visit(case_id: str, visit_id: str, piece: int) -> dict[str, object]:
    return {
        "id": visit_id,
        "case_id": case_id,
        # Of a purpose for each, since a case has one live booking of a purpose.
        "purpose": visit_id,
        "state": VisitState.CONFIRMED.value,
        "starts_at": grid.instant_of(piece),
        "ends_at": grid.instant_of(piece + 1),
        "chain_id": visit_id,
        "booked_by": "staff",
        "created_at": clock.now(),
    }


def _clear(url: str) -> None:
    """Take every visit away, so that each contestant finds the same hours free."""
    with ground.application(url) as app, app.app_context(), atomic():
        for noun in (VisitPiece, VisitDayPlace, VisitAttendee, VisitDue, Visit):
            db.session.execute(delete(noun))
