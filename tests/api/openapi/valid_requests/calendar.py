"""The calendar desk: what a supervisor drafts, rehearses and publishes."""

from typing import Any

from tests.api.openapi.scene import Scene, ValidRequest

# Far off, so that no case of another operation is due at another time.
DRAFT = {"note": "演示通知", "half_days": [{"day": "2028-06-01", "periods": [["08:30", "12:00"]]}]}


def supervisor(scene: Scene, body: Any = None, **ids: str) -> ValidRequest:
    return ValidRequest(scene.world.staff("S001"), ids, body)


def drafted(scene: Scene) -> ValidRequest:
    draft = scene.world.staff("S001").post("/staff/calendar/drafts", DRAFT)
    return supervisor(scene, draft_id=draft["id"])


VALID_REQUESTS = {
    "GET /staff/calendar": supervisor,
    "POST /staff/calendar/drafts": lambda scene: supervisor(scene, DRAFT),
    "GET /staff/calendar/drafts/{draft_id}/rehearsal": drafted,
    "POST /staff/calendar/drafts/{draft_id}/publication": drafted,
}
