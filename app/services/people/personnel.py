"""Staff records as the utility's IT keeps them: add, leave, hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from app.core.crypto import mask_phone
from app.core.db import db
from app.core.ids import new_id
from app.domain.errors import FieldsError
from app.domain.slots.patterns import Pattern
from app.models import Staff, StaffLeave
from app.services.installation import city
from app.services.people.phones import normalised_phone, phone_hash
from app.services.scheduling import absences, pattern_fit, skills
from app.services.scheduling.skills import Certificate


class StaffFaultError(Exception):
    """What is wrong with a person's data, for the operator."""


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person to add."""

    number: str
    name: str
    department: str
    phone: str
    photo_url: str
    is_manager: bool
    is_supervisor: bool
    districts: tuple[str, ...]


def add(wanted: NewStaff) -> Staff:
    """Add a person. Raises `StaffFaultError` for an unknown department or district, or a wrong phone."""
    bundle = city.current()
    if wanted.department not in bundle.departments:
        raise StaffFaultError(f"unknown department; known: {', '.join(bundle.departments)}")
    known = {district.key for district in bundle.city.districts}
    if not known.issuperset(wanted.districts):
        raise StaffFaultError(f"unknown district; known: {', '.join(sorted(known))}")
    phone = normalised_phone(wanted.phone)
    if phone is None:
        raise StaffFaultError("the phone is no mobile or land line number")
    taken = db.session.scalar(
        select(Staff.number).where((Staff.phone_hash == phone_hash(phone)) | (Staff.number == wanted.number))
    )
    if taken is not None:
        raise StaffFaultError(f"number or phone is already that of {taken}")
    member = Staff(
        id=new_id(),
        number=wanted.number,
        name=wanted.name,
        department=wanted.department,
        is_manager=wanted.is_manager,
        is_supervisor=wanted.is_supervisor,
        districts=list(wanted.districts),
        phone=phone,
        phone_hash=phone_hash(phone),
        photo_url=wanted.photo_url,
        active=True,
    )
    db.session.add(member)
    db.session.flush()
    absences.person_came()
    return member


def everybody() -> list[str]:
    """One line for each person, phone masked."""
    return [
        "\t".join(
            (
                member.number,
                member.name,
                city.department_name(member.department),
                mask_phone(member.phone),
                "manager" if member.is_manager else "",
                "supervisor" if member.is_supervisor else "",
                "" if member.active else "left",
            )
        )
        for member in db.session.scalars(select(Staff).order_by(Staff.number))
    ]


def enter_leave(number: str, deputy: str, first: date, last: date) -> StaffLeave:
    """Whole days of leave, `first` to `last` inclusive, in the city's time zone. Raises `StaffFaultError`."""
    if last < first:
        raise StaffFaultError("the leave ends before it begins")
    if number == deputy:
        raise StaffFaultError("nobody is their own deputy")
    zone = city.zone()
    if last == date.max:
        raise StaffFaultError("the leave has no end")
    try:
        return absences.enter_leave(
            _by_number(number).id,
            _by_number(deputy).id,
            datetime.combine(first, time(), zone),
            datetime.combine(last + timedelta(days=1), time(), zone),
        )
    except FieldsError as fault:
        raise StaffFaultError(fault.extra["errors"][0]["message"]) from fault


def set_hours(number: str, pattern: Pattern) -> list[str]:
    """A person's ordinary week from a day on. Returns the names of the visits that it has no room for.

    Raises `StaffFaultError`, also when nobody could attend some visit any more.
    """
    member = _by_number(number)
    found = pattern_fit.pattern_fit(member, pattern)
    if found.without_anybody:
        names = ", ".join(f"{one.name} ({one.minutes} minutes)" for one in found.without_anybody)
        raise StaffFaultError(f"nobody could attend these visits any more: {names}")
    absences.enter_pattern(member.id, pattern)
    return [one.name for one in found.unfit]


def grant_skill(number: str, skill: str, valid_until: date | None, certificate: str | None) -> None:
    """A skill that a person has, up to and with a day or for good. Raises `StaffFaultError`."""
    known = city.current().skills.skills
    if skill not in known:
        raise StaffFaultError(f"unknown skill; known: {', '.join(sorted(known)) or 'none'}")
    skills.grant(_by_number(number).id, Certificate(skill, valid_until, certificate), None)


def withdraw_skill(number: str, skill: str) -> None:
    """Take a skill from a person. Raises `StaffFaultError` when they do not have it."""
    if not skills.withdraw(_by_number(number).id, skill):
        raise StaffFaultError(f"{number} does not have {skill}")


def _by_number(number: str) -> Staff:
    member = db.session.scalar(select(Staff).where(Staff.number == number, Staff.active.is_(True)))
    if member is None:
        raise StaffFaultError(f"nobody active has the number {number}")
    return member
