"""`due` with two stops, against a day-by-day loop over the calendar package, side by side in one run.

The loop is what one writes without a working-time line: one holidays object, asked for each day whether it is
worked, and the office periods of that day walked. Both must give the same answers before they are timed.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from time import perf_counter

from holidays import HolidayBase, country_holidays

from app.domain.city_folder import city_folder
from app.domain.office_hours import CalendarData, load_hours
from app.domain.worktime import Stretch
from app.services.installation.holidays import build
from benchmarks.table import Figure, Ratio, Table, say

Question = tuple[datetime, Fraction, tuple[Stretch, ...]]

# The published totals of a single meter and of a residential estate (附件 1 and 3); the aim of 150 is for the
# longest, since a loop's cost grows with the days and the line's does not.
LIMITS = (Fraction(10), Fraction(60))
AIMS = {Fraction(60): 150.0}
WEEKS = 3
TURNS = 10
SEED = 138


@dataclass(frozen=True, slots=True)
class Size:
    """How many questions are asked in a round, and how often."""

    questions: int = 300
    rounds: int = 7


def day_by_day(
    china: HolidayBase,
    city: CalendarData,
    start: datetime,
    days: Fraction,
    stops: tuple[Stretch, ...],
) -> datetime:
    """The due date found by walking; `stops` in order and apart, `start` and the answer local."""
    periods = city.hours[0].periods
    whole = sum(
        (datetime.combine(date.min, closes) - datetime.combine(date.min, opens) for opens, closes in periods),
        timedelta(),
    )
    left = days * (whole // timedelta(microseconds=1))
    on = start.date()
    while True:
        if china.is_working_day(on):
            for opens, closes in periods:
                begin = max(start, datetime.combine(on, opens, tzinfo=city.zone))
                end = datetime.combine(on, closes, tzinfo=city.zone)
                for free_from, free_to in _without(begin, end, stops):
                    open_for = (free_to - free_from) // timedelta(microseconds=1)
                    if open_for >= left:
                        return free_from + timedelta(microseconds=int(left))
                    left -= open_for
        on += timedelta(days=1)


def _without(begin: datetime, end: datetime, stops: tuple[Stretch, ...]) -> list[tuple[datetime, datetime]]:
    free = []
    for stop in stops:
        if stop.start < end and stop.end > begin:
            if stop.start > begin:
                free.append((begin, stop.start))
            begin = max(begin, stop.end)
    if begin < end:
        free.append((begin, end))
    return free


def _questions(city: CalendarData, days: Fraction, number: int) -> list[Question]:
    """Starts at any time of two years, each with two stops apart in the weeks after it."""
    chance = random.Random(SEED)
    questions: list[Question] = []
    for _ in range(number):
        on = date(2025, 1, 2) + timedelta(days=chance.randrange(640))
        start = datetime.combine(on, time(chance.randrange(24), chance.randrange(60)), tzinfo=city.zone)
        edges = sorted(start + timedelta(minutes=chance.randrange(1, WEEKS * 7 * 24 * 60)) for _ in range(4))
        questions.append((start, days, (Stretch(edges[0], edges[1]), Stretch(edges[2], edges[3]))))
    return questions


def _in_utc(question: Question) -> Question:
    start, days, stops = question
    return (
        start.astimezone(UTC),
        days,
        tuple(Stretch(stop.start.astimezone(UTC), stop.end.astimezone(UTC)) for stop in stops),
    )


def _microseconds(answer: Callable[[Question], datetime], questions: list[Question]) -> float:
    """The time for one question, asking all of them once."""
    begun = perf_counter()
    for question in questions:
        answer(question)
    return (perf_counter() - begun) / len(questions) * 1_000_000


def run(size: Size) -> Table:
    """Raises `RuntimeError` when the two do not agree."""
    city = load_hours(city_folder(os.environ))
    line = build(city.hours, city.half_days, city.zone, city.tag)
    china = country_holidays("CN", years=range(2024, 2029))
    figures: list[Figure] = []
    ratios: list[Ratio] = []
    for days in LIMITS:
        # The product keeps instants in UTC; the loop is given local ones, so that it converts nothing either.
        local = _questions(city, days, size.questions)
        stored = [_in_utc(question) for question in local]
        for question, same in zip(stored, local, strict=True):
            if line.due(*question) != day_by_day(china, city, *same):
                raise RuntimeError(f"the line and the loop disagree about {same}")
        promise = f"due in {days} working days, two stops"
        on_line = by_days = float("inf")
        # Turn and turn about, the best of each, so that a busy moment of the machine weighs on neither.
        for number in range(1, size.rounds + 1):
            say(f"{promise}: round {number} of {size.rounds}")
            for _ in range(TURNS):
                on_line = min(on_line, _microseconds(lambda question: line.due(*question), stored))
            by_days = min(by_days, _microseconds(lambda question: day_by_day(china, city, *question), local))
        say("")
        figures += [
            Figure(f"{promise}: on the line", on_line, "µs"),
            Figure(f"{promise}: day by day", by_days, "µs"),
        ]
        ratios.append(Ratio(f"{promise}: day by day / on the line", by_days / on_line, AIMS.get(days)))
    return Table("due date", figures, ratios)
