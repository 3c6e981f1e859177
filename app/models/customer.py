"""A customer: somebody known by WeChat, by a verified phone, or both."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Hash, Id, Instant, Key, RowNumber, WeChatId


class Customer(Base):
    """One WeChat user of the mini-program; `service_openid` is the same person in the 服务号."""

    __tablename__ = "customers"
    __table_args__ = (
        # A number has one owner at a time. Partial, so that a change of number locks the row as any other
        # change does: PostgreSQL takes a plain unique index for one that a foreign key may refer to.
        Index(
            "uq_customers_phone_hash",
            "phone_hash",
            unique=True,
            sqlite_where=text("phone_hash IS NOT NULL"),
            postgresql_where=text("phone_hash IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    openid: Mapped[WeChatId] = mapped_column(unique=True)
    unionid: Mapped[WeChatId | None] = mapped_column(index=True)
    service_openid: Mapped[WeChatId | None] = mapped_column(unique=True)
    phone: Mapped[str | None] = mapped_column(EncryptedText)
    phone_hash: Mapped[Hash | None]
    # When WeChat verified the number; a later proof is never overruled by an earlier one.
    phone_proved_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class PrivacyConsent(Base):
    """The customer accepted one version of the privacy text; WeChat's own record is not ours to keep."""

    __tablename__ = "privacy_consents"
    __table_args__ = (UniqueConstraint("customer_id", "version"), Index(None, "customer_id"))

    id: Mapped[RowNumber]
    customer_id: Mapped[Key] = mapped_column(ForeignKey("customers.id"))
    version: Mapped[Key]
    accepted_at: Mapped[Instant]
