"""`flask absences`: leave and closures, listed, shortened and taken back."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import TypeVar

import click

from app.cli import needs
from app.core.atomic import atomic
from app.domain.errors import Refusal
from app.services.installation import city
from app.services.visits.changes import absence_changes
from app.services.visits.changes.absence_changes import Change
from app.services.visits.changes.closures import Hits

T = TypeVar("T")
DAY = click.DateTime(["%Y-%m-%d"])


@click.group("absences")
def absences() -> None:
    """Leave and closures: listed, shortened, taken back."""


@absences.command("list")
@needs.application
def list_absences() -> None:
    """Print leave and closures that last or are to come."""
    with atomic(read_only=True):
        for leave in absence_changes.leaves(None):
            who = f"{leave.staff_number} {leave.staff_name}, deputy {leave.deputy_number} {leave.deputy_name}"
            click.echo(f"leave {leave.id}\t{_span(leave.starts_at, leave.ends_at)}\t{who}")
        for closure in absence_changes.standing_closures(None):
            where = closure.department or "everybody"
            click.echo(f"closure {closure.id}\t{_span(closure.starts_at, closure.ends_at)}\t{where}")


@absences.command("change-leave")
@click.argument("leave_id", type=int)
@click.option("--from", "starts", type=DAY, default=None, help="first day away")
@click.option("--to", "ends", type=DAY, default=None, help="last day away")
@click.option("--deputy", default=None, help="staff number of another deputy")
@click.option("--take-back", is_flag=True, help="it ends now, or never begins")
@click.option("--preview", is_flag=True, help="only print the visits that it would affect")
@needs.application
def change_leave(
    leave_id: int,
    starts: datetime | None,
    ends: datetime | None,
    deputy: str | None,
    take_back: bool,
    preview: bool,
) -> None:
    """Shorten or change a leave, name another deputy, or take it back."""
    act = absence_changes.preview_leave if preview else absence_changes.change_leave
    change = Change(_midnight(starts), _end_of(ends), deputy, taken_back=take_back)
    _report(lambda: act(None, leave_id, change), preview=preview)


@absences.command("change-closure")
@click.argument("closure_id")
@click.option("--from", "starts", type=DAY, default=None, help="first day")
@click.option("--to", "ends", type=DAY, default=None, help="last day")
@click.option("--take-back", is_flag=True, help="it ends now, or never begins")
@click.option("--preview", is_flag=True, help="only print the visits that it would affect")
@needs.application
def change_closure(
    closure_id: str, starts: datetime | None, ends: datetime | None, take_back: bool, preview: bool
) -> None:
    """Shorten or change a closure, or take it back."""
    act = absence_changes.preview_closure if preview else absence_changes.change_closure
    change = Change(_midnight(starts), _end_of(ends), taken_back=take_back)
    _report(lambda: act(None, closure_id, change), preview=preview)


def _report(act: Callable[[], Hits], *, preview: bool) -> None:
    try:
        with atomic():
            found = act()
    except Refusal as fault:
        raise click.ClickException(refusal_text(fault)) from fault
    print_hits(found)
    click.echo("nothing was changed" if preview else "changed")


def print_hits(found: Hits) -> None:
    """One line for each affected visit, with its new time."""
    for hit in found.items:
        zone = city.zone()
        becomes = (
            "customer is asked" if hit.becomes is None else f"{hit.becomes.astimezone(zone):%m-%d %H:%M}"
        )
        click.echo(
            f"{hit.case_number}\t{hit.purpose_name}\t{hit.starts_at.astimezone(zone):%m-%d %H:%M}\t{becomes}"
        )
    if found.more:
        click.echo(f"and {found.more} more visits")


def refusal_text(fault: Refusal) -> str:
    """What is wrong, each field in a line."""
    errors = fault.extra.get("errors", ())
    return "\n".join(f"{error['field']}: {error['message']}" for error in errors) or fault.detail


def _span(starts_at: datetime, ends_at: datetime) -> str:
    zone = city.zone()
    return f"{starts_at.astimezone(zone):%Y-%m-%d %H:%M} - {ends_at.astimezone(zone):%Y-%m-%d %H:%M}"


def _midnight(day: datetime | None) -> datetime | None:
    return None if day is None else datetime.combine(day.date(), time(), city.zone())


def _end_of(day: datetime | None) -> datetime | None:
    """The end of a local day. Raises `click.BadParameter` for the last day that a calendar has."""
    if day is None:
        return None
    try:
        return datetime.combine(day.date() + timedelta(days=1), time(), city.zone())
    except OverflowError as fault:
        raise click.BadParameter("the absence has no end") from fault
