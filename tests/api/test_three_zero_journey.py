"""A 三零 case over HTTP: no trip, no document, no payment; and the switch of one that is not eligible."""

from tests.api.answers import refused
from tests.world import ANSWERS, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")


def test_a_three_zero_project_runs_to_its_rated_end_and_asks_nothing(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, "three_zero")
    # The form is filled in with the manager at the door: it is no document that is asked.
    assert customer.get(f"/customer/cases/{case['id']}/ledger")["entries"] == []
    world.at("2026-09-18 10:00")
    world.complete(case["id"], "check_eligibility")
    world.at("2026-09-18 11:00")
    world.complete(case["id"], "group_approval")
    world.at("2026-09-18 16:00")
    for key in ACCEPTANCE:
        world.complete(case["id"], key)
    # Saturday is a weekend, Sunday the 20th a make-up workday.
    world.at("2026-09-20 10:00")
    world.complete(case["id"], "drawings")
    world.complete(case["id"], "budget")
    world.at("2026-09-20 14:30")
    world.complete(case["id"], "project_set_up")
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["clock"]["reason"] == "施工现场不具备施工条件"
    assert progress["next_action"] == "请您备好施工现场并告知客户管家，完成后我们继续计时办理。"
    world.at("2026-09-22 14:30")
    world.complete(case["id"], "site_ready")
    # 25 to 27 September are the Mid-Autumn holiday.
    world.at("2026-09-24 17:00")
    world.complete(case["id"], "build_and_accept")
    world.at("2026-09-28 09:30")
    world.complete(case["id"], "water_on")
    world.at("2026-09-29 09:30")
    world.complete(case["id"], "return_visit")
    customer = world.log_in("o_customer")
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["state"] == "closed"
    used = {stage["key"]: (stage["used"], stage["stopped"]) for stage in progress["stages"]}
    assert used == {
        # 2 of 7 office hours; outside the full process.
        "approval": ("0.29", "0.00"),
        # 11:00-12:00 and 13:30-16:00.
        "acceptance_plan": ("0.50", "0.00"),
        # 1 h of Friday, 4.5 h of Sunday.
        "design": ("0.79", "0.00"),
        # Stopped 2.5 h, Monday, 4.5 h; used 2.5 h of Tuesday, Wednesday, Thursday, 1 h of Monday.
        "construction": ("2.50", "2.00"),
        "return_visit": ("1.00", "0.00"),
    }
    assert progress["headline"] is None
    # 3.5 + 5.5 + 17.5 hours.
    assert progress["full_process"] == {"min": "2.00", "max": "9.00", "used": "3.79"}
    ledger = customer.get(f"/customer/cases/{case['id']}/ledger")
    assert (ledger["documents"], ledger["trips"], ledger["payment_fen"], ledger["entries"]) == (0, 0, 0, [])
    own = world.staff("S001").get(f"/staff/cases/{case['id']}/ledger")
    assert own["utility_cost_fen"] == 2650000


def test_a_trip_that_was_made_after_all_is_seen_in_the_ledger(world: World) -> None:
    """The ledger is to prove the promise, so it must be able to say that it was broken."""
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, "three_zero")
    for key in (
        "check_eligibility",
        "group_approval",
        *ACCEPTANCE,
        "drawings",
        "budget",
        "project_set_up",
        "site_ready",
        "build_and_accept",
        "water_on",
    ):
        world.complete(case["id"], key)
    world.complete(case["id"], "return_visit", trips_made=1)
    assert customer.get(f"/customer/cases/{case['id']}/ledger")["trips"] == 1


def test_an_unmet_criterion_is_refused(world: World) -> None:
    case = world.submitted(world.log_in("o_customer", "13800000001"), "three_zero")
    manager = world.staff("G001")
    (task,) = manager.get("/staff/tasks")["items"]
    outputs = {
        "project_stage": "signed",
        "is_investment_project": False,
        "is_new_single_meter": True,
        "stage_reached": True,
        "eligibility_decision": "eligible",
    }
    answer = manager.send("POST", f"/staff/tasks/{task['id']}/completion", {"outputs": outputs})
    (fault,) = refused(answer, 422, "invalid_fields")["errors"]
    assert fault["field"] == "is_investment_project"
    outputs["eligibility_decision"] = "not_eligible"
    answer = manager.send("POST", f"/staff/tasks/{task['id']}/completion", {"outputs": outputs})
    (fault,) = refused(answer, 422, "invalid_fields")["errors"]
    assert fault["field"] == "ineligible_reason"
    assert manager.get(f"/staff/cases/{case['id']}")["program"]["key"] == "three_zero"


def test_a_refused_project_goes_on_as_a_single_meter_and_nothing_is_typed_twice(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, "three_zero")
    world.at("2026-09-18 10:00")
    world.complete(case["id"], "check_eligibility")
    world.at("2026-09-18 11:00")
    world.complete(
        case["id"], "group_approval", approval_decision="refused", refusal_reason="不在本年度招商引资清单内"
    )
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["program"] == {"key": "single_meter", "name": "单表接水"}
    assert (progress["number"], progress["manager"]) == (case["number"], case["manager"])
    states = {stage["key"]: stage["state"] for stage in progress["stages"]}
    assert (states["approval"], states["acceptance_plan"]) == ("done", "open")
    # The promise is that of the single meter, and counts from now.
    assert (progress["headline"]["name"], progress["full_process"]["max"]) == ("221", "10.00")
    (turn,) = customer.get(f"/customer/cases/{case['id']}/turns")["items"]
    assert (turn["kind"], turn["was"], turn["now"]) == ("program_changed", "“三零”项目", "单表接水")
    assert turn["reason"] == "不在本年度招商引资清单内"
    notices = customer.get("/customer/notices")["items"]
    assert notices[0]["kind"] == "program_changed"
    assert "不在本年度招商引资清单内" in notices[0]["body"]
    assert "王敏" in notices[0]["body"]
    (line,) = customer.get(f"/customer/cases/{case['id']}/ledger")["entries"]
    assert (line["kind"], line["what"]) == ("document", "申请表")
    world.complete(case["id"], "site_visit")
    world.complete(case["id"], "network_survey")
    # What was typed is kept, and prefills the next form as a single meter's does.
    again = customer.post("/customer/applications", {"program": "single_meter"})
    assert again["answers"]["organisation"] == ANSWERS["organisation"]
    assert again["answers"]["applicant_kind"] == "enterprise"
