"""Skills and certificates as supervisors keep them: who has what, and what a loss would affect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.core import clock
from app.core.crypto import mask_number
from app.core.db import db
from app.domain.errors import FieldsError, NotAllowedError, NotFoundError
from app.domain.skills import Skill
from app.models import Staff, StaffSkill
from app.services.installation import city
from app.services.people.staffing import Colleague
from app.services.scheduling import skills, working_hours
from app.services.scheduling.skills import Certificate
from app.services.visits.changes import closures
from app.services.visits.changes.closures import Hits
from app.services.visits.changes.work_patterns import is_hit


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody active who has a skill. The certificate's number is masked."""

    number: str
    name: str
    department: str
    valid_until: date | None
    certificate: str | None
    lapsed: bool
    lapses_soon: bool


@dataclass(frozen=True, slots=True)
class SkillLine:
    """A skill of the city, and who has it: what lapses first stands first, what never lapses last."""

    key: str
    name: str
    cite: str
    holders: Sequence[Holder]


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """A skill to enter, up to and with `valid_until` (None: for good)."""

    number: str
    skill: str
    valid_until: date | None
    certificate: str | None


def register(staff: Colleague) -> list[SkillLine]:
    """Every skill of the city with everybody who has it. Raises `NotAllowedError` for all but supervisors."""
    _must_audit(staff)
    rows = db.session.execute(
        select(StaffSkill, Staff)
        .join(Staff, Staff.id == StaffSkill.staff_id)
        .where(Staff.active.is_(True))
        .order_by(StaffSkill.valid_until.is_(None), StaffSkill.valid_until, Staff.number)
    ).all()
    return [
        SkillLine(
            skill.key,
            skill.name,
            skill.cite,
            [_holder(row, member) for row, member in rows if row.skill == skill.key],
        )
        for skill in city.current().skills.skills.values()
    ]


def enter(staff: Colleague, wanted: NewCertificate) -> SkillLine:
    """Enters a skill of somebody, or renews it; the skill with everybody who has it.

    Raises `NotAllowedError` for all but supervisors, `NotFoundError` for a skill that the city does not have,
    `FieldsError` for an unknown person or a last day that is over.
    """
    _must_audit(staff)
    skill = _known(wanted.skill)
    person = closures.active(wanted.number, "staff_number")
    if wanted.valid_until is not None and wanted.valid_until < working_hours.local_day(clock.now()):
        fault = {"field": "valid_until", "code": "invalid", "message": "有效期已过，请核对证书后重新填写。"}
        raise FieldsError([fault])
    skills.grant(person.id, Certificate(skill.key, wanted.valid_until, wanted.certificate), staff.id)
    return _line(staff, skill)


def preview_withdrawal(staff: Colleague, number: str, skill_key: str) -> Hits:
    """The visits that could not take place as booked without a skill. Changes nothing.

    Raises as `withdraw` does.
    """
    with closures.rehearsal():
        return withdraw(staff, number, skill_key)


def withdraw(staff: Colleague, number: str, skill_key: str) -> Hits:
    """Takes a skill from somebody; the visits that the jobs then move, or ask the customers about.

    Raises `NotAllowedError` for all but supervisors, `NotFoundError` when they do not have it, `FieldsError`
    for an unknown person.
    """
    _must_audit(staff)
    person = closures.active(number, "staff_number")
    if not skills.withdraw(person.id, _known(skill_key).key):
        raise NotFoundError
    rows = db.session.execute(closures.booked_with(Staff.id == person.id, clock.now())).all()
    return closures.hits([row for row in rows if is_hit(*row)], ask=False)


def _must_audit(staff: Colleague) -> None:
    if not staff.is_supervisor:
        raise NotAllowedError("岗位技能由督办登记，请联系督办人员。")


def _known(key: str) -> Skill:
    skill = city.current().skills.skills.get(key)
    if skill is None:
        raise NotFoundError
    return skill


def _line(staff: Colleague, skill: Skill) -> SkillLine:
    return next(line for line in register(staff) if line.key == skill.key)


def _holder(row: StaffSkill, member: Staff) -> Holder:
    today, until = working_hours.local_day(clock.now()), row.valid_until
    return Holder(
        member.number,
        member.name,
        city.department_name(member.department),
        until,
        None if row.certificate is None else mask_number(row.certificate),
        lapsed=until is not None and until < today,
        lapses_soon=until is not None and today <= until <= today + city.current().skills.warn,
    )
