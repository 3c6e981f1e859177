"""A waiting customer is always shown to somebody on duty, whatever only looks like an answer."""

from typing import Any

import pytest

from app.core.atomic import atomic
from app.services.departures import remove_person
from app.services.people import personnel
from app.services.people.personnel import NewStaff
from tests.api.answers import refused
from tests.api.conversations.conversation_phones import (
    Conversation,
    hand_over,
    message_body,
    start_conversation,
)
from tests.api.conversations.test_conversation_tools import on_leave
from tests.api.conversations.test_message_pushes import notices_of_kind
from tests.api.conversations.test_wechat_chat import in_chat, write
from tests.world import Phone, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


# Whoever has least to do, and whom nobody who writes knows.
IDLER = (
    "G000",
    "新人",
    "customer_development",
    "13800000100",
    "https://example.invalid/0.jpg",
    True,
    False,
    (),
)


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def waiting(phone: Phone) -> list[Any]:
    found: list[Any] = phone.get("/staff/conversations/unanswered")["items"]
    return found


def pass_until(scene: Conversation, at: str) -> None:
    scene.world.at(at)
    scene.world.work()


def test_neither_an_automatic_message_nor_a_note_is_an_answer(scene: Conversation) -> None:
    scene.world.at("2026-09-18 19:00")
    scene.ask("在吗？")
    scene.manager.post(f"{scene.ours}/notes", {"text": "明天再答"})
    scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人回"})
    # A quarter of a working day on Sunday's morning, which is worked (调休).
    assert [line["answer_due_at"][:16] for line in waiting(scene.manager)] == ["2026-09-20T10:15"]


def test_the_answer_clock_pauses_over_a_holiday(scene: Conversation) -> None:
    scene.world.at("2026-09-30 17:00")
    scene.customer, scene.manager = scene.world.log_in("o_customer"), scene.world.staff("G001")
    scene.ask("在吗？")
    line = waiting(scene.manager)[0]
    assert line["answer_due_at"].startswith("2026-10-08T")
    pass_until(scene, "2026-10-07 12:00")
    scene.manager = scene.world.staff("G001")
    assert notices_of_kind(scene.manager, "answer_due") == []


def test_an_answer_that_is_withheld_leaves_the_customer_waiting(scene: Conversation) -> None:
    scene.ask("在吗？")
    scene.answer("这是违禁演示词")
    assert waiting(scene.manager) == []
    scene.world.work()
    assert [line["waiting_since"] for line in waiting(scene.manager)] == ["2026-09-18T09:00:00+08:00"]
    pass_until(scene, "2026-09-18 14:00")
    assert len(notices_of_kind(scene.world.staff("S001"), "answer_overdue")) == 1


def test_a_manager_who_is_back_sees_what_the_deputy_left(scene: Conversation) -> None:
    on_leave(scene.world, "G001", "G002", "2026-09-18", "2026-09-18")
    scene.ask("水表井在哪里？")
    scene.world.at("2026-09-21 09:00")
    scene.manager = scene.world.staff("G001")
    assert [line["id"] for line in waiting(scene.manager)] == [scene.case_id]
    assert [line["id"] for line in scene.manager.get("/staff/conversations")["items"]] == [scene.case_id]
    found = scene.manager.post("/staff/conversations/search", {"text": "水表井"})["items"]
    assert [item["conversation_id"] for item in found] == [scene.case_id]
    # And is the one who is told that it is late.
    scene.world.work()
    assert notices_of_kind(scene.manager, "answer_overdue")


def test_a_push_that_waited_for_the_morning_goes_to_whoever_is_there_then(scene: Conversation) -> None:
    scene.world.at("2026-09-20 21:30")
    scene.ask("在吗？")
    on_leave(scene.world, "G001", "G002", "2026-09-21", "2026-09-25")
    pass_until(scene, "2026-09-21 08:01")
    assert len(notices_of_kind(scene.world.staff("G002"), "customer_wrote")) == 1
    assert notices_of_kind(scene.world.staff("G001"), "customer_wrote") == []


def test_a_complaint_is_followed_by_whoever_stands_in(scene: Conversation) -> None:
    complaint = scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    on_leave(scene.world, "G001", "G002", "2026-09-20", "2026-09-25")
    pass_until(scene, "2026-09-21 09:01")
    deputy = scene.world.staff("G002")
    assert len(notices_of_kind(deputy, "complaint_due")) == 1
    assert [item["id"] for item in deputy.get("/staff/complaints")["items"]] == [complaint["id"]]
    path = f"/staff/complaints/{complaint['id']}/answer"
    refused(scene.world.staff("N001").send("POST", path, {"text": "抱歉"}), 403, "not_allowed")
    assert deputy.post(path, {"text": "已重新预约"})["state"] == "answered"
    closing = f"/staff/complaints/{complaint['id']}/closing"
    refused(deputy.send("POST", closing, {"text": "已办"}), 403, "not_allowed")


def test_a_complaint_outlives_the_person_who_was_responsible(scene: Conversation) -> None:
    complaint = scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    with scene.world.app.app_context(), atomic():
        remove_person.remove(None, "G001")
    pass_until(scene, "2026-09-21 09:01")
    successor = scene.world.staff("G002")
    assert len(notices_of_kind(successor, "complaint_due")) == 1
    assert [item["id"] for item in successor.get("/staff/complaints")["items"]] == [complaint["id"]]


def test_a_complaint_of_an_enquiry_is_answered_where_it_was_made(world: World) -> None:
    manager = world.staff("G001")
    write(world, "o_follower", "你们的人态度不好", "service")
    enquiry = waiting(manager)[0]["id"]
    complaint = manager.post(f"/staff/conversations/{enquiry}/complaints", {"text": "态度不好"})
    manager.post(f"/staff/complaints/{complaint['id']}/answer", {"text": "已批评教育并向您致歉"})
    world.work()
    taken, answered = in_chat(world)[-2:]
    assert "9月22日09:00前答复您" in taken
    assert "已批评教育并向您致歉" in answered
    assert waiting(manager) == []
    # Out of the window nobody can be told, and it says so.
    world.at("2026-09-21 10:00")
    manager = world.staff("G001")
    manager.post(f"/staff/complaints/{complaint['id']}/answer", {"text": "补充说明"})
    last = manager.get(f"/staff/conversations/{enquiry}/messages")["items"][-1]
    assert (last["state"], "未能送达" in last["note"]) == ("failed", True)


def test_the_answer_to_a_complaint_is_notified_once(scene: Conversation) -> None:
    complaint = scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    scene.manager.post(f"/staff/complaints/{complaint['id']}/answer", {"text": "已重新预约"})
    pass_until(scene, "2026-09-18 09:05")
    assert len(notices_of_kind(scene.customer, "complaint_answered")) == 1
    assert notices_of_kind(scene.customer, "message_waiting") == []


def test_a_hand_over_while_somebody_waits_keeps_their_clock(scene: Conversation) -> None:
    scene.ask("在吗？")
    before = waiting(scene.manager)[0]
    scene.world.at("2026-09-18 10:30")
    hand_over(scene.manager, scene.case_id, to="G002")
    after = waiting(scene.world.staff("G002"))[0]
    assert [after[key] == before[key] for key in ("waiting_since", "answer_due_at")] == [True, True]
    pass_until(scene, "2026-09-18 11:01")
    assert notices_of_kind(scene.world.staff("G002"), "answer_overdue")
    assert notices_of_kind(scene.world.staff("G001"), "answer_overdue") == []


def test_the_copy_contains_neither_recalled_nor_withheld_messages(scene: Conversation) -> None:
    first = scene.ask("说错了的话")
    scene.customer.post(f"{scene.theirs}/messages/{first['id']}/recall")
    scene.manager.post(f"{scene.ours}/messages", message_body("这是违禁演示词"))
    scene.manager.post(f"{scene.ours}/notes", {"text": "移交说明", "kind": "summary"})
    scene.world.work()
    copy = scene.customer.send("GET", f"{scene.theirs}/conversation.txt").text
    assert "[该消息已撤回]" in copy
    assert not any(words in copy for words in ("说错了的话", "违禁演示词", "移交说明"))


def test_who_stood_in_lets_go_once_the_manager_is_back(scene: Conversation) -> None:
    on_leave(scene.world, "G001", "G002", "2026-09-18", "2026-09-18")
    scene.ask("在吗？")
    scene.world.staff("G002").post(f"{scene.ours}/messages", message_body("在"))
    scene.world.at("2026-09-22 10:00")
    scene.world.staff("G001").post(f"{scene.ours}/messages", message_body("我回来了"))
    deputy = scene.world.staff("G002")
    assert deputy.get("/staff/conversations")["items"] == []
    refused(deputy.send("GET", f"{scene.ours}/messages"), 404, "not_found")
    assert deputy.post("/staff/conversations/search", {"text": "我回来了"})["items"] == []


def test_whoever_answers_instead_of_somebody_who_left_goes_on(world: World) -> None:
    write(world, "o_follower", "请问怎么报装？", "service")
    with world.app.app_context(), atomic():
        remove_person.remove(None, "G001")
    successor = world.staff("G002")
    enquiry = waiting(successor)[0]["id"]
    successor.post(f"/staff/conversations/{enquiry}/messages", message_body("在小程序里填一张表即可"))
    with world.app.app_context(), atomic():
        personnel.add(NewStaff(*IDLER))
    write(world, "o_follower", "谢谢，还有一个问题", "service")
    assert [line["holder_name"] for line in waiting(successor)] == ["李建国"]


def test_the_answer_to_a_complaint_waits_for_the_morning(scene: Conversation) -> None:
    complaint = scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    pass_until(scene, "2026-09-18 22:00")
    answer = {"text": "已重新预约"}
    scene.world.staff("G001").post(f"/staff/complaints/{complaint['id']}/answer", answer)
    pass_until(scene, "2026-09-18 22:05")
    assert (
        notices_of_kind(scene.customer, "complaint_answered")
        == notices_of_kind(scene.customer, "message_waiting")
        == []
    )
    pass_until(scene, "2026-09-19 08:00")
    assert len(notices_of_kind(scene.customer, "message_waiting")) == 1


def test_the_answer_to_a_complaint_stays_on_record(scene: Conversation) -> None:
    complaint = scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    scene.manager.post(f"/staff/complaints/{complaint['id']}/answer", {"text": "已重新预约"})
    message = scene.page(scene.manager)["items"][-1]
    answer = scene.manager.send("POST", f"{scene.ours}/messages/{message['id']}/recall")
    assert "不能撤回" in refused(answer, 409, "conflict")["detail"]


def test_a_clock_that_goes_back_stops_nobody_from_hurrying_and_looking(scene: Conversation) -> None:
    scene.manager.post(
        f"/staff/cases/{scene.case_id}/stops",
        {"reason": "road_permit", "party": "authority", "evidence": "受理单"},
    )
    scene.world.at("2026-09-18 08:59")
    assert scene.customer.get(scene.theirs)["state"] == "open"
    assert scene.customer.post(f"{scene.theirs}/chases")["used"] == "0.00"
    scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    scene.world.work()


def test_without_any_manager_a_supervisor_gets_the_enquiry(world: World) -> None:
    with world.app.app_context(), atomic():
        for number in ("G001", "G002"):
            remove_person.remove(None, number)
    write(world, "o_follower", "有人吗？", "service")
    assert [line["holder_name"] for line in waiting(world.staff("S001"))] == ["冯督办"]
    assert "冯督办将尽快回复您" in in_chat(world)[0]
