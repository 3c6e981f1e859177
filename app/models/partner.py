"""Partner platforms (合作平台): who may call the partner API, with which keys, and what they brought in."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Id, Instant, Key, Name


class Capability(StrEnum):
    """What a partner may do."""

    CONSULTATION = "consultation"
    APPLICATION = "application"
    PROGRESS = "progress"


class Partner(Base):
    """A platform; `key` names it in the channel of its cases, `channel_name` is what people read."""

    __tablename__ = "partners"

    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    name: Mapped[Name]
    channel_name: Mapped[Name]
    capabilities: Mapped[list[str]] = mapped_column(JSON)
    webhook_url: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]


class PartnerKey(Base):
    """One signing key; during a rotation the old and the new one both work until `active_to`."""

    __tablename__ = "partner_keys"

    id: Mapped[Id]
    partner_id: Mapped[Key] = mapped_column(ForeignKey("partners.id"), index=True)
    secret: Mapped[str] = mapped_column(EncryptedText)
    active_from: Mapped[Instant]
    active_to: Mapped[Instant | None]


class PartnerNonce(Base):
    """A nonce that was used with a key: the primary key is what refuses a replay."""

    __tablename__ = "partner_nonces"

    key_id: Mapped[Key] = mapped_column(ForeignKey("partner_keys.id"), primary_key=True)
    nonce: Mapped[Key] = mapped_column(primary_key=True)
    seen_at: Mapped[Instant] = mapped_column(index=True)


class PartnerCase(Base):
    """A case that a partner brought in, under the partner's own `reference`.

    `consultation` holds what only a 设计方案意见征询 tells: {"developer", "planned_facilities"}; it is empty
    for a case that was applied for with the full form.
    """

    __tablename__ = "partner_cases"
    __table_args__ = (UniqueConstraint("partner_id", "reference"),)

    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    partner_id: Mapped[Key] = mapped_column(ForeignKey("partners.id"))
    reference: Mapped[Key]
    consultation: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    received_at: Mapped[Instant]
