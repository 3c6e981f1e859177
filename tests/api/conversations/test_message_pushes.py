"""An unread message is pushed: after a minute, once in a burst, at night only if urgent."""

from typing import Any

import pytest

from tests.api.conversations.conversation_phones import Conversation, start_conversation
from tests.world import Phone, World


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def notices_of_kind(phone: Phone, kind: str) -> list[Any]:
    audience = "staff" if phone.send("GET", "/staff/notices").status_code == 200 else "customer"
    items = phone.get(f"/{audience}/notices?limit=100")["items"]
    return [item for item in items if item["kind"] == kind]


def pushed(scene: Conversation, at: str, phone: Phone, kind: str) -> int:
    scene.world.at(at)
    scene.world.work()
    return len(notices_of_kind(phone, kind))


def test_a_message_unread_for_a_minute_is_pushed_with_its_sender(scene: Conversation) -> None:
    scene.answer("您好，我是您的客户管家")
    assert pushed(scene, "2026-09-18 09:00:59", scene.customer, "message_waiting") == 0
    assert pushed(scene, "2026-09-18 09:01", scene.customer, "message_waiting") == 1
    body = notices_of_kind(scene.customer, "message_waiting")[0]["body"]
    assert "王敏" in body
    # The notice says that there is something to read, never what.
    assert "您好" not in body
    assert pushed(scene, "2026-09-18 09:01", scene.manager, "customer_wrote") == 0


def test_what_was_read_in_time_is_not_pushed(scene: Conversation) -> None:
    sent = scene.ask("您好")
    scene.manager.post(f"{scene.ours}/message-receipts", {"read": sent["seq"]})
    assert pushed(scene, "2026-09-18 09:01", scene.manager, "customer_wrote") == 0


def test_a_recalled_message_is_not_pushed(scene: Conversation) -> None:
    sent = scene.ask("您好")
    scene.customer.post(f"{scene.theirs}/messages/{sent['id']}/recall")
    assert pushed(scene, "2026-09-18 09:01", scene.manager, "customer_wrote") == 0


def test_a_burst_is_pushed_once_and_reading_ends_it(scene: Conversation) -> None:
    for second in range(5):
        scene.world.at(f"2026-09-18 09:00:{second:02}")
        scene.ask(f"第{second}条")
    assert pushed(scene, "2026-09-18 09:01", scene.manager, "customer_wrote") == 1
    scene.ask("还在吗？")
    assert pushed(scene, "2026-09-18 09:05", scene.manager, "customer_wrote") == 1
    scene.world.at("2026-09-18 09:40")
    last = scene.ask("有人吗？")
    assert pushed(scene, "2026-09-18 09:41", scene.manager, "customer_wrote") == 2
    scene.manager.post(f"{scene.ours}/message-receipts", {"read": last["seq"]})
    scene.ask("谢谢，再问一句")
    assert pushed(scene, "2026-09-18 09:42", scene.manager, "customer_wrote") == 3


def test_at_night_it_waits_for_the_morning(scene: Conversation) -> None:
    scene.world.at("2026-09-18 21:30")
    scene.answer("明天上午见")
    assert pushed(scene, "2026-09-19 07:59", scene.customer, "message_waiting") == 0
    assert pushed(scene, "2026-09-19 08:00", scene.customer, "message_waiting") == 1


def test_jobs_that_come_late_keep_the_night_too(scene: Conversation) -> None:
    scene.world.at("2026-09-18 20:58")
    scene.answer("明天上午见")
    assert pushed(scene, "2026-09-18 23:00", scene.customer, "message_waiting") == 0
    assert pushed(scene, "2026-09-19 08:00", scene.customer, "message_waiting") == 1


def test_an_urgent_one_does_not_wait(scene: Conversation) -> None:
    scene.world.at("2026-09-18 23:00")
    scene.answer("明天上午见")
    scene.answer("您家附近水管爆裂，请关闭总阀", urgent=True)
    assert pushed(scene, "2026-09-18 23:01", scene.customer, "message_waiting") == 1


def test_a_customer_has_no_urgent_button(scene: Conversation) -> None:
    scene.world.at("2026-09-18 23:00")
    scene.ask("急！")
    assert pushed(scene, "2026-09-19 07:00", scene.manager, "customer_wrote") == 0
    assert pushed(scene, "2026-09-19 08:00", scene.manager, "customer_wrote") == 1


def test_it_reaches_the_phone_through_wechat(scene: Conversation) -> None:
    scene.world.desk.ask("POST", "followers", {"openid": "o_service", "unionid": "union_G001"})
    from tests.api.test_callbacks import push as callback

    follow = {"MsgType": "event", "Event": "subscribe", "FromUserName": "o_service"}
    callback(scene.world, follow)
    scene.world.work()
    scene.ask("您好")
    scene.world.at("2026-09-18 09:01")
    scene.world.work()
    assert [message["title"] for message in scene.world.messages()] == ["沟通提醒"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_answer_is_owed_in_working_time(scene: Conversation) -> None:
    scene.world.at("2026-09-18 16:30")
    scene.ask("请问进度？")
    waiting = scene.manager.get("/staff/conversations/unanswered")["items"]
    assert [(line["id"], line["unread"], line["overdue"]) for line in waiting] == [(scene.case_id, 1, False)]
    due = waiting[0]["answer_due_at"]
    # A quarter of a working day; what is left of Friday is too short, and Sunday is worked (调休).
    assert due == "2026-09-20T09:45:00+08:00"
    assert pushed(scene, "2026-09-20 09:44", scene.manager, "answer_due") == 1
    assert notices_of_kind(scene.manager, "answer_overdue") == []
    assert pushed(scene, "2026-09-20 09:45", scene.manager, "answer_due") == 1
    assert len(notices_of_kind(scene.manager, "answer_overdue")) == 1
    assert len(notices_of_kind(scene.world.staff("S001"), "answer_overdue")) == 1
    assert scene.manager.get("/staff/conversations/unanswered")["items"][0]["overdue"] is True
    # Each working morning again, until somebody answers.
    assert pushed(scene, "2026-09-21 09:00", scene.manager, "answer_overdue") == 2
    scene.answer("抱歉，正在设计")
    assert scene.manager.get("/staff/conversations/unanswered")["items"] == []
    assert pushed(scene, "2026-09-22 09:00", scene.manager, "answer_overdue") == 2
