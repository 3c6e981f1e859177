"""The clock statement as a calendar: each day with the hours that counted and that stood still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

DAYS_OF_A_WEEK = 7
_WHOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a day's office hours, in percent of them from the left: `counted` or `stopped`."""

    kind: str
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class DayPicture:
    """A day as it is drawn.

    `kind` is `counted` (all of it), `part`, `stopped`, `rest` or `outside` (nothing of it was counted or
    stopped, though people worked); `label` says so in Chinese. `share` and `stopped` are working days, "" for
    none. `badge` marks a make-up workday and a day off; `note` is everything in one sentence.
    """

    date: date
    kind: str
    label: str
    badge: str
    share: str
    stopped: str
    segments: Sequence[Segment]
    note: str

    @property
    def name(self) -> str:
        """The day of the month; with its month where one begins."""
        return self.month_name if self.date.day == 1 else str(self.date.day)

    @property
    def month_name(self) -> str:
        """Month and day."""
        return f"{self.date.month}月{self.date.day}"


_LABELS = {
    "counted": "全天计时",
    "part": "部分计时",
    "stopped": "停钟",
    "rest": "不计时",
    "outside": "未计时",
}


def draw(statement: Mapping[str, Any]) -> list[DayPicture]:
    """Every day of one figure of a clock statement, in order."""
    stretches = [_span(stretch) for stretch in statement["stretches"]]
    return [_draw(day, stretches) for day in statement["days"]]


def blanks_before(days: Sequence[DayPicture]) -> int:
    """How many cells of the first week, from Monday, come before the first day."""
    return days[0].date.weekday() if days else 0


def _draw(day: Mapping[str, Any], stretches: Sequence[tuple[datetime, datetime]]) -> DayPicture:
    counted, stopped = Fraction(day["share_exact"]), Fraction(day["stopped_exact"])
    rests = not day["office_hours"]
    if rests:
        kind = "rest"
    elif counted:
        kind = "counted" if counted == _WHOLE else "part"
    else:
        kind = "stopped" if stopped else "outside"
    why = day["why"].partition("（")[0].partition("，")[0]
    return DayPicture(
        date=date.fromisoformat(day["date"]),
        kind=kind,
        label=why.removesuffix("休息") or "休" if rests else _LABELS[kind],
        badge="班" if day["kind"] == "make-up workday" else "休" if rests else "",
        share=_short(counted),
        stopped=_short(stopped),
        segments=[] if rests else _segments(day, stretches),
        note=_note(day, counted, stopped),
    )


def _segments(day: Mapping[str, Any], stretches: Sequence[tuple[datetime, datetime]]) -> list[Segment]:
    """The stretches of the day in the order of its hours, cut where a stop begins or ends."""
    stops = [_span(stop) for stop in day["stops"]]
    hours = _office_hours(day, stretches[0][0])
    edges = sorted(
        {_place(hours, at) for span in (*stretches, *stops) for at in span} | {Fraction(0), _WHOLE}
    )
    found = []
    for left, right in pairwise(edges):
        middle = (left + right) / 2
        if _within(stops, hours, middle):
            kind = "stopped"
        elif _within(stretches, hours, middle):
            kind = "counted"
        else:
            continue
        found.append(Segment(kind, _percent(left), _percent(right - left)))
    return found


def _within(
    spans: Sequence[tuple[datetime, datetime]], hours: Sequence[tuple[datetime, datetime]], place: Fraction
) -> bool:
    return any(_place(hours, start) <= place < _place(hours, end) for start, end in spans)


def _place(hours: Sequence[tuple[datetime, datetime]], at: datetime) -> Fraction:
    """The share of the day's office hours that has gone by at an instant."""
    whole = sum((end - start).total_seconds() for start, end in hours)
    gone = sum((min(max(at, start), end) - start).total_seconds() for start, end in hours)
    return Fraction(int(gone), int(whole))


def _office_hours(day: Mapping[str, Any], anywhere: datetime) -> list[tuple[datetime, datetime]]:
    """Opening and closing of each office period; `anywhere` is an instant in the city's zone."""

    def instant(clock: str) -> datetime:
        return datetime.fromisoformat(f"{day['date']}T{clock}").replace(tzinfo=anywhere.tzinfo)

    return [
        (instant(opens), instant(closes))
        for opens, _, closes in (period.partition("-") for period in day["office_hours"])
    ]


def _span(written: Mapping[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(written["start"]), datetime.fromisoformat(written["end"])


def _note(day: Mapping[str, Any], counted: Fraction, stopped: Fraction) -> str:
    if not day["office_hours"]:
        return str(day["why"])
    said = [day["why"]] if day["why"] else []
    said.append(f"计时 {_minutes(day['counted_minutes'])}，合 {counted} 个工作日" if counted else "不计时")
    if stopped:
        reasons = "、".join(
            dict.fromkeys(f"{stop['reason']}（{stop['party_name']}）" for stop in day["stops"])
        )
        said.append(f"停钟 {stopped} 个工作日：{reasons}")
    return "；".join(said)


def _minutes(shown: str) -> str:
    hours, minutes = divmod(round(float(shown)), 60)
    return " ".join(text for number, text in ((hours, f"{hours} 小时"), (minutes, f"{minutes} 分")) if number)


def _short(days: Fraction) -> str:
    return f"{float(days):.2f}" if days else ""


def _percent(share: Fraction) -> float:
    return round(float(share) * 100, 2)
