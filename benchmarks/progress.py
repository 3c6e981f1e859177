"""The owner's progress look-up over HTTP, against a trivial route of the server and an idiomatic twin."""

import json
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import ground, table
from benchmarks.ground import Ground, Owned
from benchmarks.load import Order, get
from benchmarks.served import IDIOMATIC, TRIVIAL
from benchmarks.server import Loader, served
from benchmarks.table import Figure, Ratio, Table

PRODUCT = "/api/v1/customer/cases/"
AIMS = {"sqlite": 0.45, "postgresql": 0.30}
AGAINST_IDIOMATIC = 3.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    cases: int = 12
    rounds: int = 5
    connections: int = 16
    seconds: float = 1.0
    databases: Sequence[str] = ground.DATABASES


def run(grounds: Ground, size: Size) -> list[Table]:
    """A table for each database. Raises `RuntimeError` when the twin gives another answer."""
    return [_measure(grounds.database(kind), kind, size) for kind in size.databases]


def _measure(url: str, kind: str, size: Size) -> Table:
    table.say(f"progress on {kind}: walking {size.cases} cases")
    with ground.application(url) as app:
        owned = ground.cases_with_a_stop(app, size.cases)
    loader = Loader()
    with served(url) as port:
        for one in owned:
            _compare(port, one)

        def rate(requests: Sequence[str]) -> Callable[[], float]:
            return loader.rate(Order(port, list(requests), size.connections, 0.3, size.seconds))

        rounds = table.in_turns(
            f"progress on {kind}",
            {
                "trivial": rate([get(TRIVIAL)]),
                "product": rate([get(PRODUCT + one.case_id, one.token) for one in owned]),
                "idiomatic": rate([get(IDIOMATIC + one.case_id, one.token) for one in owned]),
            },
            size.rounds,
        )
    loader.stop()
    return Table(
        f"progress look-up, {kind}",
        [
            Figure("trivial JSON route", table.middle(rounds, "trivial"), "requests/s"),
            Figure("look-up, as it ships", table.middle(rounds, "product"), "requests/s"),
            Figure("look-up, ORM and schema", table.middle(rounds, "idiomatic"), "requests/s"),
        ],
        [
            Ratio("look-up / trivial route", table.ratio(rounds, "product", "trivial"), AIMS[kind]),
            Ratio("look-up / ORM and schema", table.ratio(rounds, "product", "idiomatic"), AGAINST_IDIOMATIC),
        ],
    )


def _compare(port: int, one: Owned) -> None:
    answers = [_ask(port, prefix + one.case_id, one.token) for prefix in (PRODUCT, IDIOMATIC)]
    if answers[0] != answers[1]:
        raise RuntimeError(f"the twins disagree about {one.case_id}: {answers}")


def _ask(port: int, path: str, token: str) -> object:
    question = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(question) as answer:
        return json.loads(answer.read())
