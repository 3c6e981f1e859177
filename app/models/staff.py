"""Members of staff: managers, department staff, supervisors."""

from sqlalchemy import JSON, ForeignKey, Index, text
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
    """While somebody is away, the deputy acts for them (app.domain.stand_ins)."""

    __tablename__ = "staff_leaves"
    # Leave of years ago is never read: by person and end, and by end for who is away now.
    __table_args__ = (Index(None, "staff_id", "ends_at"), Index(None, "ends_at"))

    id: Mapped[RowNumber]
    staff_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    deputy_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]


class StaffDeparture(Base):
    """Somebody left, or was disabled, and perhaps came back. `entered_by` is None for the operator."""

    __tablename__ = "staff_departures"
    __table_args__ = (
        Index(
            "uq_staff_departures_gone",
            "staff_id",
            unique=True,
            sqlite_where=text("returned_at IS NULL"),
            postgresql_where=text("returned_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    staff_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    left_at: Mapped[Instant]
    entered_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
    returned_at: Mapped[Instant | None]
    returned_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))


class CaseHandover(Base):
    """A case whose manager left, with the manager who has it until a supervisor confirms or chooses another.

    `ended_at` is set by the confirmation, by another hand-over, or by the return of `former_id`.
    """

    __tablename__ = "case_handovers"
    __table_args__ = (
        Index(
            "uq_case_handovers_open",
            "case_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "departure_id"),
    )

    id: Mapped[Id]
    case_id: Mapped[Key] = mapped_column(ForeignKey("cases.id"))
    departure_id: Mapped[Key] = mapped_column(ForeignKey("staff_departures.id"))
    former_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    proposed_id: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[Key | None] = mapped_column(ForeignKey("staff.id"))
