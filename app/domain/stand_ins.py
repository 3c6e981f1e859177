"""Who acts for whom: the person when active and present, else a qualified deputy, else a colleague.

One rule for task holders, managers, deputies, recipients, responsible persons and reviewers
(docs/decisions: who acts for whom). Pure: the people, the leaves in force and the loads are given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff, as far as standing in is concerned. Not `active`: they have left."""

    id: str
    number: str
    department: str
    is_manager: bool
    is_supervisor: bool
    active: bool


@dataclass(frozen=True, slots=True)
class LeaveInForce:
    """A leave that lasts now. `entered` orders leaves by their entry."""

    entered: int
    staff_id: str
    deputy_id: str
    starts_at: datetime


Load = Callable[[Person], int]
"""How much somebody has to do; only asked when no deputy can act."""


def is_qualified(deputy: Person, person: Person) -> bool:
    """Whether `deputy` has the rights to do the work of `person`.

    A manager's deputy is a manager, a supervisor's is a supervisor. Anybody else's works in the same
    department, or is a manager or supervisor, who may act in every department's name.
    """
    if person.is_manager:
        return deputy.is_manager
    if person.is_supervisor:
        return deputy.is_supervisor
    return deputy.department == person.department or deputy.is_manager or deputy.is_supervisor


class DutyRoster:
    """Everybody who works here (and who left, where asked for), with the leaves in force at one moment."""

    def __init__(self, people: Sequence[Person], leaves: Sequence[LeaveInForce], load: Load) -> None:
        """`load` is called only when no deputy can act."""
        self._people: Mapping[str, Person] = {person.id: person for person in people}
        self._load = load
        self._leaves: dict[str, list[LeaveInForce]] = {}
        # Of overlapping leaves the one that began last decides, then the one entered last.
        for leave in sorted(leaves, key=lambda each: (each.starts_at, each.entered), reverse=True):
            self._leaves.setdefault(leave.staff_id, []).append(leave)

    def is_present(self, staff_id: str) -> bool:
        """Whether this person works here and is not on leave."""
        person = self._people.get(staff_id)
        return person is not None and person.active and staff_id not in self._leaves

    def deputy(self, staff_id: str) -> str | None:
        """The qualified, present deputy of an absent person, also through deputies who are away."""
        person = self._people.get(staff_id)
        return None if person is None else self._deputy(person, staff_id, {staff_id})

    def who_acts(self, staff_id: str, *, since: str | None = None) -> str:
        """Who acts for this person.

        Themselves, else their deputy, else `since` (who has been acting, preferred to anybody new), else the
        least loaded present colleague of the same kind, else a supervisor. With nobody present the work stays
        with the person, or passes to an absent colleague when the person has left.
        """
        person = self._people.get(staff_id)
        if person is None or self.is_present(staff_id):
            return staff_id
        deputy = self._deputy(person, staff_id, {staff_id})
        if deputy is not None:
            return deputy
        earlier = self._people.get(since or "")
        if earlier is not None and self.is_present(earlier.id) and _may_be_asked(earlier, person):
            return earlier.id
        present = [each for each in self._people.values() if self.is_present(each.id)]
        found = self._best(person, present)
        if found is None and not person.active:
            found = self._best(person, [each for each in self._people.values() if each.active])
        return staff_id if found is None else found.id

    def _deputy(self, person: Person, absent_id: str, seen: set[str]) -> str | None:
        for leave in self._leaves.get(absent_id, ()):
            deputy = self._people.get(leave.deputy_id)
            if deputy is None or deputy.id in seen:
                continue
            seen.add(deputy.id)
            if self.is_present(deputy.id):
                if is_qualified(deputy, person):
                    return deputy.id
                continue
            further = self._deputy(person, deputy.id, seen)
            if further is not None:
                return further
        return None

    def _best(self, person: Person, candidates: Sequence[Person]) -> Person | None:
        others = [each for each in candidates if each.id != person.id]
        same = [each for each in others if _is_same_kind(each, person)]
        if same:
            return min(same, key=lambda each: (self._load(each), each.number))
        supervisors = [each for each in others if each.is_supervisor]
        return min(supervisors, key=lambda each: each.number, default=None)


def _is_same_kind(other: Person, person: Person) -> bool:
    if person.is_manager:
        return other.is_manager
    if person.is_supervisor:
        return other.is_supervisor
    return other.department == person.department and not other.is_supervisor


def _may_be_asked(other: Person, person: Person) -> bool:
    return is_qualified(other, person) or other.is_supervisor
