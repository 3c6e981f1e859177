"""The meters that are hung at water-on. A serial number hangs in one place only."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import FieldsError
from app.models import Meter, Task


def record_meters(
    task: Task, outputs: Mapping[str, Any], staff_id: str, photo_id: str | None, paper_id: str | None
) -> None:
    """Stores every meter as the task delivered it, with its photo and contract.

    A task that was sent back and delivers the same meter again adds nothing.

    Raises `FieldsError` when a serial hangs elsewhere.
    """
    refuse_used(task.case_id, outputs)
    now = clock.now()
    for field, meter in _meters(outputs):
        if _hangs(meter["serial"]) is not None:
            continue
        db.session.add(
            Meter(
                id=new_id(),
                case_id=task.case_id,
                task_id=task.id,
                serial=meter["serial"],
                calibre=outputs["meter_calibre"],
                position=meter["position"],
                first_reading=meter["first_reading"],
                photo_id=photo_id,
                paper_id=paper_id,
                hung_at=now,
                hung_by=staff_id,
            )
        )
        try:
            db.session.flush()
        except IntegrityError as fault:
            raise FieldsError([_used(field, meter["serial"])]) from fault


def refuse_used(case_id: str, outputs: Mapping[str, Any]) -> None:
    """Raises `FieldsError` when a delivered serial is given twice or belongs to another case's meter."""
    faults, seen = [], set()
    for field, meter in _meters(outputs):
        serial = meter["serial"]
        if serial in seen:
            message = f"表号“{serial}”填写了两次，请核对。"
            faults.append({"field": field, "code": "used", "message": message})
        elif _hangs(serial) not in {None, case_id}:
            faults.append(_used(field, serial))
        seen.add(serial)
    if faults:
        raise FieldsError(faults)


def _meters(outputs: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Each meter with the output that names it: the first one, then the others of the same calibre."""
    if not outputs.get("meter_serial"):
        return []
    first = {
        "serial": outputs["meter_serial"],
        "position": outputs.get("meter_position", ""),
        "first_reading": outputs.get("first_reading", ""),
    }
    further = [("further_meters", meter) for meter in outputs.get("further_meters") or ()]
    return [("meter_serial", first), *further]


def _hangs(serial: str) -> str | None:
    """The case whose meter has this serial."""
    return db.session.scalar(select(Meter.case_id).where(Meter.serial == serial))


def _used(field: str, serial: str) -> dict[str, str]:
    message = f"水表“{serial}”已安装在其他用户处，请核对表号。"
    return {"field": field, "code": "used", "message": message}
