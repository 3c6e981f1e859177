"""What a city decides about visits: purposes, lengths, travel, holds and times, read from its visits.toml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from enum import StrEnum
from pathlib import Path

from app.domain.area import Point
from app.domain.slots.grid import PIECE
from app.domain.slots.openings import Need
from app.domain.toml_reader import Source, Table, check_unique

FILE = "visits.toml"
_PIECE_MINUTES = PIECE // timedelta(minutes=1)
_LONGEST_MINUTES = 8 * 60
_LATEST_REMINDER = timedelta(hours=6)


class Place(StrEnum):
    """Where a visit takes place."""

    SITE = "site"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a visit is for, how long it takes, and the travel that lies around it.

    `always`: needs no stage that asks for it, as a consultation with the manager does. `spans_breaks`: the
    work goes on through a break of the day, such as lunch. `joins`: the purposes with which it can share one
    trip; that one of two names the other is enough in the file.
    """

    key: str
    name: str
    place: Place
    minutes: int
    travel_before_minutes: int
    travel_after_minutes: int
    always: bool
    spans_breaks: bool
    joins: frozenset[str]
    cite: str

    @property
    def need(self) -> Need:
        """The same on the grid."""
        return Need(
            self.minutes // _PIECE_MINUTES,
            self.travel_before_minutes // _PIECE_MINUTES,
            self.travel_after_minutes // _PIECE_MINUTES,
            self.spans_breaks,
        )


@dataclass(frozen=True, slots=True)
class Office:
    """Where customers come to: address and position (GCJ-02)."""

    address: str
    position: Point


@dataclass(frozen=True, slots=True)
class VisitRules:
    """The numbers of a city. `most_per_day` bounds the visits of one person on one day.

    An offer of the wait-list lasts `offer`; when it ran out, its time is open to all for `offer_pause`; after
    `most_offers` that ran out a customer leaves the list. `cut_off` is how long before its start a customer
    may still move or cancel; `late_after` how long after its start a visit without visitor is late;
    `evening_at` is local time, on the day before. Of a visit that somebody checked into and nobody ended, the
    visitor is reminded `remind_unended` after its end; at `end_unended_at`, local time on the next day, it is
    ended.
    """

    hold: timedelta
    offer: timedelta
    offer_pause: timedelta
    most_offers: int
    notice: timedelta
    window: timedelta
    cut_off: timedelta
    late_after: timedelta
    evening_at: time
    shortly_before: timedelta
    remind_unended: timedelta
    end_unended_at: time
    near_metres: int
    most_per_day: int
    longest_absence: timedelta
    office: Office
    purposes: Mapping[str, Purpose]


def load_visit_rules(folder: Path) -> VisitRules:
    """Read the visits.toml of the city in `folder`.

    :raises ConfigError: with every fault of the file, each naming file, key and fault.
    """
    source = Source(folder / FILE)
    root = source.root
    rows = root.tables("purposes")
    purposes = [_read_purpose(row) for row in rows]
    check_unique(rows, [purpose.key for purpose in purposes])
    purposes = _with_joins(rows, purposes)
    rules = VisitRules(
        hold=_minutes(root, "hold"),
        offer=_minutes(root, "offer"),
        offer_pause=_minutes(root, "offer_pause", least=0),
        most_offers=_cited(root, "most_offers", "offers", least=1),
        notice=_minutes(root, "notice", least=0),
        window=timedelta(days=_cited(root, "window", "days", least=1)),
        cut_off=_minutes(root, "cut_off", least=0),
        late_after=_minutes(root, "late_after"),
        evening_at=_time(root, "evening"),
        shortly_before=_minutes(root, "shortly_before"),
        remind_unended=_remind_unended(root),
        end_unended_at=_time(root, "end_unended"),
        near_metres=_cited(root, "near", "metres", least=1),
        most_per_day=_cited(root, "most_per_day", "visits", least=1),
        longest_absence=timedelta(days=_cited(root, "longest_absence", "days", least=1)),
        office=_read_office(root),
        purposes={purpose.key: purpose for purpose in purposes},
    )
    _check_window(root, rules)
    source.finish()
    return rules


def _check_window(root: Table, rules: VisitRules) -> None:
    """What lies beyond the window could never be booked, changed or reminded of."""
    for key, value in (
        ("notice", rules.notice),
        ("cut_off", rules.cut_off),
        ("shortly_before", rules.shortly_before),
    ):
        if value >= rules.window:
            root.fault(key, f"must be less than the window of {rules.window.days} days")


def _read_purpose(row: Table) -> Purpose:
    travel = row.table("travel")
    return Purpose(
        key=row.text("key"),
        name=row.text("name"),
        place=row.choice("place", Place),
        minutes=_on_grid(row, "minutes", least=_PIECE_MINUTES),
        travel_before_minutes=_on_grid(travel, "before_minutes") if travel else 0,
        travel_after_minutes=_on_grid(travel, "after_minutes") if travel else 0,
        always=row.flag("always"),
        spans_breaks=row.flag("spans_breaks"),
        joins=frozenset(row.texts("joins", optional=True)),
        cite=row.cite(),
    )


def _with_joins(rows: Sequence[Table], purposes: Sequence[Purpose]) -> list[Purpose]:
    """Lets each purpose join those that name it, too. What is not at the same place is a fault."""
    by_key = {purpose.key: purpose for purpose in purposes}
    for row, purpose in zip(rows, purposes, strict=True):
        for key in sorted(purpose.joins):
            if key not in by_key:
                row.fault("joins", f"{key!r} is no purpose of this file")
            elif by_key[key].place is not purpose.place:
                row.fault("joins", f"{key!r} takes place elsewhere")
    return [
        replace(
            purpose,
            joins=purpose.joins | {other.key for other in purposes if purpose.key in other.joins},
        )
        for purpose in purposes
    ]


def _on_grid(table: Table, key: str, *, least: int = 0) -> int:
    minutes = table.whole(key)
    if minutes is None:
        return least
    if minutes % _PIECE_MINUTES or not least <= minutes <= _LONGEST_MINUTES:
        table.fault(
            key, f"must be a multiple of {_PIECE_MINUTES} minutes, from {least} to {_LONGEST_MINUTES}"
        )
        return least
    return minutes


def _cited(root: Table, key: str, unit: str, *, least: int) -> int:
    """A number with its citation: `{minutes = 5, cite = "…"}`."""
    table = root.table(key)
    if table is None:
        return least
    table.cite()
    value = table.whole(unit)
    if value is not None and value < least:
        table.fault(unit, f"must be {least} or more")
    return max(value or 0, least)


def _minutes(root: Table, key: str, *, least: int = 1) -> timedelta:
    return timedelta(minutes=_cited(root, key, "minutes", least=least))


def _remind_unended(root: Table) -> timedelta:
    """Before midnight of any day on which a visit ends in office hours, so that there is time to answer."""
    after = _minutes(root, "remind_unended")
    if after > _LATEST_REMINDER:
        root.fault("remind_unended", f"must be {_LATEST_REMINDER // timedelta(minutes=1)} minutes or less")
    return after


def _time(root: Table, key: str) -> time:
    table = root.table(key)
    if table is None:
        return time()
    table.cite()
    try:
        return time.fromisoformat(table.text("at"))
    except ValueError:
        table.fault("at", 'must be a local time such as "18:00"')
        return time()


def _read_office(root: Table) -> Office:
    table = root.table("office")
    if table is None:
        return Office("", Point(0, 0))
    table.cite()
    return Office(
        table.text("address"),
        Point(
            float(table.number("latitude_gcj02", optional=False) or 0),
            float(table.number("longitude_gcj02", optional=False) or 0),
        ),
    )
