"""What did not arrive, as supervisors see it; what a customer wishes not to be pushed."""

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from notifications.models import DeliveryState, StoppedTemplate
from notifications.wording.kinds import Channel
from tests.api.openapi.scene import Scene, ValidRequest
from tests.notifications.outgoing import put, rows


def by_supervisor(scene: Scene, **ids: str) -> ValidRequest:
    return ValidRequest(scene.world.staff("S001"), ids)


def replays(scene: Scene) -> ValidRequest:
    failed = {"failure_class": "content", "errcode": 47003, "settled_at": clock.now()}
    with scene.world.app.app_context():
        (message,) = put(rows(1, Channel.TEMPLATE, state=DeliveryState.FAILED, **failed))
    return by_supervisor(scene, delivery_id=message)


def prefers(scene: Scene) -> ValidRequest:
    topics = scene.customer.get("/customer/message-preferences")["items"]
    return ValidRequest(scene.customer, {}, {"wanted": {topics[0]["key"]: False}})


def releases(scene: Scene) -> ValidRequest:
    key = "staff_task"
    with scene.world.app.app_context(), atomic():
        db.session.merge(StoppedTemplate(template_key=key, errcode=40037, stopped_at=clock.now()))
    return by_supervisor(scene, template_key=key)


VALID_REQUESTS = {
    "GET /staff/deliveries": by_supervisor,
    "GET /staff/deliveries/overview": by_supervisor,
    "GET /staff/deliveries/unreachable-staff": by_supervisor,
    "POST /staff/deliveries/{delivery_id}/replays": replays,
    "POST /staff/deliveries/templates/{template_key}/releases": releases,
    "PUT /customer/message-preferences": prefers,
}
