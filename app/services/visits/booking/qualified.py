"""Which of those who may attend have the skills that a visit asks for, and until when."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.domain.slots import grid
from app.services.scheduling import skills
from app.services.scheduling.roster import Absences, Member
from app.services.scheduling.working_hours import Stretch, local_day
from app.services.visits.required_visits import Needed


def qualified(
    roles: Mapping[str, Sequence[Member]], needed: Needed, stretch: Stretch, absent: Absences
) -> tuple[dict[str, list[Member]], Absences]:
    """The members of each role who have its skills when the stretch begins.

    Whose skill lapses within the stretch is absent from then on.
    """
    found = {role: list(members) for role, members in roles.items()}
    if not needed.skills:
        return found, absent
    asked = [role for role in roles if needed.skills.get(role)]
    held = skills.held_by(member.id for role in asked for member in roles[role])
    first, away = local_day(stretch.starts_at), dict(absent.away)
    for role in asked:
        wanted, found[role] = needed.skills[role], []
        for member in roles[role]:
            own = held.get(member.id, {})
            if not all(skills.has_on(own, skill, first) for skill in wanted):
                continue
            found[role].append(member)
            lapses = skills.lapses_at(own, wanted)
            if lapses is not None and lapses < stretch.ends_at:
                without = grid.touching(stretch.first, lapses, stretch.ends_at)
                away[member.id] = away.get(member.id, 0) | without
    return found, Absences(away, absent.deputies)


def are_qualified(coming: Mapping[str, str], needed: Needed, at: datetime) -> bool:
    """Whether each of these people has the skills of their role on the day; the role by staff id."""
    asked = {staff_id: wanted for staff_id, role in coming.items() if (wanted := needed.skills.get(role))}
    if not asked:
        return True
    held, on = skills.held_by(asked), local_day(at)
    return all(
        skills.has_on(held.get(staff_id, {}), skill, on)
        for staff_id, wanted in asked.items()
        for skill in wanted
    )
