"""The openings of a case for one purpose: when everybody is free, and which miss the due date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core import clock
from app.domain.slots import grid, openings
from app.domain.slots.openings import Opening, Party, Starts
from app.models import Case
from app.services.installation import city
from app.services.scheduling import working_hours
from app.services.scheduling.availability import AS_BOOKED, Supposition
from app.services.scheduling.working_hours import Stretch
from app.services.visits.booking import attendees, customer_time
from app.services.visits.booking.attendees import Candidates, Choice
from app.services.visits.required_visits import Needed

_FEW = 5


@dataclass(frozen=True, slots=True)
class Bookable:
    """When a visit may begin: from `earliest` (aware) up to, not including, `latest`."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """The openings of a purpose, the manager's name, and by start the name of a stand-in where one would
    come.
    """

    needed: Needed
    openings: Sequence[Opening]
    stand_ins: Mapping[datetime, str]
    manager_name: str

    def instead(self, why: str) -> str:
        """A sentence that refuses a time and says what to do next."""
        if self.openings:
            return f"{why}，请从以下时间中重新选择。"
        return f"{why}，近期暂无其他可约时间，请登记候补，或联系客户管家安排。"

    def few(self) -> list[dict[str, Any]]:
        """The first openings, as a refusal shows them, in the city's time zone."""
        zone = city.zone()
        return [
            {
                "starts_at": opening.starts_at.astimezone(zone).isoformat(),
                "ends_at": opening.ends_at.astimezone(zone).isoformat(),
                "after_due": opening.after_due,
            }
            for opening in self.openings[:_FEW]
        ]


@dataclass(frozen=True, slots=True)
class View:
    """Everybody's time over a stretch, and the possible starts: what a booking chooses from.

    `elsewhere`: the starts at which the customer is booked at another place, or on the way from or to it.
    """

    needed: Needed
    stretch: Stretch
    people: Candidates
    party: Party
    starts: Starts
    kept: int
    elsewhere: int

    def listed(self) -> list[Opening]:
        """The starts as openings, in order."""
        return openings.listed(self.stretch.first, self.starts, self.needed.purpose.need, self.kept)

    def allows(self, piece: int) -> bool:
        """Whether a visit may begin at this time slot."""
        return bool(self.starts.any >> (piece - self.stretch.first) & 1)

    def is_elsewhere(self, piece: int) -> bool:
        """Whether the customer can't be there then."""
        return bool(self.elsewhere >> (piece - self.stretch.first) & 1)


def bookable(*, by_staff: bool = False) -> Bookable:
    """From the minimum notice to the end of the last day of the window. Staff need give no notice."""
    rules = city.current().visits
    now = clock.now()
    last_day = working_hours.local_day(now) + rules.window
    return Bookable(
        now if by_staff else now + rules.notice, working_hours.midnight(last_day + timedelta(days=1))
    )


def view(case: Case, needed: Needed, times: Bookable, supposed: Supposition = AS_BOOKED) -> View:
    """Reads everybody's time."""
    need = needed.purpose.need
    first, last = grid.piece_from(times.earliest), grid.piece_of(times.latest)
    # The travel before the first visit, and the load of its whole day, lie before it.
    stretch = Stretch(first - grid.PIECES_PER_DAY, max(last, first) + grid.PIECES_PER_DAY)
    people = attendees.candidates(case, needed, stretch)
    found = attendees.party_times(people, needed, stretch, supposed)
    kept = openings.in_time(stretch.first, stretch.last, need, needed.due_at)
    elsewhere = customer_time.blocked_starts(case, needed.purpose, stretch, supposed.without)
    bookable_starts = grid.between(stretch.first, first, last) & ~elsewhere
    starts = openings.starts(found, need, bookable_starts, kept)
    return View(needed, stretch, people, found, starts, kept, elsewhere)


def view_at(case: Case, needed: Needed, times: Bookable, piece: int, supposed: Supposition) -> View:
    """What a booking at one time slot chooses from: its day, or more if a stand-in may have to lead.

    Whether a stand-in may come depends on the manager's other days.
    """
    start = grid.instant_of(piece)
    day = working_hours.midnight(working_hours.local_day(start))
    alone = Bookable(max(times.earliest, day), min(times.latest, day + timedelta(days=1)))
    seen = view(case, needed, alone, supposed)
    if seen.starts.own >> (piece - seen.stretch.first) & 1:
        return seen
    return view(case, needed, times, supposed)


def offer(case: Case, needed: Needed, times: Bookable, supposed: Supposition = AS_BOOKED) -> Offer:
    """Every opening in these times, in order."""
    seen = view(case, needed, times, supposed)
    listed = seen.listed()
    names = {member.id: member.name for member in seen.people.everybody}
    manager = seen.people.manager
    return Offer(
        needed, listed, _visitors(case, seen, listed, names), "" if manager is None else manager.name
    )


def _visitors(
    case: Case, seen: View, listed: Sequence[Opening], names: Mapping[str, str]
) -> dict[datetime, str]:
    """Who would stand in for the manager, by the start of the openings where somebody would."""
    found = {}
    for opening in listed:
        if opening.stand_in:
            piece = grid.piece_of(opening.starts_at)
            who = Choice(case, seen.needed.purpose.need, seen.stretch, piece).best(seen.party.stand_ins)
            if who is not None:
                found[opening.starts_at] = names[who.id]
    return found
