"""The table of what partners are told; it names cases and partners by id, as the outbox of people does."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import new_id
from notifications.models import Instant, Key, PublicId, RowNumber


class WebhookState(StrEnum):
    """Where a delivery stands; the last two are ends."""

    WAITING = "waiting"
    """To be sent at `next_attempt_at`."""
    SENDING = "sending"
    """Claimed by one worker until `lease_until`."""
    DELIVERED = "delivered"
    """The partner answered with a success."""
    FAILED = "failed"
    """Given up; `failure_class` and `status_code` say why."""


class PartnerDelivery(Base):
    """One change of a case on its way to the partner that brought it in, written in its transaction.

    `seq` orders what a partner is told, since a repeated delivery may arrive after a later one. `payload`
    holds no personal data.
    """

    __tablename__ = "partner_deliveries"
    __table_args__ = (Index(None, "state", "next_attempt_at"),)

    seq: Mapped[RowNumber]
    id: Mapped[PublicId] = mapped_column(unique=True, default=new_id)
    partner_id: Mapped[Key] = mapped_column(index=True)
    case_id: Mapped[Key] = mapped_column(index=True)
    event: Mapped[Key]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[Key] = mapped_column(default=WebhookState.WAITING)
    failure_class: Mapped[Key | None]
    status_code: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Instant]
    lease_until: Mapped[Instant | None]
    lease_owner: Mapped[Key | None]
    created_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]
