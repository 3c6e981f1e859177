"""Instants at which something is owed in a conversation: a push, an answer, a reminder."""

from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, Key


class ConversationTimerKind(StrEnum):
    """What a timer is for; its subject is a conversation, a chase or a complaint."""

    PUSH_CUSTOMER = "push_customer"
    PUSH_STAFF = "push_staff"
    ANSWER_REMINDER = "answer_reminder"
    ANSWER_OVERDUE = "answer_overdue"
    CHASE_OVERDUE = "chase_overdue"
    COMPLAINT_REMINDER = "complaint_reminder"
    COMPLAINT_OVERDUE = "complaint_overdue"


class ConversationTimer(Base):
    """Taken and deleted by the sweep in one transaction. Not a `Timer`, which belongs to a task.

    The subject is named without a foreign key: it may be of three kinds.
    """

    __tablename__ = "talk_timers"

    subject_id: Mapped[Key] = mapped_column(primary_key=True)
    kind: Mapped[Key] = mapped_column(primary_key=True)
    due_at: Mapped[Instant] = mapped_column(index=True)
    urgent: Mapped[bool] = mapped_column(default=False)
