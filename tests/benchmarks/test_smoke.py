"""The benchmarks still run, and what they compare still agrees; nothing here is about time."""

from collections.abc import Iterator

import pytest

from app.core import clock
from benchmarks import due, progress, submit, sweep, talk
from benchmarks.ground import Ground, ground
from benchmarks.table import Table

# The other database is measured by the same code, and starting it takes longer than all of this.
ONE = ("sqlite",)


@pytest.fixture(scope="module")
def grounds() -> Iterator[Ground]:
    before = clock.in_use()
    with ground() as made:
        yield made
    clock.use(before)


def test_progress(grounds: Ground) -> None:
    _complete(
        progress.run(grounds, progress.Size(cases=1, rounds=1, connections=2, seconds=0.05, databases=ONE))
    )


def test_submit(grounds: Ground) -> None:
    _complete(submit.run(grounds, submit.Size(each=2, rounds=1, databases=ONE)))


def test_sweep(grounds: Ground) -> None:
    _complete(sweep.run(grounds, sweep.Size(timers=5, rounds=1, databases=ONE)))


def test_talk(grounds: Ground) -> None:
    size = talk.Size(phones=1, stored=20, rounds=1, connections=2, seconds=0.05, databases=ONE)
    _complete(talk.run(grounds, size))


def test_due() -> None:
    _complete([due.run(due.Size(questions=5, rounds=1))])


def _complete(tables: list[Table]) -> None:
    for table in tables:
        assert all(figure.value > 0 for figure in table.figures if "no success" not in figure.name)
        assert table.ratios
