"""`python -m demo.serve`: sample data on loopback, with the jobs process beside it; needs no settings."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import click

from app.core import clock
from app.core.clock import FileClock
from app.domain.city_folder import city_folder
from app.services.installation import city
from demo.environment.processes import PROJECT, Process, StackError
from demo.environment.stack import Stack, ended_by_signals
from demo.load_sample import PROGRESS
from demo.people.register_people import introduce

FOLDER = PROJECT / "var" / "serve"
# Written last: a folder without it holds data whose loading was broken off.
LOADED = "loaded"
SITE = "demo.site.site_app:create_app"
LOOK_SECONDS = 0.2
# Where the line can't be rewritten, one is printed for so many per cent.
STEP = 10


def _instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """An instant as ISO 8601 writes it; without an offset it is the city's time."""
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError as fault:
        raise click.BadParameter(f"{value} is no instant; write it like 2026-09-30T08:30") from fault
    return at if at.tzinfo is not None else at.replace(tzinfo=_zone())


@click.command()
@click.option("--port", default=8080, show_default=True, help="on 127.0.0.1; 0 takes any free one")
@click.option("--fresh", is_flag=True, help="forget what was done before and load the sample anew")
@click.option(
    "--at",
    callback=_instant,
    help="load the sample anew as it is at this instant (2026-09-30T08:30, the city's time); the clock stands"
    " there until it is moved on the console's page",
)
def serve(port: int, fresh: bool, at: datetime | None) -> None:
    """Serve fictional sample data on loopback, with simulated WeChat and the jobs process beside it.

    Data, clock and logs lie in var/serve/ and are kept until --fresh or --at.
    """
    try:
        with ended_by_signals(), served(FOLDER, port, fresh=fresh, at=at) as stack:
            stack.watch()
    except StackError as fault:
        raise click.ClickException(str(fault)) from fault
    except KeyboardInterrupt:
        click.echo("\nstopped")


@contextmanager
def served(folder: Path, port: int, *, fresh: bool, at: datetime | None = None) -> Iterator[Stack]:
    """The product on `port` with its data in `folder`, as long as the block lasts. Raises `StackError`."""
    loaded = folder / LOADED
    if fresh or at is not None or not loaded.exists():
        shutil.rmtree(folder, ignore_errors=True)
    start = at or _clock_left_in(folder)
    stack = Stack(folder, start=start, port=port, factory=SITE)
    with ExitStack() as ending:
        loading = None
        if not loaded.exists():
            # Beside the simulator's start: there are two processors on most machines.
            loading = stack.begin_sample()
            ending.callback(loading.end)
        ending.enter_context(stack)
        introduce(stack.wechat)
        if loading is None:
            stack.start_server()
        else:
            # The web server starts beside the loading, once there are tables; nobody asks it anything yet.
            _show_progress(loading, on_begin=stack.start_server)
            loaded.write_text((start or clock.now()).isoformat(), encoding="ascii")
        click.echo("starting the web server and the jobs …")
        stack.start_jobs()
        stack.wait_until_ready()
        _greet(stack, start)
        yield stack


def _clock_left_in(folder: Path) -> datetime | None:
    """Where the settable clock stood when this folder was served last; None where it had none."""
    try:
        return FileClock(folder / "clock").now()
    except FileNotFoundError:
        return None


def _show_progress(loading: Process, on_begin: Callable[[], None]) -> None:
    """Show how far the loading has come until it is done; `on_begin` is called once the tables are there.

    Raises `StackError` when it fails.
    """
    rewritten, pause, shown = sys.stdout.isatty(), Event(), -STEP
    click.echo("loading about thirty fictional cases, everything that happened to them in its order …")
    while loading.is_running():
        percent = _percent(loading.output())
        if percent is not None and shown < 0:
            on_begin()
        if percent is not None and percent >= shown + (1 if rewritten else STEP):
            shown = percent
            click.echo(f"\r  {percent:3} %", nl=not rewritten)
        pause.wait(LOOK_SECONDS)
    loading.check_success()
    if shown < 0:
        on_begin()
    click.echo("\r  done " if rewritten else "  done")


def _percent(output: str) -> int | None:
    """How far the loading has come; None while the tables are being made."""
    complete = output.rpartition("\n")[0].splitlines()
    lines = [line.split()[1] for line in complete if line.startswith(f"{PROGRESS} ")]
    return int(lines[-1]) if lines else None


def _greet(stack: Stack, start: datetime | None) -> None:
    zone = _zone()
    if start is None:
        said = f"{clock.now().astimezone(zone):%Y-%m-%d %H:%M}, the machine's clock"
    else:
        said = f"{start.astimezone(zone):%Y-%m-%d %H:%M}; the clock stands, and is moved at {stack.url}/dev/"
    click.echo(f"\n水管家 serves fictional data ({said}):\n")
    click.echo(f"  {stack.url}/              start here: accounts to log in with, each audience's view")
    click.echo(f"  {stack.url}/docs          the API, to be tried in the browser")
    click.echo(f"  {stack.url}/openapi.json  its description (OpenAPI 3.1)")
    click.echo(f"  {stack.url}/dev/          the simulator's console: messages, faults, clock, log-in codes")
    click.echo(f"\nLogs are in {stack.folder}/logs. Ctrl-C stops everything.")


def _zone() -> ZoneInfo:
    return city.read(city_folder({})).calendar.zone


if __name__ == "__main__":
    serve()
