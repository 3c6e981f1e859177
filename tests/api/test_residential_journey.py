"""A residential case over HTTP from start to end, with the figures of its two clocks."""

from tests.world import Phone, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")


def titles(customer: Phone) -> list[str]:
    return [notice["title"] for notice in customer.get("/customer/notices")["items"]]


def test_a_residential_quarter_runs_to_its_rated_end(world: World) -> None:
    customer = world.log_in("o_customer", "13800000001")
    case = world.submitted(customer, "residential")
    # Friday 09:00 to Sunday the 20th (a make-up workday) 15:00.
    world.at("2026-09-20 15:00")
    for key in ACCEPTANCE:
        world.complete(case["id"], key)
    world.at("2026-09-24 15:00")
    world.complete(case["id"], "drawings")
    # 25 to 27 September are the Mid-Autumn holiday.
    world.at("2026-09-29 15:00")
    world.complete(case["id"], "estimate")
    customer = world.log_in("o_customer")
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["clock"]["stopped"]
    assert progress["whose_turn"]["party"] == "customer"
    # Both stops run at once and count once; the second to end lets the clock run.
    world.at("2026-09-30 15:00")
    world.complete(case["id"], "estimate_accepted")
    customer = world.log_in("o_customer")
    assert customer.get(f"/customer/cases/{case['id']}")["clock"]["stopped"]
    assert "办理计时已恢复" not in titles(customer)
    # 1 to 7 October is National Day; Saturday the 10th is worked.
    world.at("2026-10-08 15:00")
    world.complete(case["id"], "site_ready")
    assert titles(world.log_in("o_customer")).count("办理计时已恢复") == 1
    world.at("2026-10-08 16:00")
    world.complete(case["id"], "sign_agreement")
    world.at("2026-10-10 16:00")
    world.complete(case["id"], "payment")
    world.at("2026-10-10 17:00")
    world.complete(case["id"], "pass_agreement")
    world.at("2026-10-21 17:00")
    world.complete(case["id"], "risers")
    world.complete(case["id"], "household_meters")
    world.complete(case["id"], "outdoor_works")
    world.complete(case["id"], "accept_works")
    world.at("2026-10-23 12:00")
    world.complete(case["id"], "water_on")
    world.at("2026-10-26 12:00")
    world.complete(case["id"], "return_visit")
    customer = world.log_in("o_customer")
    progress = customer.get(f"/customer/cases/{case['id']}")
    assert progress["state"] == "closed"
    used = {stage["key"]: (stage["used"], stage["stopped"]) for stage in progress["stages"]}
    assert used == {
        # 6.5 h of Friday, 5 h of Sunday.
        "acceptance_plan": ("1.64", "0.00"),
        # 2 h, Monday to Wednesday, 5 h.
        "design": ("4.00", "0.00"),
        # 2 h of Thursday, Monday, 5 h of Tuesday.
        "estimate": ("2.00", "0.00"),
        # Stopped from Tuesday 15:00 to 8 October 15:00 (2 h, Wednesday, 5 h), and to the 10th 16:00 (1 h,
        # Friday, 6 h); used one hour before and one after.
        "agreement_payment": ("0.29", "4.00"),
        # 12 to 16 and 19 to 21 October.
        "construction": ("8.00", "0.00"),
        # Thursday, and the morning of Friday.
        "water_on": ("1.50", "0.00"),
        "return_visit": ("1.00", "0.00"),
    }
    # Each of the two stages is within its own limit (2 and 3), and the headline's two days are broken.
    promised = {"name": "222", "links": 2, "working_days": "2.00"}
    assert progress["headline"] == {**promised, "used": "3.14", "left": "-1.14"}
    assert progress["full_process"] == {"min": "60.00", "max": "60.00", "used": "17.43"}
    ledger = customer.get(f"/customer/cases/{case['id']}/ledger")
    # 120 households, three units of risers, 100 metres of main (prices.toml).
    estimated = 120 * 116000 + 3 * 1860000 + 100 * 42000
    assert (ledger["documents"], ledger["payment_fen"]) == (1, estimated)
    # What is left is the utility's own, and never forgotten.
    for key in ("as_built_survey", "completion_papers", "gis_update"):
        world.complete(case["id"], key)
    assert all(
        task["state"] == "done"
        for task in world.staff("S001").get(f"/staff/cases/{case['id']}/tasks")["items"]
    )
