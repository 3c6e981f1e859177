"""The submission of a case, against the same rows written through the ORM; and two processes that write."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from sqlalchemy import func, select

from app.core.atomic import atomic
from app.core.db import db
from app.services.applications import drafts
from app.services.cases.submit import submit
from app.services.history.timeline import by_customer
from benchmarks import ground, idiomatic_submission, table
from benchmarks.ground import Draft, Ground
from benchmarks.load import Order, Outcome, post
from benchmarks.served import SUBMISSIONS
from benchmarks.server import Loader, served
from benchmarks.table import Figure, Ratio, Table
from miniprogram_api.flask_app import StewardApp

AIM = 3.0
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: submissions in one turn of one contestant, and rounds."""

    each: int = 25
    rounds: int = 7
    databases: Sequence[str] = ground.DATABASES


def run(grounds: Ground, size: Size) -> list[Table]:
    """In one process on both databases, then over HTTP with two writing processes on SQLite.

    Raises `RuntimeError` when the two do not write the same number of rows into every table.
    """
    return [
        *(_in_process(grounds.database(kind), kind, size) for kind in size.databases),
        _over_http(grounds.database("sqlite"), size),
    ]


def _in_process(url: str, kind: str, size: Size) -> Table:
    table.say(f"submission on {kind}: writing drafts")
    with ground.application(url) as app:
        pool = iter(ground.drafts_to_submit(app, 2 * size.each * (size.rounds + 1) + 4))
        _same_rows(app, pool)

        def milliseconds(submission: Callable[[Draft], object]) -> Callable[[], float]:
            def measure() -> float:
                batch = list(islice(pool, size.each))
                begun = perf_counter()
                for draft in batch:
                    with app.app_context(), atomic():
                        submission(draft)
                return (perf_counter() - begun) / len(batch) * 1000

            return measure

        contestants = {"product": milliseconds(_product), "idiomatic": milliseconds(_idiomatic)}
        for warm_up in contestants.values():
            warm_up()
        rounds = table.in_turns(f"submission on {kind}", contestants, size.rounds)
    return Table(
        f"submission of a case in one process, {kind}",
        [
            Figure("as it ships", table.middle(rounds, "product"), "ms"),
            Figure("every row through the ORM", table.middle(rounds, "idiomatic"), "ms"),
        ],
        [
            Ratio(
                "through the ORM / as it ships",
                table.ratio(rounds, "idiomatic", "product"),
                AIM if kind == "sqlite" else None,
            )
        ],
    )


def _over_http(url: str, size: Size) -> Table:
    table.say("submission over HTTP: writing drafts")
    with ground.application(url) as app:
        pool = iter(ground.drafts_to_submit(app, 2 * size.each * (size.rounds + 1)))
    loader = Loader()
    failures: list[int] = []
    with served(url) as port:

        def rate(path: Callable[[Draft], str]) -> Callable[[], float]:
            def measure() -> float:
                requests = [
                    post(path(draft), draft.token, draft.application_id) for draft in islice(pool, size.each)
                ]
                outcome: Outcome = loader.carry_out(Order(port, requests, CONNECTIONS, 0, 0, once=True))
                failures.append(outcome.failures)
                return outcome.per_second

            return measure

        contestants = {
            "product": rate(lambda draft: f"/api/v1/customer/applications/{draft.application_id}/submission"),
            "idiomatic": rate(lambda draft: SUBMISSIONS + draft.application_id),
        }
        for warm_up in contestants.values():
            warm_up()
        rounds = table.in_turns("submission over HTTP", contestants, size.rounds)
    loader.stop()
    return Table(
        "submission over HTTP, sqlite, two processes writing",
        [
            Figure(
                "as it ships, progress answer and kept answer included", table.middle(rounds, "product"), "/s"
            ),
            Figure("every row through the ORM", table.middle(rounds, "idiomatic"), "/s"),
            Figure("answers that were no success (database is locked, …), of either", sum(failures), ""),
        ],
        [Ratio("as it ships / through the ORM", table.ratio(rounds, "product", "idiomatic"), None)],
    )


def _product(draft: Draft) -> None:
    application = drafts.draft_of_customer(draft.customer_id, draft.application_id)
    submit(application, by_customer(draft.customer_id), confirmed=True)


def _idiomatic(draft: Draft) -> None:
    idiomatic_submission.submit(draft.application_id, draft.customer_id)


def _same_rows(app: StewardApp, pool: Iterator[Draft]) -> None:
    written = []
    for submission in (_product, _idiomatic):
        before = _rows(app)
        with app.app_context(), atomic():
            submission(next(pool))
        written.append({name: count - before[name] for name, count in _rows(app).items()})
    if written[0] != written[1]:
        raise RuntimeError(f"the two write different rows: {written}")


def _rows(app: StewardApp) -> dict[str, int]:
    with app.app_context(), atomic(read_only=True):
        return {
            name: db.session.scalar(select(func.count()).select_from(noun)) or 0
            for name, noun in db.metadata.tables.items()
        }
