"""Setting and clearing the timers of conversations."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import case as choose
from sqlalchemy import delete, or_

from app.core.db import db
from app.core.upsert import insert_or_update
from app.models import ConversationTimer, ConversationTimerKind


def set_timer(
    subject_id: str, kind: ConversationTimerKind, due_at: datetime, *, urgent: bool = False
) -> None:
    """Sets a timer for `due_at`; if one exists already, the earlier instant holds."""
    insert_or_update(
        ConversationTimer,
        {"subject_id": subject_id, "kind": kind, "due_at": due_at, "urgent": urgent},
        conflict=("subject_id", "kind"),
        changes=lambda fresh: {
            "due_at": choose(
                (ConversationTimer.due_at > fresh.due_at, fresh.due_at), else_=ConversationTimer.due_at
            ),
            "urgent": or_(ConversationTimer.urgent, fresh.urgent),
        },
    )


def clear_timers(subject_id: str, kinds: Collection[ConversationTimerKind]) -> None:
    """Clears the timers of these kinds."""
    db.session.execute(
        delete(ConversationTimer).where(
            ConversationTimer.subject_id == subject_id, ConversationTimer.kind.in_(sorted(kinds))
        ),
        execution_options={"synchronize_session": False},
    )
