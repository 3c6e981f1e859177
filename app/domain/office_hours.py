"""When the utility is open: its dated office hours and half-open days, read from the city's calendar.toml."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.config_error import ConfigError

Periods = tuple[tuple[time, time], ...]
"""Opening and closing of each period of one day, local time, in order."""

FIRST_DAY = date(2020, 1, 1)
"""The first day that the product counts (dates from 2020 on); office hours must be known from it."""

FILE = "calendar.toml"


def open_time(periods: Periods) -> timedelta:
    """How long the office is open on a day with these periods."""
    return sum((_since_midnight(closes) - _since_midnight(opens) for opens, closes in periods), timedelta())


def periods_of(pairs: Sequence[Sequence[str]]) -> Periods:
    """Periods from pairs of local times such as ("08:30", "12:00").

    Raises `ValueError` unless each is a pair of times, and they are in order, positive and apart.
    """
    periods = tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)
    _check(periods)
    return periods


def written(periods: Periods) -> list[list[str]]:
    """Periods as pairs of texts, as `periods_of` reads them."""
    return [[opens.isoformat("minutes"), closes.isoformat("minutes")] for opens, closes in periods]


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _check(periods: Periods) -> None:
    if not periods:
        raise ValueError("needs at least one period")
    last: time | None = None
    for opens, closes in periods:
        if opens.tzinfo or closes.tzinfo:
            raise ValueError("periods are local times, without an offset")
        period = f"the period {opens:%H:%M}-{closes:%H:%M}"
        if opens >= closes:
            raise ValueError(f"{period} does not end after it begins")
        if last is not None and opens < last:
            raise ValueError(f"{period} begins before the one before it has ended")
        last = closes


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The office hours of every working day from `valid_from` until the next dated hours.

    Raises `ValueError` unless the periods are in order, positive and apart.
    """

    valid_from: date
    periods: Periods

    def __post_init__(self) -> None:
        """Refuse periods that could not be walked in order."""
        _check(self.periods)


@dataclass(frozen=True, slots=True)
class HalfDay:
    """A day that the utility declares half open; it counts half a working day (docs/decisions/0002).

    Raises `ValueError` unless the periods are in order, positive and apart.
    """

    date: date
    periods: Periods

    def __post_init__(self) -> None:
        """Refuse periods that could not be walked in order."""
        _check(self.periods)


@dataclass(frozen=True, slots=True)
class CalendarData:
    """What a utility says of its own time (which days are holidays is the State Council's word)."""

    zone: ZoneInfo
    hours: tuple[OfficeHours, ...]
    half_days: tuple[HalfDay, ...]

    @property
    def tag(self) -> str:
        """A short name that changes whenever these hours do, for the calendar version that a case keeps."""
        told = repr((self.zone.key, self.hours, self.half_days))
        return f"hours-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def load_hours(path: Path) -> CalendarData:
    """Read the city's calendar file (`calendar.toml`, or the folder that holds it).

    :raises ConfigError: on the first fault, naming file, key and fault.
    """
    return _Reader(path / FILE if path.is_dir() else path).read()


class _Reader:
    """One reading of one file, so that every fault can name the file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def _fault(self, key: str, fault: str) -> ConfigError:
        return ConfigError(self._file, key, fault)

    def read(self) -> CalendarData:
        try:
            data = tomllib.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise self._fault("", "is missing") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise self._fault("", f"is not TOML: {error}") from error
        self._only(data, "", required={"time_zone", "office_hours"}, optional={"half_days"})
        hours: list[OfficeHours] = []
        for key, entry in self._tables(data, "office_hours"):
            self._only(entry, key, required={"valid_from", "periods"})
            valid_from = self._date(entry, key, "valid_from")
            if hours and valid_from <= hours[-1].valid_from:
                raise self._fault(f"{key}.valid_from", "must be later than the one before it")
            hours.append(OfficeHours(valid_from, self._periods(entry, key)))
        if not hours or hours[0].valid_from > FIRST_DAY:
            raise self._fault("office_hours[0].valid_from", f"must be {FIRST_DAY} or earlier")
        half_days: list[HalfDay] = []
        for key, entry in self._tables(data, "half_days"):
            self._only(entry, key, required={"date", "periods"})
            half_open = self._date(entry, key, "date")
            if any(half_open == known.date for known in half_days):
                raise self._fault(f"{key}.date", f"{half_open} is given twice")
            half_days.append(HalfDay(half_open, self._periods(entry, key)))
        return CalendarData(self._zone(data), tuple(hours), tuple(half_days))

    def _only(
        self, table: Mapping[str, Any], key: str, required: Set[str], optional: Set[str] = frozenset()
    ) -> None:
        for name in sorted(required - table.keys()):
            raise self._fault(f"{key}.{name}".lstrip("."), "is missing")
        for name in sorted(table.keys() - required - optional):
            raise self._fault(f"{key}.{name}".lstrip("."), "is not known here")

    def _tables(self, data: Mapping[str, Any], name: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        entries = data.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._fault(name, f"must be tables, each under [[{name}]]")
        return [(f"{name}[{number}]", entry) for number, entry in enumerate(entries)]

    def _date(self, entry: Mapping[str, Any], key: str, name: str) -> date:
        value = entry[name]
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self._fault(f"{key}.{name}", "must be a date such as 2026-06-01, without quotes")
        return value

    def _periods(self, entry: Mapping[str, Any], key: str) -> Periods:
        where = f"{key}.periods"
        shape = 'must be pairs of times such as ["08:30", "12:00"]'
        value = entry["periods"]
        if not isinstance(value, list):
            raise self._fault(where, shape)
        periods = []
        for number, pair in enumerate(value):
            try:
                opens, closes = (time.fromisoformat(text) for text in pair)
            except (TypeError, ValueError):
                raise self._fault(f"{where}[{number}]", shape) from None
            periods.append((opens, closes))
        try:
            _check(tuple(periods))
        except ValueError as error:
            raise self._fault(where, str(error)) from None
        return tuple(periods)

    def _zone(self, data: Mapping[str, Any]) -> ZoneInfo:
        try:
            return ZoneInfo(data["time_zone"])
        except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
            raise self._fault("time_zone", "must name a time zone, such as Asia/Shanghai") from None
