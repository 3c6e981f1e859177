"""`flask wechat`: what is asked of WeChat by hand."""

import click
from flask import current_app

from app.cli import needs
from app.wechat.port import WeChatError
from notifications.incoming import follower_import
from notifications.oversight import template_check
from notifications.wording import catalog


@click.group("wechat")
def wechat() -> None:
    """The accounts at WeChat."""


@wechat.command("followers")
@needs.application
def followers() -> None:
    """Bring in the followers of the 服务号 (service account), and join them with customers and staff.

    May be broken off and run again: whoever is known by then is not asked about again.
    """
    progress = None
    try:
        for progress in follower_import.import_followers(current_app.extensions["steward.wechat"].service):
            click.echo(f"{progress.seen} of {progress.total} followers")
    except WeChatError as fault:
        raise click.ClickException(f"{fault}; run it again to go on") from fault
    if progress is None:
        click.echo("nobody follows the service account")
        return
    click.echo(f"WeChat was asked about {progress.asked} of them")
    if progress.without_unionid:
        click.echo(
            f"{progress.without_unionid} have no unionid, so that nobody knows who they are: bind the "
            "mini-program and the service account to one Open Platform account"
        )


@wechat.command("templates")
@needs.application
def check_templates() -> None:
    """Compare the message templates of both accounts with the city's messages.toml.

    Names each difference of title, fields and kind of subscription; the exit code is 1 when there is one.
    """
    try:
        found = template_check.differences(catalog.current(), current_app.extensions["steward.wechat"])
    except WeChatError as fault:
        raise click.ClickException(str(fault)) from fault
    for difference in found:
        click.echo(difference)
    if found:
        raise click.exceptions.Exit(1)
    click.echo("all templates agree")
