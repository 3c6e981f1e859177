"""A try to reach a customer, recorded as it happens."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key, RowNumber


class ContactTry(Base):
    """When, and in which `way` of the program's data, somebody tried to reach the customer of a task."""

    __tablename__ = "contact_tries"

    id: Mapped[RowNumber]
    task_id: Mapped[Key] = mapped_column(ForeignKey("tasks.id"), index=True)
    tried_at: Mapped[Instant]
    way: Mapped[Key]
    entered_by: Mapped[Key] = mapped_column(ForeignKey("staff.id"))
