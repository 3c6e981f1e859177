"""A single-meter case whose design is done, and the steps of its quote, payment and papers."""

from typing import Any

from app.core.atomic import atomic
from tests import paperwork
from tests.world import OUTPUTS, Phone, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")
STANDARD_FEN = 386000
WELL_FEN = 482000
SIGNED = {"signed_at": "2026-09-18T09:00:00+08:00", "site_conditions_met": True}
METER = {key: value for key, value in OUTPUTS["water_on"].items() if key != "supply_contract_number"}


class Scene:
    """A single meter whose drawings are done: the manager is about to say what it costs."""

    def __init__(self, world: World, **answers: Any) -> None:
        self.world = world
        self.customer = world.log_in("o_customer", answers.get("contact_phone", "13800000001"))
        self.case: str = world.submitted(self.customer, **answers)["id"]
        for key in (*ACCEPTANCE, "drawings"):
            world.complete(self.case, key)
        self.manager = world.staff("G001")

    @property
    def path(self) -> str:
        return f"/customer/cases/{self.case}"

    def task(self, key: str) -> str:
        tasks = self.world.staff("S001").get(f"/staff/cases/{self.case}/tasks")["items"]
        found: str = next(item["id"] for item in tasks if item["key"] == key and item["state"] == "open")
        return found

    def quoted(self) -> Any:
        return self.manager.post(f"/staff/tasks/{self.task('quote')}/quotes", {})

    def chosen(self, option: str = "standard") -> Any:
        quote = self.quoted()
        return self.customer.post(f"{self.path}/quote-choice", {"quote_id": quote["id"], "option": option})

    def made(self, who: Phone, task: str, **outputs: Any) -> Any:
        return who.post(f"/staff/tasks/{self.task(task)}/papers", {"outputs": outputs})

    def agreed_to_plan(self) -> Any:
        """The customer confirms the water plan."""
        plan = self.customer.get(f"{self.path}/plan")
        body = {"version": plan["version"], "location": paperwork.PLACE}
        return self.customer.post(f"{self.path}/plan-confirmation", body)

    def confirmed(self, paper: Any) -> Any:
        address = f"{self.path}/papers/{paper['id']}"
        return self.customer.post(f"{address}/confirmation", {"sha256": paper["sha256"]})

    def shown(self, number: str, task: str) -> None:
        """The photos and papers of a task are there."""
        task_id = self.task(task)
        with self.world.app.app_context(), atomic():
            paperwork.show(number, task_id)

    def try_to_complete(self, who: Phone, task: str, **outputs: Any) -> Any:
        return who.send("POST", f"/staff/tasks/{self.task(task)}/completion", {"outputs": outputs})

    def until(self, *tasks: str) -> None:
        for key in tasks:
            self.world.complete(self.case, key)

    def due(self, key: str) -> str:
        tasks = self.world.staff("S001").get(f"/staff/cases/{self.case}/tasks")["items"]
        due: str = next(item["due_at"] for item in tasks if item["key"] == key)
        return due

    def second_case(self) -> None:
        """From here on the scene is about another customer's case, quoted and signed."""
        second = self.world.log_in("o_second", "13800000002")
        self.case = self.world.submitted(second, contact_phone="13800000002")["id"]
        self.until(*ACCEPTANCE, "drawings", "quote", "sign_agreement")
