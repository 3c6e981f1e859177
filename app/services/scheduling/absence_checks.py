"""What leave and closures must be like, whoever enters or changes them."""

from datetime import datetime

from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.domain.errors import FieldsError
from app.domain.stand_ins import Person, is_qualified
from app.models import Staff
from app.services.installation import city


def check_span(starts_at: datetime, ends_at: datetime) -> None:
    """Raises `FieldsError` for an absence that ends before it begins, is over, or is too long."""
    longest = city.current().visits.longest_absence
    if ends_at <= starts_at:
        raise invalid("ends_at", "结束时间应晚于开始时间，请重新填写。")
    if ends_at <= clock.now():
        raise invalid("ends_at", "该时间已经过去，请重新填写。")
    if ends_at - starts_at > longest:
        raise invalid("ends_at", f"一次最长{longest.days}天，请核对年份；更长的请分次登记。")


def check_deputy(staff_id: str, deputy_id: str) -> None:
    """Raises `FieldsError` for a deputy who could not do the work (`stand_ins.is_qualified`)."""
    if staff_id == deputy_id:
        raise invalid("deputy_number", "代理人不能是本人，请重新选择代理人。")
    person, deputy = _person(staff_id), _person(deputy_id)
    if is_qualified(deputy, person):
        return
    if person.is_manager:
        raise invalid("deputy_number", "客户管家须由另一位客户管家代理，请重新选择代理人。")
    if person.is_supervisor:
        raise invalid("deputy_number", "督办须由另一位督办代理，请重新选择代理人。")
    raise invalid("deputy_number", "代理人应为本部门同事、客户管家或督办，请重新选择代理人。")


def invalid(field: str, message: str) -> FieldsError:
    """One wrong field."""
    return FieldsError([{"field": field, "code": "invalid", "message": message}])


def _person(staff_id: str) -> Person:
    row = db.session.execute(
        select(
            Staff.id,
            Staff.number,
            Staff.department,
            Staff.is_manager,
            Staff.is_supervisor,
            Staff.active,
        ).where(Staff.id == staff_id)
    ).one()
    return Person(*row)
