"""Who pays, who signs and what construction waits for, in the two programs that are not a single meter."""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.atomic import atomic
from app.core.db import db
from app.domain.errors import ChoiceNeededError, FieldsError, PaperNeededError
from app.models import Application, Case, Paper, Payment, Quote, Staff, Stop, Task, TaskState
from app.services.money import ledger
from app.services.people import personnel
from app.services.people.personnel import NewStaff
from app.services.people.staffing import Colleague
from app.services.tasks import complete_task as completion
from app.services.tasks.issue_task_quote import issue_task_quote
from tests import paperwork
from tests.world import ANSWERS, OUTPUTS, World

WHEN = paperwork.NOW
MORE: Mapping[str, Mapping[str, Any]] = {
    "check_eligibility": {"project_stage": "signed", "eligibility_grounds": "招商引资项目"},
    "group_approval": {"approval_number": "PZ-1"},
    "budget": {"utility_cost_fen": 512000},
    "project_set_up": {"project_number": "LX-1", "set_up_at": WHEN},
    "site_ready": {"site_ready_at": WHEN},
    "estimate": {"estimate_number": "GS-1"},
    "estimate_accepted": {"estimate_accepted_at": WHEN},
    "sign_agreement": {"signed_at": WHEN},
    "pass_agreement": {"passed_at": WHEN},
}
ESTATE = {
    "applicant_kind": None,
    "households_multi_storey": 48,
    "households_high_rise": 120,
    "buildings": [{"number": "1", "units": 3, "floors": 20, "households_per_floor": 4}],
}
ESTIMATE_FEN = 48 * 98000 + 120 * 116000 + 3 * 1860000 + 100 * 42000


class Drive:
    """Completes the tasks of one case by the services, each by somebody of its department."""

    def __init__(self, app: Flask, case_id: str) -> None:
        self._app = app
        self.case_id = case_id

    def open_tasks(self) -> list[str]:
        """The keys of what is to be done now."""
        with self._app.app_context():
            query = select(Task.key).where(Task.case_id == self.case_id, Task.state == TaskState.OPEN)
            return list(db.session.scalars(query))

    def stops(self) -> list[str]:
        """The reasons for which the clock stands still."""
        with self._app.app_context():
            query = select(Stop.reason_key).where(Stop.case_id == self.case_id, Stop.ended_at.is_(None))
            return list(db.session.scalars(query))

    def complete(self, *keys: str, prepared: bool = True, **changes: Any) -> None:
        """Complete these tasks in turn; unless told otherwise, the customer does their part before."""
        for key in keys:
            with self._app.app_context(), atomic():
                task, staff = self.holder(key)
                outputs = {**OUTPUTS.get(key, {}), **MORE.get(key, {})}
                if prepared:
                    outputs = paperwork.prepare(staff.number, task.id, outputs)
                completion.complete_task(Colleague.of(staff), task, {**outputs, **changes})

    def holder(self, key: str) -> tuple[Task, Staff]:
        """The open task of that key and who does it."""
        query = select(Task).where(Task.case_id == self.case_id, Task.key == key)
        task = db.session.scalars(query.where(Task.state == TaskState.OPEN)).one()
        if task.assignee_id is not None:
            return task, db.session.get_one(Staff, task.assignee_id)
        members = select(Staff).where(Staff.department == task.department).order_by(Staff.number)
        return task, db.session.scalars(members).first() or _hired(task.department)


def _hired(department: str) -> Staff:
    number = f"X-{department}"
    personnel.add(
        NewStaff(number, "新同事", department, f"138000099{len(department):02d}", "", False, False, ())
    )
    return db.session.scalars(select(Staff).where(Staff.number == number)).one()


ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")


@pytest.fixture
def estate(world: World) -> Drive:
    customer = world.log_in("o_customer", "13800000001")
    answers = {key: value for key, value in {**ANSWERS, **ESTATE}.items() if value is not None}
    drive = Drive(world.app, _submitted(world, customer, "residential", answers))
    drive.complete(*ACCEPTANCE, "drawings")
    return drive


@pytest.fixture
def free(world: World) -> Drive:
    customer = world.log_in("o_customer", "13800000001")
    answers = {key: value for key, value in ANSWERS.items() if key != "applicant_kind"}
    answers |= {"project_stage": "signed"}
    drive = Drive(world.app, _submitted(world, customer, "three_zero", answers))
    drive.complete("check_eligibility")
    drive.complete("group_approval", *ACCEPTANCE, "drawings", "budget")
    drive.complete("project_set_up")
    return drive


def _submitted(world: World, customer: Any, program: str, answers: Mapping[str, Any]) -> str:
    draft = customer.post("/customer/applications", {"program": program})
    saved = customer.send("PATCH", f"/customer/applications/{draft['id']}", {"answers": dict(answers)})
    assert saved.status_code == 200, saved.text
    case: str = customer.post(f"/customer/applications/{draft['id']}/submission")["id"]
    return case


def test_an_estate_is_estimated_accepted_signed_and_paid_in_that_order(estate: Drive, world: World) -> None:
    with pytest.raises(ChoiceNeededError):
        estate.complete("estimate", prepared=False)
    estate.complete("estimate")
    assert sorted(estate.stops()) == ["contract_review", "site_not_ready_construction"]
    with pytest.raises(ChoiceNeededError):
        estate.complete("estimate_accepted", prepared=False)
    estate.complete("estimate_accepted", "site_ready")
    with pytest.raises(PaperNeededError):
        estate.complete("sign_agreement", prepared=False)
    estate.complete("sign_agreement")
    assert estate.stops() == ["fund_raising"]
    with pytest.raises(FieldsError):
        estate.complete("payment", paid_fen=ESTIMATE_FEN - 1)
    estate.complete("payment")
    assert estate.stops() == []
    estate.complete("pass_agreement")
    assert sorted(estate.open_tasks()) == ["outdoor_works", "risers"]
    with world.app.app_context():
        assert ledger.case_ledger(estate.case_id).payment_fen == ESTIMATE_FEN
        assert db.session.scalars(select(Payment)).one().amount_fen == ESTIMATE_FEN


def test_an_estimate_needs_what_is_measured_on_the_drawings(estate: Drive, world: World) -> None:
    with world.app.app_context(), atomic():
        task, staff = estate.holder("estimate")
        with pytest.raises(FieldsError) as caught:
            issue_task_quote(Colleague.of(staff), task, {})
    assert [error["field"] for error in caught.value.extra["errors"]] == ["measured.main_metre"]


def test_a_sum_beyond_32_bits_is_kept_and_added_up(estate: Drive, world: World) -> None:
    """50,000 flats cost more fen than a 32-bit integer holds."""
    with world.app.app_context(), atomic():
        case = db.session.get_one(Case, estate.case_id)
        application = db.session.get_one(Application, case.application_id)
        application.answers = {**application.answers, "households_high_rise": 50000}
    estate.complete("estimate", "estimate_accepted", "site_ready", "sign_agreement", "payment")
    with world.app.app_context():
        paid = ledger.case_ledger(estate.case_id).payment_fen
    assert paid == ESTIMATE_FEN + (50000 - 120) * 116000
    assert paid > 2**31


def test_three_zero_builds_when_the_site_is_ready_and_asks_for_nothing(free: Drive, world: World) -> None:
    assert free.open_tasks() == ["site_ready"]
    assert free.stops() == ["site_not_ready_construction"]
    free.complete("site_ready")
    assert free.stops() == []
    free.complete("build_and_accept")
    with pytest.raises(PaperNeededError):
        free.complete("water_on", prepared=False)
    free.complete("water_on")
    with world.app.app_context():
        asked = ledger.case_ledger(free.case_id)
        assert (asked.documents, asked.trips, asked.payment_fen) == (0, 0, 0)
        assert db.session.scalars(select(Quote)).all() == []
        assert [paper.kind for paper in db.session.scalars(select(Paper))] == ["supply_contract"]
