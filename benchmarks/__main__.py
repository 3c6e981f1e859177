"""`make bench`: prints the ratios of docs/benchmarks.md, all of them or those named.

`make bench ARGS="progress sweep"` measures two. `lifecycle` takes the better part of an hour and 60 GB of
disk, and is measured only when it is named. `make bench ARGS="load --cases 1000000 --seed 7"` prints a
database of fictional cases; with `--database postgresql://…` into an empty, migrated one that is kept, else
into one that is thrown away.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence

from app.core.settings import Settings
from benchmarks import backlog, dispatch, due, lifecycle, progress, submit, sweep, talk, visits
from benchmarks.bulk import loading
from benchmarks.bulk.loading import NotToBeFilledError
from benchmarks.ground import Ground, application, ground
from benchmarks.table import Table

BENCHMARKS: Mapping[str, Callable[[Ground], Sequence[Table]]] = {
    "progress": lambda grounds: progress.run(grounds, progress.Size()),
    "submit": lambda grounds: submit.run(grounds, submit.Size()),
    "sweep": lambda grounds: sweep.run(grounds, sweep.Size()),
    "visits": lambda grounds: visits.run(grounds, visits.Size()),
    "backlog": lambda grounds: backlog.run(grounds, backlog.Size()),
    "dispatch": lambda grounds: dispatch.run(grounds, dispatch.Size()),
    "talk": lambda grounds: talk.run(grounds, talk.Size()),
    "due": lambda _grounds: [due.run(due.Size())],
}
# Only by name, since nobody who types `make bench` expects to wait that long.
LONG: Mapping[str, Callable[[Ground], Sequence[Table]]] = {
    "lifecycle": lambda grounds: lifecycle.run(grounds, lifecycle.Size()),
}
LOAD = "load"


def main(words: Sequence[str]) -> int:
    """Run the benchmarks of these names, all short ones when there are none; 2 for an unknown name."""
    if words[:1] == [LOAD]:
        return load(words[1:])
    known = {**BENCHMARKS, **LONG}
    unknown = [name for name in words if name not in known]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join((*known, LOAD))}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} processors")
    with ground() as grounds:
        for name in words or BENCHMARKS:
            for result in known[name](grounds):
                result.print()
    return 0


def load(words: Sequence[str]) -> int:
    """Fill a database; 2 when it is not one to fill."""
    parser = argparse.ArgumentParser(prog="make bench ARGS='load …'", description=loading.__doc__)
    parser.add_argument("--cases", type=int, required=True, help="how many")
    parser.add_argument("--seed", type=int, default=7, help="the same people, numbers and courses each time")
    parser.add_argument("--database", help="an empty, migrated PostgreSQL database to keep")
    parser.add_argument("--processes", type=int, default=loading.PROCESSES, help="that print at once")
    given = parser.parse_args(words)
    with ground() as grounds:
        url = given.database
        if url is None:
            # Thrown away with its server, so the disk need not be waited for.
            with grounds.careless_postgresql():
                url = grounds.database("postgresql")
                return _fill(url, given)
        return _fill(Settings.for_tests(database_url=url).database_url, given)


def _fill(url: str, given: argparse.Namespace) -> int:
    with application(url) as app:
        try:
            loaded = loading.load(app, given.cases, given.seed, processes=given.processes)
        except NotToBeFilledError as fault:
            print(fault, file=sys.stderr)
            return 2
    for name, rows in loaded.rows.most_common():
        print(f"  {name:<24}{rows:>14,}")
    print(f"{given.cases:,} cases in {loaded.seconds:,.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
