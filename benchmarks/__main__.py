"""`make bench`, or `python -m benchmarks progress submit` for some of them."""

import sys

from benchmarks import progress
from benchmarks.ground import ground

BENCHMARKS = {
    "progress": lambda grounds: progress.run(grounds, progress.Size()),
}


def main(wanted: list[str]) -> None:
    with ground() as grounds:
        for name in wanted or list(BENCHMARKS):
            for t in BENCHMARKS[name](grounds):
                t.print()

if __name__ == "__main__":
    main(sys.argv[1:])
