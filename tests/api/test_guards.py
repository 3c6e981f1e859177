"""Every route has a guard, and no guard lets the wrong person in."""

import hashlib
from dataclasses import replace
from io import BytesIO
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core.atomic import atomic
from app.core.db import db
from app.core.settings import Profile, Settings
from app.models import Case, Staff
from app.services.departures import remove_person
from app.services.papers import make_paper
from miniprogram_api import guards
from notifications.wording.kinds import Channel
from tests.api.database_rows import nothing_changes
from tests.api.partners.partner_platform import CONSULTATION
from tests.api.visits.booking import enrol
from tests.notifications.outgoing import put, rows
from tests.world import ANSWERS, OUTPUTS, Phone, World

# Who may enter is decided by no database.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PDF = b"%PDF-1.7 agreement"
LEAVE = {
    "staff_number": "F001",
    "deputy_number": "G001",
    "starts_at": "2026-09-23T08:00:00+08:00",
    "ends_at": "2026-09-23T18:00:00+08:00",
}
CLOSURE = {
    "department": "finance",
    "starts_at": "2026-09-23T08:00:00+08:00",
    "ends_at": "2026-09-23T18:00:00+08:00",
    "reason": "全员培训",
}
WEEK = {"staff_number": "F001", "valid_from": "2026-09-23", "weekly": {"mon": [["08:30", "12:00"]]}}

# What a view asks for, so that a refusal is about the caller and not about the body.
BODIES: dict[str, Any] = {
    "customer_account.accept_privacy": {"version": "1"},
    "customer_personal_data.correct": {"contact_name": "改名"},
    "customer_account.take_cases_over": {"number": "2" * 14, "contact_name": "x"},
    "customer_account.verify_phone": {"code": "x"},
    "customer_account.record_subscriptions": {"choices": {}},
    "customer_account.set_preferences": {"wanted": {}},
    "customer_applications.start_application": {"program": "single_meter"},
    "customer_applications.save_application": {"answers": {"project_name": "改名"}},
    "customer_cases.rate_case": {"rating": 1},
    "customer_money.choose_quote_option": {"quote_id": "A" * 16, "option": "standard"},
    "customer_money.confirm_paper": {"sha256": hashlib.sha256(PDF).hexdigest()},
    "staff_money.issue_quote": {},
    "staff_money.make_paper": {},
    "staff_documents.request_document": {"document": "application_form"},
    "staff_calendar.create_draft": {"note": "演示通知"},
    "staff_tasks.complete_task": {"outputs": OUTPUTS["network_survey"]},
    "staff_case_searches.find_cases": {"phone": "13800000001"},
    "staff_cases.pause_clock": {"reason": "road_permit", "party": "authority", "evidence": "受理单"},
    "customer_promises.dispute_stop": {"text": "当天我已备好款"},
    "staff_promises.rule_on_stop": {"ruling": "struck", "reason": "核查无据"},
    "staff_promises.record_permit_step": {"step": "needed", "evidence": "现场踏勘"},
    "customer_case_changes.withdraw_case": {},
    "customer_visits.hold_time": {"purpose": "consultation", "starts_at": "2026-09-22T10:00:00+08:00"},
    "customer_visits.join_visit": {"visit_id": "A" * 16},
    "customer_visits.reschedule_visit": {"starts_at": "2026-09-22T14:00:00+08:00"},
    "customer_visits.cancel_visit": {"reason": "临时有事"},
    "customer_visits.report_no_show": {"note": "无人上门"},
    "customer_visits.join_waitlist": {"purpose": "water_plan"},
    "staff_visits.read_mine_in_full": {},
    "staff_visits.book_visit": {"purpose": "consultation", "starts_at": "2026-09-22T10:00:00+08:00"},
    "staff_visits.check_in": {"note": "客户在隔壁接待"},
    "staff_visits.report_delay": {"minutes": 15},
    "staff_visits.report_no_show": {"absent": "customer", "note": "敲门无人"},
    "staff_visits.complete_visit": {},
    "staff_visits.join_for_customer": {"visit_id": "A" * 16},
    "staff_visits.reschedule_for_customer": {"starts_at": "2026-09-22T14:00:00+08:00", "reason": "客户来电"},
    "staff_visits.cancel_for_customer": {"reason": "客户来电"},
    "staff_absences.preview_leave": LEAVE,
    "staff_absences.record_leave": LEAVE,
    "staff_absences.preview_closure": CLOSURE,
    "staff_absences.record_closure": CLOSURE,
    "staff_absences.preview_leave_change": {"taken_back": True},
    "staff_absences.change_leave": {"taken_back": True},
    "staff_absences.preview_closure_change": {"taken_back": True},
    "staff_absences.change_closure": {"taken_back": True},
    "staff_departures.preview_departure": {"staff_number": "E001"},
    "staff_departures.record_departure": {"staff_number": "E001"},
    "staff_departures.confirm_handovers": {},
    "staff_departures.confirm_handover": {},
    "staff_tasks.reassign": {"version": 1},
    "staff_skills.enter_skill": {},
    "staff_tasks.record_contact_try": {"way": "phone"},
    "staff_cases.record_rating": {"rating": 5},
    "staff_work_patterns.preview_work_pattern": WEEK,
    "staff_work_patterns.record_work_pattern": WEEK,
    "customer_case_changes.confirm_plan": {
        "version": 1,
        "location": {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02},
    },
    "customer_case_changes.refuse_plan": {"version": 1, "reason": "客户希望从北侧接入"},
    "staff_case_changes.record_plan_refusal": {"version": 1, "reason": "客户希望从北侧接入"},
    "staff_gates.let_value_pass": {"field": "peak_pressure_mpa", "value": "0.1", "reason": "设泵房加压"},
    "staff_case_changes.withdraw_case": {"version": 1, "reason": "客户来电"},
    "staff_case_changes.refuse_case": {"version": 1, "reason": "arrears"},
    "staff_case_changes.hand_case_over": {"version": 1, "manager_number": "G002", "summary": "已约上门"},
    "staff_case_changes.return_case_to_stage": {"version": 1, "stage": "design", "reason": "图纸有误"},
    "staff_case_changes.correct_task_output": {
        "version": 1,
        "field": "opinion",
        "value": "feasible",
        "why": "笔误",
    },
    "customer_conversations.send": {"client_id": "phone-0001", "text": "您好"},
    "customer_conversations.report_receipts": {"read": 1},
    "customer_conversation_care.create_complaint": {"text": "没有人来"},
    "staff_conversation_tools.search_conversations": {"text": "演示"},
    "staff_conversation_tools.write_note": {"text": "备注"},
    "staff_conversation_tools.invite_department": {"department": "design_institute"},
    "staff_conversation_tools.add_quick_reply": {"title": "问候", "text": "您好"},
    "staff_conversation_care.answer_chase": {"text": "下午到"},
    "staff_conversation_care.create_complaint": {"text": "客户来电投诉"},
    "staff_conversation_care.answer_complaint": {"text": "已办"},
    "staff_conversation_care.close_complaint": {"text": "已办"},
    "staff_conversations.send": {"client_id": "phone-0001", "text": "您好"},
    "staff_conversations.report_receipts": {"read": 1},
    "staff_applications.start_application": {"program": "single_meter", "channel": "door", "answers": {}},
    "staff_applications.save_application": {"answers": {"project_name": "改名"}},
    "staff_early_service.save_form": {"answers": {"project_name": "改名"}},
    "partner_cases.submit_consultation": CONSULTATION,
    "partner_cases.submit_application": {
        "reference": "A1",
        "program": "single_meter",
        "answers": dict(ANSWERS),
    },
}

# What takes a form with a file instead of a body.
UPLOADS = {"customer_documents.upload", "staff_documents.upload"}


class Call(NamedTuple):
    """One method of one route, with real identifiers in its address."""

    method: str
    path: str
    endpoint: str

    def by(self, app: Flask, token: str | None) -> TestResponse:
        headers = {"Idempotency-Key": uuid4().hex}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if self.endpoint in UPLOADS:
            form = {"kind": "site_photo", "file": (BytesIO(PDF), "a.pdf")}
            return app.test_client().open(self.path, method=self.method, data=form, headers=headers)
        body = BODIES.get(self.endpoint)
        return app.test_client().open(self.path, method=self.method, json=body, headers=headers)


def calls(app: Flask, guard: guards.Guard, ids: dict[str, str], *, with_ids: bool = False) -> list[Call]:
    """Every method of every route behind `guard`; `with_ids` leaves out those without an identifier."""
    found = []
    for rule in app.url_map.iter_rules():
        if guards.guard_of(app, rule.endpoint) is not guard:
            continue
        if with_ids and not any(name.endswith("_id") for name in rule.arguments):
            continue
        _, path = rule.build(ids, append_unknown=False) or ("", "")
        found += [
            Call(method, path, rule.endpoint) for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
        ]
    assert found
    assert all(call.path for call in found)
    return sorted(found)


class Scene(NamedTuple):
    """A case of the first customer, a draft that its manager took, and everybody else."""

    world: World
    owner: Phone
    ids: dict[str, str]


@pytest.fixture
def scene(world: World) -> Scene:
    world.log_in("o_owner", "13800000001")
    owner = world.log_in("o_owner", "13800000001")
    (elsewhere,) = (login for login in owner.get("/customer/sessions")["items"] if not login["current"])
    case = world.submitted(owner)
    manager, network = world.staff("G001"), world.staff("N001")
    stop = manager.post(f"/staff/cases/{case['id']}/stops", BODIES["staff_cases.pause_clock"])
    draft = manager.post(
        "/staff/applications",
        {"program": "single_meter", "channel": "door", "answers": dict(ANSWERS)},
    )
    document = Call("POST", f"/api/v1/customer/cases/{case['id']}/documents", "customer_documents.upload").by(
        world.app, owner.token
    )
    message = owner.post(
        f"/customer/cases/{case['id']}/messages", {"client_id": "phone-0000", "text": "在吗"}
    )
    chase = owner.post(f"/customer/cases/{case['id']}/chases")
    complaint = owner.post(f"/customer/cases/{case['id']}/complaints", {"text": "没有人来"})
    reply = manager.post("/staff/quick-replies", {"title": "问候", "text": "您好"})
    supervisor = world.staff("S001")
    for path, body in (
        ("leaves", {**LEAVE, "staff_number": "G001", "deputy_number": "G002"}),
        ("closures", CLOSURE),
    ):
        supervisor.post(f"/staff/{path}", body)
    (leave,) = supervisor.get("/staff/leaves")["items"]
    enrol(world, ["G009"], "customer_development", manager=True)
    other = world.log_in("o_handed_over", "13800000003")
    moving = world.submitted(other, contact_phone="13800000003")
    with world.app.app_context(), atomic():
        handed_over = db.session.get_one(Case, moving["id"])
        handed_over.manager_id = db.session.scalars(select(Staff.id).where(Staff.number == "G009")).one()
    departed = supervisor.post("/staff/departures", {"staff_number": "G009"})
    (handover,) = supervisor.get("/staff/supervision/handovers")["items"]
    (closure,) = supervisor.get("/staff/closures")["items"]
    calendar = world.staff("S001").post("/staff/calendar/drafts", {"note": "演示通知"})
    held = owner.post(
        f"/customer/cases/{case['id']}/visits",
        {"purpose": "water_plan", "starts_at": "2026-09-18T11:00:00+08:00"},
    )
    with world.app.app_context():
        (delivery_id,) = put(rows(1, Channel.TEMPLATE, case_id=case["id"]))
    with world.app.app_context(), atomic():
        found = db.session.get_one(Case, case["id"])
        paper_id = make_paper.store_paper(found, "agreement", "WT-1", 1, {}, PDF, found.manager_id).id
    return Scene(
        world,
        owner,
        {
            "case_id": case["id"],
            "application_id": draft["id"],
            "notice_id": owner.get("/customer/notices")["items"][0]["id"],
            "task_id": network.get("/staff/tasks?scope=department")["items"][0]["id"],
            "stop_id": stop["id"],
            "paper_id": paper_id,
            "document_id": document.get_json()["id"],
            "copy_id": owner.send("POST", "/customer/personal-data/copies").get_json()["id"],
            "draft_id": calendar["id"],
            "visit_id": held["id"],
            "leave_id": leave["id"],
            "closure_id": closure["id"],
            "departure_id": departed["id"],
            "handover_id": handover["id"],
            "purpose": "water_plan",
            "conversation_id": case["id"],
            "message_id": message["id"],
            "chase_id": chase["id"],
            "complaint_id": complaint["id"],
            "reply_id": reply["id"],
            "department": "design_institute",
            "digest_id": "A" * 16,
            "skill": "large_pipe",
            "staff_number": "E001",
            "delivery_id": delivery_id,
            "template_key": "staff_task",
            "program": "single_meter",
            "number": case["number"],
            "session_id": elsewhere["id"],
        },
    )


def statuses(app: Flask, tried: list[Call], token: str | None) -> dict[Call, int]:
    return {call: call.by(app, token).status_code for call in tried}


def test_every_route_has_a_guard(app: Flask) -> None:
    assert {
        rule.rule for rule in app.url_map.iter_rules() if guards.guard_of(app, rule.endpoint) is None
    } == set()


GUARD_OF_PREFIX = {
    "/api/v1/customer/": guards.customer,
    "/api/v1/staff/": guards.staff,
    "/api/v1/partner/": guards.partner,
    "/api/v1/files/": guards.link_holder,
    "/dev/": guards.simulator_only,
    "/wechat/": guards.signed_by_wechat,
    "/metrics": guards.metrics_collector,
    "/openapi.json": guards.docs_reader,
    "/docs": guards.docs_reader,
}


def test_the_guard_fits_the_address(app: Flask) -> None:
    """A customer's blueprint that was registered behind the staff's guard would look guarded."""
    public_routes = {
        "/api/v1/customer/guide",
        "/api/v1/customer/privacy",
        "/api/v1/customer/sessions",
        "/api/v1/customer/lookups",
        "/api/v1/staff/sessions",
    }
    for found in app.url_map.iter_rules():
        rule, guard = found.rule, guards.guard_of(app, found.endpoint)
        # Logging in is for everybody; one's logins are seen and ended at the same address.
        logs_in = not rule.endswith("/sessions") or "POST" in (found.methods or ())
        if rule in public_routes and logs_in:
            assert guard is guards.anyone, rule
            continue
        wanted = next(
            (each for prefix, each in GUARD_OF_PREFIX.items() if rule.startswith(prefix)), guards.anyone
        )
        assert guard is wanted, rule


@pytest.mark.parametrize("guard", [guards.customer, guards.staff, guards.partner])
def test_nobody_enters_without_a_token(scene: Scene, guard: guards.Guard) -> None:
    app = scene.world.app
    tried = calls(app, guard, scene.ids)
    with nothing_changes(app):
        assert statuses(app, tried, None) == dict.fromkeys(tried, 401)


def test_a_staff_token_opens_no_customer_route(scene: Scene) -> None:
    app = scene.world.app
    tried = calls(app, guards.customer, scene.ids)
    token = scene.world.staff("G001").token
    with nothing_changes(app):
        assert statuses(app, tried, token) == dict.fromkeys(tried, 403)


def test_a_customer_token_opens_no_staff_route(scene: Scene) -> None:
    app = scene.world.app
    tried = calls(app, guards.staff, scene.ids)
    with nothing_changes(app):
        assert statuses(app, tried, scene.owner.token) == dict.fromkeys(tried, 403)


def test_what_is_another_customers_does_not_exist(scene: Scene) -> None:
    app = scene.world.app
    stranger = scene.world.log_in("o_stranger", "13800000009")
    tried = calls(app, guards.customer, scene.ids, with_ids=True)
    with nothing_changes(app):
        assert statuses(app, tried, stranger.token) == dict.fromkeys(tried, 404)
    assert stranger.get("/customer/cases")["items"] == []
    assert stranger.get("/customer/notices") == {"items": [], "unread": 0, "cursor": None}


def test_its_owner_is_let_in_where_the_stranger_was_not(scene: Scene) -> None:
    """Else the test above would pass on addresses that lead nowhere."""
    app = scene.world.app
    tried = [
        call
        for call in calls(app, guards.customer, scene.ids, with_ids=True)
        # The draft is one that the manager took; rating, confirming and choosing have their time,
        # withdrawing ends it, what is only held is no entry for a calendar, and what is cancelled
        # can't be moved or missed.
        if call.endpoint
        not in {
            "customer_cases.rate_case",
            "customer_cases.confirm_application",
            # Once a day; one at a time.
            "customer_conversation_care.create_chase",
            "customer_conversation_care.create_complaint",
            "customer_money.choose_quote_option",
            "customer_case_changes.confirm_plan",
            "customer_case_changes.refuse_plan",
            "customer_case_changes.withdraw_case",
            # The jobs have not made it.
            "customer_personal_data.download_copy",
            # What is withdrawn can't be fetched.
            "customer_documents.withdraw",
            "customer_visits.confirm_visit",
            "customer_visits.reschedule_visit",
            "customer_visits.join_visit",
            "customer_visits.read_calendar_file",
            "customer_visits.read_pass",
            "customer_visits.report_no_show",
        }
    ]
    owners = {call: call.by(app, scene.owner.token).status_code for call in tried}
    assert {call for call, status in owners.items() if status not in {200, 201, 204}} == set()


def test_a_case_does_not_exist_for_a_department_it_does_not_concern(scene: Scene) -> None:
    app = scene.world.app
    tried = calls(app, guards.staff, scene.ids, with_ids=True)
    with_nothing_to_do = scene.world.staff("F001")
    with nothing_changes(app):
        assert statuses(app, tried, with_nothing_to_do.token) == dict.fromkeys(tried, 404)


def test_a_concerned_department_sees_the_case_and_its_own_task(scene: Scene) -> None:
    network = scene.world.staff("N001")
    assert network.get(f"/staff/cases/{scene.ids['case_id']}")["id"] == scene.ids["case_id"]
    assert network.get(f"/staff/tasks/{scene.ids['task_id']}")["key"] == "network_survey"


def test_another_departments_task_does_not_exist(scene: Scene) -> None:
    """The design institute is concerned by the case, not by this task."""
    app = scene.world.app
    designer = scene.world.staff("D001")
    assert designer.get(f"/staff/cases/{scene.ids['case_id']}")
    tried = [call for call in calls(app, guards.staff, scene.ids) if scene.ids["task_id"] in call.path]
    with nothing_changes(app):
        assert statuses(app, tried, designer.token) == dict.fromkeys(tried, 404)


def test_a_stop_is_reached_through_its_own_case_only(scene: Scene) -> None:
    world = scene.world
    other = world.submitted(world.log_in("o_second", "13800000002"), contact_phone="13800000002")
    supervisor = world.staff("S001")
    with nothing_changes(world.app):
        path = f"/staff/cases/{other['id']}/stops/{scene.ids['stop_id']}/end"
        assert supervisor.send("POST", path).status_code == 404


def test_a_draft_belongs_to_the_manager_who_took_it(scene: Scene) -> None:
    app = scene.world.app
    tried = [call for call in calls(app, guards.staff, scene.ids) if scene.ids["application_id"] in call.path]
    assert tried
    other_manager = scene.world.staff("G002")
    with nothing_changes(app):
        assert statuses(app, tried, other_manager.token) == dict.fromkeys(tried, 404)


def test_only_a_manager_fills_in_for_a_customer(scene: Scene) -> None:
    designer = scene.world.staff("D001")
    with nothing_changes(scene.world.app):
        answer = designer.send("POST", "/staff/applications", BODIES["staff_applications.start_application"])
        assert answer.status_code == 403


def test_a_member_of_staff_who_left_is_out_at_once(scene: Scene) -> None:
    network = scene.world.staff("N001")
    with scene.world.app.app_context(), atomic():
        remove_person.remove(None, "N001")
    assert network.send("GET", "/staff/tasks").status_code == 401


def test_in_production_the_console_does_not_exist(app: Flask) -> None:
    settings: Settings = app.extensions["steward.settings"]
    app.extensions["steward.settings"] = replace(settings, profile=Profile.PRODUCTION)
    tried = calls(app, guards.simulator_only, {})
    assert statuses(app, tried, None) == dict.fromkeys(tried, 404)
