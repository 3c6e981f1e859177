"""The meter that is hung at water-on. A serial number hangs in one place only."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import FieldsError
from app.models import Meter, Task


def record_meter(
    task: Task, outputs: Mapping[str, Any], staff_id: str, photo_id: str | None, paper_id: str | None
) -> None:
    """Stores the meter as the task delivered it, with its photo and contract.

    A task that was sent back and delivers the same meter again adds nothing.

    Raises `FieldsError` when that serial hangs elsewhere.
    """
    refuse_used(task.case_id, outputs)
    serial = outputs["meter_serial"]
    if _hangs(serial) is not None:
        return
    db.session.add(
        Meter(
            id=new_id(),
            case_id=task.case_id,
            task_id=task.id,
            serial=serial,
            calibre=outputs["meter_calibre"],
            position=outputs["meter_position"],
            first_reading=outputs["first_reading"],
            photo_id=photo_id,
            paper_id=paper_id,
            hung_at=clock.now(),
            hung_by=staff_id,
        )
    )
    try:
        db.session.flush()
    except IntegrityError as fault:
        raise _used(serial) from fault


def refuse_used(case_id: str, outputs: Mapping[str, Any]) -> None:
    """Raises `FieldsError` when the delivered serial belongs to another case's meter."""
    serial = outputs.get("meter_serial")
    if serial and _hangs(serial) not in {None, case_id}:
        raise _used(serial)


def _hangs(serial: str) -> str | None:
    """The case whose meter has this serial."""
    return db.session.scalar(select(Meter.case_id).where(Meter.serial == serial))


def _used(serial: str) -> FieldsError:
    message = f"水表“{serial}”已安装在其他用户处，请核对表号。"
    return FieldsError([{"field": "meter_serial", "code": "used", "message": message}])
