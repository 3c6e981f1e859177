"""`make bench`: prints the ratios of docs/benchmarks.md, all of them or those named.

`make bench ARGS="progress sweep"` measures two.
"""

import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence

from benchmarks import due, progress, submit, sweep, talk
from benchmarks.ground import Ground, ground
from benchmarks.table import Table

BENCHMARKS: Mapping[str, Callable[[Ground], Sequence[Table]]] = {
    "progress": lambda grounds: progress.run(grounds, progress.Size()),
    "submit": lambda grounds: submit.run(grounds, submit.Size()),
    "sweep": lambda grounds: sweep.run(grounds, sweep.Size()),
    "talk": lambda grounds: talk.run(grounds, talk.Size()),
    "due": lambda _grounds: [due.run(due.Size())],
}


def main(names: Sequence[str]) -> int:
    """Run the benchmarks of these names, all when there are none; 2 for an unknown name."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()} on {platform.system()}, {os.cpu_count()} processors")
    with ground() as grounds:
        for name in names or BENCHMARKS:
            for result in BENCHMARKS[name](grounds):
                result.print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
