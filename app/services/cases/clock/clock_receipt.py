"""The clock receipt (计时清单): every promised figure day by day, with its stops and their evidence.

Figures and days come from the same log and the same working-time line, so that the days add up to what the
progress page shows. Shares are exact fractions ("1/4") beside the rounded values.
"""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from app.core import clock
from app.core.db import db
from app.domain import budget, clock_receipt
from app.domain.clock_receipt import DayShare, Receipt, StopEntry
from app.domain.errors import NotFoundError
from app.domain.programs import engine, figures
from app.domain.programs.definition import StageKind
from app.domain.workdays import Day, DayKind
from app.domain.worktime import Stretch, WorkingTime, rounded
from app.models import Case
from app.services.cases.clock import stops
from app.services.cases.clock.stops import StopLine
from app.services.cases.views import snapshot_query
from app.services.cases.views.formatting import days, local
from app.services.cases.views.snapshot_query import CaseRecord
from app.services.installation import city
from app.services.papers.render_pdf import render

Answer = dict[str, Any]

TEMPLATE = "papers/receipt.typ"
_KIND_NAMES = {
    DayKind.WORKDAY: "工作日",
    DayKind.WEEKEND: "周末",
    DayKind.HOLIDAY: "节假日",
    DayKind.MAKE_UP_WORKDAY: "调休上班",
}
_WEEKDAYS = "一二三四五六日"
_HALF = Fraction(1, 2)


def receipt_of_case(case: Case) -> Answer:
    """Returns the receipt as JSON values: full process, headline, and each stage that was entered.

    A closed case keeps its figures and their calendar version. If the calendar has changed since, the
    days use the calendar in force, and `snapshot` holds the kept figures. Raises `NotFoundError`.
    """
    found = snapshot_query.record_of_case(case.id)
    if found is None:
        raise NotFoundError
    now = found.counted_until(clock.now())
    line = city.working_time()
    lines = stops.stops_of_case(case)
    writer = _Writer(line, lines, now)
    return {
        "number": found.head.number,
        "program": {"key": found.program.key, "name": found.program.name},
        "project_name": found.head.project_name,
        "state": found.head.state,
        "as_of": local(line, now),
        "calendar_version": line.version,
        "snapshot": _snapshot(case, line),
        "full_process": _whole(found, writer),
        "headline": _headline(found, writer),
        "stages": [
            _stage(found, stage.key, writer)
            for stage in found.program.stages
            if stage.kind is not StageKind.AFTER_WORK and any(log.key == stage.key for log in found.stages)
        ],
        "stops": [_stop(line, stop) for stop in lines],
    }


def pdf(case: Case) -> bytes:
    """Returns the receipt as a PDF. A closed case gives the same bytes each time. Raises `PaperError`."""
    return render(
        city.current().folder / TEMPLATE, {"city": city.current().city.name, **receipt_of_case(case)}
    )


class _Writer:
    """Writes stretches of time as JSON values, on one line, with the stops of one case."""

    def __init__(self, line: WorkingTime, lines: Sequence[StopLine], now: datetime) -> None:
        self.line = line
        self.now = now
        self._known = {stop.id: stop for stop in lines}
        self._entries = [
            StopEntry(stop.id, stop.started_at, stop.ended_at or now)
            for stop in lines
            if stop.struck_at is None
        ]

    def write(self, stretches: Sequence[Stretch], *, with_stops: bool) -> Answer:
        """The receipt of some stretches. `with_stops`: stops of the case count."""
        found = clock_receipt.write_out(self.line, stretches, self._entries if with_stops else ())
        return {
            "stretches": [
                {"start": local(self.line, start), "end": local(self.line, end)}
                for start, end in found.stretches
            ],
            **_sums(found),
            "days": [self._day(day) for day in found.days],
        }

    def _day(self, share: DayShare) -> Answer:
        day = share.day
        return {
            "date": day.date.isoformat(),
            "weekday": f"星期{_WEEKDAYS[day.date.weekday()]}",
            "kind": "half day" if day.weight == _HALF else day.kind.value,
            "kind_name": "半日办公" if day.weight == _HALF else _KIND_NAMES[day.kind],
            "why": _why(day),
            "provisional": day.provisional,
            "office_hours": [
                f"{start.astimezone(self.line.zone):%H:%M}-{end.astimezone(self.line.zone):%H:%M}"
                for start, end in share.office
            ],
            "office_minutes": _shown(share.office_minutes),
            "counted_minutes": _shown(share.counted_minutes),
            "share": clock_receipt.shown(share.used),
            "share_exact": str(share.used),
            "stopped": clock_receipt.shown(share.stopped),
            "stopped_exact": str(share.stopped),
            "stops": [
                {
                    "stop_id": part.stop_id,
                    "reason": self._known[part.stop_id].reason,
                    "party": self._known[part.stop_id].party,
                    "party_name": self._known[part.stop_id].party_name,
                    "evidence": self._known[part.stop_id].evidence,
                    "start": local(self.line, part.start),
                    "end": local(self.line, part.end),
                    "stopped": clock_receipt.shown(part.stopped),
                }
                for part in share.stops
            ],
        }


def _whole(found: CaseRecord, writer: _Writer) -> Answer | None:
    stretch = figures.process_stretch(found.program.full_process, found.stages, writer.now)
    if stretch is None:
        return None
    total = found.program.total
    written = writer.write([stretch], with_stops=True)
    left = None if total.max is None else total.max - Fraction(written["used_exact"])
    return {
        "promised_min": days(total.min),
        "promised_max": days(total.max),
        "left": days(left),
        "receipt": written,
    }


def _headline(found: CaseRecord, writer: _Writer) -> Answer | None:
    promise = found.program.headline
    if promise is None:
        return None
    entries = figures.headline_entries(promise, found.stages, found.tasks_done)
    written = writer.write(
        [Stretch(entry.start, entry.end or writer.now) for entry in entries], with_stops=True
    )
    warned = budget.headline_budget(
        writer.line,
        found.program,
        found.stages,
        found.tasks_done,
        writer.line.covered(found.stretches(writer.now)),
        writer.now,
        stopped=found.open_stop is not None,
    )
    return {
        "name": promise.name,
        "links": promise.links,
        "promised_max": days(promise.working_days),
        "left": days(promise.working_days - Fraction(written["used_exact"])),
        "warn_at": local(writer.line, warned.warn_at if warned else None),
        "receipt": written,
    }


def _stage(found: CaseRecord, key: str, writer: _Writer) -> Answer:
    stage = found.program.stage(key)
    return {
        "key": key,
        "name": stage.name,
        "promised_min": days(stage.limit.min),
        "promised_max": days(stage.limit.max),
        "receipt": writer.write(
            figures.stage_stretches(key, found.stages, writer.now), with_stops=engine.counts_stops(stage)
        ),
    }


def _snapshot(case: Case, line: WorkingTime) -> Answer | None:
    kept = db.session.get_one(Case, case.id).figures
    if kept is None:
        return None
    return {
        "calendar_version": case.calendar_version,
        "same_calendar": case.calendar_version == line.version,
        "full_process_used": kept["full_process"]["used"],
        "headline_used": kept["headline"]["used"] if kept["headline"] else None,
    }


def _stop(line: WorkingTime, stop: StopLine) -> Answer:
    return {
        "id": stop.id,
        "reason": stop.reason,
        "party": stop.party,
        "party_name": stop.party_name,
        "evidence": stop.evidence,
        "start": local(line, stop.started_at),
        "end": local(line, stop.ended_at),
        "struck_at": local(line, stop.struck_at),
    }


def _sums(found: Receipt) -> Answer:
    return {
        "used": days(found.used),
        "used_exact": str(found.used),
        "stopped": days(found.stopped),
        "stopped_exact": str(found.stopped),
        "length": days(found.length),
        "length_exact": str(found.length),
    }


def _why(day: Day) -> str:
    """Why a day counts as it does, in a customer's words; "" for an ordinary working day."""
    if day.weight == _HALF:
        return "水务公司公布的半日办公日，按半个工作日计"
    if day.kind is DayKind.WEEKEND:
        return "周末休息，不计时"
    if day.kind is DayKind.HOLIDAY:
        source = "国务院尚未公布当年安排，暂按推算" if day.provisional else "国务院公布的节假日"
        return f"{day.name}（{source}），不计时"
    return day.name


def _shown(number: Fraction) -> str:
    return str(rounded(number))
