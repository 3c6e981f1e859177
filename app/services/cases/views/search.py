"""Finding a case when somebody calls: by its number, or by the phone on record."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, bindparam, func, select

from app.core import clock
from app.core.db import UtcDateTime
from app.core.list_parameter import one_of
from app.core.prepared_query import PreparedQuery
from app.domain.errors import FieldsError
from app.models import Application, Case, Staff, TimelineEntry
from app.services.cases import access
from app.services.cases.access import Reach
from app.services.installation import city
from app.services.people import acting
from app.services.people.phones import SPELLINGS, normalised_phone, phone_hash
from app.services.people.staffing import Colleague

_NO_BOUND = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A found case with the customer's data masked. `version` is what an edit must name."""

    id: str
    number: str
    program_name: str
    project_name: str
    state: str
    opened_at: datetime
    manager_name: str
    contact: dict[str, str | None]
    version: int


def find_cases(
    staff: Colleague, number: str | None, phone: str | None, before: datetime | None, limit: int
) -> list[FoundCase]:
    """Returns the cases with this number or phone that concern this member of staff, newest first.

    Only those opened before `before` if given. Other cases are not found. Raises `FieldsError` unless
    exactly one of number and phone is given, and for an invalid phone.
    """
    asked = {"before": before or _NO_BOUND, "limit": limit}
    if number is not None and phone is None:
        return _found(staff, _BY_NUMBER, {**asked, "number": number})
    if phone is not None and number is None:
        return _found(staff, _BY_PHONE, {**asked, "phone_hash": _hash(phone)})
    raise FieldsError(
        [{"field": "number", "code": "one_of", "message": "请填写受理编号或联系电话，二者填一项。"}]
    )


def _hash(phone: str) -> str:
    number = normalised_phone(phone)
    if number is None:
        raise FieldsError([{"field": "phone", "code": "phone", "message": f"电话号码有误，{SPELLINGS}"}])
    return phone_hash(number)


def _question(condition: ColumnElement[bool]) -> dict[Reach, PreparedQuery]:
    """The statement for each reach."""
    version = (
        select(func.coalesce(func.max(TimelineEntry.id), 0))
        .where(TimelineEntry.case_id == Case.id)
        .scalar_subquery()
    )
    found = (
        select(
            Case.id,
            Case.number,
            Case.program_key,
            Case.former_program_key,
            Case.project_name,
            Case.state,
            Case.opened_at,
            Staff.name,
            Application.answers,
            version,
        )
        .join(Staff, Staff.id == Case.manager_id)
        .join(Application, Application.id == Case.application_id)
        .where(condition, Case.opened_at < bindparam("before", type_=UtcDateTime))
        .order_by(Case.opened_at.desc(), Case.id)
        .limit(bindparam("limit", type_=Integer))
    )
    return {reach: PreparedQuery(found.where(_concerns(reach))) for reach in Reach}


def _concerns(reach: Reach) -> ColumnElement[bool]:
    return access.concerns_staff(
        reach, lambda column: one_of(column, "principals"), bindparam("department", type_=String)
    )


_BY_NUMBER = _question(Case.number == bindparam("number"))
_BY_PHONE = _question(Case.phone_hash == bindparam("phone_hash"))


def _found(staff: Colleague, question: dict[Reach, PreparedQuery], asked: dict[str, Any]) -> list[FoundCase]:
    reach = access.reach_of(staff)
    if reach is not Reach.EVERYTHING:
        principals = sorted(acting.principals(staff.id, clock.now()))
        asked |= {"principals": principals, "department": staff.department}
    return [_line(row) for row in question[reach].rows(asked)]


def _line(row: list[Any]) -> FoundCase:
    id_, number, program, former, project, state, opened_at, manager, answers, version = row
    return FoundCase(
        id=id_,
        number=number,
        program_name=city.program_of(program, former).name,
        project_name=project,
        state=state,
        opened_at=opened_at,
        manager_name=manager,
        contact=access.masked_contact(answers),
        version=version,
    )
