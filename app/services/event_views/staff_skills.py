"""What notices need to know of a skill that lapses."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select

from app.core.db import db
from app.models import Staff, StaffSkill
from app.services.installation import city
from app.services.people import recipients
from app.services.people.recipients import StaffRecipient


@dataclass(frozen=True, slots=True)
class SkillView:
    """Somebody's skill up to and with `valid_until`, and how many others will have it then."""

    holder: StaffRecipient
    skill_key: str
    skill_name: str
    valid_until: date
    others: int


def skill(staff_id: str, key: str) -> SkillView:
    """A skill that lapses. Raises `LookupError` for one that is not held, or does not lapse."""
    until = db.session.scalar(
        select(StaffSkill.valid_until).where(StaffSkill.staff_id == staff_id, StaffSkill.skill == key)
    )
    if until is None:
        raise LookupError(staff_id, key)
    others = (
        select(func.count())
        .select_from(StaffSkill)
        .join(Staff, Staff.id == StaffSkill.staff_id)
        .where(
            StaffSkill.skill == key,
            StaffSkill.staff_id != staff_id,
            Staff.active.is_(True),
            or_(StaffSkill.valid_until.is_(None), StaffSkill.valid_until > until),
        )
    )
    name = city.current().skills.skills[key].name
    return SkillView(recipients.member(staff_id), key, name, until, db.session.scalar(others) or 0)
