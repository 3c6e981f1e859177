"""What is a complaint in a chat without buttons."""

import pytest

from app.domain.conversation.complaint_words import complained, settled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("投诉：没有人来", "没有人来"),
        ("投诉 没有人来！", "没有人来"),
        ("投诉\n第一行\n第二行", "第一行\n第二行"),
        ("投诉", ""),
        ("投诉：", ""),
        ("投诉电话是多少", None),
        ("我要投诉：没有人来", None),
        ("您好", None),
        ("", None),
    ],
)
def test_what_is_a_complaint(text: str, said: str | None) -> None:
    assert complained(text, "投诉") == said


@pytest.mark.parametrize(
    ("text", "content"), [("已解决", True), ("已解决。", True), ("还没已解决", False), ("", False)]
)
def test_who_is_content(text: str, content: bool) -> None:
    assert settled(text, "已解决") == content
