"""Openings: the starts at which everybody who has to be there is free, travel included.

A visit lies in office hours and in each visitor's own hours; the travel before and after it only has to be
free of other visits, since the way there may begin before the office opens. A visit that spans breaks begins
in these hours, and goes on through the break between two periods in which the visitor works.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.slots import grid


@dataclass(frozen=True, slots=True)
class Need:
    """How many pieces a visit lasts, and how many of travel lie before and after it.

    `spans_breaks`: it may go on through a break of the day, such as lunch.
    """

    pieces: int
    before: int
    after: int
    spans_breaks: bool = False

    @property
    def taken(self) -> range:
        """The pieces that it takes, counted from its start."""
        return range(-self.before, self.pieces + self.after)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's time as sets of pieces: `working` is when they may visit, `idle` when nothing is taken.

    `begins`: when a visit may begin, where that is less than `working` (None: at any of these pieces).
    """

    id: str
    working: int
    idle: int
    begins: int | None = None

    def starts(self, need: Need) -> int:
        """The pieces at which a visit by this person may begin."""
        # Where the row with its travel begins is `before` pieces earlier than the visit.
        unhindered = grid.runs(self.idle, len(need.taken)) << need.before
        found = grid.runs(self.working, need.pieces) & unhindered
        return found if self.begins is None else found & self.begins


@dataclass(frozen=True, slots=True)
class Party:
    """Who may come. `lead` is the case's manager, and `stand_ins` are others who may come instead.

    `roles` are the departments that have to be there, by key: of each one person. A visit without `lead`
    is led by whoever comes of the first department.
    """

    lead: Person | None
    stand_ins: Sequence[Person]
    roles: Mapping[str, Sequence[Person]]


@dataclass(frozen=True, slots=True)
class Starts:
    """Sets of the pieces at which a visit may begin: led by the manager, or else by a stand-in."""

    own: int
    stand_in: int

    @property
    def any(self) -> int:
        """Every start."""
        return self.own | self.stand_in


@dataclass(frozen=True, slots=True)
class Opening:
    """A time to choose, in UTC. `after_due`: it would miss the stage's due date."""

    starts_at: datetime
    ends_at: datetime
    after_due: bool
    stand_in: bool


def starts(party: Party, need: Need, bookable: int, in_time: int) -> Starts:
    """When a visit of this party may begin, among the `bookable` starts.

    The manager comes first. Stand-ins are offered only when the manager keeps the due date with none of
    their own starts (`in_time`), and then before the manager's first one: a later stand-in helps nobody.
    """
    together = bookable
    for people in party.roles.values():
        together &= grid.union(person.starts(need) for person in people)
    if party.lead is None:
        return Starts(together, 0)
    own = together & party.lead.starts(need)
    if own & in_time or not together:
        return Starts(own, 0)
    others = together & ~own & grid.union(person.starts(need) for person in party.stand_ins)
    earliest = own & -own
    return Starts(own, others & (earliest - 1) if own else others)


def in_time(first: int, last: int, need: Need, due_at: datetime | None) -> int:
    """The starts whose visit is over by the due date; all of them when nothing is due."""
    if due_at is None:
        return grid.between(first, first, last)
    return grid.between(first, first, min(grid.piece_of(due_at) - need.pieces + 1, last))


def listed(first: int, found: Starts, need: Need, kept: int) -> list[Opening]:
    """Openings in order; `kept` are the starts that keep the due date."""
    return [
        Opening(
            starts_at=grid.instant_of(piece),
            ends_at=grid.instant_of(piece + need.pieces),
            after_due=not kept >> (piece - first) & 1,
            stand_in=bool(found.stand_in >> (piece - first) & 1),
        )
        for piece in grid.members(first, found.any)
    ]


def free_at(people: Iterable[Person], need: Need, first: int, piece: int) -> list[Person]:
    """Those who can begin a visit at this piece."""
    return [person for person in people if person.starts(need) >> (piece - first) & 1]


def nearest(openings: Sequence[Opening], to: datetime, *, late_too: bool = False) -> Opening | None:
    """The opening nearest to an instant, of two the earlier; keeping the due date unless `late_too`."""
    fit = [opening for opening in openings if late_too or not opening.after_due]
    return min(fit, key=lambda opening: (abs(opening.starts_at - to), opening.starts_at), default=None)
