"""Quotes and the choice among them, papers and their confirmation."""

from typing import Any

from tests.api.openapi.scene import OwnCase, Scene, ValidRequest


def chosen(scene: Scene) -> ValidRequest:
    case = scene.case().until("quote")
    task = case.task("quote")["id"]
    quote = scene.world.staff("G001").post(f"/staff/tasks/{task}/quotes", {})
    return case.by_customer({"quote_id": quote["id"], "option": quote["options"][0]["key"]})


def with_agreement(scene: Scene) -> tuple[OwnCase, Any]:
    case = scene.case().until("sign_agreement")
    task = case.task("sign_agreement")["id"]
    return case, scene.world.staff("G001").post(f"/staff/tasks/{task}/papers", {})


def read_by_customer(scene: Scene) -> ValidRequest:
    case, paper = with_agreement(scene)
    return case.by_customer(paper_id=paper["id"])


def read_by_manager(scene: Scene) -> ValidRequest:
    case, paper = with_agreement(scene)
    return case.by("G001", paper_id=paper["id"])


def confirmed(scene: Scene) -> ValidRequest:
    case, paper = with_agreement(scene)
    return case.by_customer({"sha256": paper["sha256"]}, paper_id=paper["id"])


VALID_REQUESTS = {
    "POST /staff/tasks/{task_id}/quotes": lambda scene: (
        scene.case().until("quote").task_by("G001", "quote", {})
    ),
    "POST /staff/tasks/{task_id}/papers": lambda scene: (
        scene.case().until("sign_agreement").task_by("G001", "sign_agreement", {})
    ),
    "POST /customer/cases/{case_id}/quote-choice": chosen,
    "GET /customer/cases/{case_id}/papers/{paper_id}/content": read_by_customer,
    "POST /customer/cases/{case_id}/papers/{paper_id}/confirmation": confirmed,
    "POST /staff/cases/{case_id}/papers/{paper_id}/reads": read_by_manager,
}
