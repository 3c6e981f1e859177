"""The work of departments: taken, completed, corrected; and the customer's word at the end."""

from typing import Any

from tests.api.openapi.scene import Scene, ValidRequest
from tests.world import OUTPUTS


def corrected(scene: Scene) -> ValidRequest:
    case = scene.case()
    scene.complete(case.id, "network_survey")
    seen = case.task("network_survey")["version"]
    body = {"version": seen, "field": "main_material", "value": "钢管", "why": "现场核实"}
    return case.task_by("N001", "network_survey", body)


def passed(scene: Scene) -> ValidRequest:
    task = scene.case().task("network_survey")
    body = {"field": "peak_pressure_mpa", "value": "0.08", "reason": "设泵房加压，压力由泵房保证"}
    return ValidRequest(scene.world.staff("S001"), {"task_id": task["id"]}, body)


def told_by_phone(scene: Scene) -> ValidRequest:
    case = scene.case().until("return_visit")
    return ValidRequest(scene.world.staff("G001"), {"case_id": case.id}, {"rating": 4, "remark": "电话告知"})


def at_the_return_visit(scene: Scene, body: Any = None) -> ValidRequest:
    """By G002, to whom it is given if it fell to another colleague of the manager."""
    case = scene.case().until("return_visit")
    task = case.task("return_visit")
    if task["assignee_name"] != "李建国":
        given = {"staff_number": "G002", "version": task["version"]}
        scene.world.staff("S001").post(f"/staff/tasks/{task['id']}/reassignment", given)
    return case.task_by("G002", "return_visit", body)


SURVEYED = {"outputs": OUTPUTS["network_survey"]}


def searched(scene: Scene) -> ValidRequest:
    number = scene.phone_number()
    scene.world.submitted(scene.somebody(number), contact_phone=number)
    return ValidRequest(scene.world.staff("G001"), {}, {"phone": number})


VALID_REQUESTS = {
    "POST /staff/case-searches": searched,
    "POST /staff/tasks/{task_id}/assignment": lambda scene: scene.case().task_by("N001", "network_survey"),
    "GET /staff/tasks/{task_id}/demand": lambda scene: scene.case().task_by("N001", "network_survey"),
    "POST /staff/tasks/{task_id}/demand-reads": lambda scene: scene.case().task_by("N001", "network_survey"),
    "POST /staff/tasks/{task_id}/completion": lambda scene: scene.case().task_by(
        "N001", "network_survey", SURVEYED
    ),
    "POST /staff/tasks/{task_id}/corrections": corrected,
    "POST /staff/tasks/{task_id}/exceptions": passed,
    "GET /staff/exceptions": lambda scene: ValidRequest(scene.world.staff("S001"), {}),
    "GET /staff/tasks/{task_id}/contact-tries": at_the_return_visit,
    "POST /staff/tasks/{task_id}/contact-tries": lambda scene: at_the_return_visit(scene, {"way": "phone"}),
    "POST /staff/cases/{case_id}/rating": told_by_phone,
    "POST /customer/cases/{case_id}/rating": lambda scene: (
        scene.case().until("return_visit").by_customer({"rating": 5, "remark": "很好"})
    ),
}
