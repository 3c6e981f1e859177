"""Case changes over HTTP: who may make them, what they change, and who is notified."""

from typing import Any

from app.core.atomic import atomic
from tests import paperwork
from tests.api.answers import refused
from tests.api.database_rows import nothing_changes
from tests.world import Phone, World

ACCEPTANCE = ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan")
TO_PAYMENT = (*ACCEPTANCE, "drawings", "quote", "sign_agreement", "payment")


def begun(world: World) -> tuple[Phone, Phone, str]:
    """A customer, their manager, and the id of a case."""
    customer = world.log_in("o_customer", "13800000001")
    return customer, world.staff("G001"), world.submitted(customer)["id"]


def version(staff: Phone, case: str) -> int:
    return int(staff.get(f"/staff/cases/{case}")["version"])


def turn(staff: Phone, case: str, verb: str, **body: Any) -> Any:
    return staff.send("POST", f"/staff/cases/{case}/{verb}", {"version": version(staff, case), **body})


def task_of(world: World, case: str, key: str) -> Any:
    tasks = world.staff("S001").get(f"/staff/cases/{case}/tasks")["items"]
    return [task for task in tasks if task["key"] == key][-1]


def kinds(person: Phone, audience: str) -> list[str]:
    return [notice["kind"] for notice in person.get(f"/{audience}/notices")["items"]]


def test_a_customer_withdraws_and_nobody_waits_any_more(world: World) -> None:
    customer, manager, case = begun(world)
    network = world.staff("N001")
    survey = task_of(world, case, "network_survey")
    network.post(f"/staff/tasks/{survey['id']}/assignment")
    world.at("2026-09-18 10:00")
    progress = customer.post(f"/customer/cases/{case}/withdrawal", {"reason": "暂不建设"})
    assert (progress["state"], progress["whose_turn"]["party"]) == ("withdrawn", "none")
    assert "重新申请" in progress["next_action"]
    assert {stage["key"]: stage["state"] for stage in progress["stages"]}["acceptance_plan"] == "ended"
    assert {task["state"] for task in world.staff("S001").get(f"/staff/cases/{case}/tasks")["items"]} == {
        "cancelled"
    }
    assert kinds(customer, "customer")[0] == "case_withdrawn"
    assert kinds(manager, "staff")[0] == kinds(network, "staff")[0] == "case_ended"
    assert network.get("/staff/tasks?scope=department")["items"] == []
    answer = network.send("POST", f"/staff/tasks/{survey['id']}/completion", {"outputs": {}})
    refused(answer, 409, "conflict")
    refused(customer.send("POST", f"/customer/cases/{case}/withdrawal", {}), 409, "case_ended")
    # Nothing goes on counting, and nobody is reminded.
    told = len(world.messages())
    world.at("2026-09-24 10:00")
    world.work()
    customer = world.log_in("o_customer")
    assert customer.get(f"/customer/cases/{case}")["full_process"]["used"] == "0.14"
    assert len(world.messages()) == told


def test_after_water_on_nothing_can_be_withdrawn_refused_or_sent_back(world: World) -> None:
    customer, manager, case = begun(world)
    for key in (
        *ACCEPTANCE,
        "drawings",
        "quote",
        "sign_agreement",
        "payment",
        "build_and_accept",
        "water_on",
    ):
        world.complete(case, key)
    with nothing_changes(world.app):
        refused(customer.send("POST", f"/customer/cases/{case}/withdrawal", {}), 409, "conflict")
        refused(turn(manager, case, "refusal", reason="arrears"), 409, "conflict")
        refused(turn(manager, case, "returns", stage="design", reason="图纸有误"), 409, "conflict")


def test_a_refusal_says_why_and_what_can_be_done(world: World) -> None:
    customer, manager, case = begun(world)
    assert turn(manager, case, "refusal", reason="arrears", words="2024年度水费").status_code == 200
    assert customer.get(f"/customer/cases/{case}")["state"] == "refused"
    notice = customer.get("/customer/notices")["items"][0]
    assert "同一户名存在欠费：2024年度水费" in notice["body"]
    assert "请结清欠费后重新申请" in notice["body"]
    (line,) = customer.get(f"/customer/cases/{case}/turns")["items"]
    assert (line["kind"], line["actor"]) == ("refused", "王敏")
    assert kinds(world.staff("S001"), "staff")[0] == "case_ended"


def test_a_reason_beyond_the_customer_is_for_supervisors(world: World) -> None:
    _, manager, case = begun(world)
    with nothing_changes(world.app):
        refused(turn(manager, case, "refusal", reason="illegal_building"), 403, "not_allowed")
        refused(turn(manager, case, "refusal", reason="bad_weather"), 422, "invalid_fields")
    assert turn(world.staff("S001"), case, "refusal", reason="illegal_building").status_code == 200


def test_a_department_can_not_change_a_case(world: World) -> None:
    _, _, case = begun(world)
    network = world.staff("N001")
    with nothing_changes(world.app):
        for verb, body in {
            "withdrawal": {"reason": "客户来电"},
            "refusal": {"reason": "arrears"},
            "handover": {"manager_number": "G002", "summary": "请接手"},
            "returns": {"stage": "design", "reason": "图纸有误"},
        }.items():
            refused(turn(network, case, verb, **body), 403, "not_allowed")


def test_a_handed_over_case_has_a_new_manager_who_knows_all(world: World) -> None:
    customer, manager, case = begun(world)
    answer = turn(manager, case, "handover", manager_number="G002", summary="客户周三在现场")
    assert answer.status_code == 200
    assert customer.get(f"/customer/cases/{case}")["manager"]["name"] == "李建国"
    new = world.staff("G002")
    assert [task["key"] for task in new.get("/staff/tasks")["items"]] == ["site_visit"]
    assert manager.get("/staff/tasks")["items"] == []
    notice = new.get("/staff/notices")["items"][0]
    assert "由王敏移交给您" in notice["body"]
    assert "客户周三在现场" in notice["body"]
    told = customer.get("/customer/notices")["items"][0]["body"]
    assert "李建国" in told
    assert "13800000102" in told
    # What managers tell each other is not for the customer.
    assert "周三" not in str(customer.get(f"/customer/cases/{case}/turns"))
    # The customer's next case goes to the new one.
    assert world.submitted(customer)["manager"]["name"] == "李建国"
    with nothing_changes(world.app):
        again = turn(new, case, "handover", manager_number="N001", summary="请接手")
        refused(again, 422, "invalid_fields")


def test_a_stage_sent_back_has_what_is_left_of_its_limit(world: World) -> None:
    customer, manager, case = begun(world)
    for key in ACCEPTANCE:
        world.complete(case, key)
    # The design's two days: one is used.
    world.at("2026-09-20 09:00")
    world.complete(case, "drawings")
    world.complete(case, "quote")
    answer = turn(manager, case, "returns", stage="design", reason="现场管位与图纸不符")
    assert answer.status_code == 200, answer.text
    stages = {stage["key"]: stage for stage in answer.json["stages"]}
    assert (stages["design"]["state"], stages["design"]["used"]) == ("open", "1.00")
    # The other day from Sunday the 20th (a make-up workday) 09:00.
    assert stages["design"]["due_at"] == "2026-09-21T09:00:00+08:00"
    assert stages["budget_contract"]["state"] == "waiting"
    (awaited,) = [stage for stage in answer.json["awaited"] if stage["key"] == "design"]
    assert (awaited["round"], awaited["tasks"][0]["department"]) == (2, "设计院")
    assert task_of(world, case, "sign_agreement")["state"] == "cancelled"
    world.at("2026-09-20 12:00")
    world.complete(case, "drawings")
    world.complete(case, "quote")
    progress = customer.get(f"/customer/cases/{case}")
    assert {s["key"]: s["used"] for s in progress["stages"]}["design"] == "1.43"
    assert progress["full_process"]["used"] == "1.43"
    (told,) = [
        notice["body"]
        for notice in customer.get("/customer/notices")["items"]
        if notice["title"] == "有环节需要重新办理"
    ]
    assert "现场管位与图纸不符" in told


def test_what_was_paid_is_not_asked_for_again(world: World) -> None:
    customer, manager, case = begun(world)
    for key in TO_PAYMENT:
        world.complete(case, key)
    assert turn(manager, case, "returns", stage="design", reason="图纸有误").status_code == 200
    for key in ("drawings", "quote", "sign_agreement", "build_and_accept", "water_on", "return_visit"):
        world.complete(case, key)
    progress = customer.get(f"/customer/cases/{case}")
    assert progress["state"] == "closed"
    assert customer.get(f"/customer/cases/{case}/ledger")["payment_fen"] == 386000


def test_only_a_stage_that_is_done_can_be_repeated(world: World) -> None:
    _, manager, case = begun(world)
    with nothing_changes(world.app):
        for stage in ("acceptance_plan", "design", "return_visit", "no_such_stage"):
            refused(turn(manager, case, "returns", stage=stage, reason="有误"), 422, "invalid_fields")


def test_the_second_of_two_editors_gets_the_changes(world: World) -> None:
    _, manager, case = begun(world)
    supervisor = world.staff("S001")
    seen = version(manager, case)
    assert turn(supervisor, case, "handover", manager_number="G002", summary="请接手").status_code == 200
    with nothing_changes(world.app):
        answer = manager.send(
            "POST",
            f"/staff/cases/{case}/handover",
            {"version": seen, "manager_number": "G001", "summary": "x"},
        )
        assert answer.status_code == 404
        answer = supervisor.send(
            "POST", f"/staff/cases/{case}/refusal", {"version": seen, "reason": "arrears"}
        )
        problem = refused(answer, 409, "changed_meanwhile")
    assert problem["changes"] == [
        {"at": "2026-09-18T09:00:00+08:00", "actor": "冯督办", "text": "已移交新的客户管家"}
    ]
    assert problem["version"] == version(supervisor, case)


def test_the_second_to_complete_a_task_reads_who_did(world: World) -> None:
    _, _, case = begun(world)
    world.complete(case, "design_opinion")
    task = task_of(world, case, "design_opinion")
    late = world.staff("D002").send("POST", f"/staff/tasks/{task['id']}/completion", {"outputs": {}})
    changes = refused(late, 409, "already_done")["changes"]
    assert [change["text"] for change in changes] == [
        "已领取任务“现场提出设计意见”",
        "“现场提出设计意见”办结",
    ]
    assert {change["actor"] for change in changes} == {"赵工"}


def test_a_correction_keeps_the_old_value_with_who_when_and_why(world: World) -> None:
    _, manager, case = begun(world)
    world.complete(case, "network_survey")
    task = task_of(world, case, "network_survey")
    network = world.staff("N001")
    world.at("2026-09-18 10:00")
    body = {"version": task["version"], "field": "main_material", "value": "钢管", "why": "现场核实"}
    path = f"/staff/tasks/{task['id']}/corrections"
    assert network.post(path, body)["delivered"]["main_material"] == "钢管"
    (line,) = manager.get(f"/staff/cases/{case}/turns")["items"]
    assert (line["was"], line["now"]) == ("周边管道材料：球墨铸铁", "钢管")
    assert (line["actor"], line["at"], line["reason"]) == ("孙师傅", "2026-09-18T10:00:00+08:00", "现场核实")
    now = task_of(world, case, "network_survey")["version"]
    with nothing_changes(world.app):
        refused(network.send("POST", path, body), 409, "changed_meanwhile")
        body["version"] = now
        refused(network.send("POST", path, {**body, "field": "nothing"}), 422, "invalid_fields")
        refused(network.send("POST", path, {**body, "value": None}), 422, "invalid_fields")
        # An outlet of 100 was recorded on it.
        narrow = {**body, "field": "main_calibre_mm", "value": 80}
        refused(network.send("POST", path, narrow), 422, "invalid_fields")


def test_a_corrected_amount_shows_in_the_ledger(world: World) -> None:
    customer, _, case = begun(world)
    for key in TO_PAYMENT:
        world.complete(case, key)
    task = task_of(world, case, "payment")
    body = {"version": task["version"], "field": "paid_fen", "value": 368000, "why": "笔误"}
    accountant = world.staff("F001")
    path = f"/staff/tasks/{task['id']}"
    (fault,) = refused(accountant.send("POST", f"{path}/corrections", body), 422, "invalid_fields")["errors"]
    assert (fault["field"], fault["code"]) == ("paid_fen", "disagrees")
    less = {"field": "paid_fen", "value": 368000, "reason": "集团同意减免180元"}
    refused(accountant.send("POST", f"{path}/exceptions", less), 403, "not_allowed")
    world.staff("S001").post(f"{path}/exceptions", less)
    accountant.post(f"{path}/corrections", body)
    ledger = customer.get(f"/customer/cases/{case}/ledger")
    assert ledger["payment_fen"] == 368000
    assert [line["quantity"] for line in ledger["entries"]] == [1, 386000, -18000]


def test_a_plan_that_can_not_be_built_is_refused(world: World) -> None:
    _, manager, case = begun(world)
    for key in ACCEPTANCE[:-1]:
        world.complete(case, key)
    task = task_of(world, case, "confirm_plan")
    outputs = {"survey_check": "as_prepared", "chosen_calibre": "DN150", "plan": "自DN100预留口接入"}
    with world.app.app_context(), atomic():
        paperwork.prepare("G001", task["id"], outputs)
    with nothing_changes(world.app):
        answer = manager.send("POST", f"/staff/tasks/{task['id']}/completion", {"outputs": outputs})
        (fault,) = refused(answer, 422, "invalid_fields")["errors"]
    assert "150毫米" in fault["message"]
    assert "100毫米" in fault["message"]


def test_the_customer_agrees_to_the_plan_on_the_phone(world: World) -> None:
    customer, manager, case = begun(world)
    place = {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02}
    path = f"/customer/cases/{case}/plan-confirmation"
    refused(customer.send("POST", path, {"version": 1, "location": place}), 409, "conflict")
    for key in ACCEPTANCE:
        world.complete(case, key)
    world.at("2026-09-18 11:00")
    plan = customer.get(f"/customer/cases/{case}/plan")
    assert [item["value"] for item in plan["plan"]][:2] == ["DN20", "自演示路DN100预留口接入"]
    assert len(plan["survey"]) == 7
    stale = {"version": plan["version"] - 1, "location": place}
    refused(customer.send("POST", path, stale), 409, "changed_meanwhile")
    agreed = customer.post(path, {"version": plan["version"], "location": place})
    assert agreed["confirmed_at"] == "2026-09-18T11:00:00+08:00"
    assert agreed["agreed"] == plan["plan"]
    assert manager.get(f"/staff/cases/{case}/plan")["location"] == place
    assert kinds(manager, "staff")[0] == "plan_confirmed"
    again = customer.send("POST", path, {"version": plan["version"], "location": place})
    refused(again, 409, "already_done")


def test_the_lead_sees_which_departments_have_not_answered(world: World) -> None:
    _, manager, case = begun(world)
    world.complete(case, "network_survey")
    (stage,) = manager.get(f"/staff/cases/{case}")["awaited"]
    assert (stage["name"], stage["done"]) == ("受理并确定用水方案", 1)
    assert {(task["name"], task["department"], task["holder"]) for task in stage["tasks"]} == {
        ("预约并上门受理", "客户发展部", "王敏"),
        ("现场提出设计意见", "设计院", None),
        ("现场提出施工意见", "工程管理部门", None),
    }
    assert {task["due_at"] for task in stage["tasks"]} == {"2026-09-20T09:00:00+08:00"}


def test_what_the_engine_waits_for_is_followed_up_until_it_is_done(world: World) -> None:
    _, _, case = begun(world)
    for key in (*ACCEPTANCE, "drawings", "quote", "sign_agreement"):
        world.complete(case, key)
    accountant = world.staff("F001")
    # Three working days after Friday 09:00, then three more: Sunday the 20th is worked, 25 to 27 are not.
    counts = []
    for moment in ("2026-09-22 08:00", "2026-09-22 10:00", "2026-09-24 17:00", "2026-09-28 10:00"):
        world.at(moment)
        world.work()
        accountant = world.staff("F001")
        counts.append(kinds(accountant, "staff").count("task_reminder"))
    assert counts == [0, 1, 1, 2]
