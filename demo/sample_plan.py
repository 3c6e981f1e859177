"""The plan of the sample cases, read from data/cases.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo import people
from demo.people import DATA, Person


@dataclass(frozen=True, slots=True)
class PlannedStop:
    """A stop of the clock, in working days since the case's opening."""

    after_days: Decimal
    days: Decimal
    reason: str
    party: str
    evidence: str


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit that the customer books, and that is made when its time has come, unless it is cancelled.

    In working days: booked `after_days` since the case's opening, for a time `ahead_days` later.
    """

    purpose: str
    after_days: Decimal
    ahead_days: Decimal
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One sample case; lengths of time are working days."""

    customer: Person
    program: str
    answers: Mapping[str, Any]
    opened_days_ago: Decimal
    delays: Mapping[str, Decimal]
    stop: PlannedStop | None
    visit: PlannedVisit | None
    rating: int
    channel: str
    confirmed: bool
    draft: bool

    def delay(self, task_key: str) -> Decimal:
        """Working days from a task's opening to its completion."""
        return self.delays.get(task_key, self.delays["other"])


@dataclass(frozen=True, slots=True)
class Leave:
    """A manager's leave, in days from today, both inclusive."""

    number: str
    deputy: str
    from_day: int
    to_day: int


@dataclass(frozen=True, slots=True)
class PartTime:
    """Somebody's own ordinary week."""

    number: str
    weekly: Mapping[str, Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Everything that cases.toml says."""

    cases: Sequence[PlannedCase]
    outputs: Mapping[str, Any]
    leave: Leave
    part_time: PartTime


def read() -> SamplePlan:
    """The plan as it stands in the file."""
    with (DATA / "cases.toml").open("rb") as file:
        book = tomllib.load(file, parse_float=Decimal)
    return SamplePlan(
        cases=[_case(book, row) for row in book["cases"]],
        outputs=book["outputs"],
        leave=Leave(**book["leave"]),
        part_time=PartTime(**book["part_time"]),
    )


def _case(book: Mapping[str, Any], row: Mapping[str, Any]) -> PlannedCase:
    customer = people.customer(row["customer"])
    program = row.get("program", "single_meter")
    who = row.get("kind", "enterprise") if program == "single_meter" else program
    answers: dict[str, Any] = {
        **book["answers"]["common"],
        **book["answers"][who],
        "project_name": row["project"],
        "contact_name": customer.name,
        "contact_phone": customer.phone,
        "district": row["district"],
        "address": f"演示路 {int(customer.phone[-2:])} 号",
        "location": {key: float(value) for key, value in book["places"][row["district"]].items()},
    }
    if who == "household":
        answers["owner_name"] = customer.name
    stop, visit = row.get("stop"), row.get("visit")
    return PlannedCase(
        customer=customer,
        program=program,
        answers=answers,
        opened_days_ago=Decimal(row["opened_days_ago"]),
        delays={key: Decimal(days) for key, days in (book["delays"] | row.get("delays", {})).items()},
        stop=None if stop is None else PlannedStop(**{**stop, **_days(stop, "after_days", "days")}),
        visit=None
        if visit is None
        else PlannedVisit(**{**visit, **_days(visit, "after_days", "ahead_days")}),
        rating=row.get("rating", 5),
        channel=row.get("channel", "miniprogram"),
        confirmed=row.get("confirmed", True),
        draft=row.get("draft", False),
    )


def _days(planned: Mapping[str, Any], *keys: str) -> dict[str, Decimal]:
    return {key: Decimal(planned[key]) for key in keys}
