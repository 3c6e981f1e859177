"""A single-meter case over HTTP from submission to rating, with the figures a customer would check."""

from tests.world import World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")


def test_a_single_meter_runs_to_its_rated_end(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer)
    assert case["manager"]["name"] == "王敏"
    assert case["manager"]["phone"] == "+8613800000101"
    # Four departments at once: the sentence speaks of the stage, not of one department's task.
    assert "正在办理“受理并确定用水方案”" in case["next_action"]
    world.at("2026-09-18 15:15")
    for key in ACCEPTANCE:
        world.complete(case["id"], key)
    # Saturday is a weekend, Sunday the 20th a make-up workday.
    world.at("2026-09-21 10:00")
    world.complete(case["id"], "drawings")
    world.complete(case["id"], "quote")
    world.complete(case["id"], "sign_agreement")
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["clock"] == {"stopped": True, "reason": "备款", "since": "2026-09-21T10:00:00+08:00"}
    assert progress["whose_turn"]["party"] == "customer"
    # 25 to 27 September are the Mid-Autumn holiday.
    world.at("2026-09-28 09:30")
    world.complete(case["id"], "payment")
    world.at("2026-09-30 11:00")
    world.complete(case["id"], "build_and_accept")
    world.at("2026-09-30 14:30")
    world.complete(case["id"], "water_on")
    world.at("2026-10-08 09:00")
    world.complete(case["id"], "return_visit")
    # A login lasts seven days.
    assert customer.send("GET", "/customer/cases").status_code == 401
    customer = world.log_in("o_customer")
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["state"] == "closed"
    assert progress["rating"] == 5
    used = {stage["key"]: (stage["used"], stage["stopped"]) for stage in progress["stages"]}
    assert used == {
        # 09:00-12:00 and 13:30-15:15 of 7 office hours.
        "acceptance_plan": ("0.68", "0.00"),
        # 1.75 h of Friday, all of Sunday, 1.5 h of Monday.
        "design": ("1.46", "0.00"),
        "budget_contract": ("0.00", "0.00"),
        # Used 6 h of Monday, Tuesday, 4.5 h of Wednesday; stopped 5.5 h, three days, and 1 h.
        "construction": ("2.50", "3.93"),
        "return_visit": ("0.43", "0.00"),
    }
    assert progress["headline"]["used"] == "0.96"
    assert progress["full_process"]["used"] == "4.64"
    ledger = customer.get(f"/customer/cases/{case['id']}/ledger")
    assert (ledger["documents"], ledger["trips"], ledger["payment_fen"]) == (1, 0, 386000)
