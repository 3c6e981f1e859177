"""The page that shows what was played: one HTML file without scripts, which needs nothing but itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.domain.workdays import DayKind
from app.domain.worktime import WorkingTime
from demo.output import day_pictures
from demo.output.outcome import Outcome, judged, promise, promised, short, yuan
from demo.output.story_record import Event, Message, StoryRecord

TEMPLATES = Path(__file__).parent / "templates"
SHORT_CALENDAR_DAYS = 35
_WEEKDAYS = "一二三四五六日"
_DAY_KINDS = {
    DayKind.WORKDAY: "",
    DayKind.MAKE_UP_WORKDAY: "调休上班",
    DayKind.WEEKEND: "周末",
    DayKind.HOLIDAY: "节假日",
}


@dataclass(slots=True)
class Step:
    """An event with the messages that it brought at once; without an event, what the clock alone brought."""

    at: datetime
    event: Event | None
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoryDay:
    """The steps of one day within a part of a story; `heading` only for the first day of the part.

    `date_is_new` unless the part before ended on the same day.
    """

    date: date
    date_is_new: bool
    kind: str
    heading: str
    steps: Sequence[Step]

    @property
    def weekday(self) -> str:
        """The day of the week in Chinese."""
        return f"周{_WEEKDAYS[self.date.weekday()]}"


def write(page: Path, outcomes: Sequence[Outcome], line: WorkingTime, about: Mapping[str, str]) -> None:
    """Write the page of these stories, in their order; `about` has a line on each, by its program's key."""
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render(outcomes, line, about), encoding="utf-8")


def render(outcomes: Sequence[Outcome], line: WorkingTime, about: Mapping[str, str]) -> str:
    """The page as text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["hour"] = lambda at: f"{at.astimezone(line.zone):%H:%M}"
    environment.filters["yuan"] = yuan
    stories = [_story(told, line, about[told.record.key]) for told in outcomes]
    css = (TEMPLATES / "story.css").read_text(encoding="utf-8")
    return environment.get_template("story.html").render(stories=stories, css=css, calendar=line.version)


def _story(told: Outcome, line: WorkingTime, about: str) -> dict[str, Any]:
    progress, whole = told.progress, told.receipt["full_process"]
    pictures = day_pictures.draw(whole["receipt"])
    headline = progress["headline"]
    return {
        "key": told.record.key,
        "name": told.record.name,
        "about": about,
        "progress": progress,
        "ledger": told.ledger,
        "utility_cost_fen": told.utility_cost_fen,
        "opened": _local_date(progress["opened_at"], line.zone),
        "closed": _local_date(progress["closed_at"], line.zone),
        "promise": promise(progress["full_process"]["min"], progress["full_process"]["max"]),
        "headline": headline and {**headline, "promised": short(headline["working_days"])},
        "percent": _percent(progress["full_process"]["used"], progress["full_process"]["max"]),
        "stages": [
            {
                **stage,
                "promise": promised(stage),
                "result": judged(stage),
                "percent": _percent(stage["used"], stage["promised_max"]),
            }
            for stage in progress["stages"]
        ],
        "statement": whole["receipt"],
        "days": pictures,
        # The stops stand beside a long calendar and below a short one.
        "short_calendar": len(pictures) <= SHORT_CALENDAR_DAYS,
        "blanks": day_pictures.blanks_before(pictures),
        "stops": [
            {**stop, "start": _moment(stop["start"], line.zone), "end": _moment(stop["end"], line.zone)}
            for stop in told.receipt["stops"]
        ],
        "timeline": list(_timeline(told.record, line)),
        "delivered": told.record.delivered,
    }


def _timeline(record: StoryRecord, line: WorkingTime) -> Iterator[StoryDay]:
    before: date | None = None
    for part in record.parts:
        heading = part.heading
        steps = _steps(part.entries)
        while steps:
            day = steps[0].at.astimezone(line.zone).date()
            same = [step for step in steps if step.at.astimezone(line.zone).date() == day]
            yield StoryDay(day, day != before, _DAY_KINDS[line.day(day).kind], heading, same)
            before, heading, steps = day, "", steps[len(same) :]


def _steps(entries: Sequence[Event | Message]) -> list[Step]:
    steps: list[Step] = []
    for entry in entries:
        if isinstance(entry, Event):
            steps.append(Step(entry.at, entry))
        elif steps and steps[-1].at == entry.at:
            steps[-1].messages.append(entry)
        else:
            steps.append(Step(entry.at, None, [entry]))
    return steps


def _percent(used: str, most: str | None) -> float | None:
    """How much of a promise was used, at most all of it; None without one."""
    return None if most is None else round(min(float(used) / float(most), 1) * 100, 1)


def _local_date(written: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(written).astimezone(zone).date()


def _moment(written: str | None, zone: ZoneInfo) -> str:
    if written is None:
        return ""
    at = datetime.fromisoformat(written).astimezone(zone)
    return f"{at.month}月{at.day}日 {at:%H:%M}"
