"""Forms: begun, filled in and submitted, by the customer or by the manager for them."""

from tests.api.openapi.scene import OwnCase, Scene, ValidRequest
from tests.world import ANSWERS

RENAMED = {"answers": {"project_name": "改名"}}
# What a consultation does not tell and the form asks.
REST = {key: ANSWERS[key] for key in ("applicant_kind", "credit_code", "use_class", "meter_count")}


def begun(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.customer, {"application_id": scene.draft(scene.customer)}, RENAMED)


def submitted(scene: Scene) -> ValidRequest:
    number = scene.phone_number()
    customer = scene.somebody(number)
    filled_in = scene.draft(customer, **{**ANSWERS, "contact_phone": number})
    return ValidRequest(customer, {"application_id": filled_in})


def taken_down(scene: Scene) -> ValidRequest:
    body = {"program": "single_meter", "channel": "door", "answers": dict(ANSWERS)}
    return ValidRequest(scene.world.staff("G001"), {}, body)


def taken(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.world.staff("G001"), {"application_id": scene.taken()})


def confirmed(scene: Scene) -> ValidRequest:
    number = scene.phone_number()
    customer = scene.somebody(number)
    draft = scene.taken(contact_phone=number)
    case = scene.world.staff("G001").post(f"/staff/applications/{draft}/submission")
    return OwnCase(scene, customer, case).by_customer()


def completed_at_the_door(scene: Scene) -> ValidRequest:
    case = scene.consulted()
    path = f"/staff/cases/{case.id}/application"
    saved = scene.world.staff("G001").send("PATCH", path, {"answers": REST})
    assert saved.status_code == 200, saved.text
    return case.by("G001")


VALID_REQUESTS = {
    "POST /customer/applications": lambda scene: ValidRequest(
        scene.customer, {}, {"program": "single_meter"}
    ),
    "PATCH /customer/applications/{application_id}": begun,
    "POST /customer/applications/{application_id}/submission": submitted,
    "POST /customer/cases/{case_id}/confirmation": confirmed,
    "POST /staff/applications": taken_down,
    "GET /staff/applications/{application_id}": taken,
    "PATCH /staff/applications/{application_id}": lambda scene: taken(scene)._replace(body=RENAMED),
    "POST /staff/applications/{application_id}/submission": taken,
    "GET /staff/cases/{case_id}/early-service": lambda scene: scene.consulted().by("G001"),
    "PATCH /staff/cases/{case_id}/application": lambda scene: scene.consulted().by("G001", RENAMED),
    "POST /staff/cases/{case_id}/application/submission": completed_at_the_door,
}
