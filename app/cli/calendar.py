"""`calendar`: ask the working-time line from a shell; needs no secret, no database and no application.

What an installation has published on its calendar desk is asked with --installed, which needs all three.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import click

from app.cli.lazy_command import LazyCommand
from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.office_hours import load_hours
from app.domain.workdays import Day
from app.domain.worktime import Stretch, WorkingTime, rounded
from app.services.installation.holidays import build

_STOPPED = "--stopped"
_CONFIGURED = "STEWARD_DATABASE_URL"

# More working days than the calendar holds; unbounded, 1e999999999 would keep the machine busy for hours.
_MOST_DAYS = 40_000


class _ManyStops(click.Command):
    """A command whose --stopped takes every value that follows it, up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write each further value as an option of its own, which is what click understands."""
        spelt: list[str] = []
        belongs_to = ""
        for arg in args:
            if arg.startswith("-"):
                belongs_to = arg.partition("=")[0]
            elif belongs_to == _STOPPED and spelt[-1] != _STOPPED:
                spelt.append(_STOPPED)
            spelt.append(arg)
        return super().parse_args(ctx, spelt)


_start_option = click.option(
    "--start", required=True, metavar="ISO", help="When the clock starts; local time when it has no offset."
)
_stopped_option = click.option(
    _STOPPED,
    "stops",
    multiple=True,
    metavar="ISO/ISO ...",
    help="Stretches that do not count; several may follow, and the option may be repeated.",
)
_installed_option = click.option(
    "--installed", is_flag=True, help="Ask the calendar in force in this installation's database."
)


@click.group("calendar")
def calendar() -> None:
    """Working days, due dates and elapsed time, as the promises count them."""


# The calendar desk's commands work on the installation, and what they import is for them alone.
for _desk_command in (
    LazyCommand(
        "import",
        "app.cli.calendar_desk:import_file",
        "Make a draft of FILE: a notice as CSV (2027-02-11,休,春节), or TOML with notice, hours, half days.",
    ),
    LazyCommand(
        "rehearse",
        "app.cli.calendar_desk:rehearse",
        "List the days that the draft would change and the open cases it would move; changes nothing.",
    ),
    LazyCommand(
        "publish",
        "app.cli.calendar_desk:publish",
        "Publish the draft: compute open due dates anew in one transaction, and let the jobs tell of it.",
    ),
):
    calendar.add_command(_desk_command)


@calendar.command("due", cls=_ManyStops)
@_start_option
@click.option("--days", required=True, metavar="N", help="Working days: a positive multiple of 0.5.")
@_stopped_option
@_installed_option
def due(start: str, days: str, stops: Sequence[str], installed: bool) -> None:
    """Print when N working days from START are over."""
    line = _line(installed=installed)
    with _told_as_usage():
        answer = line.due(_instant(start, line.zone), _halves(days), _stretches(stops, line.zone))
    click.echo(answer.astimezone(line.zone).isoformat())


@calendar.command("used", cls=_ManyStops)
@_start_option
@click.option("--end", required=True, metavar="ISO", help="When it ends.")
@_stopped_option
@_installed_option
def used(start: str, end: str, stops: Sequence[str], installed: bool) -> None:
    """Print the working days used from START to END, with two decimal places."""
    line = _line(installed=installed)
    with _told_as_usage():
        answer = line.used(_instant(start, line.zone), _instant(end, line.zone), _stretches(stops, line.zone))
    click.echo(rounded(answer))


@calendar.command("day")
@click.argument("day", metavar="DATE")
@_installed_option
def kind_of_day(day: str, installed: bool) -> None:
    """Print what kind of day DATE is, its name, and whether its year is still provisional."""
    line = _line(installed=installed)
    with _told_as_usage():
        answer = line.day(_date(day))
    click.echo(_in_words(answer))


def _line(*, installed: bool) -> WorkingTime:
    if installed:
        return _line_in_force()
    if os.environ.get(_CONFIGURED):
        # The one answer must not pass for the other where there are two.
        click.echo(
            "by the published holidays and the city's calendar.toml alone;"
            " --installed asks this installation's calendar",
            err=True,
        )
    try:
        data = load_hours(city_folder(os.environ))
    except ConfigError as fault:
        raise click.ClickException(str(fault)) from fault
    return build(data.hours, data.half_days, data.zone, data.tag)


def _line_in_force() -> WorkingTime:
    # Imported here: without --installed these commands need neither framework nor database.
    from app.cli import needs
    from app.core.atomic import atomic
    from app.services.installation import city

    needs.enter_application()
    with atomic(read_only=True):
        return city.working_time()


@contextmanager
def _told_as_usage() -> Iterator[None]:
    """What the line refuses (years it does not cover, an end before its start) was asked wrongly: exit 2."""
    try:
        yield
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"{text!r} is not an ISO 8601 instant such as 2026-02-13T16:00+08:00"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)


def _stretches(texts: Sequence[str], zone: ZoneInfo) -> list[Stretch]:
    stretches = []
    for text in texts:
        start, slash, end = text.partition("/")
        if not slash:
            raise click.UsageError(f"{text!r} is not a stretch START/END")
        stretches.append(Stretch(_instant(start, zone), _instant(end, zone)))
    return stretches


def _halves(text: str) -> Decimal:
    try:
        days = Decimal(text)
    except InvalidOperation:
        days = Decimal(0)
    if not days.is_finite() or not 0 < days <= _MOST_DAYS or (days * 2) % 1:
        raise click.UsageError(f"{text!r} is not a positive multiple of 0.5 (at most {_MOST_DAYS})")
    return days


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is not a date such as 2026-02-14") from None


def _in_words(day: Day) -> str:
    half_open = "half open" if day.weight.denominator == 2 else ""
    provisional = "provisional" if day.provisional else ""
    words = (day.date.isoformat(), day.kind.value, half_open, day.name, provisional)
    return " ".join(word for word in words if word)
