"""`flask partners`: the platforms that may call the partner API."""

from datetime import timedelta

import click

from app.cli import needs
from app.core.atomic import atomic
from app.services.partners import partner_registry
from app.services.partners.partner_registry import Capability, IssuedKey, NewPartner, PartnerFaultError


@click.group("partners")
def partners() -> None:
    """Partner platforms (合作平台): keys, capabilities, webhooks."""


@partners.command("add")
@click.option("--key", required=True, help="short name in lower-case letters, such as government")
@click.option("--name", required=True, help="the organisation")
@click.option("--channel-name", required=True, help="what people read, such as 政务服务平台")
@click.option(
    "--capability",
    "capabilities",
    multiple=True,
    required=True,
    type=click.Choice([capability.value for capability in Capability]),
    help="what it may do; may be repeated",
)
@click.option("--webhook-url", help="https address that is told of each change of its cases")
@needs.application
def add(
    key: str, name: str, channel_name: str, capabilities: tuple[str, ...], webhook_url: str | None
) -> None:
    """Add a partner and print its first key, once."""
    settings = needs.settings()
    try:
        with atomic():
            wanted = NewPartner(key, name, channel_name, capabilities, webhook_url)
            issued = partner_registry.add(wanted, simulated=settings.simulated)
    except PartnerFaultError as fault:
        raise click.ClickException(str(fault)) from fault
    _tell(key, issued)


@partners.command("list")
@needs.application
def list_partners() -> None:
    """Print every partner, without secrets."""
    with atomic(read_only=True):
        for line in partner_registry.everybody():
            click.echo(line)


@partners.command("rotate")
@click.option("--key", required=True)
@click.option(
    "--overlap-hours",
    default=24.0,
    show_default=True,
    type=click.FloatRange(min=0, max=24 * 90),
    help="how long the old key works beside the new one; 0 when it was stolen",
)
@needs.application
def rotate(key: str, overlap_hours: float) -> None:
    """Give a partner a new key and print it, once."""
    try:
        with atomic():
            issued = partner_registry.rotate(key, timedelta(hours=overlap_hours))
    except PartnerFaultError as fault:
        raise click.ClickException(str(fault)) from fault
    _tell(key, issued)


@partners.command("disable")
@click.option("--key", required=True)
@needs.application
def disable(key: str) -> None:
    """Let a partner in no more. Its cases go on."""
    try:
        with atomic():
            partner_registry.disable(key)
    except PartnerFaultError as fault:
        raise click.ClickException(str(fault)) from fault
    click.echo(f"{key} can't call the API any more")


def _tell(key: str, issued: IssuedKey) -> None:
    click.echo(f"partner {key}\nkey id  {issued.key_id}\nsecret  {issued.secret}")
    click.echo("hand both over by a safe way; the secret is not shown again")
