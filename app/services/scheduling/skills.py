"""Who has which skill, until when, and whose skills lapse soon."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, String, and_, bindparam, delete, select

from app.core import clock, eventbus
from app.core.db import db
from app.core.queue import Queue
from app.domain.events import SkillLapsing
from app.models import Staff, StaffSkill
from app.services.installation import city
from app.services.scheduling import absences, working_hours


@dataclass(frozen=True, slots=True)
class Certificate:
    """A skill that somebody has, valid up to and with a day, or for good; `number` is the certificate's."""

    skill: str
    valid_until: date | None
    number: str | None = field(default=None, repr=False)


Held = Mapping[str, date | None]
"""The skills of a person with their last days; None does not lapse."""


def grant(staff_id: str, certificate: Certificate, by: str | None) -> None:
    """Enters a skill, or renews it. Visits that need it are revalidated by the jobs.

    Raises `KeyError` for a skill that the city does not have.
    """
    skill = city.current().skills.skills[certificate.skill]
    absences.lock_bookings_of([staff_id])
    row = db.session.get(StaffSkill, (staff_id, skill.key))
    if row is None:
        row = StaffSkill(staff_id=staff_id, skill=skill.key)
        db.session.add(row)
    row.valid_until, row.certificate = certificate.valid_until, certificate.number
    row.entered_by, row.entered_at = by, clock.now()
    db.session.flush()
    absences.revalidate_later(staff_id=staff_id)


def withdraw(staff_id: str, skill: str) -> bool:
    """Takes a skill from somebody; whether they had it. Visits that need it are revalidated by the jobs."""
    absences.lock_bookings_of([staff_id])
    gone = db.session.connection().execute(
        delete(StaffSkill).where(StaffSkill.staff_id == staff_id, StaffSkill.skill == skill)
    )
    if gone.rowcount:
        absences.revalidate_later(staff_id=staff_id)
    return bool(gone.rowcount)


def held_by(staff_ids: Iterable[str]) -> Mapping[str, Held]:
    """The skills of each of these people; who has none is left out."""
    found: dict[str, dict[str, date | None]] = {}
    rows = db.session.connection().execute(_HELD, {"ids": sorted(set(staff_ids))})
    for staff_id, skill, valid_until in rows:
        found.setdefault(staff_id, {})[skill] = valid_until
    return found


def missing(staff_id: str, skills: Collection[str], on: date) -> list[str]:
    """Those of these skills that somebody does not have on a day, in the order of their keys."""
    if not skills:
        return []
    held = held_by([staff_id]).get(staff_id, {})
    return sorted(skill for skill in skills if not has_on(held, skill, on))


def has_on(held: Held, skill: str, on: date) -> bool:
    """Whether a skill is held on a day."""
    if skill not in held:
        return False
    until = held[skill]
    return until is None or on <= until


def lapses_at(held: Held, skills: Collection[str]) -> datetime | None:
    """From when one of these skills is no longer held: midnight after its last day; None without an end.

    Raises `KeyError` for a skill that is not held at all.
    """
    days = [until for skill in skills if (until := held[skill]) is not None]
    return None if not days else working_hours.midnight(date.fromordinal(min(days).toordinal() + 1))


def certificates_of(staff_id: str) -> list[Certificate]:
    """What somebody has, in the order of the keys; skills that the city gave up are left out."""
    known = city.current().skills.skills
    rows = db.session.scalars(
        select(StaffSkill).where(StaffSkill.staff_id == staff_id).order_by(StaffSkill.skill)
    )
    return [Certificate(row.skill, row.valid_until, row.certificate) for row in rows if row.skill in known]


def _warned_days(now: datetime) -> Mapping[str, Any]:
    return {"warn_until": working_hours.local_day(now) + city.current().skills.warn}


QUEUE = Queue(
    "skills",
    StaffSkill,
    due=(
        and_(
            StaffSkill.valid_until <= bindparam("warn_until", type_=Date()),
            StaffSkill.told_until.is_distinct_from(StaffSkill.valid_until),
        ),
    ),
    order_by=(StaffSkill.valid_until, StaffSkill.staff_id, StaffSkill.skill),
    parameters=_warned_days,
)


def tell_of_lapsing(limit: int) -> int:
    """Publishes up to `limit` skills that lapse soon, or have lapsed, each once; how many were looked at.

    In the caller's transaction. A renewed skill is told again when its new end comes near. Of those who have
    left, and of skills that the city gave up, nobody is told.
    """
    known = city.current().skills.skills
    rows = QUEUE.lock(limit)
    for row in rows:
        row.told_until = row.valid_until
        if row.skill in known and db.session.get_one(Staff, row.staff_id).active:
            eventbus.publish(SkillLapsing(row.staff_id, row.skill))
    return len(rows)


_HELD = select(StaffSkill.staff_id, StaffSkill.skill, StaffSkill.valid_until).where(
    StaffSkill.staff_id.in_(bindparam("ids", expanding=True, type_=String()))
)
