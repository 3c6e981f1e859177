"""Logging in and out, consents, notices, and what anybody may look up."""

from collections.abc import Callable

from sqlalchemy import select

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.core.ids import new_id
from app.models import Staff
from notifications.models import Notice
from tests.api.openapi.scene import Scene, ValidRequest
from tests.world import ANSWERS


def customer_logs_in(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.customer, {}, {"code": scene.world.codes(openid="o_new")["login_code"]})


def staff_logs_in(scene: Scene) -> ValidRequest:
    who = scene.world.staff("N001")
    return ValidRequest(who, {}, {"code": scene.world.codes(openid="staff_N001")["login_code"]})


def proves_phone(scene: Scene) -> ValidRequest:
    who, number = scene.somebody(), scene.phone_number()
    return ValidRequest(who, {}, {"code": scene.world.codes(openid="o_proving", phone=number)["phone_code"]})


def looks_up(scene: Scene) -> ValidRequest:
    number = scene.phone_number()
    customer = scene.somebody(number)
    case = scene.world.submitted(customer, contact_phone=number)
    return ValidRequest(customer, {}, {"number": case["number"], "phone_last_digits": number[-4:]})


def takes_over(scene: Scene) -> ValidRequest:
    number = scene.phone_number()
    case = scene.world.submitted(scene.somebody(number), contact_phone=number)
    body = {"number": case["number"], "contact_name": ANSWERS["contact_name"]}
    return ValidRequest(scene.somebody(number), {}, body)


def consents(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.customer, {}, {"version": scene.customer.get("/customer/privacy")["version"]})


def subscribes(scene: Scene) -> ValidRequest:
    template = scene.customer.get("/customer/subscriptions")["templates"][0]["key"]
    return ValidRequest(scene.customer, {}, {"choices": {template: "accept"}})


def reads_notice(scene: Scene) -> ValidRequest:
    notice = scene.customer.get("/customer/notices")["items"][0]["id"]
    return ValidRequest(scene.customer, {"notice_id": notice})


def staff_reads_notice(scene: Scene) -> ValidRequest:
    manager = scene.world.staff("G001")
    return ValidRequest(manager, {"notice_id": manager.get("/staff/notices")["items"][0]["id"]})


def reads_digest(scene: Scene) -> ValidRequest:
    world, manager = scene.world, scene.world.staff("G001")
    with world.app.app_context(), atomic():
        staff_id = db.session.scalars(select(Staff.id).where(Staff.number == "G001")).one()
        digest = Notice(
            id=new_id(),
            staff_id=staff_id,
            case_id="",
            kind="morning_digest",
            title="今日须知",
            body="演示",
            page="staff/digest/index",
            dedupe_key=new_id(),
            created_at=clock.now(),
        )
        db.session.add(digest)
        found = digest.id
    return ValidRequest(manager, {"digest_id": found})


def another_login(audience: str) -> Callable[[Scene], ValidRequest]:
    """A login of somebody who has a second one, to end the first from there."""

    def valid(scene: Scene) -> ValidRequest:
        if audience == "staff":
            first, second = scene.world.staff("N001"), scene.world.staff("N001")
        else:
            number = scene.phone_number()
            first, second = (scene.world.log_in(f"o_{number}", number) for _ in range(2))
        logins = first.get(f"/{audience}/sessions")["items"]
        return ValidRequest(second, {"session_id": next(login["id"] for login in logins if login["current"])})

    return valid


def corrects_contact(scene: Scene) -> ValidRequest:
    return scene.case().by_customer({"contact_name": "孙小明"})


def reads_copy(scene: Scene) -> ValidRequest:
    customer = scene.somebody()
    copy = customer.send("POST", "/customer/personal-data/copies").get_json()["id"]
    scene.world.work()
    return ValidRequest(customer, {"copy_id": copy})


VALID_REQUESTS = {
    "DELETE /customer/sessions/{session_id}": another_login("customer"),
    "DELETE /staff/sessions/{session_id}": another_login("staff"),
    "PATCH /customer/cases/{case_id}/contact": corrects_contact,
    "POST /customer/personal-data/copies": lambda scene: ValidRequest(scene.somebody(), {}),
    "GET /customer/personal-data/copies/{copy_id}": reads_copy,
    "GET /customer/personal-data/copies/{copy_id}/file": reads_copy,
    "DELETE /customer/personal-data": lambda scene: ValidRequest(scene.somebody(), {}),
    "DELETE /customer/consents": lambda scene: ValidRequest(scene.somebody(), {}),
    "POST /customer/take-overs": takes_over,
    "GET /staff/digests/{digest_id}": reads_digest,
    "POST /staff/digests/{digest_id}/reads": reads_digest,
    "POST /customer/sessions": customer_logs_in,
    "POST /staff/sessions": staff_logs_in,
    "POST /customer/phone": proves_phone,
    "POST /customer/lookups": looks_up,
    "POST /customer/consents": consents,
    "POST /customer/subscriptions": subscribes,
    "POST /customer/notices/{notice_id}/reads": reads_notice,
    "POST /staff/notices/{notice_id}/reads": staff_reads_notice,
    "DELETE /customer/sessions/current": lambda scene: ValidRequest(scene.somebody(), {}),
    "DELETE /staff/sessions/current": lambda scene: ValidRequest(scene.world.staff("N001"), {}),
}
