"""Payment and meter: only what was agreed, and each receipt and serial number once."""

import pytest
from sqlalchemy import select

from app.core.db import db
from app.models import Meter, Payment
from tests.api.answers import refused
from tests.api.money_scene import METER, STANDARD_FEN, Scene
from tests.world import OUTPUTS, World


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


def test_the_payment_is_the_agreed_sum_under_a_receipt_of_its_own(scene: Scene) -> None:
    scene.until("quote", "sign_agreement")
    finance = scene.world.staff("F001")
    short = scene.try_to_complete(finance, "payment", paid_fen=380000, receipt_number="SJ-1")
    [error] = refused(short, 422, "invalid_fields")["errors"]
    assert error["message"] == "“实收金额（分）”应为3,860.00元，填写的是3,800.00元，请核对后重新填写。"
    missing = scene.try_to_complete(finance, "payment", receipt_number="SJ-1")
    assert refused(missing, 422, "invalid_fields")["errors"][0]["field"] == "paid_fen"
    assert scene.customer.get(scene.path)["clock"]["reason"] == "备款"

    paid = scene.try_to_complete(finance, "payment", paid_fen=STANDARD_FEN, receipt_number="SJ-1")
    assert paid.status_code == 200
    assert not scene.customer.get(scene.path)["clock"]["stopped"]
    assert scene.task("build_and_accept")
    assert scene.customer.get(f"{scene.path}/ledger")["payment_fen"] == STANDARD_FEN
    with scene.world.app.app_context():
        payment = db.session.scalars(select(Payment)).one()
        assert (payment.amount_fen, payment.receipt_number) == (STANDARD_FEN, "SJ-1")


def test_a_receipt_number_is_used_once(scene: Scene) -> None:
    scene.until("quote", "sign_agreement", "payment")
    scene.second_case()
    used = scene.try_to_complete(
        scene.world.staff("F001"),
        "payment",
        paid_fen=STANDARD_FEN,
        receipt_number=OUTPUTS["payment"]["receipt_number"],
    )
    assert refused(used, 422, "invalid_fields")["errors"][0]["code"] == "used"


def test_water_on_hangs_the_meter_of_the_confirmed_contract(scene: Scene) -> None:
    scene.until("quote", "sign_agreement", "payment", "build_and_accept")
    marketing = scene.world.staff("M001")
    refused(scene.try_to_complete(marketing, "water_on", **METER), 422, "paper_needed")
    large = marketing.send(
        "POST",
        f"/staff/tasks/{scene.task('water_on')}/papers",
        {"outputs": METER | {"meter_calibre": "DN50"}},
    )
    [error] = refused(large, 422, "invalid_fields")["errors"]
    assert error["message"] == "“水表口径”为DN50，大于用水方案确定的DN20，请核对。"

    contract = scene.made(marketing, "water_on", **METER)
    assert contract["name"] == "供用水合同"
    scene.confirmed(contract)
    scene.shown("M001", "water_on")
    refused(scene.try_to_complete(marketing, "water_on"), 422, "plan_agreement_needed")
    scene.agreed_to_plan()
    swapped = scene.try_to_complete(marketing, "water_on", **METER | {"meter_serial": "M9999"})
    assert refused(swapped, 422, "invalid_fields")["errors"][0]["field"] == "meter_serial"

    done = scene.try_to_complete(marketing, "water_on")
    assert done.json["delivered"] == METER | {"supply_contract_number": contract["number"]}
    with scene.world.app.app_context():
        meter = db.session.scalars(select(Meter)).one()
        assert (meter.serial, meter.calibre, meter.position, meter.first_reading, meter.paper_id) == (
            "M0001",
            "DN20",
            "楼道水表井",
            "0",
            contract["id"],
        )


def test_a_meter_hangs_in_one_place(scene: Scene) -> None:
    scene.until("quote", "sign_agreement", "payment", "build_and_accept", "water_on")
    scene.second_case()
    scene.world.complete(scene.case, "payment", receipt_number="SJ-2")
    scene.until("build_and_accept")
    marketing = scene.world.staff("M001")
    again = marketing.send("POST", f"/staff/tasks/{scene.task('water_on')}/papers", {"outputs": METER})
    assert refused(again, 422, "invalid_fields")["errors"][0]["code"] == "used"


def test_the_work_after_water_has_due_dates_of_its_own_and_papers_must_agree(scene: Scene) -> None:
    world = scene.world
    scene.until("quote", "sign_agreement", "payment", "build_and_accept", "water_on")
    engineer, network = world.staff("E001"), world.staff("N001")
    # Five working days each; 19 and 25 to 27 September are free, Sunday the 20th is worked.
    assert scene.due("as_built_survey") == "2026-09-24T09:00:00+08:00"
    survey = {"surveyed_at": "2026-09-21T10:00:00+08:00", "survey_number": "CL-1"}
    world.at("2026-09-21 14:00")
    scene.shown("E001", "as_built_survey")
    assert scene.try_to_complete(engineer, "as_built_survey", **survey).status_code == 200
    papers = {"papers_number": "JG-1"}
    scene.shown("E001", "completion_papers")
    disagree = scene.try_to_complete(engineer, "completion_papers", drawings_agree=False, **papers)
    [error] = refused(disagree, 422, "invalid_fields")["errors"]
    assert error["field"] == "drawings_agree"
    agree = scene.try_to_complete(engineer, "completion_papers", drawings_agree=True, **papers)
    assert agree.status_code == 200
    assert scene.due("gis_update") > "2026-09-28"
    gis = scene.try_to_complete(network, "gis_update", gis_updated_at="2026-09-21T14:00:00+08:00")
    assert gis.status_code == 200
