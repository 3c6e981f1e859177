"""The work that remains according to the database, and when it can go on."""

from datetime import date, datetime

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.models import JobRun, Timer
from notifications.dispatch.outbox_queue import PUSHED
from notifications.models import ChannelGate, DeliveryState, Notice, OutboxMessage
from notifications.oversight import morning_summary


def count() -> int:
    """Messages that may still be sent, plus timers that are due.

    One statement counts both. A timer that fires between two statements would be in neither count: not yet a
    message in the first, and no longer a timer in the second.
    """
    messages = (
        select(func.count())
        .select_from(OutboxMessage)
        .where(
            OutboxMessage.state.in_((DeliveryState.WAITING, DeliveryState.SENDING)),
            OutboxMessage.channel.in_(PUSHED),
        )
        .scalar_subquery()
    )
    timers = select(func.count()).select_from(Timer).where(Timer.due_at <= clock.now()).scalar_subquery()
    return db.session.scalar(select(messages + timers)) or 0


def next_instant(now: datetime) -> datetime | None:
    """The next moment at which waiting work can go on."""
    moments = [
        db.session.scalar(
            select(func.min(OutboxMessage.next_attempt_at)).where(
                OutboxMessage.state == DeliveryState.WAITING, OutboxMessage.next_attempt_at > now
            )
        ),
        db.session.scalar(
            select(func.min(OutboxMessage.lease_until)).where(OutboxMessage.state == DeliveryState.SENDING)
        ),
        db.session.scalar(select(func.min(ChannelGate.closed_until)).where(ChannelGate.closed_until > now)),
        db.session.scalar(select(func.min(ChannelGate.probing_until)).where(ChannelGate.probing_until > now)),
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def count_summaries(day: date) -> tuple[int, int]:
    """How often the summary of that morning was made, and how many notices it produced."""
    runs = db.session.scalar(
        select(func.count())
        .select_from(JobRun)
        .where(JobRun.job == morning_summary.JOB, JobRun.occasion == day.isoformat())
    )
    # There is one supervisor.
    notices = db.session.scalar(
        select(func.count()).select_from(Notice).where(Notice.dedupe_key.startswith(f"undelivered:{day}:"))
    )
    return runs or 0, notices or 0
