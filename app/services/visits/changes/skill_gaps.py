"""When nobody who has a skill would be there: said in the preview of an absence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.core.db import db
from app.models import Staff, StaffLeave, StaffSkill
from app.services.installation import city
from app.services.scheduling import skills

Span = tuple[datetime, datetime]
"""From an instant up to, not including, another one (both aware)."""


@dataclass(frozen=True, slots=True)
class SkillGap:
    """Between these instants nobody active who has the skill is present."""

    skill: str
    name: str
    starts_at: datetime
    ends_at: datetime


def gaps(staff_id: str, starts_at: datetime, ends_at: datetime) -> list[SkillGap]:
    """The gaps within the absence of somebody, which is entered already, for the skills that they have.

    Only skills that some work asks for count. By the skill's key, then in order of time.
    """
    rules = city.current().skills
    asked = {rule.skill for rule in rules.required}
    own = sorted(asked & skills.held_by([staff_id]).get(staff_id, {}).keys())
    found = []
    for key in own:
        spans = _without_anybody(key, starts_at, ends_at)
        found += [SkillGap(key, rules.skills[key].name, *span) for span in spans]
    return found


def _without_anybody(skill: str, starts_at: datetime, ends_at: datetime) -> list[Span]:
    holders = db.session.scalars(
        select(StaffSkill.staff_id)
        .join(Staff, Staff.id == StaffSkill.staff_id)
        .where(StaffSkill.skill == skill, Staff.active.is_(True))
    ).all()
    held = skills.held_by(holders)
    absent: dict[str, list[Span]] = {holder: [] for holder in holders}
    for holder in holders:
        lapses = skills.lapses_at(held[holder], (skill,))
        if lapses is not None:
            absent[holder].append((lapses, ends_at))
    for row in _leave(holders, starts_at, ends_at):
        absent[row.staff_id].append((row.starts_at, row.ends_at))
    left: list[Span] = [(starts_at, ends_at)]
    for spans in absent.values():
        left = _common(left, spans)
    return left


def _leave(holders: Collection[str], starts_at: datetime, ends_at: datetime) -> Sequence[StaffLeave]:
    return db.session.scalars(
        select(StaffLeave).where(
            StaffLeave.staff_id.in_(holders), StaffLeave.starts_at < ends_at, StaffLeave.ends_at > starts_at
        )
    ).all()


def _common(left: Sequence[Span], spans: Sequence[Span]) -> list[Span]:
    """What lies in both: `left` is in order and does not overlap, `spans` are as they come."""
    found: list[Span] = []
    for start, end in sorted((max(a, c), min(b, d)) for a, b in left for c, d in spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
