"""`python -m tests.pushes`: a month of 60 people with 200 open cases; pushes per person and working day.

`--days`, `--open`, `--staff` make it smaller, `--seed` another one. `make soak` runs it.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from app.core import migrations
from app.core.process_start import without_garbage_collection
from app.core.settings import Settings
from app.factory import create_app
from benchmarks.table import say
from demo.load_sample import do_not_wait_for_the_disk
from tests.pushes import push_figures
from tests.pushes.simulated_month import Size, simulate

START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
"""A Monday with no holiday in the weeks that follow, 08:00 in Jinan."""


def main() -> None:
    """Simulate, and print the figures; ends with 1 when something due was unheard."""
    asked = argparse.ArgumentParser(prog="python -m tests.pushes")
    for name, usual in (("staff", 60), ("open", 200), ("filling", 12), ("days", 21), ("seed", 13)):
        asked.add_argument(f"--{name}", type=int, default=usual)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="steward-pushes-") as folder:
        app = create_app(Settings.for_tests(database_url=f"sqlite:///{Path(folder)}/month.db"))
        with app.app_context():
            migrations.upgrade(app)
            do_not_wait_for_the_disk()
        size = Size(given.staff, given.open, given.filling, given.days)
        with without_garbage_collection():
            month = simulate(app, size, START, given.seed, say)
        with app.app_context():
            found = push_figures.report(month)
    sys.stdout.write("\n".join(("", *push_figures.lines(month, found), "")))
    if found.unheard:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
