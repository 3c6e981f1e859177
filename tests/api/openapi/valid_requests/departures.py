"""People who leave and come back, each somebody whom no other operation needs."""

from typing import Any

from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.models import Case, Staff
from tests.api.openapi.scene import Scene, ValidRequest
from tests.api.visits.booking import enrol


def newcomer(scene: Scene) -> str:
    """A manager with a case."""
    number = f"H{scene.phone_number()[-4:]}"
    enrol(scene.world, [number], "customer_development", manager=True)
    case = scene.case()
    with scene.world.app.app_context(), atomic():
        found = db.session.get_one(Case, case.id)
        found.manager_id = db.session.scalars(select(Staff.id).where(Staff.number == number)).one()
    return number


def leaves(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.world.staff("S001"), {}, {"staff_number": newcomer(scene)})


def departed(scene: Scene) -> Any:
    return scene.world.staff("S001").post("/staff/departures", {"staff_number": newcomer(scene)})


def returns(scene: Scene) -> ValidRequest:
    departure = departed(scene)
    return ValidRequest(scene.world.staff("S001"), {"departure_id": departure["id"]})


def confirms(scene: Scene) -> ValidRequest:
    case_id = departed(scene)["cases"][0]["case_id"]
    supervisor = scene.world.staff("S001")
    lines = supervisor.get("/staff/supervision/handovers")["items"]
    found = next(line["id"] for line in lines if line["case_id"] == case_id)
    return ValidRequest(supervisor, {"handover_id": found}, {"summary": "已交接"})


def reassigns(scene: Scene) -> ValidRequest:
    case = scene.case()
    version = case.task("network_survey")["version"]
    return case.task_by("S001", "network_survey", {"staff_number": "N001", "version": version})


def looks(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.world.staff("S001"), {})


VALID_REQUESTS = {
    "GET /staff/departures": looks,
    "POST /staff/departures": leaves,
    "POST /staff/departures/previews": leaves,
    "POST /staff/departures/{departure_id}/return": returns,
    "POST /staff/departures/{departure_id}/return/previews": returns,
    "GET /staff/supervision/handovers": looks,
    "POST /staff/supervision/handovers/confirmations": lambda scene: ValidRequest(
        scene.world.staff("S001"), {}, {"departure_id": departed(scene)["id"]}
    ),
    "POST /staff/supervision/handovers/{handover_id}/confirmation": confirms,
    "POST /staff/tasks/{task_id}/reassignment": reassigns,
}
