"""The calendar desk: what a supervisor drafts, rehearses and publishes."""

from typing import Any

from tests.api.described.scene import Scene, Sound

# Far off, so that no case of another operation is due at another time.
DRAFT = {"note": "演示通知", "half_days": [{"day": "2028-06-01", "periods": [["08:30", "12:00"]]}]}


def supervisor(scene: Scene, body: Any = None, **ids: str) -> Sound:
    return Sound(scene.world.staff("S001"), ids, body)


def drafted(scene: Scene) -> Sound:
    draft = scene.world.staff("S001").post("/staff/calendar/drafts", DRAFT)
    return supervisor(scene, draft_id=draft["id"])


SOUND = {
    "GET /staff/calendar": supervisor,
    "POST /staff/calendar/drafts": lambda scene: supervisor(scene, DRAFT),
    "GET /staff/calendar/drafts/{draft_id}/rehearsal": drafted,
    "POST /staff/calendar/drafts/{draft_id}/publication": drafted,
}
