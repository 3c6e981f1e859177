"""What partner platforms bring in; their requests are signed on the way out (calling.py)."""

from tests.api.openapi.scene import Scene, ValidRequest
from tests.api.partners.partner_platform import CONSULTATION
from tests.world import ANSWERS


def reference(scene: Scene) -> str:
    return f"ZW-{scene.phone_number()}"


def consults(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.platform, {}, {**CONSULTATION, "reference": reference(scene)})


def applies(scene: Scene) -> ValidRequest:
    body = {"reference": reference(scene), "program": "single_meter", "answers": dict(ANSWERS)}
    return ValidRequest(scene.platform, {}, body)


def follows(scene: Scene) -> ValidRequest:
    taken = scene.platform.consult(reference=reference(scene))
    return ValidRequest(scene.platform, {"number": taken["number"]})


VALID_REQUESTS = {
    "POST /partner/consultations": consults,
    "POST /partner/applications": applies,
    "GET /partner/cases/{number}/progress": follows,
}
