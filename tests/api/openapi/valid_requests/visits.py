"""Visits: held, confirmed, moved and missed by the customer; booked, done and reported by staff."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.core import clock
from app.core.atomic import atomic
from app.core.db import db
from app.models import Visit
from tests.api.openapi.scene import OwnCase, Scene, ValidRequest

PURPOSE = "consultation"
MANAGER = "G001"

Make = Callable[[Scene], ValidRequest]


def opening(case: OwnCase, place: int = 0) -> str:
    """A time that can be booked, the first unless another one is asked for."""
    found = case.customer.get(f"/customer/cases/{case.id}/openings/{PURPOSE}")["items"]
    starts_at: str = found[place]["starts_at"]
    return starts_at


def held(scene: Scene) -> tuple[OwnCase, str]:
    case = scene.case()
    body = {"purpose": PURPOSE, "starts_at": opening(case)}
    return case, case.customer.post(f"/customer/cases/{case.id}/visits", body)["id"]


def booked(scene: Scene) -> tuple[OwnCase, str]:
    case, visit = held(scene)
    case.customer.post(f"/customer/cases/{case.id}/visits/{visit}/confirmation")
    return case, visit


def begun(scene: Scene) -> tuple[OwnCase, str]:
    """A visit whose agreed time was an hour ago, without the clock having to be moved for everybody."""
    case, visit = booked(scene)
    ago = clock.now() - timedelta(hours=1)
    with scene.world.app.app_context(), atomic():
        db.session.execute(update(Visit).where(Visit.id == visit).values(starts_at=ago))
    return case, visit


def arrived(scene: Scene) -> tuple[OwnCase, str]:
    case, visit = begun(scene)
    scene.world.staff(MANAGER).post(f"/staff/visits/{visit}/arrival", {"note": "客户在隔壁接待"})
    return case, visit


def by_customer(make: Callable[[Scene], tuple[OwnCase, str]], body: Any = None) -> Make:
    def valid(scene: Scene) -> ValidRequest:
        case, visit = make(scene)
        return case.by_customer(body, visit_id=visit)

    return valid


def by_manager(make: Callable[[Scene], tuple[OwnCase, str]], body: Any = None) -> Make:
    def valid(scene: Scene) -> ValidRequest:
        _, visit = make(scene)
        return ValidRequest(scene.world.staff(MANAGER), {"visit_id": visit}, body)

    return valid


def holds(scene: Scene) -> ValidRequest:
    case = scene.case()
    return case.by_customer({"purpose": PURPOSE, "starts_at": opening(case)})


def books_for(scene: Scene) -> ValidRequest:
    case = scene.case()
    return case.by(MANAGER, {"purpose": PURPOSE, "starts_at": opening(case)})


def moves(scene: Scene) -> ValidRequest:
    case, visit = booked(scene)
    return case.by_customer({"starts_at": opening(case, 3)}, visit_id=visit)


def two_visits(scene: Scene) -> tuple[OwnCase, str, str]:
    """Two visits of one customer to the office, one after the other, for two cases."""
    customer = scene.customer
    cases = [OwnCase(scene, customer, scene.world.submitted(customer)) for _ in range(2)]
    found = customer.get(f"/customer/cases/{cases[0].id}/openings/{PURPOSE}")["items"]
    starts = {item["starts_at"] for item in found}
    # The last ones, so that early times are left for others.
    first = next(item for item in reversed(found) if item["ends_at"] in starts)
    ids = []
    for case, starts_at in zip(cases, (first["starts_at"], first["ends_at"]), strict=True):
        path = f"/customer/cases/{case.id}/visits"
        ids.append(customer.post(path, {"purpose": PURPOSE, "starts_at": starts_at})["id"])
        customer.post(f"{path}/{ids[-1]}/confirmation")
    return cases[1], ids[0], ids[1]


def joins(scene: Scene) -> ValidRequest:
    case, first, second = two_visits(scene)
    return case.by_customer({"visit_id": first}, visit_id=second)


def joins_for(scene: Scene) -> ValidRequest:
    _, first, second = two_visits(scene)
    return ValidRequest(scene.world.staff("S001"), {"visit_id": second}, {"visit_id": first})


def moves_for(scene: Scene) -> ValidRequest:
    case, visit = booked(scene)
    body = {"starts_at": opening(case, 3), "reason": "客户来电"}
    return ValidRequest(scene.world.staff(MANAGER), {"visit_id": visit}, body)


def waits(scene: Scene) -> ValidRequest:
    case, _ = booked(scene)
    return case.by_customer({"purpose": PURPOSE})


def waits_no_longer(scene: Scene) -> ValidRequest:
    case, _ = booked(scene)
    case.customer.post(f"/customer/cases/{case.id}/visit-waits", {"purpose": PURPOSE})
    return case.by_customer(purpose=PURPOSE)


# Of days that nobody books yet, so that no visit of another operation is hit.
SOME_DAY = {"starts_at": "2027-03-01T08:00:00+08:00", "ends_at": "2027-03-01T18:00:00+08:00"}
LEAVE = {"staff_number": "N001", "deputy_number": "S001", **SOME_DAY}
WEEK = {"staff_number": "N001", "valid_from": "2027-03-01", "weekly": {"mon": [["08:30", "12:00"]]}}
CLOSURE = {"department": "network", "reason": "全员抢修", **SOME_DAY}


def by_supervisor(body: Any) -> Make:
    return lambda scene: ValidRequest(scene.world.staff("S001"), {}, body)


def changes_leave(scene: Scene) -> ValidRequest:
    supervisor = scene.world.staff("S001")
    supervisor.post("/staff/leaves", LEAVE)
    leave = supervisor.get("/staff/leaves?staff_number=N001")["items"][-1]
    return ValidRequest(supervisor, {"leave_id": leave["id"]}, {"ends_at": "2027-03-01T12:00:00+08:00"})


def changes_closure(scene: Scene) -> ValidRequest:
    supervisor = scene.world.staff("S001")
    supervisor.post("/staff/closures", CLOSURE)
    closure = supervisor.get("/staff/closures")["items"][-1]
    return ValidRequest(supervisor, {"closure_id": closure["id"]}, {"taken_back": True})


OF_CUSTOMER = "/customer/cases/{case_id}/visits/{visit_id}"
OF_STAFF = "/staff/visits/{visit_id}"

HOLDER = "/staff/skills/{skill}/holders/{staff_number}"
SKILL = {"skill": "large_pipe", "staff_number": "E001"}


def enters_skill(scene: Scene) -> ValidRequest:
    return ValidRequest(scene.world.staff("S001"), SKILL, {"valid_until": "2027-03-01"})


def has_skill(scene: Scene) -> ValidRequest:
    supervisor = scene.world.staff("S001")
    entered = supervisor.send("PUT", "/staff/skills/large_pipe/holders/E001", {})
    assert entered.status_code == 200, entered.text
    return ValidRequest(supervisor, SKILL)


VALID_REQUESTS: dict[str, Make] = {
    "GET /customer/cases/{case_id}/openings/{purpose}": lambda scene: scene.case().by_customer(
        purpose=PURPOSE
    ),
    "POST /customer/cases/{case_id}/visits": holds,
    f"GET {OF_CUSTOMER}": by_customer(booked),
    f"POST {OF_CUSTOMER}/confirmation": by_customer(held),
    f"POST {OF_CUSTOMER}/reschedule": moves,
    f"POST {OF_CUSTOMER}/joining": joins,
    f"POST {OF_CUSTOMER}/cancellation": by_customer(booked, {"reason": "临时有事"}),
    f"POST {OF_CUSTOMER}/no-show": by_customer(begun, {"note": "无人上门"}),
    f"GET {OF_CUSTOMER}/pass": by_customer(booked),
    f"GET {OF_CUSTOMER}/calendar": by_customer(booked),
    "POST /customer/cases/{case_id}/visit-waits": waits,
    "DELETE /customer/cases/{case_id}/visit-waits/{purpose}": waits_no_longer,
    "GET /staff/cases/{case_id}/openings/{purpose}": lambda scene: scene.case().by(MANAGER, purpose=PURPOSE),
    "POST /staff/cases/{case_id}/visits": books_for,
    f"GET {OF_STAFF}": by_manager(booked),
    f"GET {OF_STAFF}/calendar": by_manager(booked),
    f"POST {OF_STAFF}/arrival": by_manager(begun, {"note": "客户在隔壁接待"}),
    f"POST {OF_STAFF}/delay": by_manager(booked, {"minutes": 15}),
    f"POST {OF_STAFF}/no-show": by_manager(arrived, {"absent": "customer", "note": "敲门无人"}),
    f"POST {OF_STAFF}/completion": by_manager(arrived, {}),
    f"POST {OF_STAFF}/reschedule": moves_for,
    f"POST {OF_STAFF}/joining": joins_for,
    "POST /staff/leaves": by_supervisor(LEAVE),
    "POST /staff/leaves/previews": by_supervisor(LEAVE),
    "GET /staff/leaves": by_supervisor(None),
    "POST /staff/leaves/{leave_id}/previews": changes_leave,
    "PATCH /staff/leaves/{leave_id}": changes_leave,
    "GET /staff/closures": by_supervisor(None),
    "POST /staff/closures/{closure_id}/previews": changes_closure,
    "PATCH /staff/closures/{closure_id}": changes_closure,
    "POST /staff/closures": by_supervisor(CLOSURE),
    "POST /staff/closures/previews": by_supervisor(CLOSURE),
    "POST /staff/work-patterns": by_supervisor(WEEK),
    "POST /staff/work-patterns/previews": by_supervisor(WEEK),
    "GET /staff/skills": by_supervisor(None),
    f"PUT {HOLDER}": enters_skill,
    f"POST {HOLDER}/withdrawal-previews": has_skill,
    f"DELETE {HOLDER}": has_skill,
    f"POST {OF_STAFF}/cancellation": by_manager(booked, {"reason": "客户来电"}),
}
