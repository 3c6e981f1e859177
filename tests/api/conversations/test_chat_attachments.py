"""Pictures and voice of WeChat's chat: fetched once, stored as documents, and no loss goes unnoticed."""

from typing import Any

import pytest
from sqlalchemy import select

from app.core import objectstore
from app.core.atomic import atomic
from app.core.db import db
from app.jobs import timetable
from app.models import Document
from app.services.conversations.care import retention
from app.services.installation import city
from tests.api.answers import refused
from tests.api.conversations.chat_files import (
    GET,
    JPEG,
    PICTURE,
    VOICE,
    document_bytes,
    last_message,
    send_picture,
    send_voice,
)
from tests.api.conversations.conversation_phones import Conversation, message_body, start_conversation
from tests.api.conversations.test_wechat_chat import callback, in_chat, write
from tests.api.database_rows import count
from tests.api.test_documents import bring
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def test_a_picture_sent_in_the_chat_is_an_attachment_of_the_conversation(scene: Conversation) -> None:
    send_picture(scene.world)
    found = last_message(scene)
    assert (found["kind"], found["text"], found["medium"]) == ("document", "", "miniprogram")
    assert found["document"]["media_type"] == "image/jpeg"
    assert found["document"]["name"] == "微信图片20260918-090000"
    assert document_bytes(scene, found["document"]["id"]) == JPEG
    # It is a document of the case, too, and the customer finds it in the mini-program.
    [listed] = scene.customer.get(f"{scene.theirs}/documents")["items"]
    assert (listed["id"], listed["kind"], listed["brought_by"]) == (
        found["document"]["id"],
        "chat_media",
        "customer",
    )
    assert count(scene.world.app, "message_media") == 0


def test_a_picture_being_fetched_is_announced_and_polled_when_it_arrives(scene: Conversation) -> None:
    scene.world.desk.ask("POST", "faults", {"path": GET, "errcode": -1})
    send_picture(scene.world)
    waiting = last_message(scene)
    assert (waiting["kind"], waiting["text"]) == ("text", "[图片正在从微信取回，请稍候]")
    cursor = scene.page(scene.manager)["cursor"]
    scene.world.at("2026-09-18 09:01")
    scene.world.work()
    [news] = scene.page(scene.manager, after=cursor)["items"]
    assert (news["id"], news["kind"]) == (waiting["id"], "document")
    assert count(scene.world.app, "documents") == 1


@ON_SQLITE
def test_wechat_is_asked_again_as_long_as_it_keeps_the_file(scene: Conversation) -> None:
    scene.world.desk.ask("POST", "faults", {"path": GET, "failure": "timeout", "times": None})
    send_picture(scene.world)
    for day, hour in ((18, 10), (19, 9), (20, 12), (21, 8)):
        scene.world.at(f"2026-09-{day} {hour:02}:00")
        scene.world.work()
    assert last_message(scene)["text"] == "[图片正在从微信取回，请稍候]"
    scene.world.at("2026-09-21 09:00")
    scene.world.work()
    assert last_message(scene)["text"] == "[图片未能从微信取回]"
    assert "请打开小程序" in scene.texts(scene.customer)[-1]
    assert count(scene.world.app, "message_media") == 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("fault", "comes"),
    [
        ({"errcode": 40007}, False),
        ({"errcode": 45009}, True),
        ({"errcode": 48001}, True),
        ({"failure": "reset"}, True),
    ],
)
def test_what_passes_is_waited_for_and_what_does_not_is_said_at_once(
    scene: Conversation, fault: dict[str, Any], comes: bool
) -> None:
    scene.world.desk.ask("POST", "faults", {"path": GET, **fault})
    send_picture(scene.world)
    assert (last_message(scene)["text"] == "[图片未能从微信取回]") is not comes
    if not comes:
        # Whoever is in the chat hears it there.
        assert "没有收到" in in_chat(scene.world)[-1]
    scene.world.at("2026-09-19 12:00")
    scene.world.work()
    assert (last_message(scene)["document"] is not None) is comes


@ON_SQLITE
@pytest.mark.parametrize(
    "content",
    [b"GIF89a is not taken", b"%PDF-1.7 is no picture", b"\xff\xd8\xff" + bytes(10 * 1024 * 1024)],
    ids=["gif", "pdf", "too large"],
)
def test_what_is_no_picture_is_refused_by_the_documents_own_checks(
    scene: Conversation, content: bytes
) -> None:
    send_picture(scene.world, content=content)
    assert last_message(scene)["text"] == "[图片未能保存：格式、大小或数量超出限制]"
    assert "重新发送" in in_chat(scene.world)[-1]
    assert count(scene.world.app, "documents") == 0


@ON_SQLITE
def test_an_answer_that_is_no_file_is_none(scene: Conversation) -> None:
    # As of a video, of which WeChat tells an address.
    send_picture(scene.world, content=b'{"video_url": "http://v"}')
    assert last_message(scene)["text"] == "[图片未能从微信取回]"


@ON_SQLITE
def test_a_voice_message_is_stored_with_its_transcript(scene: Conversation) -> None:
    write(scene.world, "o_customer", "在吗？")
    send_voice(scene.world, to="miniprogram", Recognition="水表装在哪里")
    found = last_message(scene)
    assert (found["kind"], found["text"]) == ("document", "[语音] 水表装在哪里")
    assert found["document"]["media_type"] == "audio/amr"
    assert document_bytes(scene, found["document"]["id"]) == VOICE
    finds = scene.manager.post("/staff/conversations/search", {"text": "水表"})["items"]
    assert [find["seq"] for find in finds] == [found["seq"]]
    copied = scene.customer.send("GET", f"{scene.theirs}/conversation.txt").text
    assert "[资料] 微信语音20260918-090000 [语音] 水表装在哪里" in copied


@ON_SQLITE
def test_a_voice_message_without_its_file_still_has_its_transcript(scene: Conversation) -> None:
    scene.world.desk.ask("POST", "faults", {"path": GET, "errcode": 40007, "times": 2})
    send_voice(scene.world, to="miniprogram", Recognition="水表装在哪里")
    assert (last_message(scene)["kind"], last_message(scene)["text"]) == ("text", "[语音] 水表装在哪里")
    assert "没有收到原声" in in_chat(scene.world)[-1]
    send_voice(scene.world, to="miniprogram")
    assert last_message(scene)["text"] == "[语音未能从微信取回]"


@ON_SQLITE
def test_a_transcript_is_checked_like_a_text(scene: Conversation) -> None:
    send_voice(scene.world, to="miniprogram", Recognition="违禁演示词")
    found = last_message(scene)
    assert (found["text"], found["document"]) == ("[该消息未通过内容安全检测，未予显示]", None)


def test_a_repeated_push_is_one_picture(scene: Conversation) -> None:
    for _ in range(3):
        send_picture(scene.world, MsgId="77", CreateTime="1789693200")
    assert (count(scene.world.app, "messages"), count(scene.world.app, "documents")) == (1, 1)


@ON_SQLITE
@pytest.mark.parametrize("media_id", ["", "m" * 129, " "])
def test_a_name_that_wechat_would_not_give_is_not_asked_for(scene: Conversation, media_id: str) -> None:
    write(scene.world, "o_customer", "", MsgType="image", Content=None, MediaId=media_id)
    assert last_message(scene)["text"] == "[图片未能从微信取回]"
    assert scene.world.desk.ask("GET", "state")["calls"].get(GET, 0) == 0


def test_a_picture_from_somebody_without_a_case_belongs_to_the_enquiry(world: World) -> None:
    manager = world.staff("G001")
    send_picture(world, "o_follower", to="service")
    line = manager.get("/staff/conversations/unanswered")["items"][0]
    path = f"/staff/conversations/{line['id']}"
    document = manager.get(f"{path}/messages")["items"][0]["document"]
    link = manager.post(f"{path}/documents/{document['id']}/link")["path"]
    assert world.client.get(link).data == JPEG
    assert count(world.app, "access_records") == 1
    # Nobody else's, and none of another conversation.
    refused(world.staff("G002").send("POST", f"{path}/documents/{document['id']}/link"), 404, "not_found")
    world.at("2027-09-19 09:00")
    with world.app.app_context():
        key = db.session.scalars(select(Document.object_key)).one()
        db.session.remove()
        with atomic():
            assert retention.delete_expired(10) == 1
        timetable.remove_deleted_bytes()
        with pytest.raises(FileNotFoundError):
            objectstore.stream(key)
    assert (count(world.app, "documents"), count(world.app, "doomed_bytes")) == (0, 0)


@ON_SQLITE
def test_a_picture_goes_on_to_the_case_that_they_name(scene: Conversation) -> None:
    scene.world.at("2026-09-18 09:30")
    scene.world.submitted(scene.customer, project_name="二期仓库")
    send_picture(scene.world)
    assert scene.customer.get(f"{scene.theirs}/documents")["items"] == []
    write(scene.world, "o_customer", "2")
    found = last_message(scene)
    assert found["document"]["media_type"] == "image/jpeg"
    [listed] = scene.customer.get(f"{scene.theirs}/documents")["items"]
    link = scene.customer.get(f"{scene.theirs}/documents/{listed['id']}/link")["path"]
    assert scene.world.client.get(link).data == JPEG


@ON_SQLITE
def test_recalling_a_picture_deletes_its_file(scene: Conversation) -> None:
    send_picture(scene.world)
    scene.customer.post(f"{scene.theirs}/messages/{last_message(scene)['id']}/recall")
    assert (last_message(scene)["text"], last_message(scene)["document"]) == ("[该消息已撤回]", None)
    assert (count(scene.world.app, "documents"), count(scene.world.app, "doomed_bytes")) == (0, 1)


@ON_SQLITE
def test_recalling_a_picture_before_it_is_fetched_leaves_nothing(scene: Conversation) -> None:
    scene.world.desk.ask("POST", "faults", {"path": GET, "errcode": -1})
    send_picture(scene.world)
    scene.customer.post(f"{scene.theirs}/messages/{last_message(scene)['id']}/recall")
    scene.world.at("2026-09-18 09:10")
    scene.world.work()
    assert (last_message(scene)["text"], count(scene.world.app, "documents")) == ("[该消息已撤回]", 0)
    assert count(scene.world.app, "message_media") == 0


@ON_SQLITE
def test_a_full_case_says_so_and_keeps_no_row(scene: Conversation) -> None:
    most = city.current().documents.most_by_customer
    for _ in range(most):
        assert bring(scene.customer, scene.theirs, PICTURE).status_code == 201
    send_picture(scene.world)
    assert last_message(scene)["text"] == "[图片未能保存：格式、大小或数量超出限制]"
    assert count(scene.world.app, "documents") == most


def test_a_picture_of_the_manager_is_shown_in_the_chat(scene: Conversation) -> None:
    write(scene.world, "o_customer", "水表什么样？")
    document = bring(scene.manager, f"/staff/cases/{scene.case_id}", PICTURE).get_json()
    body = {"client_id": "phone-0001", "document_id": document["id"]}
    scene.manager.post(f"{scene.ours}/messages", body)
    scene.world.work()
    shown = scene.world.desk.ask("GET", "chats")[-1]
    assert (shown["picture"], shown["text"]) == (len(PICTURE), "")
    assert scene.page(scene.manager)["items"][-1]["state"] == "delivered"
    assert scene.manager.get(scene.ours)["window"]["left"] == 4


@ON_SQLITE
@pytest.mark.parametrize(
    ("path", "fault", "left", "told"),
    [
        ("cgi-bin/media/upload", {"errcode": 40009}, 4, "请在小程序中查看"),
        ("cgi-bin/media/upload", {"errcode": -1}, 4, ""),
        ("cgi-bin/message/custom/send", {"errcode": 45015}, None, None),
    ],
)
def test_a_picture_that_wechat_refuses_is_reported(
    scene: Conversation, path: str, fault: dict[str, Any], left: int | None, told: str | None
) -> None:
    write(scene.world, "o_customer", "水表什么样？")
    document = bring(scene.manager, f"/staff/cases/{scene.case_id}", PICTURE).get_json()
    scene.world.desk.ask("POST", "faults", {"path": path, **fault})
    scene.manager.post(f"{scene.ours}/messages", {"client_id": "phone-0001", "document_id": document["id"]})
    scene.world.work()
    scene.world.at("2026-09-18 09:00:30")
    scene.world.work()
    window = scene.manager.get(scene.ours)["window"]
    assert (None if window is None else window["left"]) == left
    said_there = in_chat(scene.world)
    assert (told is None and said_there == []) or (told is not None and told in said_there[-1])


@ON_SQLITE
def test_other_documents_are_only_mentioned_in_the_chat(scene: Conversation) -> None:
    write(scene.world, "o_customer", "图纸好了吗？")
    pdf = bring(scene.manager, f"/staff/cases/{scene.case_id}", b"%PDF-1.7\n", "平面图.pdf").get_json()
    scene.manager.post(f"{scene.ours}/messages", {"client_id": "phone-0001", "document_id": pdf["id"]})
    scene.world.work()
    assert in_chat(scene.world) == ["[资料] 平面图.pdf，请在小程序中查看。"]


@ON_SQLITE
def test_an_invited_department_can_open_the_document_in_question(scene: Conversation) -> None:
    send_picture(scene.world)
    document = last_message(scene)["document"]
    path = f"{scene.ours}/documents/{document['id']}/link"
    accountant = scene.world.staff("F001")
    assert accountant.send("POST", path).status_code == 404
    scene.manager.post(f"{scene.ours}/guests", {"department": "finance"})
    assert accountant.post(path)["path"].startswith("/api/v1/files/")
    scene.manager.send("DELETE", f"{scene.ours}/guests/finance")
    assert accountant.send("POST", path).status_code == 404


@ON_SQLITE
def test_a_chat_without_words_does_not_choose_a_case(scene: Conversation) -> None:
    scene.world.submitted(scene.customer, project_name="二期仓库")
    write(scene.world, "o_customer", "什么时候上门？")
    send_picture(scene.world)
    callback(scene.world, "o_customer", MsgType="video", MediaId="v", MsgId="9")
    scene.world.work()
    scene.manager.post(f"{scene.ours}/messages", message_body("您好"))
    assert sum("请回复序号" in text for text in in_chat(scene.world)) == 1
