"""`python -m demo.serve`: sample data on loopback, with the jobs process beside it; needs no settings."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from app.core import clock
from app.domain.city_folder import city_folder
from app.services.installation import city
from demo import people
from demo.json_client import JsonClient
from demo.phone import CustomerPhone, StaffPhone
from demo.processes import PROJECT, StackError
from demo.register_people import introduce
from demo.stack import Stack, ended_by_signals

FOLDER = PROJECT / "var" / "serve"
# Written last: a folder without it holds data whose loading was broken off.
LOADED = "loaded"

CUSTOMER, MANAGER, SUPERVISOR = "sample11", "G001", "S001"


@click.command()
@click.option("--port", default=8080, show_default=True, help="on 127.0.0.1; 0 takes any free one")
@click.option("--fresh", is_flag=True, help="forget what was done before and load the sample anew")
def serve(port: int, fresh: bool) -> None:
    """Serve fictional sample data on loopback, with simulated WeChat and the jobs process beside it.

    Data and logs lie in var/serve/ and are kept until --fresh.
    """
    try:
        with ended_by_signals(), served(FOLDER, port, fresh=fresh) as stack:
            stack.watch()
    except StackError as fault:
        raise click.ClickException(str(fault)) from fault
    except KeyboardInterrupt:
        click.echo("\nstopped")


@contextmanager
def served(folder: Path, port: int, *, fresh: bool) -> Iterator[Stack]:
    """The product on `port` with its data in `folder`, as long as the block lasts. Raises `StackError`."""
    loaded = folder / LOADED
    if fresh or not loaded.exists():
        shutil.rmtree(folder, ignore_errors=True)
    with Stack(folder, port=port) as stack:
        stack.migrate()
        if not loaded.exists():
            click.echo("loading about thirty fictional cases, some 20 seconds …")
            stack.load_sample("cases", wechat_inside=True)
            loaded.write_text(clock.now().isoformat(), encoding="ascii")
        introduce(stack.wechat)
        stack.serve()
        _greet(stack, city.read(city_folder({})).calendar.zone)
        yield stack


def _greet(stack: Stack, zone: ZoneInfo) -> None:
    """Print the addresses, and log three people in so that their tokens can be tried at once."""
    server = JsonClient(stack.url)
    customer = CustomerPhone(people.customer(CUSTOMER), server, stack.wechat)
    staff = [
        StaffPhone(member, server, stack.wechat)
        for member in people.staff()
        if member.key in {MANAGER, SUPERVISOR}
    ]
    click.echo(
        f"\n水管家 serves fictional data on {stack.url} ({clock.now().astimezone(zone):%Y-%m-%d %H:%M})\n"
    )
    click.echo(f"  {stack.url}/docs          the API, to be tried in the browser")
    click.echo(f"  {stack.url}/openapi.json  its description (OpenAPI 3.1)")
    click.echo(f"  {stack.url}/dev/          the simulator's console: messages, faults, log-in codes\n")
    click.echo("Tokens for the API (Authorize on /docs, or Authorization: Bearer …):\n")
    for who, phone in (("customer", customer), ("manager ", staff[0]), ("supervisor", staff[1])):
        session = phone.log_in()
        click.echo(f"  {who:10} {phone.person.name}  {session['token']}")
    example = f"{stack.url}/api/v1/customer/cases"
    click.echo(f'\n  curl -H "Authorization: Bearer {customer.token}" {example}\n')
    click.echo(f"Logs are in {stack.folder}/logs. Ctrl-C stops everything.")


if __name__ == "__main__":
    serve()
