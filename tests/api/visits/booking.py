"""A case and what its customer can do about visits, over HTTP."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.core.ids import new_id
from app.domain.slots import grid
from app.models import Case, Customer, Staff, Visit, VisitAttendee, VisitDayPlace, VisitPiece, VisitState
from app.services.applications import drafts
from app.services.cases.submit import submit
from app.services.history.timeline import by_customer
from app.services.installation import city
from app.services.people import identity, personnel, phones
from app.services.people.personnel import NewStaff
from app.services.people.sessions import Audience
from tests.world import ANSWERS, Phone, World

PLAN = "water_plan"


class Booker:
    """A customer with a case, at its first stage unless told otherwise."""

    def __init__(self, world: World, number: int = 1, **answers: Any) -> None:
        phone = f"138{number:08d}"
        self.world = world
        self.phone: Phone = world.log_in(f"o_booker_{number}", phone)
        self.case_id: str = world.submitted(self.phone, contact_phone=phone, **answers)["id"]
        self.path = f"/customer/cases/{self.case_id}"

    def openings(self, purpose: str = PLAN) -> Any:
        return self.phone.get(f"{self.path}/openings/{purpose}")

    def starts(self, purpose: str = PLAN) -> list[str]:
        return [opening["starts_at"] for opening in self.openings(purpose)["items"]]

    def try_hold(self, starts_at: Any, purpose: str = PLAN) -> TestResponse:
        return self.phone.send("POST", f"{self.path}/visits", {"purpose": purpose, "starts_at": starts_at})

    def hold(self, starts_at: str, purpose: str = PLAN) -> Any:
        answer = self.try_hold(starts_at, purpose)
        assert answer.status_code == 201, answer.text
        return answer.json

    def act(self, visit_id: str, verb: str, body: Any = None) -> TestResponse:
        return self.phone.send("POST", f"{self.path}/visits/{visit_id}/{verb}", body)

    def confirm(self, visit_id: str) -> Any:
        answer = self.act(visit_id, "confirmation")
        assert answer.status_code == 200, answer.text
        return answer.json

    def booked(self, starts_at: str, purpose: str = PLAN) -> Any:
        return self.confirm(self.hold(starts_at, purpose)["id"])

    def visit(self, visit_id: str) -> Any:
        return self.phone.get(f"{self.path}/visits/{visit_id}")

    def states(self) -> list[tuple[str, str]]:
        return [
            (visit["starts_at"], visit["state"]) for visit in self.phone.get(f"{self.path}/visits")["items"]
        ]


def at(day: str, time: str) -> str:
    """An instant as the app writes it."""
    return f"{day}T{time}:00+08:00"


def quick_case(world: World, number: int, manager: str) -> tuple[str, str]:
    """A case with its customer's token, made by the services: many of them over HTTP would take minutes."""
    phone = f"+86139{number:08d}"
    with world.app.app_context(), atomic():
        customer = Customer(
            id=new_id(),
            openid=f"o_quick_{number}",
            phone=phone,
            phone_hash=phones.phone_hash(phone),
            created_at=clock.now(),
        )
        db.session.add(customer)
        db.session.flush()
        identity.consent(customer.id, city.current().city.privacy.version)
        draft = drafts.start_by_customer(customer.id, "single_meter")
        drafts.save_draft(draft, {**ANSWERS, "contact_phone": phone}, drafts.FROM_CUSTOMER)
        case_id = submit(draft, by_customer(customer.id), confirmed=True).id
        db.session.get_one(Case, case_id).manager_id = db.session.scalars(
            db.select(Staff.id).where(Staff.number == manager)
        ).one()
        token: str = world.app.extensions["steward.signer"].issue(Audience.CUSTOMER, customer.id).value
    return case_id, token


def enrol(world: World, numbers: list[str], department: str, *, manager: bool = False) -> None:
    """More people of a department."""
    with world.app.app_context(), atomic():
        for number in numbers:
            phone = f"137{int(number[1:]):04d}{ord(number[0]):04d}"
            personnel.add(NewStaff(number, number, department, phone, "", manager, False, ()))


def check_no_double_booking(world: World, special: Mapping[str, int] = MappingProxyType({})) -> None:
    """Everybody's time is taken by live visits and nothing else, each piece once, and no day is overfull.

    `special` says by staff number how many visits a day somebody may have, where it is not the city's number.
    """
    with world.app.app_context():
        expected = set()
        for visit_id, staff_id, purpose, starts_at in db.session.execute(
            select(Visit.id, VisitAttendee.staff_id, Visit.purpose, Visit.starts_at)
            .join(VisitAttendee, VisitAttendee.visit_id == Visit.id)
            .where(Visit.state.in_([VisitState.HELD, VisitState.CONFIRMED]))
        ):
            need = city.current().visits.purposes[purpose].need
            start = grid.piece_of(starts_at)
            expected |= {(staff_id, start + offset, visit_id) for offset in need.taken}
        found = {
            (staff_id, piece, visit_id)
            for staff_id, piece, visit_id in db.session.execute(
                select(VisitPiece.staff_id, VisitPiece.piece, VisitPiece.visit_id)
            )
        }
        places = db.session.execute(
            select(
                Staff.number, VisitDayPlace.day, func.count(), func.count(VisitDayPlace.visit_id.distinct())
            )
            .join(Staff, Staff.id == VisitDayPlace.staff_id)
            .group_by(Staff.number, VisitDayPlace.day)
        ).all()
        most = city.current().visits.most_per_day
        db.session.remove()
    assert found == expected
    assert len({(staff_id, piece) for staff_id, piece, _ in expected}) == len(expected)
    # A place for each visit, and never more of them than the person may have.
    assert all(number == visits <= special.get(who, most) for who, _, number, visits in places)
