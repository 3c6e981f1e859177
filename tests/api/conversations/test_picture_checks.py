"""WeChat's content check of pictures: risky ones are withheld; without an answer conversations continue."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import db
from app.core.settings import Settings
from app.factory import create_app
from app.models import MessageCheck
from tests.api.answers import refused
from tests.api.conversations.chat_files import PICTURE, last_message, send_picture
from tests.api.conversations.conversation_phones import Conversation, start_conversation
from tests.api.conversations.test_wechat_chat import callback
from tests.api.database_rows import count
from tests.api.test_documents import bring
from tests.world import World

PUBLIC = "https://water.example.invalid"
CHECK = "wxa/media_check_async"
WITHHELD = "[该消息未通过内容安全检测，未予显示]"


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application with a public address, below which WeChat can fetch pictures."""
    application = create_app(Settings.for_tests(database_url=database_url, public_url=PUBLIC))
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def customer_sends_picture(scene: Conversation, name: str = "钱多多身份证.png") -> Any:
    """The customer uploads a picture and sends it."""
    document = bring(scene.customer, scene.theirs, PICTURE, name).get_json()
    body = {"client_id": f"phone-{document['id'][:8]}", "document_id": document["id"]}
    return scene.customer.post(f"{scene.theirs}/messages", body)


def check_requests(scene: Conversation) -> Any:
    """The checks that WeChat was asked for."""
    return scene.world.desk.ask("GET", "checks")


def wechat_reports(scene: Conversation, trace_id: str, suggest: str | None = "pass", **more: Any) -> None:
    """WeChat pushes the result of a check, and the jobs process it."""
    push_report(scene, trace_id, suggest, **more)
    scene.world.work()


def push_report(scene: Conversation, trace_id: str, suggest: str | None, **more: Any) -> None:
    result: dict[str, Any] = {} if suggest is None else {"result": {"suggest": suggest, "label": 100}}
    event: dict[str, Any] = {
        "MsgType": "event",
        "Event": "wxa_media_check",
        "trace_id": trace_id,
        "version": 2,
    }
    answer = callback(scene.world, "gh_platform", as_json=True, **event, **result, **more)
    assert answer.text == "success"


def test_wechat_is_given_a_link_that_shows_the_picture_and_nothing_else(scene: Conversation) -> None:
    customer_sends_picture(scene)
    scene.world.work()
    [check] = check_requests(scene)
    assert check["openid"] == "o_customer"
    assert check["url"].startswith(f"{PUBLIC}/api/v1/files/")
    path = check["url"].removeprefix(PUBLIC)
    fetched = scene.world.client.get(path)
    assert fetched.data == PICTURE
    # Neither the name that the phone gave it nor whose it is.
    assert fetched.headers["Content-Disposition"] == "attachment; filename*=UTF-8''picture.png"
    assert fetched.headers["Cache-Control"] == "no-store"
    scene.world.at("2026-09-18 09:29:59")
    assert scene.world.client.get(path).status_code == 200
    scene.world.at("2026-09-18 09:30:01")
    refused(scene.world.client.get(path), 404, "not_found")
    refused(scene.world.client.get(path[:-2] + "xx"), 404, "not_found")


def test_a_risky_picture_is_withheld_from_both_sides_wherever_it_stands(scene: Conversation) -> None:
    message = customer_sends_picture(scene)
    document_id = message["document"]["id"]
    before = scene.customer.get(f"{scene.theirs}/documents/{document_id}/link")["path"]
    scene.world.work()
    wechat_reports(scene, check_requests(scene)[0]["trace_id"], "risky")
    for phone in (scene.customer, scene.manager):
        seen = scene.page(phone)["items"][0]
        assert (seen["text"], seen["document"]) == (WITHHELD, None)
    assert scene.page(scene.customer)["items"][0]["state"] == "failed"
    assert scene.customer.get(f"{scene.theirs}/documents")["items"] == []
    [listed] = scene.manager.get(f"/staff/cases/{scene.case_id}/documents")["items"]
    assert listed["withheld"]
    refused(scene.customer.send("GET", f"{scene.theirs}/documents/{document_id}/link"), 404, "not_found")
    for path in (f"/staff/cases/{scene.case_id}", scene.ours):
        answer = scene.manager.send("POST", f"{path}/documents/{document_id}/link")
        refused(answer, 404, "not_found")
        assert "内容安全" in answer.get_json()["detail"]
    # A link from before, and another message with it, lead nowhere.
    assert scene.world.client.get(before).status_code == 404
    again = scene.customer.send(
        "POST", f"{scene.theirs}/messages", {"client_id": "phone-again", "document_id": document_id}
    )
    assert again.status_code == 422


@pytest.mark.parametrize(("suggest", "marked"), [("pass", False), ("review", True)])
def test_a_doubtful_picture_is_marked_for_the_manager(
    scene: Conversation, suggest: str, marked: bool
) -> None:
    customer_sends_picture(scene)
    scene.world.work()
    wechat_reports(scene, check_requests(scene)[0]["trace_id"], suggest)
    seen = scene.page(scene.manager)["items"][0]
    assert (seen["document"] is not None, seen["review"]) == (True, marked)
    assert not scene.page(scene.customer)["items"][0]["review"]
    assert count(scene.world.app, "message_checks") == 0


def test_a_picture_of_the_chat_is_checked_too(scene: Conversation) -> None:
    send_picture(scene.world)
    wechat_reports(scene, check_requests(scene)[0]["trace_id"], "risky")
    assert (last_message(scene)["text"], last_message(scene)["document"]) == (WITHHELD, None)


def test_a_check_result_before_the_answer_of_its_request_waits_for_it(scene: Conversation) -> None:
    customer_sends_picture(scene)
    # WeChat takes the question, and its answer is lost: whoever asked still holds the check.
    with scene.world.app.app_context():
        check = db.session.scalars(select(MessageCheck)).one()
        check.claimed_by = "somebody"
        db.session.commit()
        push_report(scene, "trace-1", "risky")
        scene.world.work()
        assert count(scene.world.app, "inbox_events") == 1
        check = db.session.scalars(select(MessageCheck)).one()
        check.trace_id, check.claimed_by = "trace-1", None
        db.session.commit()
        db.session.remove()
    scene.world.at("2026-09-18 09:01")
    scene.world.work()
    assert scene.page(scene.manager)["items"][0]["text"] == WITHHELD


def test_a_repeated_event_and_a_later_other_opinion_change_nothing(scene: Conversation) -> None:
    customer_sends_picture(scene)
    scene.world.work()
    trace_id = check_requests(scene)[0]["trace_id"]
    wechat_reports(scene, trace_id, "risky")
    cursor = scene.page(scene.manager)["cursor"]
    wechat_reports(scene, trace_id, "risky")
    scene.world.at("2026-09-18 09:10")
    wechat_reports(scene, trace_id, "pass")
    assert scene.page(scene.manager, after=cursor)["items"] == []
    assert scene.page(scene.manager)["items"][0]["text"] == WITHHELD


def test_two_answers_in_one_second_are_two_events(scene: Conversation) -> None:
    customer_sends_picture(scene)
    customer_sends_picture(scene)
    scene.world.work()
    for check in check_requests(scene):
        push_report(scene, check["trace_id"], "risky")
    scene.world.work()
    assert [item["text"] for item in scene.page(scene.manager)["items"]] == [WITHHELD] * 2


@pytest.mark.parametrize("trace_id", ["", "trace-of-nobody", "x" * 300])
def test_a_check_result_without_its_request_is_stored_and_ignored(scene: Conversation, trace_id: str) -> None:
    customer_sends_picture(scene)
    scene.world.work()
    wechat_reports(scene, trace_id, "risky")
    assert scene.page(scene.manager)["items"][0]["document"] is not None
    assert count(scene.world.app, "message_checks") == 1


@pytest.mark.parametrize(
    ("suggest", "more"), [(None, {"errcode": -1008, "errmsg": "download failed"}), ("maybe", {})]
)
def test_what_wechat_could_not_look_at_is_marked(
    scene: Conversation, suggest: str | None, more: dict[str, Any]
) -> None:
    customer_sends_picture(scene)
    scene.world.work()
    wechat_reports(scene, check_requests(scene)[0]["trace_id"], suggest, **more)
    seen = scene.page(scene.manager)["items"][0]
    assert (seen["document"] is not None, seen["review"]) == (True, True)


def test_a_picture_without_answer_is_marked_in_the_end(scene: Conversation) -> None:
    customer_sends_picture(scene)
    scene.world.work()
    scene.world.at("2026-09-18 09:29")
    scene.world.work()
    assert not scene.page(scene.manager)["items"][0]["review"]
    scene.world.at("2026-09-18 09:31")
    scene.world.work()
    assert scene.page(scene.manager)["items"][0]["review"]


@pytest.mark.parametrize("fault", [{"errcode": -1}, {"failure": "timeout"}, {"errcode": 61010}])
def test_a_conversation_continues_while_wechat_is_unreachable(
    scene: Conversation, fault: dict[str, Any]
) -> None:
    scene.world.desk.ask("POST", "faults", {"path": CHECK, "times": None, **fault})
    customer_sends_picture(scene)
    assert scene.page(scene.manager)["items"][0]["document"] is not None
    for hour in range(10, 16):
        scene.world.at(f"2026-09-18 {hour}:00")
        scene.world.work()
    seen = scene.page(scene.manager)["items"][0]
    assert (seen["document"] is not None, seen["review"]) == (True, True)
    assert count(scene.world.app, "message_checks") == 0


def test_drawings_are_not_shown_to_wechat(scene: Conversation) -> None:
    document = bring(scene.customer, scene.theirs, b"%PDF-1.7\n", "图纸.pdf").get_json()
    scene.customer.post(
        f"{scene.theirs}/messages", {"client_id": "phone-0001", "document_id": document["id"]}
    )
    scene.world.work()
    assert (check_requests(scene), count(scene.world.app, "message_checks")) == ([], 0)
