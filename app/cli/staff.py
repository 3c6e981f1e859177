"""`flask staff`: the people of the utility."""

from contextlib import nullcontext
from datetime import datetime

import click
from flask import current_app

from app.cli import needs
from app.cli.absences import print_hits, refusal_text
from app.core.atomic import atomic
from app.domain.errors import Refusal
from app.domain.slots.patterns import Pattern, weekly_of
from app.services.departures import bring_back, remove_person
from app.services.installation import city
from app.services.people import personnel, wecom_members
from app.services.people.personnel import NewStaff, StaffFaultError
from app.services.visits.changes import closures
from app.services.visits.changes.closures import Away
from app.wechat.port import WeChatError, WorkMessenger


@click.group("staff")
def staff() -> None:
    """Members of staff; their phone is what binds their WeChat login."""


@staff.command("add")
@click.option("--number", required=True, help="staff number (工号)")
@click.option("--name", required=True)
@click.option("--department", required=True, help="department key, see departments.toml")
@click.option("--phone", required=True, help="mobile number")
@click.option("--photo-url", default="", help="address of the photo on the badge")
@click.option("--manager", is_flag=True, help="may be a case's named manager (客户管家)")
@click.option("--supervisor", is_flag=True, help="audits the promise (督办)")
@click.option("--district", "districts", multiple=True, help="district key; for managers; may be repeated")
@needs.application
def add(
    number: str,
    name: str,
    department: str,
    phone: str,
    photo_url: str,
    manager: bool,
    supervisor: bool,
    districts: tuple[str, ...],
) -> None:
    """Add a person."""
    wanted = NewStaff(number, name, department, phone, photo_url, manager, supervisor, districts)
    try:
        with atomic():
            personnel.add(wanted)
    except StaffFaultError as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{number} {name} added; they log in with the phone they gave")


@staff.command("list")
@needs.application
def list_staff() -> None:
    """Print everybody, phones masked."""
    with atomic(read_only=True):
        for line in personnel.everybody():
            click.echo(line)


@staff.command("leave")
@click.option("--number", required=True, help="who is away")
@click.option("--deputy", required=True, help="staff number of the deputy")
@click.option("--from", "starts", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--to", "ends", required=True, type=click.DateTime(["%Y-%m-%d"]), help="last day away")
@click.option("--preview", is_flag=True, help="only print the visits that it would affect")
@needs.application
def leave(number: str, deputy: str, starts: datetime, ends: datetime, preview: bool) -> None:
    """Enter a leave: the deputy acts meanwhile. `flask absences` lists, shortens and takes it back."""
    try:
        with atomic(), closures.rehearsal() if preview else nullcontext():
            entered = personnel.enter_leave(number, deputy, starts.date(), ends.date())
            hits = closures.hits_of(Away(entered.starts_at, entered.ends_at, number=number))
    except StaffFaultError as fault:
        raise click.ClickException(str(fault)) from fault
    print_hits(hits)
    click.echo("nothing was entered" if preview else f"{number} is away; {deputy} stands in")


@staff.command("hours")
@click.option("--number", required=True, help="whose hours")
@click.option("--from", "starts", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option(
    "--day", "days", multiple=True, help="mon=08:30-12:00,13:30-17:00; also make_up; others are off"
)
@click.option(
    "--most", type=click.IntRange(1), default=None, help="visits a day; the city's number when left out"
)
@needs.application
def hours(number: str, starts: datetime, days: tuple[str, ...], most: int | None) -> None:
    """Set somebody's ordinary week from a day on; visits that it hits find another time."""
    try:
        pattern = Pattern(starts.date(), weekly_of(dict(_written(day) for day in days)), most)
        with atomic():
            unfit = personnel.set_hours(number, pattern)
    except (StaffFaultError, ValueError) as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{number} works so from {starts.date()}")
    if unfit:
        click.echo(f"{number} has no room any more for: {', '.join(unfit)}")


def _written(day: str) -> tuple[str, list[list[str]]]:
    name, _, periods = day.partition("=")
    return name, [period.split("-") for period in periods.split(",") if period]


@staff.command("skill")
@click.option("--number", required=True, help="who has it")
@click.option("--skill", required=True, help="key of the skill, see skills.toml")
@click.option(
    "--until", default=None, type=click.DateTime(["%Y-%m-%d"]), help="last day; for good when left out"
)
@click.option("--certificate", default=None, help="number of the certificate")
@click.option("--withdraw", is_flag=True, help="take it away instead")
@needs.application
def skill(number: str, skill: str, until: datetime | None, certificate: str | None, withdraw: bool) -> None:
    """Enter, renew or take away a skill or certificate; visits that need it find somebody else."""
    try:
        with atomic():
            if withdraw:
                personnel.withdraw_skill(number, skill)
            else:
                personnel.grant_skill(number, skill, None if until is None else until.date(), certificate)
    except StaffFaultError as fault:
        raise click.ClickException(str(fault)) from fault
    if withdraw:
        click.echo(f"{number} does not have {skill} any more")
    else:
        click.echo(f"{number} has {skill}" + ("" if until is None else f" until {until.date()}"))


@staff.command("wecom")
@click.option("--number", default=None, help="staff number; everybody who is not bound yet when left out")
@click.option("--member", default=None, help="member id (userid) in WeCom; asked for by phone when left out")
@needs.application
def wecom(number: str | None, member: str | None) -> None:
    """Bind people to their member ids in WeCom (企业微信)."""
    if member is not None:
        if number is None:
            raise click.UsageError("--member needs --number")
        with atomic():
            bound = wecom_members.bind_number(number, member)
        if not bound:
            raise click.ClickException(f"nobody active has the number {number}")
        click.echo(f"{number} is {member}")
        return
    messenger: WorkMessenger | None = current_app.extensions["steward.wechat"].work
    if messenger is None:
        raise click.ClickException("this installation has no WeCom: set STEWARD_WECOM_…")
    with atomic(read_only=True):
        people = wecom_members.unbound(number)
    for person in people:
        # Asked outside any transaction, one after the other: WeCom shuts out whoever guesses phones.
        try:
            found = messenger.member_of_phone(person.phone)
        except WeChatError as fault:
            raise click.ClickException(f"{person.number}: {fault}") from fault
        if found is None:
            click.echo(f"{person.number} {person.name}: no member of WeCom has this phone")
            continue
        with atomic():
            wecom_members.bind(person.staff_id, found)
        click.echo(f"{person.number} {person.name} is {found}")


@staff.command("remove")
@click.option("--number", required=True)
@click.option("--preview", is_flag=True, help="only print what it would move")
@needs.application
def remove(number: str, preview: bool) -> None:
    """Somebody left: log them out everywhere; others get their work, and supervisors confirm."""
    try:
        with atomic():
            moved = (remove_person.preview if preview else remove_person.remove)(None, number)
    except Refusal as fault:
        raise click.ClickException(refusal_text(fault)) from fault
    for case in moved.cases:
        click.echo(f"case {case.case_number}\t{case.proposed_number} {case.proposed_name}")
    for task in moved.tasks:
        click.echo(f"task {task.case_number}\t{task.task_name}\t{task.holder_name or 'queue'}")
    print_hits(moved.visits)
    for name in moved.deputy_for:
        click.echo(f"{name} needs another deputy")
    click.echo("nothing was changed" if preview else f"{number} can't log in any more")


@staff.command("return")
@click.option("--number", required=True)
@needs.application
def bring_somebody_back(number: str) -> None:
    """Somebody is back: they can log in, and have the cases again that nobody has confirmed."""
    try:
        with atomic():
            cases = bring_back.bring_back_number(number)
    except Refusal as fault:
        raise click.ClickException(refusal_text(fault)) from fault
    for case in cases:
        click.echo(f"case {case.case_number}")
    click.echo(f"{number} can log in again")


@staff.command("departures")
@needs.application
def list_departures() -> None:
    """Print everybody who left and has not come back."""
    with atomic(read_only=True):
        for line in bring_back.departures(None):
            when = line.left_at.astimezone(city.zone())
            click.echo(
                f"{line.staff_number}\t{line.staff_name}\t{when:%Y-%m-%d}\t{line.unconfirmed} to confirm"
            )
