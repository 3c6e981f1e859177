"""Who may attend a visit: the case's manager, stand-ins, and one person of each required department."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from zlib import crc32

from app.domain.skills import MANAGER_ROLE
from app.domain.slots import grid, openings
from app.domain.slots.openings import Need, Party, Person
from app.models import Case
from app.services.scheduling import availability, roster, working_hours
from app.services.scheduling.availability import Supposition
from app.services.scheduling.reservations import Attendee
from app.services.scheduling.roster import Absences, Member
from app.services.scheduling.working_hours import Stretch
from app.services.visits.booking.qualified import qualified
from app.services.visits.required_visits import Needed

MANAGER = MANAGER_ROLE

Pick = Callable[[Sequence[Sequence[str]], int], Sequence[str]]
"""Chooses one person from each list, for a visit that begins at a given time slot."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The people who may attend, by role, and when they are absent.

    The manager may have left meanwhile.
    """

    manager: Member | None
    stand_ins: Sequence[Member]
    roles: Mapping[str, Sequence[Member]]
    absent: Absences

    @property
    def everybody(self) -> list[Member]:
        """Each person once."""
        lead = [] if self.manager is None else [self.manager]
        others = [member for people in self.roles.values() for member in people]
        return list({member.id: member for member in [*lead, *self.stand_ins, *others]}.values())

    def most_on(self, day: date) -> dict[str, int]:
        """The number of visits that each of them may have on a day, by staff id."""
        return {member.id: working_hours.most(member.weeks, day) for member in self.everybody}


def candidates(case: Case, needed: Needed, stretch: Stretch) -> Candidates:
    """Returns everybody who may be sent in a stretch of time: who has the skills that are asked for.

    Stand-ins are the deputies named in the manager's leave. Without leave, and where the deputies are away at
    the same time, also the managers of the case's district; if there is no other one there, all managers.
    """
    known = roster.members(needed.party.departments, managers=needed.party.manager)
    absent = roster.absences(known, stretch, manager=case.manager_id)
    roles = {
        department: [
            member
            for member in known
            if member.department == department
            and not (needed.party.not_manager and member.id == case.manager_id)
        ]
        for department in needed.party.departments
    }
    if needed.party.manager:
        roles[MANAGER] = [member for member in known if member.is_manager]
    roles, absent = qualified(roles, needed, stretch, absent)
    if not needed.party.manager:
        return Candidates(None, (), roles, absent)
    managers = roles.pop(MANAGER)
    manager = next((member for member in managers if member.id == case.manager_id), None)
    others = [member for member in managers if member.id != case.manager_id]
    deputies = absent.deputies.get(case.manager_id, ())
    stand_ins = [member for member in others if member.id in deputies]
    if not stand_ins or _all_away([case.manager_id, *(member.id for member in stand_ins)], absent):
        stand_ins += [
            member for member in others if case.district in member.districts and member not in stand_ins
        ] or [member for member in others if member not in stand_ins]
    return Candidates(manager, stand_ins, roles, absent)


def _all_away(staff_ids: Sequence[str], absent: Absences) -> bool:
    """Whether there is a time at which none of these people is there."""
    return bool(reduce(and_, (absent.away.get(staff_id, 0) for staff_id in staff_ids)))


def party_times(found: Candidates, needed: Needed, stretch: Stretch, supposed: Supposition) -> Party:
    """The same people with their free time."""
    free = availability.people(
        found.everybody, stretch, found.absent, supposed, spans_breaks=needed.purpose.spans_breaks
    )
    lead = None
    if needed.party.manager:
        # A manager who has left is never free, so that stand-ins may come.
        lead = Person("", 0, 0) if found.manager is None else free[found.manager.id]
    return Party(
        lead=lead,
        stand_ins=[free[member.id] for member in found.stand_ins],
        roles={role: [free[member.id] for member in people] for role, people in found.roles.items()},
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """How one of several free people is chosen for a visit that begins at `piece`.

    First who came before (`kept`), then who has least to do that day. Ties are broken by the case, so
    that many bookings at the same moment do not all ask for the same person.
    """

    case: Case
    need: Need
    stretch: Stretch
    piece: int
    kept: Sequence[str] = ()

    def free(self, people: Sequence[Person]) -> list[Person]:
        """Those of these people who are free then."""
        return openings.free_at(people, self.need, self.stretch.first, self.piece)

    def best(self, people: Sequence[Person]) -> Person | None:
        """The person to send, or None."""
        return next(iter(self.ranked(people)), None)

    def ranked(self, people: Sequence[Person]) -> list[Person]:
        """The free people, best first."""
        day = _day_of(self.stretch, self.piece)

        def rank(person: Person) -> tuple[bool, int, int]:
            load = (day & ~person.idle).bit_count()
            return person.id not in self.kept, load, crc32(f"{self.case.id}{person.id}".encode())

        return sorted(self.free(people), key=rank)


def choose_attendees(choice: Choice, found: Party, pick: Pick) -> list[Attendee] | None:
    """One person for each role, or None when a role cannot be filled.

    The manager, if free; for the other roles `pick` chooses from the free people, who are given best
    first.
    """
    own = [] if found.lead is None else choice.free([found.lead])
    asked: dict[str, Sequence[Person]] = {role: choice.ranked(people) for role, people in found.roles.items()}
    if found.lead is not None and not own:
        asked[MANAGER] = choice.ranked(found.stand_ins)
    if not all(asked.values()):
        return None
    ranks = [[person.id for person in people] for people in asked.values()]
    chosen = dict(zip(asked, pick(ranks, choice.piece), strict=True))
    led = [Attendee(person.id, MANAGER, lead=True) for person in own]
    if MANAGER in chosen:
        led = [Attendee(chosen.pop(MANAGER), MANAGER, lead=True, deputy_for=choice.case.manager_id)]
    others = [
        Attendee(staff_id, role, lead=not led and place == 0)
        for place, (role, staff_id) in enumerate(chosen.items())
    ]
    return [*led, *others]


def _day_of(stretch: Stretch, piece: int) -> int:
    midnight = working_hours.midnight(working_hours.local_day(grid.instant_of(piece)))
    start = grid.piece_of(midnight)
    return grid.between(stretch.first, start, start + grid.PIECES_PER_DAY)
