"""Notices follow a case that went to another account of its customer."""

from sqlalchemy import update

from app.core import clock
from app.core.db import db
from app.services.cases.rights.take_over import CaseTakenOver
from notifications.models import DeliveryState, Notice, OutboxMessage


def move_notices(event: CaseTakenOver) -> None:
    """The notices of the case are the new account's; what waits for the former one is not sent any more."""
    db.session.execute(
        update(Notice)
        .where(Notice.case_id == event.case_id, Notice.customer_id == event.former_id)
        .values(customer_id=event.customer_id)
    )
    db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.case_id == event.case_id,
            OutboxMessage.recipient_id == event.former_id,
            OutboxMessage.state == DeliveryState.WAITING,
        )
        .values(state=DeliveryState.EXPIRED, settled_at=clock.now())
    )
