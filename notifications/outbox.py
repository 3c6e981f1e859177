"""Telling people something: the notice in the app, and the message to WeChat, in the caller's transaction.

Both are written with the business change they tell of, so that either all of it happened or none. The jobs
send the messages afterwards. Whoever can be reached by no channel still has the notice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from notifications import catalog, consents
from notifications.catalog import Rendered
from notifications.kinds import Audience, Channel, Kind
from notifications.models import DeliveryState, Notice, OutboxMessage


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to tell, with the openids by which WeChat knows them (mini-program, 服务号)."""

    audience: Audience
    id: str
    openid: str | None = field(repr=False)
    service_openid: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing to tell. `event_key` names the event: telling the same person of it again changes nothing."""

    kind: Kind
    event_key: str
    case_id: str
    values: Mapping[str, str] = field(repr=False)
    task_id: str | None = None


def enqueue(occasion: Occasion, recipients: Iterable[Recipient]) -> None:
    """Tell each of `recipients` once. Two statements at most, however many they are.

    Raises `KeyError` when the kind's text needs a value that `occasion` lacks.
    """
    told = {recipient.id: recipient for recipient in recipients}
    if not told:
        return
    ids = {"case_id": occasion.case_id, "task_id": occasion.task_id or ""}
    rendered = catalog.current().render(occasion.kind, occasion.values, ids)
    fresh = _write_notices(occasion, rendered, list(told.values()))
    _write_messages(occasion, rendered, [(told[person], notice) for person, notice in fresh.items()])


def dedupe_key(kind: Kind, event_key: str, recipient_id: str) -> str:
    """What makes a message unique: the same event is told to the same person once."""
    return f"{kind}:{event_key}:{recipient_id}"


def _write_notices(occasion: Occasion, rendered: Rendered, told: Sequence[Recipient]) -> dict[str, str]:
    """Write the notices that do not exist yet: recipient → notice."""
    rows = [
        {
            "id": new_id(),
            "customer_id": person.id if person.audience is Audience.CUSTOMER else None,
            "staff_id": person.id if person.audience is Audience.STAFF else None,
            "case_id": occasion.case_id,
            "task_id": occasion.task_id,
            "kind": occasion.kind,
            "title": rendered.title,
            "body": rendered.body,
            "page": rendered.page,
            "dedupe_key": dedupe_key(occasion.kind, occasion.event_key, person.id),
            "created_at": clock.now(),
        }
        for person in told
    ]
    connection = db.session.connection()
    dialect_insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # Rows as parameters: as VALUES of the statement they would be compiled anew for every number of them.
    written = connection.execute(
        dialect_insert(Notice)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(Notice.id, Notice.customer_id, Notice.staff_id),
        rows,
    )
    return {row.customer_id or row.staff_id: row.id for row in written}


def _write_messages(occasion: Occasion, rendered: Rendered, told: Sequence[tuple[Recipient, str]]) -> None:
    consenting = _consenting(rendered, [person for person, _ in told])
    rows = []
    for person, notice_id in told:
        routes = _routes(rendered, person, consenting)
        if routes:
            rows.append(
                {
                    "id": new_id(),
                    "notice_id": notice_id,
                    "kind": occasion.kind,
                    "case_id": occasion.case_id,
                    "task_id": occasion.task_id,
                    "audience": person.audience,
                    "recipient_id": person.id,
                    **routes[0],
                    "page": rendered.page,
                    "next_channels": {"routes": routes[1:]},
                    "dedupe_key": dedupe_key(occasion.kind, occasion.event_key, person.id),
                    "state": DeliveryState.WAITING,
                    "attempts": 0,
                    "next_attempt_at": clock.now(),
                    "created_at": clock.now(),
                }
            )
    if rows:
        db.session.connection().execute(insert(OutboxMessage), rows)


def _consenting(rendered: Rendered, told: Sequence[Recipient]) -> set[str]:
    filled = rendered.filled.get(Channel.SUBSCRIBE)
    if filled is None:
        return set()
    return consents.holders({person.openid for person in told if person.openid}, filled.template_key)


def _routes(rendered: Rendered, person: Recipient, consenting: set[str]) -> list[dict[str, Any]]:
    """The channels by which this person can be reached at all, best first."""
    targets = {
        Channel.SUBSCRIBE: person.openid if person.openid in consenting else None,
        Channel.TEMPLATE: person.service_openid,
    }
    return [
        {
            "channel": channel.value,
            "template_key": rendered.filled[channel].template_key,
            "openid": openid,
            "data": dict(rendered.filled[channel].data),
        }
        for channel, openid in targets.items()
        if openid is not None and channel in rendered.filled
    ]
