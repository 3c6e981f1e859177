"""A small city to test in: its staff, a customer's phone, the clock, and the moves of a case over HTTP."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from app.core.atomic import atomic
from app.core.clock import FixedClock
from app.jobs import timetable
from app.services.people import personnel
from app.services.people.personnel import NewStaff
from app.wechat.simulator.desk import Desk
from tests import paperwork
from tests.paperwork import NOW

SHANGHAI = ZoneInfo("Asia/Shanghai")

# A credit code whose check digit is right, of an organisation that does not exist.
CREDIT_CODE = "91370100MA3C0000X8"

ANSWERS: Mapping[str, Any] = {
    "applicant_kind": "enterprise",
    "project_name": "泉城演示小铺",
    "organisation": "泉城演示商贸有限公司",
    "credit_code": CREDIT_CODE,
    "contact_name": "钱多多",
    "contact_phone": "13800000001",
    "district": "lixia",
    "address": "演示路1号",
    "location": {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02},
    "use_class": "non_residential",
    "calibre": "DN20",
    "meter_count": 1,
}

# What the other programs' forms ask besides, and (None) what they don't ask.
FORMS: Mapping[str, Mapping[str, Any]] = {
    "three_zero": {"applicant_kind": None, "project_stage": "signed", "investment_number": "ZS-001"},
    "residential": {
        "applicant_kind": None,
        "use_class": "residential",
        "households_multi_storey": 0,
        "households_high_rise": 120,
        "buildings": [{"number": "1", "units": 3, "floors": 20, "households_per_floor": 4}],
    },
}

# The tasks of a single meter in the order in which they can be done, to the end of its case.
SINGLE_METER = (
    "site_visit",
    "network_survey",
    "design_opinion",
    "engineering_opinion",
    "confirm_plan",
    "drawings",
    "quote",
    "sign_agreement",
    "payment",
    "build_and_accept",
    "water_on",
    "return_visit",
)

OUTPUTS: Mapping[str, Mapping[str, Any]] = {
    "site_visit": {"visited_at": NOW, "form_guided": True},
    "network_survey": {
        "main_calibre_mm": 300,
        "main_material": "球墨铸铁",
        "main_depth_m": "1.2",
        "peak_pressure_mpa": "0.28",
        "outlet_calibre_mm": 100,
        "outlet_valve": "闸阀",
        "network_state": "normal",
    },
    "design_opinion": {"opinion": "feasible"},
    "engineering_opinion": {"opinion": "feasible", "road_permit_needed": False},
    "confirm_plan": {
        "survey_check": "as_prepared",
        "chosen_calibre": "DN20",
        "plan": "自演示路DN100预留口接入",
    },
    "check_eligibility": {
        "project_stage": "signed",
        "is_investment_project": True,
        "is_new_single_meter": True,
        "stage_reached": True,
        "eligibility_decision": "eligible",
        "eligibility_grounds": "招商引资项目清单第12项",
    },
    "group_approval": {"approval_decision": "approved", "approval_number": "演示批〔2026〕1号"},
    "budget": {"utility_cost_fen": 2650000},
    "project_set_up": {"project_number": "LX-001", "set_up_at": NOW},
    "site_ready": {"site_ready_at": NOW},
    "estimate": {"amount_fen": 98000000, "estimate_number": "GS-001"},
    "estimate_accepted": {"estimate_accepted_at": NOW},
    "pass_agreement": {"passed_at": NOW},
    "risers": {"risers_completed_at": NOW},
    "outdoor_works": {"works_completed_at": NOW},
    "household_meters": {"risers_accepted_at": NOW, "meters_installed": 120},
    "accept_works": {"accepted_at": NOW, "acceptance_result": "passed"},
    "as_built_survey": {"surveyed_at": NOW, "survey_number": "CL-001"},
    "completion_papers": {"drawings_agree": True, "papers_number": "JG-001"},
    "gis_update": {"gis_updated_at": NOW},
    "rating_review": {"review": "已联系客户，已整改"},
    "drawings": {"drawing_number": "SJ-001", "reviewed": True},
    "quote": {"amount_fen": 386000, "chosen_option": "标准方案"},
    "sign_agreement": {"agreement_number": "XY-001", "site_conditions_met": True, "signed_at": NOW},
    "payment": {"paid_fen": 386000, "receipt_number": "SJ-9001"},
    "build_and_accept": {"accepted_at": NOW, "acceptance_result": "passed"},
    "water_on": {
        "meter_serial": "M0001",
        "meter_calibre": "DN20",
        "meter_position": "楼道水表井",
        "first_reading": "0",
        "supply_contract_number": "HT-001",
    },
    "return_visit": {
        "water_quality": "good",
        "water_pressure": "good",
        "installation": "good",
        "attitude": "good",
        "promises_kept": True,
        "fees_clear": True,
        "trips_made": 0,
        "papers_asked_again": 0,
        "money_asked_fen": 0,
        "limits_known": True,
        "rating": 5,
    },
}

# Number, name, department, phone, manager, supervisor, districts.
STAFF = (
    ("G001", "王敏", "customer_development", "13800000101", True, False, ("lixia", "gaoxin")),
    ("G002", "李建国", "customer_development", "13800000102", True, False, ("shizhong",)),
    ("D001", "赵工", "design_institute", "13800000201", False, False, ()),
    ("D002", "钱工", "design_institute", "13800000202", False, False, ()),
    ("N001", "孙师傅", "network", "13800000301", False, False, ()),
    ("E001", "周工", "engineering", "13800000401", False, False, ()),
    ("M001", "吴师傅", "marketing", "13800000501", False, False, ()),
    ("F001", "郑会计", "finance", "13800000601", False, False, ()),
    ("C001", "许总工", "chief_engineer", "13800000801", False, False, ()),
    ("J001", "韩总", "group", "13800000901", False, False, ()),
    ("S001", "冯督办", "customer_development", "13800000701", False, True, ()),
)
BY_DEPARTMENT = {
    "design_institute": "D001",
    "network": "N001",
    "engineering": "E001",
    "marketing": "M001",
    "finance": "F001",
    "chief_engineer": "C001",
    "group": "J001",
}


def local(text: str) -> datetime:
    """An instant in the city's time: `local("2026-09-18 09:00")`."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Phone:
    """Somebody with the mini-program open: a token, and a fresh Idempotency-Key for every POST."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client = client
        self.token = token

    def send(self, method: str, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or uuid4().hex
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

    def get(self, path: str) -> Any:
        response = self.send("GET", path)
        assert response.status_code == 200, response.text
        return response.json

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        response = self.send("POST", path, body, key)
        assert response.status_code in {200, 201, 204}, response.text
        return response.json if response.status_code != 204 else None


class World:
    """The application with staff, a settable clock and simulated WeChat."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.clock = FixedClock(local("2026-09-18 09:00"))
        clock.use(self.clock)
        self.desk: Desk = app.extensions["steward.desk"]
        with app.app_context(), atomic():
            for number, name, department, phone, manager, supervisor, districts in STAFF:
                personnel.add(
                    NewStaff(
                        number,
                        name,
                        department,
                        phone,
                        f"https://example.invalid/{number}.jpg",
                        manager,
                        supervisor,
                        districts,
                    )
                )

    def at(self, text: str) -> None:
        """Set the clock, in the city's time."""
        self.clock.set(local(text))

    def work(self) -> None:
        """Let the jobs do everything that is due now, each if the jobs process would notice it."""
        settings = self.app.extensions["steward.settings"]
        for job in timetable.jobs(settings, self.app.extensions["steward.wechat"]):
            if job.every_ticks == 1:
                with self.app.app_context():
                    for due in timetable.due([job]):
                        due.run()

    def codes(self, **user: str) -> Any:
        """Fresh login and phone codes of a (simulated) WeChat user."""
        return self.desk.ask("POST", "codes", {"user": user})

    def log_in(self, openid: str, phone: str | None = None, **more: str) -> Phone:
        """A customer who logs in, accepts the privacy text and, if given, proves a phone."""
        codes = self.codes(openid=openid, **({"phone": phone} if phone else {}), **more)
        answer = self.client.post("/api/v1/customer/sessions", json={"code": codes["login_code"]})
        assert answer.status_code == 201, answer.text
        person = Phone(self.client, answer.get_json()["token"])
        version = self.client.get("/api/v1/customer/privacy").get_json()["version"]
        person.post("/customer/consents", {"version": version})
        if phone:
            person.post("/customer/phone", {"code": codes["phone_code"]})
        return person

    def staff(self, number: str) -> Phone:
        """A member of staff, logged in by their phone."""
        phone = next(row[3] for row in STAFF if row[0] == number)
        codes = self.codes(openid=f"staff_{number}", phone=phone, unionid=f"union_{number}")
        answer = self.client.post(
            "/api/v1/staff/sessions",
            json={"code": codes["login_code"], "phone_code": codes["phone_code"]},
        )
        assert answer.status_code == 201, answer.text
        return Phone(self.client, answer.get_json()["token"])

    def submitted(self, customer: Phone, program: str = "single_meter", **changes: Any) -> Any:
        """A case, as the submission's answer tells it."""
        draft = customer.post("/customer/applications", {"program": program})
        answers = {**ANSWERS, **FORMS.get(program, {}), **changes}
        saved = customer.send(
            "PATCH",
            f"/customer/applications/{draft['id']}",
            {"answers": {key: value for key, value in answers.items() if value is not None}},
        )
        assert saved.status_code == 200, saved.text
        return customer.post(f"/customer/applications/{draft['id']}/submission")

    def complete(self, case_id: str, task_key: str, **changes: Any) -> Any:
        """Complete an open task of a case by whoever holds it."""
        watcher = self.staff("S001")
        tasks = watcher.get(f"/staff/cases/{case_id}/tasks")["items"]
        task = next(item for item in tasks if item["key"] == task_key and item["state"] == "open")
        who = next((row[0] for row in STAFF if row[1] == task["assignee_name"]), None)
        if who is None:
            who = next(
                number
                for key, number in BY_DEPARTMENT.items()
                if task["department"].startswith(_DEPARTMENT_NAMES[key])
            )
        with self.app.app_context(), atomic():
            prepared = paperwork.prepare(who, task["id"], {**OUTPUTS.get(task_key, {}), **changes})
        outputs = {**prepared, **changes}
        return self.staff(who).post(f"/staff/tasks/{task['id']}/completion", {"outputs": outputs})

    def messages(self) -> Any:
        """Every message that reached a phone."""
        return self.desk.ask("GET", "messages")


_DEPARTMENT_NAMES = {
    "design_institute": "设计院",
    "network": "管网",
    "engineering": "工程",
    "marketing": "营销",
    "finance": "财务",
    "chief_engineer": "总工",
    "group": "集团",
}
