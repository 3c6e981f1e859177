"""A phone that asks for news of its conversation and is told that there are none, against a trivial route.

That is what every open phone asks all day: 304, and when to ask again. As many messages as a large utility
has in years are stored around it.
"""

import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import select, text

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import SystemClock
from app.core.crypto import encrypt
from app.core.db import db
from app.core.ids import new_id
from app.models import Conversation, Medium, Staff
from app.services.conversations import open_conversation
from benchmarks import ground, table
from benchmarks.ground import Ground
from benchmarks.load import Order, get, get_if_changed
from benchmarks.served import TRIVIAL
from benchmarks.server import Loader, served
from benchmarks.table import Figure, Ratio, Table
from miniprogram_api.flask_app import StewardApp
from tests.world import World

AIMS = {"sqlite": 0.5, "postgresql": 0.3}
CONVERSATIONS = 1000
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured; `stored` messages lie in other people's conversations."""

    phones: int = 12
    stored: int = 1_000_000
    rounds: int = 5
    connections: int = 16
    seconds: float = 1.0
    databases: Sequence[str] = ground.DATABASES


@dataclass(frozen=True, slots=True)
class Asking:
    """A phone: where it asks, who it is, and what it knows."""

    path: str
    token: str
    etag: str


def run(grounds: Ground, size: Size) -> list[Table]:
    """A table for each database."""
    return [_measure(grounds.database(kind), kind, size) for kind in size.databases]


def _measure(url: str, kind: str, size: Size) -> Table:
    table.say(f"talk on {kind}: storing {size.stored} messages")
    with ground.application(url) as app:
        phones = _talks(app, size.phones)
        _store(app, size.stored)
    loader = Loader()
    with served(url) as port:
        known = [_known(port, path, token) for path, token in phones]

        def rate(requests: Sequence[str]) -> Callable[[], float]:
            return loader.rate(Order(port, list(requests), size.connections, 0.3, size.seconds))

        rounds = table.in_turns(
            f"talk on {kind}",
            {
                "trivial": rate([get(TRIVIAL)]),
                "nothing new": rate([get_if_changed(one.path, one.token, one.etag) for one in known]),
                "last page": rate([get(path.partition("?")[0], token) for path, token in phones]),
            },
            size.rounds,
        )
    loader.stop()
    return Table(
        f"news of a conversation among {size.stored:,} messages, {kind}",
        [
            Figure("trivial JSON route", table.middle(rounds, "trivial"), "requests/s"),
            Figure("nothing new: 304", table.middle(rounds, "nothing new"), "requests/s"),
            Figure("the last page, ten messages", table.middle(rounds, "last page"), "requests/s"),
        ],
        [
            Ratio("nothing new / trivial route", table.ratio(rounds, "nothing new", "trivial"), AIMS[kind]),
            Ratio("last page / trivial route", table.ratio(rounds, "last page", "trivial"), None),
        ],
    )


def _talks(app: StewardApp, number: int) -> list[tuple[str, str]]:
    """Customers who have exchanged ten messages with their manager: where each asks, and their token."""
    world = World(app)
    clock.use(SystemClock())
    talks = []
    for position in range(number):
        customer = world.log_in(f"o_bench_{position}", f"139{position:08d}")
        path = f"/customer/cases/{world.submitted(customer)['id']}/messages"
        for _ in range(10):
            customer.post(path, {"client_id": uuid4().hex, "text": "请问什么时候上门？"})
        cursor = customer.get(f"{path}?limit=1")["cursor"]
        talks.append((f"/api/v1{path}?after={cursor}", customer.token))
    return talks


def _store(app: StewardApp, number: int) -> None:
    """Messages in general enquiries, written by the database itself."""
    conversations = min(CONVERSATIONS, number)
    with app.app_context(), atomic():
        holder = db.session.scalars(select(Staff.id)).first()
        now = clock.now()
        db.session.add_all(
            Conversation(
                id=new_id(),
                medium=Medium.SERVICE,
                openid=f"o_{position}",
                holder_id=holder,
                opened_at=now,
                **open_conversation.FROM_THE_START,
            )
            for position in range(conversations)
        )
        db.session.flush()
        db.session.execute(_FILL, {"each": number // conversations, "content": encrypt("{}")})
    if _on_postgresql(app):
        with app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
            link.execute(text("VACUUM ANALYZE messages"))


def _on_postgresql(app: StewardApp) -> bool:
    with app.app_context():
        return db.engine.dialect.name == "postgresql"


_FILL = text(
    """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :each)
    INSERT INTO messages
        (id, conversation_id, seq, changed, author, kind, content, medium, sent_at, urgent, safety)
    SELECT substr(c.id, 1, 10) || CAST(100000 + n AS VARCHAR), c.id, n, n, 'customer', 'text', :content,
        'service', c.opened_at, c.id IS NULL, 'unneeded'
    FROM conversations AS c CROSS JOIN numbers WHERE c.case_id IS NULL
    """
)


def _known(port: int, path: str, token: str) -> Asking:
    """What a phone knows after asking once; that asking again is answered 304 is checked."""
    question = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(question) as answer:
        etag = str(answer.headers["ETag"])
    question.add_header("If-None-Match", etag)
    try:
        urllib.request.urlopen(question).close()
    except urllib.error.HTTPError as said:
        if said.code == NOT_MODIFIED:
            return Asking(path, token, etag)
    raise RuntimeError("nothing is new, and yet it was told")
