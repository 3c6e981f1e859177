"""Quotes and papers: chosen and confirmed on the phone, and no task is completed without."""

import hashlib
from typing import Any

import pytest
from sqlalchemy import select, update

from app.core.atomic import atomic
from app.core.db import db
from app.models import AccessRecord, Paper
from tests.api.answers import refused
from tests.api.money_scene import SIGNED, STANDARD_FEN, WELL_FEN, Scene
from tests.world import OUTPUTS, World

# What is asked here, no database decides.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world)


def test_the_customer_chooses_among_the_options_and_the_manager_types_nothing(scene: Scene) -> None:
    quote = scene.quoted()
    assert [(option["name"], option["total_fen"]) for option in quote["options"]] == [
        ("标准方案", STANDARD_FEN),
        ("远传水表方案", 415000),
        ("含阀门井方案", WELL_FEN),
    ]
    assert quote["mark"] == "演示数据"
    progress = scene.customer.get(scene.path)
    assert progress["whose_turn"]["party"] == "customer"
    assert progress["next_action"] == "费用已出具，请打开“费用方案”查看并选择。"

    choice = {"quote_id": quote["id"], "option": "valve_well"}
    chosen = scene.customer.post(f"{scene.path}/quote-choice", choice)
    assert (chosen["chosen_key"], chosen["chosen_name"]) == ("valve_well", "钱多多")
    assert chosen["chosen_at"] == "2026-09-18T09:00:00+08:00"
    assert scene.customer.get(scene.path)["whose_turn"]["party"] == "utility"

    answer = scene.try_to_complete(scene.manager, "quote")
    assert answer.json["delivered"] == {"amount_fen": WELL_FEN, "chosen_option": "含阀门井方案"}
    late = scene.customer.send("POST", f"{scene.path}/quote-choice", choice | {"option": "standard"})
    refused(late, 409, "conflict")


def test_no_amount_is_final_before_the_customer_has_chosen(scene: Scene) -> None:
    refused(scene.try_to_complete(scene.manager, "quote", **OUTPUTS["quote"]), 422, "choice_needed")
    scene.quoted()
    refused(scene.try_to_complete(scene.manager, "quote", **OUTPUTS["quote"]), 422, "choice_needed")


def test_another_sum_than_the_chosen_one_is_refused_with_both(scene: Scene) -> None:
    scene.chosen()
    problem = refused(
        scene.try_to_complete(scene.manager, "quote", amount_fen=400000, chosen_option="便宜方案"),
        422,
        "invalid_fields",
    )
    assert [error["message"] for error in problem["errors"]] == [
        "“费用（分）”应为3,860.00元，填写的是4,000.00元，请核对后重新填写。",
        "“客户选择的方案”应为“标准方案”，填写的是“便宜方案”，请核对后重新填写。",
    ]


def test_a_quote_that_was_replaced_can_not_be_chosen_from(scene: Scene) -> None:
    first = scene.quoted()
    second = scene.quoted()
    stale = scene.customer.send(
        "POST", f"{scene.path}/quote-choice", {"quote_id": first["id"], "option": "standard"}
    )
    refused(stale, 409, "conflict")
    items = scene.customer.get(f"{scene.path}/quotes")["items"]
    assert [(item["id"], item["in_force"]) for item in items] == [(second["id"], True), (first["id"], False)]
    unknown = scene.customer.send(
        "POST", f"{scene.path}/quote-choice", {"quote_id": second["id"], "option": "golden"}
    )
    refused(unknown, 422, "invalid_fields")


def test_only_a_task_with_a_quote_can_issue_one(scene: Scene) -> None:
    scene.until("quote")
    answer = scene.manager.send("POST", f"/staff/tasks/{scene.task('sign_agreement')}/quotes", {})
    refused(answer, 409, "conflict")
    assert (
        scene.world.staff("D001")
        .send("POST", f"/staff/tasks/{scene.task('sign_agreement')}/quotes", {})
        .status_code
        == 404
    )


def test_the_agreement_is_read_and_confirmed_on_the_phone(scene: Scene) -> None:
    scene.chosen()
    scene.try_to_complete(scene.manager, "quote")
    refused(scene.try_to_complete(scene.manager, "sign_agreement", **SIGNED), 422, "paper_needed")

    paper = scene.made(scene.manager, "sign_agreement")
    assert scene.customer.get(scene.path)["next_action"] == "请阅读并确认《接水工程委托协议》。"
    pdf = scene.customer.send("GET", f"{scene.path}/papers/{paper['id']}/content")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert pdf.headers["Cache-Control"] == "no-store"
    assert pdf.data.startswith(b"%PDF-")
    assert hashlib.sha256(pdf.data).hexdigest() == paper["sha256"]
    refused(scene.try_to_complete(scene.manager, "sign_agreement", **SIGNED), 422, "paper_needed")

    wrong = scene.customer.send(
        "POST", f"{scene.path}/papers/{paper['id']}/confirmation", {"sha256": "0" * 64}
    )
    refused(wrong, 409, "conflict")
    confirmed = scene.confirmed(paper)
    assert (confirmed["confirmed_name"], confirmed["confirmed_at"]) == ("钱多多", "2026-09-18T09:00:00+08:00")
    again = scene.customer.send(
        "POST", f"{scene.path}/papers/{paper['id']}/confirmation", {"sha256": paper["sha256"]}
    )
    refused(again, 409, "already_done")

    other = scene.try_to_complete(scene.manager, "sign_agreement", agreement_number="WT-X", **SIGNED)
    assert [error["field"] for error in refused(other, 422, "invalid_fields")["errors"]] == [
        "agreement_number"
    ]
    done = scene.try_to_complete(scene.manager, "sign_agreement", **SIGNED)
    assert done.json["delivered"]["agreement_number"] == paper["number"]


def test_a_new_version_needs_a_new_confirmation(scene: Scene) -> None:
    scene.until("quote")
    first = scene.made(scene.manager, "sign_agreement")
    scene.confirmed(first)
    second = scene.made(scene.manager, "sign_agreement")
    assert (second["version"], second["confirmed_at"]) == (2, None)
    refused(scene.try_to_complete(scene.manager, "sign_agreement", **SIGNED), 422, "paper_needed")
    old = scene.customer.send(
        "POST", f"{scene.path}/papers/{first['id']}/confirmation", {"sha256": first["sha256"]}
    )
    refused(old, 409, "conflict")
    scene.confirmed(second)
    assert scene.try_to_complete(scene.manager, "sign_agreement", **SIGNED).status_code == 200


@pytest.mark.parametrize("what", [{"content": b"%PDF-1.7 another sum"}, {"confirmed_sha256": "0" * 64}])
def test_a_paper_that_was_changed_is_detected_by_every_read(scene: Scene, what: dict[str, Any]) -> None:
    scene.until("quote")
    paper = scene.made(scene.manager, "sign_agreement")
    scene.confirmed(paper)
    with scene.world.app.app_context(), atomic():
        db.session.execute(update(Paper).values(what))
    refused(scene.customer.send("GET", f"{scene.path}/papers/{paper['id']}/content"), 409, "paper_changed")
    staffs = scene.manager.send("POST", f"/staff/cases/{scene.case}/papers/{paper['id']}/reads")
    refused(staffs, 409, "paper_changed")
    refused(scene.try_to_complete(scene.manager, "sign_agreement", **SIGNED), 409, "paper_changed")


def test_a_read_by_staff_is_recorded(scene: Scene) -> None:
    scene.until("quote")
    paper = scene.made(scene.manager, "sign_agreement")
    read = scene.manager.send("POST", f"/staff/cases/{scene.case}/papers/{paper['id']}/reads")
    assert read.data.startswith(b"%PDF-")
    with scene.world.app.app_context():
        records = db.session.scalars(select(AccessRecord)).all()
        assert [(record.case_id, record.field) for record in records] == [(scene.case, "paper.agreement")]


def test_a_quote_or_paper_of_another_case_does_not_exist(scene: Scene) -> None:
    scene.until("quote")
    paper = scene.made(scene.manager, "sign_agreement")
    stranger = scene.world.log_in("o_second", "13800000002")
    own = scene.world.submitted(stranger, contact_phone="13800000002")["id"]
    for path in (scene.path, f"/customer/cases/{own}"):
        assert stranger.send("GET", f"{path}/papers/{paper['id']}/content").status_code == 404
        body = {"sha256": paper["sha256"]}
        answer = stranger.send("POST", f"{path}/papers/{paper['id']}/confirmation", body)
        assert answer.status_code == 404


def test_both_sides_are_notified(scene: Scene) -> None:
    scene.chosen()
    scene.try_to_complete(scene.manager, "quote")
    scene.confirmed(scene.made(scene.manager, "sign_agreement"))
    customers = {item["kind"] for item in scene.customer.get("/customer/notices")["items"]}
    assert {"quote_ready", "paper_ready"} <= customers
    managers = {item["kind"] for item in scene.manager.get("/staff/notices?limit=100")["items"]}
    assert {"quote_chosen", "paper_confirmed"} <= managers
    texts = [line["text"] for line in scene.customer.get(f"{scene.path}/timeline?limit=100")["items"]]
    assert "费用已出具（第1次），请客户选择" in texts
    assert "客户已在手机上确认《接水工程委托协议》（第1版）" in texts
