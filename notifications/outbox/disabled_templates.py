"""Templates that WeChat refuses: disabled one by one, so that a wrong one does not stop the queue."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal_column, select, update

from app.core import clock
from app.core.db import db
from app.core.upsert import insert_or_ignore
from app.domain.errors import NotFoundError
from notifications.channels.envelope import OutcomeKind
from notifications.models import DeliveryAttempt, DeliveryState, OutboxMessage, StoppedTemplate

CONTENT_FAULTS = 5
"""So many cases whose messages of one template were refused for their content within `CONTENT_WINDOW` disable
it. Attempts don't count, since the text of one case may be sent to many people; nor do refused words.
"""
CONTENT_WINDOW = timedelta(hours=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DisabledTemplate:
    """A disabled template, and how many messages wait for it."""

    template_key: str
    errcode: int | None
    stopped_at: datetime
    waiting: int


def disabled_keys() -> set[str]:
    """The keys of the disabled templates."""
    return set(db.session.connection().scalars(_STOPPED))


_STOPPED = select(StoppedTemplate.template_key)


def disable(template_key: str, errcode: int | None, now: datetime) -> None:
    """Disables a template in the caller's transaction; one that is disabled already stays as it was."""
    row = {"template_key": template_key, "errcode": errcode, "stopped_at": now}
    if insert_or_ignore(StoppedTemplate, row):
        _log.error("a template is stopped", extra={"template": template_key, "errcode": errcode})


def disable_if_many(refused: Mapping[str, int | None], now: datetime) -> None:
    """Disables templates refused for the content of several cases; the attempts must be written before."""
    for template_key, errcode in sorted(refused.items()):
        faults = db.session.scalar(
            select(func.count(OutboxMessage.case_id.distinct()))
            .join(DeliveryAttempt, DeliveryAttempt.message_id == OutboxMessage.id)
            .where(
                DeliveryAttempt.template_key == template_key,
                DeliveryAttempt.outcome == literal_column(f"'{OutcomeKind.CONTENT}'"),
                DeliveryAttempt.at > now - CONTENT_WINDOW,
            )
        )
        if (faults or 0) >= CONTENT_FAULTS:
            disable(template_key, errcode, now)


def disabled_templates() -> list[DisabledTemplate]:
    """Every disabled template, longest disabled first."""
    rows = db.session.execute(select(StoppedTemplate).order_by(StoppedTemplate.stopped_at)).scalars().all()
    waiting = _waiting([row.template_key for row in rows])
    return [
        DisabledTemplate(row.template_key, row.errcode, row.stopped_at, waiting.get(row.template_key, 0))
        for row in rows
    ]


def release(template_key: str) -> int:
    """Enables a template again. Returns how many messages had waited. Raises `NotFoundError`."""
    gone = db.session.execute(
        delete(StoppedTemplate)
        .where(StoppedTemplate.template_key == template_key)
        .returning(StoppedTemplate.template_key)
    )
    if gone.first() is None:
        raise NotFoundError
    released = db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.state == DeliveryState.WAITING,
            OutboxMessage.template_key == template_key,
            OutboxMessage.failure_class == OutcomeKind.HELD.value,
        )
        .values(next_attempt_at=clock.now())
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(released.all())


def _waiting(template_keys: Collection[str]) -> dict[str, int]:
    if not template_keys:
        return {}
    rows = db.session.execute(
        select(OutboxMessage.template_key, func.count().label("waiting"))
        .where(
            OutboxMessage.state == DeliveryState.WAITING,
            OutboxMessage.template_key.in_(template_keys),
            OutboxMessage.failure_class == OutcomeKind.HELD.value,
        )
        .group_by(OutboxMessage.template_key)
    )
    return {row.template_key: row.waiting for row in rows}
