"""Requests to hurry and complaints: who gets them, when the answer is due, who may close them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.answers import refused
from tests.api.conversations.conversation_phones import Conversation, hand_over, start_conversation
from tests.api.conversations.test_message_pushes import notices_of_kind
from tests.api.database_rows import count
from tests.at_once import at_once
from tests.world import Phone, World


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def pass_until(scene: Conversation, at: str) -> None:
    scene.world.at(at)
    scene.world.work()


def test_a_chase_brings_the_figures_to_manager_and_department(scene: Conversation) -> None:
    pass_until(scene, "2026-09-18 14:00")
    chase = scene.customer.post(f"{scene.theirs}/chases")
    assert (chase["stage"], chase["allowed"]) == ("acceptance_plan", "1.00")
    assert float(chase["used"]) > 0.4
    # Half a working day from 14:00 on Friday is Sunday morning: that one is worked (调休).
    assert chase["due_at"].startswith("2026-09-20T0")
    for number in ("G001", "N001", "D001", "E001"):
        notices = notices_of_kind(scene.world.staff(number), "case_chased")
        assert len(notices) == 1, number
        assert chase["used"] in notices[0]["body"]
    assert notices_of_kind(scene.world.staff("S001"), "case_chased") == []
    assert "您已催办“受理并确定用水方案”" in scene.texts(scene.customer)[-1]


def test_a_chase_is_for_once_a_working_day_and_stage(scene: Conversation) -> None:
    scene.customer.post(f"{scene.theirs}/chases")
    answer = scene.customer.send("POST", f"{scene.theirs}/chases")
    refused(answer, 409, "already_done")
    scene.world.at("2026-09-18 23:59")
    assert scene.customer.send("POST", f"{scene.theirs}/chases").status_code == 409
    # Saturday counts for Sunday, which is worked, and so does Sunday itself.
    scene.world.at("2026-09-19 10:00")
    scene.customer.post(f"{scene.theirs}/chases")
    scene.world.at("2026-09-20 10:00")
    assert scene.customer.send("POST", f"{scene.theirs}/chases").status_code == 409
    scene.world.at("2026-09-21 10:00")
    scene.customer.post(f"{scene.theirs}/chases")
    assert len(scene.customer.get(f"{scene.theirs}/chases")["items"]) == 3


def test_the_next_stage_may_be_chased_on_the_same_day(scene: Conversation) -> None:
    scene.customer.post(f"{scene.theirs}/chases")
    for key in ("site_visit", "network_survey", "design_opinion", "engineering_opinion", "confirm_plan"):
        scene.world.complete(scene.case_id, key)
    chase = scene.customer.post(f"{scene.theirs}/chases")
    assert chase["stage"] != "acceptance_plan"
    refused(scene.customer.send("POST", f"{scene.theirs}/chases"), 409, "already_done")


def test_two_taps_at_once_are_one_chase(scene: Conversation) -> None:
    def tap(client: FlaskClient) -> int:
        return Phone(client, scene.customer.token).send("POST", f"{scene.theirs}/chases").status_code

    assert sorted(at_once(scene.world.app, [tap] * 4)) == [201, 409, 409, 409]
    assert count(scene.world.app, "chases") == 1


def test_an_answer_goes_into_the_conversation_and_ends_the_waiting(scene: Conversation) -> None:
    chase = scene.customer.post(f"{scene.theirs}/chases")
    path = f"/staff/cases/{scene.case_id}/chases/{chase['id']}/answer"
    # The department in delay answers itself, without having been invited.
    network = scene.world.staff("N001")
    assert network.post(path, {"text": "下午去现场"})["answer"] == "下午去现场"
    assert scene.texts(scene.customer)[-1] == "下午去现场"
    refused(scene.manager.send("POST", path, {"text": "再答一次"}), 409, "already_done")
    pass_until(scene, "2026-09-21 14:00")
    assert notices_of_kind(scene.world.staff("S001"), "chase_overdue") == []


def test_an_unanswered_chase_reaches_the_supervisors(scene: Conversation) -> None:
    scene.customer.post(f"{scene.theirs}/chases")
    pass_until(scene, "2026-09-18 12:00")
    assert notices_of_kind(scene.world.staff("S001"), "chase_overdue") == []
    pass_until(scene, "2026-09-18 14:30")
    for number in ("S001", "G001", "N001"):
        assert len(notices_of_kind(scene.world.staff(number), "chase_overdue")) == 1
    # Again each working morning, as long as there is something to hurry.
    pass_until(scene, "2026-09-20 08:31")
    assert len(notices_of_kind(scene.world.staff("S001"), "chase_overdue")) == 2
    scene.customer = scene.world.log_in("o_customer")
    scene.customer.post(f"{scene.theirs}/withdrawal", {"reason": "不建了"})
    pass_until(scene, "2026-09-21 08:31")
    assert len(notices_of_kind(scene.world.staff("S001"), "chase_overdue")) == 2


def test_nobody_chases_what_has_ended(scene: Conversation) -> None:
    scene.customer.post(f"{scene.theirs}/withdrawal", {"reason": "不建了"})
    refused(scene.customer.send("POST", f"{scene.theirs}/chases"), 409, "case_ended")


def complain(scene: Conversation) -> Any:
    return scene.customer.post(f"{scene.theirs}/complaints", {"text": "约好上门没有人来"})


def test_a_complaint_has_one_person_to_the_end(scene: Conversation) -> None:
    complaint = complain(scene)
    assert (complaint["state"], complaint["responsible_name"]) == ("open", "王敏")
    # Three working days from Friday 09:00, of which Sunday is one, are on Tuesday 09:00.
    assert complaint["due_at"].startswith("2026-09-22T09:00")
    assert len(notices_of_kind(scene.manager, "complaint_raised")) == 1
    supervisor = scene.world.staff("S001")
    assert len(notices_of_kind(supervisor, "complaint_raised")) == 1
    assert [item["id"] for item in supervisor.get("/staff/complaints")["items"]] == [complaint["id"]]
    # Handed over or not: who was told first follows it.
    hand_over(scene.manager, scene.case_id, to="G002")
    answer = scene.world.staff("G002").send(
        "POST", f"/staff/complaints/{complaint['id']}/answer", {"text": "抱歉"}
    )
    refused(answer, 403, "not_allowed")
    answered = scene.manager.post(f"/staff/complaints/{complaint['id']}/answer", {"text": "已重新预约并致歉"})
    assert answered["state"] == "answered"
    assert "已重新预约并致歉" in scene.texts(scene.customer)[-1]
    assert len(notices_of_kind(scene.customer, "complaint_answered")) == 1


def test_only_the_customer_or_a_supervisor_with_reason_closes_it(scene: Conversation) -> None:
    complaint = complain(scene)
    closing = f"/staff/complaints/{complaint['id']}/closing"
    refused(scene.manager.send("POST", closing, {"text": "已办"}), 403, "not_allowed")
    assert scene.world.staff("S001").send("POST", closing).status_code == 422
    closed = scene.customer.post(f"{scene.theirs}/complaints/{complaint['id']}/closing")
    assert (closed["state"], closed["closed_by"]) == ("closed", "customer")
    refused(scene.world.staff("S001").send("POST", closing, {"text": "已办"}), 409, "already_done")
    # A new one may follow, and the supervisor says why it is closed.
    second = complain(scene)
    closed = scene.world.staff("S001").post(
        f"/staff/complaints/{second['id']}/closing", {"text": "与上次重复，已电话说明"}
    )
    assert (closed["closed_by"], closed["closed_reason"]) == ("staff", "与上次重复，已电话说明")


def test_one_complaint_at_a_time_however_often_it_is_tapped(scene: Conversation) -> None:
    def tap(client: FlaskClient) -> int:
        phone = Phone(client, scene.customer.token)
        return phone.send("POST", f"{scene.theirs}/complaints", {"text": "没有人来"}).status_code

    assert sorted(at_once(scene.world.app, [tap] * 3)) == [201, 409, 409]


def test_a_complaint_is_reminded_of_and_reaches_the_supervisors_late(scene: Conversation) -> None:
    complain(scene)
    pass_until(scene, "2026-09-21 08:59")
    assert notices_of_kind(scene.manager, "complaint_due") == []
    pass_until(scene, "2026-09-21 09:01")
    assert len(notices_of_kind(scene.manager, "complaint_due")) == 1
    pass_until(scene, "2026-09-22 09:01")
    assert len(notices_of_kind(scene.world.staff("S001"), "complaint_overdue")) == 1
    pass_until(scene, "2026-09-23 08:31")
    assert len(notices_of_kind(scene.world.staff("S001"), "complaint_overdue")) == 2


def test_other_peoples_complaints_do_not_exist(scene: Conversation) -> None:
    complaint = complain(scene)
    stranger = scene.world.log_in("o_stranger", "13800000009")
    path = f"{scene.theirs}/complaints/{complaint['id']}/closing"
    assert stranger.send("POST", path).status_code == 404
    other = scene.world.submitted(scene.customer)
    path = f"/customer/cases/{other['id']}/complaints/{complaint['id']}/closing"
    assert scene.customer.send("POST", path).status_code == 404
    answer = scene.world.staff("F001").send(
        "POST", f"/staff/complaints/{complaint['id']}/answer", {"text": "抱歉"}
    )
    assert answer.status_code == 404
