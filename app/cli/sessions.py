"""`flask sessions`: ending logins, as after a phone was lost or a signing key became known."""

import click
from sqlalchemy import Select, select

from app.cli import needs
from app.core.atomic import atomic
from app.core.db import db
from app.models import Customer, Staff
from app.services.people import sessions
from app.services.people.phones import normalised_phone, phone_hash
from app.services.people.sessions import Audience


@click.group("sessions")
def logins() -> None:
    """Logins of customers and of staff."""


@logins.command("end")
@click.option("--staff", "number", help="staff number (工号)")
@click.option(
    "--phone",
    help="the number that a customer has proved; asked for when left empty",
    prompt=True,
    prompt_required=False,
)
@click.option("--everybody", is_flag=True, help="all customers and all staff")
@needs.application
def end(number: str | None, phone: str | None, everybody: bool) -> None:
    """End all logins of one person or of everybody; they log in anew."""
    if sum((number is not None, phone is not None, everybody)) != 1:
        message = "say one of --staff, --phone and --everybody"
        raise click.UsageError(message)
    with atomic():
        if number is not None:
            ended = _end(Audience.STAFF, select(Staff.id).where(Staff.number == number))
        elif phone is not None:
            wanted = normalised_phone(phone)
            known = Customer.phone_hash == phone_hash(wanted or phone)
            ended = _end(Audience.CUSTOMER, select(Customer.id).where(known))
        else:
            ended = sessions.revoke_everybody()
    click.echo(f"{ended} logins ended")


def _end(audience: Audience, who: Select[str]) -> int:
    ids = db.session.scalars(who).all()
    if not ids:
        message = "nobody is known by that"
        raise click.ClickException(message)
    return sum(sessions.revoke_all(audience, subject_id) for subject_id in ids)
