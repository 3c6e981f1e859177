"""`programs`: what the city promises, and whether its data is sound; needs no secret and no database."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app.core import clock
from app.domain.city import load_city
from app.domain.city_folder import city_folder
from app.domain.config_error import ConfigError
from app.domain.conversation.loader import load_talk
from app.domain.data_terms import load_terms
from app.domain.departments import load_departments
from app.domain.document_kinds import load_document_rules
from app.domain.forms import load_forms
from app.domain.limits import load_limits
from app.domain.office_hours import load_hours
from app.domain.papers import load_papers
from app.domain.price_list import load_prices
from app.domain.programs.guide import describe
from app.domain.programs.loader import load_programs
from app.domain.refusals import load_refusals
from app.domain.toml_reader import each_fault
from app.domain.visit_checks import check_visits
from app.domain.visit_rules import load_visit_rules


@click.group("programs")
def programs() -> None:
    """The connection programs, as the city's data describes them."""


@programs.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array (UTF-8) and nothing else.")
def list_programs(as_json: bool) -> None:
    """Print every program with its stages, limits (working days), stop reasons and documents."""
    try:
        folder = city_folder(os.environ)
        names = {department.key: department.name for department in load_departments(folder)}
        guides = [describe(program, names) for program in load_programs(folder).values()]
    except ConfigError as fault:
        raise click.ClickException(str(fault)) from fault
    if as_json:
        text = json.dumps(guides, ensure_ascii=False, indent=2)
    else:
        text = "\n\n".join(_as_table(guide) for guide in guides)
    # Bytes, so that a terminal set to another encoding neither breaks the JSON nor ends the command.
    click.echo(text.encode())


@programs.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(folder: Path) -> None:
    """Read a city's FOLDER as the product would, and print every fault with its file and key."""
    # What checks the messages knows every event of the business, which takes seconds to import.
    from notifications import wiring

    loaders: tuple[Callable[[Path], object], ...] = (
        load_city,
        load_departments,
        lambda city: load_hours(city / "calendar.toml"),
        load_document_rules,
        load_forms,
        load_limits,
        load_papers,
        load_prices,
        load_refusals,
        load_terms,
        lambda city: load_talk(city, load_document_rules(city)),
        load_visit_rules,
        _check_visits,
        load_programs,
        lambda city: wiring.read(city, None),
    )
    # A fault in city.toml stops every loader that needs it; it is told once.
    faults: dict[str, None] = {}
    for load in loaders:
        try:
            load(folder)
        except ConfigError as fault:
            faults |= dict.fromkeys(str(single) for single in each_fault(fault))
    for line in faults:
        click.echo(line.encode(), err=True)
    if faults:
        raise click.exceptions.Exit(1)
    click.echo(f"{folder}: no fault found")


def _check_visits(folder: Path) -> None:
    """What the hours and the visits of a city make impossible together, from today on."""
    hours = load_hours(folder)
    push = load_talk(folder, load_document_rules(folder)).push
    today = clock.now().astimezone(hours.zone).date()
    check_visits(folder, load_visit_rules(folder), hours, push, today)


def _as_table(guide: dict[str, Any]) -> str:
    headline = guide["headline"]
    promise = (
        "no headline promise"
        if headline is None
        else f"{headline['links']} 环节, {headline['working_days']} 工作日, {headline['documents']} 项资料"
    )
    lines = [
        f"{guide['name']} ({guide['key']}): {promise}; in all {_span(guide['total'])} working days",
        *(
            f"  {stage['name']} ({stage['kind']}): {_limit(stage)} · {'、'.join(stage['departments'])}"
            for stage in guide["stages"]
        ),
        f"  clock stops for: {'、'.join(reason['name'] for reason in guide['stop_reasons'])}",
        f"  documents asked: {'、'.join(guide['documents']) or 'none'}",
        f"  source: {guide['source']}",
    ]
    return "\n".join(lines)


def _limit(stage: dict[str, Any]) -> str:
    return "same day" if stage["same_day"] else _span(stage)


def _span(bounds: dict[str, Any]) -> str:
    lower, upper = bounds["min"], bounds["max"]
    if upper is None:
        return "no limit given"
    if lower is None:
        return f"up to {upper}"
    return f"{lower}" if lower == upper else f"{lower} – {upper}"
