"""What partner platforms bring in; their requests are signed on the way out (calling.py)."""

from tests.api.described.scene import Scene, Sound
from tests.api.platform import CONSULTATION
from tests.world import ANSWERS


def reference(scene: Scene) -> str:
    return f"ZW-{scene.phone_number()}"


def consults(scene: Scene) -> Sound:
    return Sound(scene.platform, {}, {**CONSULTATION, "reference": reference(scene)})


def applies(scene: Scene) -> Sound:
    body = {"reference": reference(scene), "program": "single_meter", "answers": dict(ANSWERS)}
    return Sound(scene.platform, {}, body)


def follows(scene: Scene) -> Sound:
    taken = scene.platform.consult(reference=reference(scene))
    return Sound(scene.platform, {"number": taken["number"]})


SOUND = {
    "POST /partner/consultations": consults,
    "POST /partner/applications": applies,
    "GET /partner/cases/{number}/progress": follows,
}
