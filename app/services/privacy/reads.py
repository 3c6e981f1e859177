"""Who has read a customer's data: the access records of their cases, told without the person who read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core.db import db
from app.models import AccessRecord, Case, Staff
from app.services.installation import city

_WHAT = {
    "contact": "联系人、电话和地址",
    "application": "申请内容",
    "paper": "协议或合同",
    "document": "资料",
    "position": "上门位置",
}


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One read: by which role, of which department, when, of what. `reader` never names anybody."""

    id: int
    at: datetime
    reader: str
    department: str
    what: str
    case_number: str


def reads_of_customer(customer_id: str, before: int | None, limit: int) -> list[ReadLine]:
    """The reads of the customer's own cases, newest first; only those older than line `before` if given."""
    query = (
        select(AccessRecord, Case.number, Staff)
        .join(Case, Case.id == AccessRecord.case_id)
        .join(Staff, Staff.id == AccessRecord.staff_id)
        .where(Case.customer_id == customer_id)
    )
    if before is not None:
        query = query.where(AccessRecord.id < before)
    rows = db.session.execute(query.order_by(AccessRecord.id.desc()).limit(limit)).all()
    return [
        ReadLine(
            id=record.id,
            at=record.at,
            reader=_role(reader),
            department=city.department_name(reader.department),
            what=_what(record.field),
            case_number=number,
        )
        for record, number, reader in rows
    ]


def _role(reader: Staff) -> str:
    if reader.is_supervisor:
        return "督办人员"
    return "客户管家" if reader.is_manager else "工作人员"


def _what(field: str) -> str:
    kind = field.partition(":")[0].partition(".")[0]
    return _WHAT.get(kind, "个人信息")
