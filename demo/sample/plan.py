"""The plan of the sample cases, read from data/cases.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from demo.people import fictional_people as people
from demo.people.fictional_people import DATA, Person


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """Something besides the tasks (`case_events`), so many working days since the case's opening."""

    what: str
    after_days: Decimal
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit that the customer books, and that is made when its time has come, unless it is cancelled.

    Booked `after_days` working days since the case's opening, for a time `ahead_days` working days later or,
    with `at`, for that time of today (by the city's clock), of the next working day where nobody works today.
    """

    purpose: str
    after_days: Decimal
    ahead_days: Decimal
    at: time | None
    cancelled: bool


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One sample case; lengths of time are working days."""

    customer: Person
    program: str
    answers: Mapping[str, Any]
    opened_days_ago: Decimal
    delays: Mapping[str, Decimal]
    events: Sequence[PlannedEvent]
    visit: PlannedVisit | None
    rating: int
    channel: str
    confirmed: bool
    draft: bool
    consultation: tuple[str, ...] | None

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
class PlannedPartner:
    """The platform (合作平台) that consultations come from."""

    key: str
    name: str
    channel_name: str


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """Everything that cases.toml says."""

    cases: Sequence[PlannedCase]
    outputs: Mapping[str, Any]
    leave: Leave
    part_time: PartTime
    partner: PlannedPartner


def read() -> SamplePlan:
    """The plan as it stands in the file."""
    with (DATA / "cases.toml").open("rb") as file:
        book = tomllib.load(file, parse_float=Decimal)
    return SamplePlan(
        cases=[_case(book, row) for row in book["cases"]],
        outputs=book["outputs"],
        leave=Leave(**book["leave"]),
        part_time=PartTime(**book["part_time"]),
        partner=PlannedPartner(**book["partner"]),
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
        "location": _place(book["places"][row["district"]]),
    }
    if who == "household":
        answers["owner_name"] = customer.name
    return PlannedCase(
        customer=customer,
        program=program,
        answers=answers,
        opened_days_ago=Decimal(row["opened_days_ago"]),
        delays={key: Decimal(days) for key, days in (book["delays"] | row.get("delays", {})).items()},
        events=[_event(event) for event in row.get("events", ())],
        visit=_visit(row["visit"]) if "visit" in row else None,
        rating=row.get("rating", 5),
        channel=row.get("channel", "miniprogram"),
        confirmed=row.get("confirmed", True),
        draft=row.get("draft", False),
        consultation=tuple(row["consultation"]) if "consultation" in row else None,
    )


def _event(row: Mapping[str, Any]) -> PlannedEvent:
    details = {key: value for key, value in row.items() if key not in {"what", "after_days"}}
    if "place" in details:
        details["place"] = _place(details["place"])
    return PlannedEvent(row["what"], Decimal(row["after_days"]), details)


def _visit(row: Mapping[str, Any]) -> PlannedVisit:
    return PlannedVisit(
        purpose=row["purpose"],
        after_days=Decimal(row["after_days"]),
        ahead_days=Decimal(row.get("ahead_days", 0)),
        at=row.get("at"),
        cancelled=row.get("cancelled", False),
    )


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in row.items()}
