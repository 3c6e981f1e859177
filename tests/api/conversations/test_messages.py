"""Messages between customer and manager: order, polling, receipts, recall."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.answers import refused
from tests.api.conversations.conversation_phones import Conversation, message_body, start_conversation
from tests.api.database_rows import count
from tests.at_once import at_once
from tests.world import Phone, World


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def test_customer_and_manager_exchange_messages(scene: Conversation) -> None:
    asked = scene.ask("请问什么时候上门？")
    assert (asked["author"], asked["author_name"], asked["state"]) == ("customer", "我", "sent")
    seen = scene.page(scene.manager)["items"]
    assert [(item["author_name"], item["text"], item["state"]) for item in seen] == [
        ("客户", "请问什么时候上门？", None)
    ]
    scene.answer("今天下午三点，可以吗？")
    seen = scene.page(scene.customer)["items"]
    assert [(item["author_name"], item["text"]) for item in seen] == [
        ("我", "请问什么时候上门？"),
        ("王敏", "今天下午三点，可以吗？"),
    ]


def test_before_the_first_message_the_conversation_is_empty(scene: Conversation) -> None:
    for phone in (scene.customer, scene.manager):
        page = scene.page(phone)
        assert (page["items"], page["cursor"], page["before"]) == ([], 0, None)
        assert scene.poll(phone, 0).get_json()["items"] == []


def test_a_poll_returns_each_change_once_then_304(scene: Conversation) -> None:
    scene.ask("一")
    first = scene.poll(scene.manager, 0)
    assert [item["text"] for item in first.get_json()["items"]] == ["一"]
    cursor, etag = first.get_json()["cursor"], first.headers["ETag"]
    again = scene.poll(scene.manager, cursor, etag)
    assert (again.status_code, again.data) == (304, b"")
    assert int(again.headers["X-Ask-Again"]) == 3
    scene.ask("二")
    third = scene.poll(scene.manager, cursor, etag)
    assert [item["text"] for item in third.get_json()["items"]] == ["二"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_fast_poll_answers_as_the_view_does(scene: Conversation) -> None:
    scene.ask("一")
    long = scene.page(scene.manager, after=0, limit=50)
    assert scene.poll(scene.manager, 0).get_json() == long
    assert long["items"][0]["sent_at"] == "2026-09-18T09:00:00+08:00"


def test_the_poll_interval_is_long_in_silence_and_short_while_the_other_side_types(
    scene: Conversation,
) -> None:
    def pause() -> int:
        answer = scene.poll(scene.customer, 0)
        assert answer.get_json()["ask_again"] == int(answer.headers["X-Ask-Again"])
        return int(answer.headers["X-Ask-Again"])

    assert pause() == 30
    scene.ask("在吗？")
    assert pause() == 3
    scene.world.at("2026-09-18 09:10")
    assert pause() == 10
    scene.world.at("2026-09-18 10:00")
    assert pause() == 30
    scene.manager.post(f"{scene.ours}/writing")
    answer = scene.poll(scene.customer, 0)
    assert (answer.get_json()["writing"], answer.get_json()["ask_again"]) == (True, 2)
    assert scene.poll(scene.manager, 0).get_json()["writing"] is False
    scene.world.clock.set(scene.world.clock.now() + timedelta(seconds=9))
    assert pause() == 30


def test_typing_of_the_other_side_is_a_change(scene: Conversation) -> None:
    scene.ask("在吗？")
    known = scene.poll(scene.customer, 0)
    cursor, etag = known.get_json()["cursor"], known.headers["ETag"]
    scene.manager.post(f"{scene.ours}/writing")
    assert scene.poll(scene.customer, cursor, etag).status_code == 200


def test_a_resend_is_no_second_message(scene: Conversation) -> None:
    first = scene.ask("只说一次", client_id="phone-0001")
    again = scene.ask("只说一次", client_id="phone-0001")
    assert first["id"] == again["id"]
    answers = [scene.answer("也只说一次", client_id="phone-0001") for _ in range(3)]
    assert len({answer["id"] for answer in answers}) == 1
    assert scene.texts(scene.customer) == ["只说一次", "也只说一次"]


def test_a_resend_with_another_content_is_refused(scene: Conversation) -> None:
    for act, path, phone in (
        (scene.ask, scene.theirs, scene.customer),
        (scene.answer, scene.ours, scene.manager),
    ):
        first = act("您好", client_id="phone-0001")
        answer = phone.send("POST", f"{path}/messages", message_body("再见", "phone-0001"))
        refused(answer, 409, "conflict")
        # Taken back, and sent again by a phone that has not heard of it: it stays taken back.
        phone.post(f"{path}/messages/{first['id']}/recall")
        assert act("您好", client_id="phone-0001")["state"] == "recalled"
    assert count(scene.world.app, "messages") == 2


def test_a_client_id_used_in_another_conversation_is_refused(scene: Conversation) -> None:
    scene.ask("一", client_id="phone-0001")
    other = scene.world.submitted(scene.customer)
    answer = scene.customer.send(
        "POST", f"/customer/cases/{other['id']}/messages", message_body("二", "phone-0001")
    )
    refused(answer, 409, "conflict")


def test_two_devices_at_once(scene: Conversation) -> None:
    """Ten messages at the same moment, of which two devices send each the same: all in order, none twice."""

    def send(number: int) -> Any:
        def act(client: FlaskClient) -> Any:
            phone = Phone(client, scene.customer.token)
            body = message_body(f"第{number // 2}条", f"phone-{number // 2:04}")
            return phone.send("POST", f"{scene.theirs}/messages", body)

        return act

    answers = at_once(scene.world.app, [send(number) for number in range(10)])
    assert {answer.status_code for answer in answers} <= {201}
    items = scene.page(scene.manager)["items"]
    assert sorted(item["text"] for item in items) == [f"第{number}条" for number in range(5)]
    seqs = [item["seq"] for item in items]
    assert seqs == sorted(set(seqs))
    assert count(scene.world.app, "messages") == 5


def test_one_client_id_in_two_conversations_at_once_is_one_message(scene: Conversation) -> None:
    cases = [scene.case_id, scene.world.submitted(scene.customer, project_name="二期仓库")["id"]]

    def send(case_id: str) -> Any:
        def act(client: FlaskClient) -> Any:
            phone = Phone(client, scene.customer.token)
            return phone.send(
                "POST", f"/customer/cases/{case_id}/messages", message_body("您好", "phone-0001")
            )

        return act

    answers = at_once(scene.world.app, [send(cases[number % 2]) for number in range(8)])
    assert {answer.status_code for answer in answers} == {201, 409}
    assert {answer.json["code"] for answer in answers if answer.status_code == 409} == {"conflict"}
    assert count(scene.world.app, "messages") == 1


def test_pages_lead_both_ways(scene: Conversation) -> None:
    for number in range(7):
        scene.ask(str(number))
    last = scene.page(scene.manager, limit=3)
    assert [item["text"] for item in last["items"]] == ["4", "5", "6"]
    before = scene.page(scene.manager, limit=3, before=last["before"])
    assert [item["text"] for item in before["items"]] == ["1", "2", "3"]
    first = scene.page(scene.manager, limit=3, before=before["before"])
    assert ([item["text"] for item in first["items"]], first["before"]) == (["0"], None)
    seen: list[str] = []
    cursor, more = 0, True
    while more:
        news = scene.page(scene.manager, after=cursor, limit=3)
        seen += [item["text"] for item in news["items"]]
        cursor, more = news["cursor"], news["more"]
    assert seen == [str(number) for number in range(7)]


def test_a_message_is_sent_delivered_and_read(scene: Conversation) -> None:
    sent = scene.ask("您好")

    def state() -> str:
        found: str = scene.page(scene.customer)["items"][0]["state"]
        return found

    assert state() == "sent"
    etag = scene.poll(scene.customer, 0).headers["ETag"]
    scene.manager.post(f"{scene.ours}/message-receipts", {"delivered": sent["seq"]})
    assert state() == "delivered"
    assert scene.poll(scene.customer, 99, etag).status_code == 200
    scene.manager.post(f"{scene.ours}/message-receipts", {"read": sent["seq"]})
    assert state() == "read"
    # Nobody unreads, and nobody has read what was not written yet.
    scene.manager.post(f"{scene.ours}/message-receipts", {"read": 0})
    assert state() == "read"
    scene.manager.post(f"{scene.ours}/message-receipts", {"read": 2**50})
    scene.ask("还在吗？")
    assert scene.page(scene.customer)["items"][1]["state"] == "sent"


def test_a_message_can_be_recalled_for_two_minutes(scene: Conversation) -> None:
    sent = scene.ask("说错了，身份证号在这里")
    known = scene.poll(scene.manager, 0).get_json()["cursor"]
    scene.world.at("2026-09-18 09:02")
    scene.customer.post(f"{scene.theirs}/messages/{sent['id']}/recall")
    # The phone that has it already learns of it as of anything new.
    news = scene.poll(scene.manager, known).get_json()["items"]
    assert [(item["id"], item["text"]) for item in news] == [(sent["id"], "[该消息已撤回]")]
    assert scene.page(scene.customer)["items"][0]["state"] == "recalled"
    later = scene.ask("您好")
    scene.world.clock.set(scene.world.clock.now() + timedelta(minutes=2, seconds=1))
    answer = scene.customer.send("POST", f"{scene.theirs}/messages/{later['id']}/recall")
    refused(answer, 409, "conflict")


def test_nobody_can_recall_the_message_of_somebody_else(scene: Conversation) -> None:
    sent = scene.ask("您好")
    assert scene.manager.send("POST", f"{scene.ours}/messages/{sent['id']}/recall").status_code == 404
    answered = scene.answer("您好")
    assert scene.customer.send("POST", f"{scene.theirs}/messages/{answered['id']}/recall").status_code == 404


def test_a_clock_that_goes_back_changes_no_order(scene: Conversation) -> None:
    scene.ask("先")
    scene.world.at("2026-09-18 08:00")
    after = scene.answer("后")
    items = scene.page(scene.customer)["items"]
    assert [item["text"] for item in items] == ["先", "后"]
    assert items[0]["sent_at"] <= items[1]["sent_at"]
    scene.manager.post(f"{scene.ours}/messages/{after['id']}/recall")
    assert scene.poll(scene.customer, 0).get_json()["ask_again"] == 3


def test_a_place_is_sent(scene: Conversation) -> None:
    place = {"latitude_gcj02": 36.66, "longitude_gcj02": 117.02, "name": "小区南门"}
    body = {"client_id": "phone-0001", "location": place}
    scene.customer.post(f"{scene.theirs}/messages", body)
    seen = scene.page(scene.manager)["items"][0]
    assert (seen["kind"], seen["location"], seen["text"]) == ("location", place, "小区南门")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": "  \n "},
        {"text": "字" * 2001},
        {"text": "反转\u202e文字"},
        {"text": "\u200b"},
        {"text": "\u200d\ufe0f \u3164\u2800"},
        {},
        {"text": "您好", "location": {"latitude_gcj02": 1, "longitude_gcj02": 1}},
        {"location": {"latitude_gcj02": 91, "longitude_gcj02": 1}},
        {"document_id": "A" * 16},
        {"text": "您好", "urgent": True},
    ],
)
def test_malformed_messages_are_refused(scene: Conversation, body: dict[str, Any]) -> None:
    answer = scene.customer.send("POST", f"{scene.theirs}/messages", {"client_id": "phone-0001", **body})
    assert answer.status_code in {400, 422}, answer.text
    assert count(scene.world.app, "messages") == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_text_of_a_megabyte_is_refused(scene: Conversation) -> None:
    answer = scene.customer.send("POST", f"{scene.theirs}/messages", message_body("字" * 350_000))
    refused(answer, 413, "too_large")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_other_peoples_conversations_do_not_exist(scene: Conversation) -> None:
    scene.ask("您好")
    stranger = scene.world.log_in("o_stranger", "13800000009")
    for method, path, body in (
        ("GET", "/messages", None),
        ("GET", "/messages?after=0", None),
        ("POST", "/messages", message_body("我也来")),
        ("POST", "/message-receipts", {"read": 1}),
        ("POST", "/writing", None),
    ):
        assert stranger.send(method, f"{scene.theirs}{path}", body).status_code == 404
        # The design institute works on the case, and was not invited; finance has nothing to do with it.
        assert scene.world.staff("D001").send(method, f"{scene.ours}{path}", body).status_code == 403
        assert scene.world.staff("F001").send(method, f"{scene.ours}{path}", body).status_code == 404
    assert scene.world.staff("S001").get(f"{scene.ours}/messages")["items"]
