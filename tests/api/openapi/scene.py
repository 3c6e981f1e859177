"""The city in which operations are called: people and cases, and new ones on request."""

from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

from tests.api.partners.partner_platform import Platform, add_partner
from tests.world import ANSWERS, SINGLE_METER, Phone, World

# A program's key in an address; its forms are asked for by it.
PROGRAMS = ("single_meter", "residential")


class ValidRequest(NamedTuple):
    """A request that succeeds: whose it is, what stands in its address, and its body if it has one."""

    who: Phone | Platform
    ids: Mapping[str, str]
    body: Any = None


class OwnCase:
    """A case that nobody else touches, with the customer whose only case it is."""

    def __init__(self, scene: "Scene", customer: Phone, case: Any) -> None:
        self.scene = scene
        self.customer = customer
        self.id: str = case["id"]
        self.number: str = case["number"]

    def until(self, key: str) -> "OwnCase":
        """Complete, in their order, the tasks that come before the one with this key."""
        for before in SINGLE_METER[: SINGLE_METER.index(key)]:
            self.scene.complete(self.id, before)
        return self

    @property
    def version(self) -> int:
        seen: int = self.scene.world.staff("S001").get(f"/staff/cases/{self.id}")["version"]
        return seen

    def task(self, key: str) -> Any:
        """The newest task of the case with this key."""
        tasks = self.scene.world.staff("S001").get(f"/staff/cases/{self.id}/tasks")["items"]
        return [task for task in tasks if task["key"] == key][-1]

    def by_customer(self, body: Any = None, **ids: str) -> ValidRequest:
        """A request of the customer about this case."""
        return ValidRequest(self.customer, {"case_id": self.id, **ids}, body)

    def by(self, number: str, body: Any = None, **ids: str) -> ValidRequest:
        """A request of a member of staff about this case."""
        return ValidRequest(self.scene.world.staff(number), {"case_id": self.id, **ids}, body)

    def task_by(self, number: str, key: str, body: Any = None) -> ValidRequest:
        """A request of a member of staff about a task of this case."""
        return ValidRequest(self.scene.world.staff(number), {"task_id": self.task(key)["id"]}, body)


class Scene:
    """A customer with cases in several states, which operations may do to as they like.

    What an operation needs in a particular state it makes by one of the methods here, when it is asked, so
    that it matters nothing what was tried before.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._numbers = count(1)
        self.platform = add_partner(world.app)
        self.small_platform = add_partner(world.app, "website", ("progress",))
        self.customer = world.log_in("o_customer", "13800000001")
        case = world.submitted(self.customer)
        rated = world.submitted(self.customer)
        for key in SINGLE_METER:
            self.complete(rated["id"], key)
        taken = self.taken(**ANSWERS)
        unconfirmed = world.staff("G001").post(f"/staff/applications/{taken}/submission")
        consulted = self.platform.consult()
        world.work()
        manager = world.staff("G001")
        by_number = {item["number"]: item["id"] for item in manager.get("/staff/cases")["items"]}
        # What may stand in an address: of each kind the first is good for a look by customer and manager.
        self.ids: dict[str, list[str]] = {
            "case_id": [case["id"], rated["id"], unconfirmed["id"], by_number[consulted["number"]]],
            "task_id": [item["id"] for item in manager.get("/staff/tasks")["items"]],
            "application_id": [self.draft(self.customer), self.taken()],
            "program": list(PROGRAMS),
            "number": [consulted["number"], case["number"]],
        }

    def complete(self, case_id: str, key: str) -> None:
        """Complete a task; what is used once in the city is another one every time."""
        once = f"{next(self._numbers):04}"
        changes = {
            "payment": {"receipt_number": f"SJ-{once}"},
            "water_on": {"meter_serial": f"M{once}"},
        }
        self.world.complete(case_id, key, **changes.get(key, {}))

    def phone_number(self) -> str:
        """One that nobody has."""
        return f"1390000{next(self._numbers):04}"

    def somebody(self, phone_number: str | None = None) -> Phone:
        """A customer who was never here before."""
        return self.world.log_in(f"o_{next(self._numbers)}", phone_number or self.phone_number())

    def case(self, program: str = "single_meter") -> OwnCase:
        """A case that has just been submitted."""
        number = self.phone_number()
        customer = self.somebody(number)
        return OwnCase(self, customer, self.world.submitted(customer, program, contact_phone=number))

    def draft(self, customer: Phone, **answers: Any) -> str:
        """An application that a customer has begun."""
        draft: str = customer.post("/customer/applications", {"program": "single_meter"})["id"]
        if answers:
            saved = customer.send("PATCH", f"/customer/applications/{draft}", {"answers": answers})
            assert saved.status_code == 200, saved.text
        return draft

    def taken(self, **answers: Any) -> str:
        """An application that the manager G001 has filled in for somebody."""
        known = {**ANSWERS, "contact_phone": self.phone_number(), **answers}
        body = {"program": "single_meter", "channel": "telephone", "answers": known}
        taken: str = self.world.staff("G001").post("/staff/applications", body)["id"]
        return taken

    def consulted(self) -> OwnCase:
        """A case that a partner's consultation has opened."""
        number = self.phone_number()
        customer = self.somebody(number)
        self.platform.consult(reference=f"ZW-{number}", contact_phone=number)
        return OwnCase(self, customer, customer.get("/customer/cases")["items"][0])
