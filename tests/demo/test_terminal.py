"""What a story looks like on the terminal."""

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest

from demo.output.story_record import Event, Message
from demo.output.terminal import Terminal
from demo.story import demo_city

MESSAGE = Message(
    at=datetime(2026, 9, 20, 7, 20, tzinfo=UTC),
    title="上门预约通知",
    readers=("千小泉",),
    fields={"预约时间": "2026-09-21 09:00", "地址": "演示路 1 号"},
    page="pages/visit/index",
    manager="管佳一",
    to_customer=True,
)
LINE = " " * 26 + "→ 千小泉 · 订阅消息 · 上门预约通知"


def _shown(messages: list[Message], *, boxes: bool) -> list[str]:
    output = StringIO()
    terminal = Terminal(demo_city.read().line, boxes=boxes, output=output)
    for message in messages:
        terminal.message(message)
    return output.getvalue().splitlines()


def test_the_first_message_of_a_kind_is_shown_as_the_phone_shows_it() -> None:
    line, edge, *box = _shown([MESSAGE], boxes=False)
    assert line == LINE
    assert "小程序 · 订阅消息「上门预约通知」09-20 15:20" in edge
    inside = [row.strip(" │") for row in box[:-1]]
    assert inside == [
        "发给：千小泉",
        "来自：客户管家 管佳一",
        "预约时间  2026-09-21 09:00",
        "地址      演示路 1 号",
        "点开      pages/visit/index",
    ]


def test_the_next_of_the_same_kind_is_a_line() -> None:
    again = replace(MESSAGE, readers=("千小泉", "安小居"), fields={"预约时间": "2026-09-22 09:00"})
    shown = _shown([MESSAGE, again], boxes=False)
    assert shown[-1] == " " * 26 + "→ 千小泉、安小居 · 订阅消息 · 上门预约通知"
    assert sum("╭" in row for row in shown) == 1


def test_the_same_title_in_the_other_account_is_another_kind() -> None:
    shown = _shown([MESSAGE, replace(MESSAGE, to_customer=False)], boxes=False)
    assert [row.strip().split("「")[0] for row in shown if "╭" in row] == [
        "╭─ 小程序 · 订阅消息",
        "╭─ 服务号 · 模板消息",
    ]


def test_with_boxes_every_message_is_shown_as_the_phone_shows_it() -> None:
    shown = _shown([MESSAGE] * 3, boxes=True)
    assert [row for row in shown if "→" in row] == [LINE] * 3
    assert sum("╭" in row for row in shown) == 3


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2026-09-18 09:20", "09-18 周五 09:20"),
        ("2026-09-19 09:20", "09-19 周六 09:20 周末"),
        ("2026-09-20 09:20", "09-20 周日 09:20 调休上班"),
        ("2026-09-25 09:20", "09-25 周五 09:20 假日"),
    ],
)
def test_an_event_is_a_line_and_with_boxes_its_details_follow(at: str, moment: str) -> None:
    line, text = demo_city.read().line, "提交申请"
    instant = datetime.fromisoformat(at).replace(tzinfo=line.zone)
    for boxes, details in ((False, []), (True, ["· 仅此一次"])):
        output = StringIO()
        terminal = Terminal(line, boxes=boxes, output=output)
        terminal.event(Event(instant, text))
        terminal.detail("仅此一次")
        first, *rest = output.getvalue().splitlines()
        assert first.split(text)[0].strip() == moment
        assert [row.strip() for row in rest] == details
