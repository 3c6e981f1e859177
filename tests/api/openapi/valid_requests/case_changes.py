"""Ends and turns of a case, and the customer's agreement to the water plan."""

from collections.abc import Callable
from typing import Any

from tests.api.openapi.scene import Scene, ValidRequest
from tests.world import ANSWERS


def by_manager(until: str | None = None, **body: Any) -> Callable[[Scene], ValidRequest]:
    """The manager turns a case that has come to this task; they say which version they have seen."""

    def make(scene: Scene) -> ValidRequest:
        case = scene.case()
        if until is not None:
            case.until(until)
        return case.by("G001", {"version": case.version, **body})

    return make


def agreed(scene: Scene) -> ValidRequest:
    case = scene.case().until("drawings")
    seen = case.customer.get(f"/customer/cases/{case.id}/plan")["version"]
    return case.by_customer({"version": seen, "location": ANSWERS["location"]})


def not_agreed(scene: Scene) -> ValidRequest:
    case = scene.case().until("drawings")
    seen = case.customer.get(f"/customer/cases/{case.id}/plan")["version"]
    return case.by_customer({"version": seen, "reason": "客户希望从北侧道路接入"})


def recorded_refusal(scene: Scene) -> ValidRequest:
    case = scene.case().until("drawings")
    seen = case.customer.get(f"/customer/cases/{case.id}/plan")["version"]
    return case.by("G001", {"version": seen, "reason": "客户不使用小程序，已当面说明"})


VALID_REQUESTS = {
    "POST /customer/cases/{case_id}/withdrawal": lambda scene: scene.case().by_customer(
        {"reason": "暂不建设"}
    ),
    "POST /customer/cases/{case_id}/plan-confirmation": agreed,
    "POST /customer/cases/{case_id}/plan-refusal": not_agreed,
    "POST /staff/cases/{case_id}/plan-refusal": recorded_refusal,
    "POST /staff/cases/{case_id}/withdrawal": by_manager(reason="客户来电"),
    "POST /staff/cases/{case_id}/refusal": by_manager(reason="arrears"),
    "POST /staff/cases/{case_id}/handover": by_manager(manager_number="G002", summary="已约上门"),
    "POST /staff/cases/{case_id}/returns": by_manager("sign_agreement", stage="design", reason="图纸有误"),
}
