"""Members of staff: managers, department staff, supervisors."""

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base
from app.models.column_types import Hash, Id, Instant, Key, Name, RowNumber, WeChatId


class Staff(Base):
    """One person of the utility. The phone is what binds the WeChat login, so there are no passwords."""

    __tablename__ = "staff"

    id: Mapped[Id]
    number: Mapped[Key] = mapped_column(unique=True)
    name: Mapped[Name]
    department: Mapped[Key] = mapped_column(index=True)
    is_manager: Mapped[bool] = mapped_column(default=False)
    is_supervisor: Mapped[bool] = mapped_column(default=False)
    districts: Mapped[list[str]] = mapped_column(JSON, default=list)
    phone: Mapped[str] = mapped_column(EncryptedText)
    phone_hash: Mapped[Hash] = mapped_column(unique=True)
    photo_url: Mapped[Name]
    openid: Mapped[WeChatId | None] = mapped_column(unique=True)
    unionid: Mapped[WeChatId | None] = mapped_column(index=True)
    service_openid: Mapped[WeChatId | None] = mapped_column(unique=True)
    wecom_id: Mapped[WeChatId | None] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class StaffLeave(Base):
    """While a manager is away, new cases and pushes go to the deputy."""

    __tablename__ = "staff_leaves"
    __table_args__ = (Index(None, "staff_id"),)

    id: Mapped[RowNumber]
    staff_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    deputy_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
