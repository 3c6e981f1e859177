"""A case and what its customer can do about visits, over HTTP."""

from typing import Any

from werkzeug.test import TestResponse

from tests.world import Phone, World

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
