"""`calendar import`, `rehearse`, `publish`: the calendar desk from a shell, on the installation's data."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from app.cli import needs
from app.core.atomic import atomic
from app.core.db import db
from app.domain.config_error import ConfigError
from app.domain.errors import FieldsError, Refusal
from app.domain.toml_reader import Source, Table
from app.models import CalendarVersion
from app.services.calendar_desk import calendar_drafts
from app.services.calendar_desk.calendar_drafts import Change, DatedPeriods
from app.services.calendar_desk.publish_calendar import publish_calendar
from app.services.calendar_desk.rehearse_calendar import Counts, rehearse_calendar
from app.services.installation import calendar_versions, city

_draft_option = click.option("--draft", "draft_id", help="Which draft; the one made last when left out.")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--note", help="Why; a TOML file may say it itself.")
@click.option("--year", type=click.IntRange(2020, 2099), help="The year that a CSV notice announces.")
@needs.application
def import_file(file: Path, note: str | None, year: int | None) -> None:
    """Make a draft of FILE: a notice as CSV (2027-02-11,休,春节), or TOML with notice, hours, half days."""
    try:
        change = _toml(file) if file.suffix == ".toml" else Change("", file.read_text(encoding="utf-8"))
    except (ConfigError, UnicodeDecodeError) as fault:
        raise click.ClickException(str(fault)) from fault
    change = replace(change, note=note or change.note, year=year or change.year)
    if not change.note:
        raise click.UsageError("say why with --note")
    try:
        with atomic():
            draft_id = calendar_drafts.make_draft(change, None).id
    except FieldsError as fault:
        lines = [f"{file}: {error['message']}" for error in fault.extra["errors"]]
        raise click.ClickException("\n".join(lines)) from fault
    click.echo(f"draft {draft_id}; nothing changes until it is published")


@click.command("rehearse")
@_draft_option
@needs.application
def rehearse(draft_id: str | None) -> None:
    """List the days that the draft would change and the open cases it would move; changes nothing."""
    with atomic(read_only=True):
        try:
            found = rehearse_calendar(_draft(draft_id))
        except Refusal as fault:
            raise click.ClickException(fault.detail) from fault
        zone = city.zone()
        for day in found.days:
            click.echo("\t".join(filter(None, (str(day.day), day.was, day.becomes, day.name))))
        for case in found.items:
            for move in (*case.stages, *case.tasks):
                name = f"{move.name}（{move.department}）" if move.department else move.name
                was, becomes = (
                    instant.astimezone(zone).isoformat(timespec="seconds")
                    for instant in (move.was, move.becomes)
                )
                click.echo(f"{case.number}\t{name}\t{was}\t{becomes}")
        _say(found.counts, "would move")


@click.command("publish")
@_draft_option
@needs.application
def publish(draft_id: str | None) -> None:
    """Publish the draft: compute open due dates anew in one transaction, and let the jobs tell of it."""
    done = 0

    def on_batch(cases: int) -> None:
        nonlocal done
        done += cases
        click.echo(f"{done} cases computed", err=True)

    try:
        with calendar_versions.alone(), atomic():
            draft = _draft(draft_id)
            counts = publish_calendar(draft, None, on_batch)
            number = draft.number
    except Refusal as fault:
        raise click.ClickException(fault.detail) from fault
    _say(counts, "moved")
    click.echo(f"version {number} is in force")


def _draft(draft_id: str | None) -> CalendarVersion:
    found = db.session.get(CalendarVersion, draft_id) if draft_id else calendar_drafts.newest()
    if found is None:
        raise click.ClickException("there is no such draft")
    return found


def _say(counts: Counts, verb: str) -> None:
    click.echo(
        f"{counts.checked} open cases looked at; {verb}: {counts.cases} cases, {counts.stages} stages,"
        f" {counts.tasks} tasks; {counts.customers_told} customers are told",
        err=True,
    )


def _toml(file: Path) -> Change:
    """A change as TOML: `note`, `year`, [[days]] (date, is, name), [[office_hours]] and [[half_days]]."""
    source = Source(file)
    root = source.root
    days = [
        f"{row.day('date')},{row.text('is')},{row.text('name', optional=True)}"
        for row in root.tables("days", optional=True)
    ]
    change = Change(
        note=root.text("note", optional=True),
        notice="\n".join(days) if days else None,
        year=root.whole("year", optional=True),
        office_hours=_dated(root.tables("office_hours", optional=True), "valid_from"),
        half_days=_dated(root.tables("half_days", optional=True), "date"),
    )
    source.finish()
    return change


def _dated(rows: Sequence[Table], key: str) -> list[DatedPeriods]:
    return [DatedPeriods(row.day(key), row.pairs("periods")) for row in rows]
