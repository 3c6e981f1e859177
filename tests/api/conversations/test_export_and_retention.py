"""The customer's copy of a conversation, and how long conversations are kept."""

from typing import Any

import pytest

from app.core.atomic import atomic
from app.services.conversations.care import export_conversation, retention
from tests.api.answers import refused
from tests.api.conversations.conversation_phones import Conversation, start_conversation
from tests.api.conversations.test_wechat_chat import write
from tests.api.database_rows import count
from tests.world import World


@pytest.fixture
def scene(world: World) -> Conversation:
    return start_conversation(world)


def forget(world: World) -> int:
    with world.app.app_context(), atomic():
        return retention.delete_expired(10)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_customer_downloads_a_copy(scene: Conversation) -> None:
    scene.ask("第一行\n第二行")
    scene.answer("您好")
    scene.manager.post(f"{scene.ours}/notes", {"text": "内部备注"})
    answer = scene.customer.send("GET", f"{scene.theirs}/conversation.txt")
    assert answer.mimetype == "text/plain"
    assert "我：第一行\n第二行" in answer.text
    assert "王敏：您好" in answer.text
    assert "内部备注" not in answer.text
    printed = scene.customer.send("GET", f"{scene.theirs}/conversation.pdf")
    assert (printed.mimetype, printed.data[:5]) == ("application/pdf", b"%PDF-")
    stranger = scene.world.log_in("o_stranger", "13800000009")
    refused(stranger.send("GET", f"{scene.theirs}/conversation.txt"), 404, "not_found")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_conversation_is_copied_whole(scene: Conversation) -> None:
    for number in range(105):
        scene.ask(f"第{number}条")
    lines = scene.customer.send("GET", f"{scene.theirs}/conversation.txt").text.splitlines()
    assert [line.split("：")[-1] for line in lines if "我：" in line] == [f"第{n}条" for n in range(105)]


def test_a_conversation_is_deleted_after_its_retention_time(scene: Conversation) -> None:
    scene.ask("您好")
    scene.customer.post(f"{scene.theirs}/chases")
    complaint = scene.customer.post(f"{scene.theirs}/complaints", {"text": "没有人来"})
    scene.manager.post(f"{scene.ours}/guests", {"department": "network"})
    scene.manager.post(f"{scene.ours}/notes", {"text": "备注"})
    write(scene.world, "o_follower", "请问怎么报装？", "service")
    scene.customer.post(f"{scene.theirs}/withdrawal", {"reason": "不建了"})
    scene.world.at("2027-09-19 08:00")
    # The enquiry's year is over, the case's three are not.
    assert (forget(scene.world), count(scene.world.app, "conversations")) == (1, 1)
    scene.world.at("2029-09-30 09:00")
    # A complaint that nobody has closed is not forgotten.
    assert forget(scene.world) == 0
    scene.customer = scene.world.log_in("o_customer")
    scene.customer.post(f"{scene.theirs}/complaints/{complaint['id']}/closing")
    assert forget(scene.world) == 1
    for table in ("conversations", "messages", "complaints", "chases", "talk_timers", "conversation_notes"):
        assert count(scene.world.app, table) == 0, table
    assert count(scene.world.app, "cases") == 1


def test_a_long_conversation_comes_in_pages_and_parts(
    scene: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never more in memory than one of them, however long it is."""
    monkeypatch.setattr(export_conversation, "PAGE", 4)
    monkeypatch.setattr(export_conversation, "PART", 4)
    typeset: list[Any] = []

    def render(_template: Any, data: Any) -> bytes:
        typeset.append(data)
        return b"%PDF"

    monkeypatch.setattr(export_conversation, "render", render)
    for number in range(10):
        scene.ask(f"第{number}条")
    text = scene.customer.send("GET", f"{scene.theirs}/conversation.txt")
    assert text.is_streamed
    said = [line.split("：")[-1] for line in text.text.splitlines() if "我：" in line]
    assert said == [f"第{number}条" for number in range(10)]
    parts = -(-len([line for line in text.text.splitlines()[5:] if line]) // 4)
    for part in range(1, parts + 1):
        answer = scene.customer.send("GET", f"{scene.theirs}/conversation.pdf?part={part}")
        assert answer.status_code == 200
        scene.world.at(f"2026-09-18 {10 + 2 * part}:00")
    words = [line["words"] for data in typeset for line in data["lines"] if line["who"] == "我"]
    assert words == [f"第{number}条" for number in range(10)]
    assert {len(data["lines"]) <= 4 for data in typeset} == {True}
    assert typeset[0]["heading"][-1] == f"第1部分，共{parts}部分"
    beyond = scene.customer.send("GET", f"{scene.theirs}/conversation.pdf?part={parts + 1}")
    refused(beyond, 404, "not_found")
