"""Customers' preferences: what they do not want pushed. The notice in the app exists all the same.

Topics and their messages are the city's data (delivery.toml). A kind without a topic is always sent: what the
customer must do, what they would lose, and that water runs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import bindparam, select

from app.core import clock
from app.core.db import db
from app.core.upsert import insert_or_update
from app.domain.errors import FieldsError
from notifications.models import MessagePreference
from notifications.outbox import delivery_rules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Preference:
    """One topic, and whether this customer wants its messages."""

    key: str
    name: str
    wanted: bool


def preferences_of(customer_id: str) -> list[Preference]:
    """Every topic, in the city's order."""
    rows = db.session.execute(
        select(MessagePreference.topic, MessagePreference.wanted).where(
            MessagePreference.customer_id == customer_id
        )
    )
    said = {row.topic: row.wanted for row in rows}
    return [
        Preference(topic.key, topic.name, said.get(topic.key, True))
        for topic in delivery_rules.current().topics
    ]


def record_preferences(customer_id: str, wanted: Mapping[str, bool]) -> None:
    """Stores preferences by topic. Raises `FieldsError` for an unknown topic."""
    known = {topic.key for topic in delivery_rules.current().topics}
    faults = [
        {"field": key, "code": "topic", "message": "没有这类通知，请刷新后重试。"}
        for key in wanted
        if key not in known
    ]
    if faults:
        raise FieldsError(faults)
    for topic, wants in sorted(wanted.items()):
        row = {"customer_id": customer_id, "topic": topic, "wanted": wants, "updated_at": clock.now()}
        insert_or_update(
            MessagePreference,
            row,
            conflict=("customer_id", "topic"),
            changes=lambda fresh: {"wanted": fresh.wanted, "updated_at": fresh.updated_at},
        )


def pushable(tellings: Sequence[T], whom: Callable[[T], tuple[str, str | None]]) -> list[T]:
    """The items that may be pushed; `whom` gives the person and topic of one."""
    people = {person for person, topic in map(whom, tellings) if topic is not None}
    if not people:
        return list(tellings)
    declined = {
        (row.customer_id, row.topic)
        for row in db.session.connection().execute(_DECLINED, {"people": sorted(people)})
    }
    return [telling for telling in tellings if whom(telling) not in declined]


# Runs with many messages to customers.
_DECLINED = select(MessagePreference.customer_id, MessagePreference.topic).where(
    MessagePreference.customer_id.in_(bindparam("people", expanding=True)),
    MessagePreference.wanted.is_(False),
)
