"""Recording a payment with its receipt. No receipt number is used twice."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import FieldsError
from app.models import Payment, Task


def record_payment(task: Task, outputs: Mapping[str, Any], staff_id: str) -> None:
    """Stores a payment as its task delivered it; a task that was sent back may repeat the same receipt.

    Raises `FieldsError` when the receipt number belongs to another case's payment.
    """
    number = outputs["receipt_number"]
    known = db.session.scalar(select(Payment.case_id).where(Payment.receipt_number == number))
    if known == task.case_id:
        return
    if known is not None:
        raise _used(number)
    db.session.add(
        Payment(
            id=new_id(),
            case_id=task.case_id,
            task_id=task.id,
            amount_fen=outputs["paid_fen"],
            receipt_number=number,
            received_at=clock.now(),
            received_by=staff_id,
        )
    )
    try:
        db.session.flush()
    except IntegrityError as fault:
        # Two clerks at the same moment: the other one was first.
        raise _used(number) from fault


def _used(number: str) -> FieldsError:
    message = f"收据编号“{number}”已登记过，请核对后重新填写。"
    return FieldsError([{"field": "receipt_number", "code": "used", "message": message}])
