"""Who may come to a case: its manager, stand-ins, and one person of each department that has to be there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zlib import crc32

from app.domain.slots import grid, openings
from app.domain.slots.openings import Need, Party, Person
from app.models import Case
from app.services.scheduling import availability, roster, working_hours
from app.services.scheduling.availability import Supposed
from app.services.scheduling.reservations import Seat
from app.services.scheduling.roster import Absences, Member
from app.services.scheduling.working_hours import Stretch
from app.services.visits.required_visits import Needed

MANAGER = "manager"

Pick = Callable[[Sequence[Sequence[str]], int], Sequence[str]]
"""Chooses of each list of people one, for a visit that begins with a piece."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The people who come into question, by what they would come as, and when they are away.

    The manager may have left meanwhile.
    """

    manager: Member | None
    stand_ins: Sequence[Member]
    roles: Mapping[str, Sequence[Member]]
    absent: Absences

    @property
    def everybody(self) -> list[Member]:
        """Each of them once."""
        lead = [] if self.manager is None else [self.manager]
        others = [member for people in self.roles.values() for member in people]
        return list({member.id: member for member in [*lead, *self.stand_ins, *others]}.values())

    def most_on(self, day: date) -> dict[str, int]:
        """How many visits each of them may have on a day, by their id."""
        return {member.id: working_hours.most(member.weeks, day) for member in self.everybody}


def candidates(case: Case, needed: Needed, stretch: Stretch) -> Candidates:
    """Everybody who may be sent in a stretch of time.

    Stand-ins are the deputies of the manager's leave in that time; without leave, the managers of the
    case's district, and where there is no other one, all managers.
    """
    known = roster.members(needed.party.departments, managers=needed.party.manager)
    absent = roster.absences(known, stretch, manager=case.manager_id)
    roles = {
        department: [member for member in known if member.department == department]
        for department in needed.party.departments
    }
    if not needed.party.manager:
        return Candidates(None, (), roles, absent)
    managers = [member for member in known if member.is_manager]
    manager = next((member for member in managers if member.id == case.manager_id), None)
    others = [member for member in managers if member.id != case.manager_id]
    deputies = absent.deputies.get(case.manager_id, ())
    stand_ins = [member for member in others if member.id in deputies]
    stand_ins = stand_ins or [member for member in others if case.district in member.districts]
    return Candidates(manager, stand_ins or others, roles, absent)


def party(found: Candidates, needed: Needed, stretch: Stretch, supposed: Supposed) -> Party:
    """The same people with their time."""
    free = availability.people(found.everybody, stretch, found.absent, supposed)
    lead = None
    if needed.party.manager:
        # A manager who left is never free, which lets the stand-ins come.
        lead = Person("", 0, 0) if found.manager is None else free[found.manager.id]
    return Party(
        lead=lead,
        stand_ins=[free[member.id] for member in found.stand_ins],
        roles={role: [free[member.id] for member in people] for role, people in found.roles.items()},
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """How one of several free people is chosen for a visit that begins at `piece`.

    The one who came before (`kept`), then who has least to do that day; of equals, one that depends on the
    case, so that many bookings at the same moment do not all ask for the same person.
    """

    case: Case
    need: Need
    stretch: Stretch
    piece: int
    kept: Sequence[str] = ()

    def free(self, people: Sequence[Person]) -> list[Person]:
        """Those of these people who could begin then."""
        return openings.free_at(people, self.need, self.stretch.first, self.piece)

    def best(self, people: Sequence[Person]) -> Person | None:
        """The one to send, if anybody is free."""
        return next(iter(self.ranked(people)), None)

    def ranked(self, people: Sequence[Person]) -> list[Person]:
        """Those who are free, the best first."""
        day = _day_of(self.stretch, self.piece)

        def rank(person: Person) -> tuple[bool, int, int]:
            load = (day & ~person.idle).bit_count()
            return person.id not in self.kept, load, crc32(f"{self.case.id}{person.id}".encode())

        return sorted(self.free(people), key=rank)


def seats(choice: Choice, found: Party, pick: Pick) -> list[Seat] | None:
    """One person for each role, or None when somebody is missing.

    The manager, if free; for the rest `pick` is given the people who are free for each role, the best first.
    """
    own = [] if found.lead is None else choice.free([found.lead])
    asked: dict[str, Sequence[Person]] = {role: choice.ranked(people) for role, people in found.roles.items()}
    if found.lead is not None and not own:
        asked[MANAGER] = choice.ranked(found.stand_ins)
    if not all(asked.values()):
        return None
    ranks = [[person.id for person in people] for people in asked.values()]
    chosen = dict(zip(asked, pick(ranks, choice.piece), strict=True))
    led = [Seat(person.id, MANAGER, lead=True) for person in own]
    if MANAGER in chosen:
        led = [Seat(chosen.pop(MANAGER), MANAGER, lead=True, deputy_for=choice.case.manager_id)]
    others = [
        Seat(staff_id, role, lead=not led and place == 0)
        for place, (role, staff_id) in enumerate(chosen.items())
    ]
    return [*led, *others]


def _day_of(stretch: Stretch, piece: int) -> int:
    midnight = working_hours.midnight(working_hours.local_day(grid.instant_of(piece)))
    start = grid.piece_of(midnight)
    return grid.between(stretch.first, start, start + grid.PIECES_PER_DAY)
