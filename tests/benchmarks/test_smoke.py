"""The benchmarks still run, and what they compare still agrees; nothing here is about time."""

from collections.abc import Iterator

import pytest

from app.core import clock
from benchmarks import backlog, dispatch, due, lifecycle, progress, submit, sweep, talk, visits
from benchmarks.bulk.walks import WALKS
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


def test_lifecycle(grounds: Ground) -> None:
    """Every lifecycle is looked at as it goes: an answer that is not what it should be raises here."""
    size = lifecycle.Size(
        cases=(120,),
        lifecycles=4,
        warm_up=1,
        rounds=1,
        connections=2,
        spike=((2, 1), (4, 1)),
        courses=tuple(walk for walk in WALKS if walk.name in {"withdrawn", "just submitted"}),
        processes=1,
    )
    loading, even, spike = lifecycle.run(grounds, size)
    _complete([even])
    assert loading.figures
    assert all(figure.value > 0 for figure in loading.figures)
    assert {figure.value for figure in spike.figures if "failed" in figure.name} == {0}


def test_visits(grounds: Ground) -> None:
    size = visits.Size(each=1, booked=80, questions=1, bookings=2, processes=1, rounds=1, databases=ONE)
    _complete(visits.run(grounds, size))


def test_backlog(grounds: Ground) -> None:
    _complete(backlog.run(grounds, backlog.Size(timers=20, told=5, jobs=3, databases=ONE)))


def test_dispatch(grounds: Ground) -> None:
    size = dispatch.Size(waiting=5, at_once=5, rounds=1, databases=ONE, celery=False)
    waiting, at_once = dispatch.run(grounds, size)
    _complete([waiting])
    # Without Celery there is nothing to compare it with.
    assert [figure.value > 0 for figure in at_once.figures] == [True]


def test_talk(grounds: Ground) -> None:
    size = talk.Size(phones=1, stored=20, rounds=1, connections=2, seconds=0.05, databases=ONE)
    _complete(talk.run(grounds, size))


def test_due() -> None:
    _complete([due.run(due.Size(questions=5, rounds=1))])


def _complete(tables: list[Table]) -> None:
    assert tables
    for table in tables:
        assert table.figures
        assert all(figure.value > 0 for figure in table.figures if not _may_be_none(figure.name))
        assert table.ratios


def _may_be_none(name: str) -> bool:
    return "no success" in name or name.startswith("growth")
