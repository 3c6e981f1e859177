"""A utility with so many people, and the cases of its month: fictional, and the same for one seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from demo.people.fictional_people import Person
from demo.sample import plan
from demo.sample.plan import PlannedCase, SamplePlan

SHARES: Mapping[str, int] = {
    "customer_development": 20,
    "design_institute": 11,
    "engineering": 9,
    "network": 8,
    "marketing": 5,
    "chief_engineer": 2,
    "finance": 2,
    "group": 1,
}
"""People of each department for each sixty; two more are supervisors."""

PROGRAMS = ("single_meter",) * 13 + ("three_zero",) * 3 + ("residential",) * 4
"""How often each program is applied for."""

MEASURES: Mapping[str, Any] = {
    "buildings": [{"number": "1", "units": 3, "floors": 20, "households_per_floor": 4}],
    "pump_rooms": 1,
}
"""What an estimate asks of a residential project; the sample has none that comes so far."""

LATE = 0.06
"""The share of tasks that take so long that they are reminded of, and mostly late."""

LATE_DAYS = Decimal("2.5")
LONGEST = Decimal(12)
"""Of a task that the sample leaves open for good."""


@dataclass(frozen=True, slots=True)
class Member(Person):
    """Somebody of the utility."""

    department: str
    is_manager: bool
    is_supervisor: bool
    districts: tuple[str, ...]


def members(number: int, districts: Sequence[str]) -> Sequence[Member]:
    """So many people, each department with its share and at least one person."""
    found = []
    serial = count(1)
    for department, share in SHARES.items():
        for place in range(max(round(share * number / 60), 1)):
            manager = department == "customer_development"
            own = tuple(districts[place % len(districts) :: max(number // 10, 1)]) if manager else ()
            found.append(_member(next(serial), department, own, manager=manager))
    supervisors = max(round(2 * number / 60), 1)
    return (
        *found,
        *(
            _member(next(serial), "customer_development", (), manager=False, supervisor=True)
            for _ in range(supervisors)
        ),
    )


def cases(seed: int) -> Iterator[PlannedCase]:
    """Cases without end, like those of the sample, each of another customer."""
    chance = Random(seed)
    whole = plan.read()
    kinds = {program: _examples(whole, program) for program in set(PROGRAMS)}
    for serial in count(1):
        example = chance.choice(kinds[chance.choice(PROGRAMS)])
        customer = Person(f"month{serial}", f"客户{serial}", f"139{serial:08d}")
        answers = dict(example.answers) | {
            "project_name": f"演示项目{serial}",
            "contact_name": customer.name,
            "contact_phone": customer.phone,
        }
        if "owner_name" in answers:
            answers["owner_name"] = customer.name
        if example.program == "residential":
            answers |= MEASURES
        yield replace(
            example,
            customer=customer,
            answers=answers,
            delays=_delays(chance, example),
            rating=chance.choice((5, 5, 5, 5, 4, 4, 4, 3, 2)),
        )


def _examples(whole: SamplePlan, program: str) -> Sequence[PlannedCase]:
    """Cases of the sample that run through without anything beside their tasks."""
    return [
        replace(case, events=(), visit=None)
        for case in whole.cases
        if case.program == program
        and case.channel == "miniprogram"
        and case.consultation is None
        and not case.draft
    ]


class _Delays(dict[str, Decimal]):
    """Each task takes a different time, longer or shorter than usual; drawn when it is first asked for."""

    def __init__(self, chance: Random, usual: PlannedCase) -> None:
        super().__init__()
        self._chance, self._usual = chance, usual

    def get(self, key: str, _default: object = None) -> Decimal:
        if key not in self:
            self[key] = self._drawn(key)
        return self[key]

    def _drawn(self, key: str) -> Decimal:
        if self._chance.random() < LATE:
            return LATE_DAYS
        return min(self._usual.delay(key), LONGEST) * Decimal(str(round(self._chance.uniform(0.6, 1.3), 2)))

    def __missing__(self, key: str) -> Decimal:
        return self._usual.delays[key]


def _delays(chance: Random, usual: PlannedCase) -> Mapping[str, Decimal]:
    return _Delays(chance, usual)


def _member(
    serial: int, department: str, districts: tuple[str, ...], *, manager: bool, supervisor: bool = False
) -> Member:
    return Member(
        key=f"M{serial:03d}",
        name=f"员工{serial}",
        phone=f"138{serial:08d}",
        department=department,
        is_manager=manager,
        is_supervisor=supervisor,
        districts=districts,
    )
