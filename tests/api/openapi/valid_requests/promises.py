"""The clock: stopped, disputed, ruled on, running again; and the road permit's steps."""

from tests.api.openapi.scene import OwnCase, Scene, ValidRequest

STOP = {"reason": "contract_review", "party": "customer", "evidence": "客户在看合同"}


def stopped(scene: Scene) -> tuple[OwnCase, str]:
    case = scene.case()
    stop: str = scene.world.staff("G001").post(f"/staff/cases/{case.id}/stops", STOP)["id"]
    return case, stop


def ended(scene: Scene) -> ValidRequest:
    case, stop = stopped(scene)
    return case.by("G001", stop_id=stop)


def disputed(scene: Scene) -> ValidRequest:
    case, stop = stopped(scene)
    return case.by_customer({"text": "当天我已看完合同"}, stop_id=stop)


def ruled(scene: Scene) -> ValidRequest:
    case, stop = stopped(scene)
    return case.by("S001", {"ruling": "struck", "reason": "核查无据"}, stop_id=stop)


VALID_REQUESTS = {
    "POST /staff/cases/{case_id}/stops": lambda scene: scene.case().by("G001", STOP),
    "POST /staff/cases/{case_id}/stops/{stop_id}/end": ended,
    "POST /staff/cases/{case_id}/stops/{stop_id}/ruling": ruled,
    "POST /customer/cases/{case_id}/stops/{stop_id}/dispute": disputed,
    "POST /staff/cases/{case_id}/road-permit/steps": lambda scene: scene.case().by(
        "E001", {"step": "needed", "evidence": "现场踏勘"}
    ),
}
