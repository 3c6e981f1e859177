"""What became of somebody's data when they withdrew what they had allowed."""

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber


class Erasure(Base):
    """What was deleted and what was kept when somebody withdrew an authorisation at WeChat."""

    __tablename__ = "erasures"

    id: Mapped[RowNumber]
    customer_id: Mapped[Key] = mapped_column(index=True)
    event: Mapped[Key]
    at: Mapped[Instant]
    deleted: Mapped[dict[str, Any]] = mapped_column(JSON)
    kept: Mapped[dict[str, Any]] = mapped_column(JSON)
