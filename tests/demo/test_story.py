"""The demo, as a newcomer runs it; and that it fails when a step is not as told."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.city_folder import city_folder
from app.services.installation import city
from demo import __main__ as demo
from demo.output.outcome import Outcome
from demo.story.story import Story, StoryFailedError, StoryRun, expect
from tests.databases import PROJECT
from tests.demo.page import Page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo writes its page."""
    return tmp_path_factory.mktemp("demo") / "page" / "story.html"


@pytest.fixture(scope="module")
def played(page: Path) -> subprocess.CompletedProcess[str]:
    """`make demo`: every story."""
    return _demo("--page", str(page))


@pytest.fixture(scope="module")
def shown(played: subprocess.CompletedProcess[str], page: Path) -> Page:
    """The page of that demo."""
    assert played.returncode == 0, played.stdout[-2000:] + played.stderr
    return Page.read(page)


@pytest.fixture(scope="module")
def told(played: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """What was told of each program, and under "" what was told of all of them."""
    rule = "═" * 74
    parts = [part.strip() for part in played.stdout.split(rule)[1:]]
    titles = [title.split()[-1] for title in parts[::2]]
    return {
        title if title in demo.STORIES else "": text for title, text in zip(titles, parts[1::2], strict=True)
    }


def test_every_story_plays_to_its_end(played: subprocess.CompletedProcess[str], told: dict[str, str]) -> None:
    assert played.returncode == 0, played.stdout[-2000:] + played.stderr
    assert list(told) == ["three_zero", "residential", "single_meter", ""]
    assert "\x1b[" not in played.stdout
    assert "✗" not in played.stdout


def test_the_figures_of_the_single_meter(told: dict[str, str]) -> None:
    story = told["single_meter"]
    assert _stages(story) == [
        # 09:20-12:00 and 13:30-15:20 of seven office hours.
        ["受理并确定用水方案", "0.5–1", "0.64", "0.00", "按时"],
        # 1 h 40 of Friday, the whole of the make-up Sunday, 4.5 h of Monday.
        ["设计出图", "1–2", "1.88", "0.00", "按时"],
        # 2.5 h of Monday, 1 h of Tuesday.
        ["出具预算、签订合同", "1", "0.50", "0.00", "按时"],
        # Stopped 6 h of Tuesday, two days, and 1 h 40 of Monday the 28th after the Mid-Autumn holiday.
        ["工程施工、验收通水", "1–6", "2.55", "3.10", "按时"],
        # 1.5 h of 30 September, 8, 9 and 10 October, and 1 h 50 of Monday the 12th.
        ["客户回访", "3", "3.48", "0.00", "超期"],
    ]
    assert "headline：承诺 2，已用 1.07" in story
    assert "full process：承诺 3–10，已用 5.57" in story
    # 39 hours of seven.
    assert "合计恰为 39/7 个工作日" in story
    assert "资料 1 项（申请表），跑腿 0 次，费用 3,860.00 元" in story
    assert "「任务超期提醒」10-12 08:30" in story


def test_the_figures_of_the_three_zero_project(told: dict[str, str]) -> None:
    story = told["three_zero"]
    assert _stages(story) == [
        # 3 h of the morning, 1 h of the afternoon; no limit is given, and it is outside the full process.
        ["项目审核报批", "–", "0.57", "0.00", "–"],
        # 2.5 h of Monday, 50 minutes of Tuesday.
        ["受理并确定用水方案", "0.5–1", "0.48", "0.00", "按时"],
        # 6 h 10 of Tuesday, 5 h of Wednesday.
        ["设计出图", "1–2", "1.60", "0.00", "按时"],
        # 4.5 h of 7 April, 5.5 h of the 10th, the 13th, 2 h of the 14th; stopped 2 h, two days and 0.5 h for
        # the site (4 to 6 April are the Tomb-Sweeping holiday), 2 h, two days and 1.5 h for the permit.
        ["工程施工、验收通水", "1–6", "2.71", "4.86", "按时"],
        # 5 h of Tuesday, the 15th, 1.5 h of Thursday.
        ["客户回访", "3", "1.93", "0.00", "按时"],
    ]
    assert "headline" not in story
    assert "full process：承诺 2–9，已用 4.79" in story
    # 33.5 hours of seven.
    assert "合计恰为 67/14 个工作日" in story
    assert "资料 0 项，跑腿 0 次，费用 0.00 元" in story
    assert "企业代客户承担：26,500.00 元" in story
    assert "逐条验签无误" in story


def test_the_figures_of_the_residential_quarter(told: dict[str, str]) -> None:
    story = told["residential"]
    assert _stages(story) == [
        # 09:30-12:00 and 13:30-15:00; due at the close of the day.
        ["信息传递", "当日", "0.57", "0.00", "按时"],
        # 2 h of Monday, Tuesday, 2.5 h of Wednesday.
        ["受理并确定用水方案", "1–2", "1.64", "0.00", "按时"],
        # 22 April 11:00 to 18 May 11:00 are sixteen days: 1 to 5 May are off, Saturday the 9th is worked; and
        # 2.5 h. The struck stop of two days is in no figure.
        ["设计出图", "18", "16.36", "0.00", "按时"],
        # 2 h, Tuesday, 1.5 h.
        ["出具概算", "1–6", "1.50", "0.00", "按时"],
        # 1.5 h before and after the payment; stopped 5.5 h, two days and 0.5 h, then 5 h, two days and 4.5 h.
        ["签订协议、缴纳费用", "1", "0.43", "6.21", "按时"],
        # 28 May 16:00 to 6 July 16:00 are twenty-six days without 19 June; and 1.5 h.
        ["工程施工（户表安装、工程验收）", "30", "26.21", "0.00", "按时"],
        # 09:00-11:00.
        ["挂表通水", "1–3", "0.29", "0.00", "按时"],
        # Two days and 2.5 h.
        ["客户回访", "3", "2.36", "0.00", "按时"],
    ]
    # 11.5 and 2 hours.
    assert "headline：承诺 2，已用 1.93" in story
    assert "full process：承诺 60，已用 46.43" in story
    # 325 hours of seven.
    assert "合计恰为 325/7 个工作日" in story
    assert "资料 2 项（申请表、项目图纸），跑腿 0 次，费用 1,110,200.00 元" in story
    assert "停钟归零，已用 3.21，到期日回到 2026-05-20 11:00" in story
    assert "逐条验签无误" in story


def test_one_row_for_each_program(told: dict[str, str]) -> None:
    rows = [line.split() for line in told[""].splitlines()]
    assert [row[:-1] for row in rows if row and row[-1].isdecimal()] == [
        ["“三零”项目", "2–9", "4.79", "–", "0", "0", "0.00"],
        ["新建居民住宅小区", "60", "46.43", "“222”", "1.93/2", "2", "0", "1,110,200.00"],
        ["单表接水", "3–10", "5.57", "“221”", "1.07/2", "1", "0", "3,860.00"],
    ]


def test_it_begins_with_what_will_be_shown_and_how_long_it_takes(
    played: subprocess.CompletedProcess[str],
) -> None:
    before, *_ = played.stdout.partition("═")
    assert all(story.about in before for story in demo.STORIES.values())
    assert "不到一分钟" in before


def test_an_event_and_a_message_are_a_line_each_and_a_kind_of_message_is_boxed_once(
    played: subprocess.CompletedProcess[str], told: dict[str, str]
) -> None:
    # 2,155 lines when every message was a box.
    assert len(played.stdout.splitlines()) < 700
    assert "                          → 千小泉 · 订阅消息 · 报装受理通知\n" in told["single_meter"]
    assert "09-18 周五 09:20          提交申请，受理编号 " in told["single_meter"]
    assert "09-20 周日 15:20 调休上班" not in told["single_meter"], "nobody did anything then"
    kinds = re.findall(r"╭─ (.*?」)", played.stdout)
    assert len(kinds) == len(set(kinds)) == 11
    assert "服务号 · 模板消息「任务超期提醒」" in kinds


def test_the_page_needs_nothing_but_itself(shown: Page) -> None:
    assert not re.search(r"https?:|//[a-z]|url\(|@import|<script|<link|<img| src=", shown.text)
    # Only to places within itself.
    assert {link[0] for link in shown.links} == {"#"}


def test_the_page_shows_every_event_and_every_message(
    shown: Page, played: subprocess.CompletedProcess[str]
) -> None:
    lines = [line.strip() for line in played.stdout.splitlines()]
    messages = [
        line.removeprefix("→ ").split(" · ") for line in lines if line.startswith("→ ") and " · " in line
    ]
    assert len(messages) > 100
    assert [(readers, title) for readers, _, title in messages] == shown.messages
    events = [line for line in lines if re.match(r"\d\d-\d\d 周", line)]
    assert len(events) == len(shown.events) > 150
    assert all(line.endswith(text) for line, text in zip(events, shown.events, strict=True))


def test_the_page_shows_every_day_of_the_clock_statement(shown: Page) -> None:
    assert [len(days) for days in shown.days] == [16, 79, 13]
    single_meter = [(day[8:], kind, text) for day, kind, text in shown.days[2]]
    assert single_meter == [
        # From 09:20.
        ("18", "part", "9月18 0.88"),
        ("19", "rest", "19 周末"),
        ("20", "counted", "20 班 1.00"),
        ("21", "counted", "21 1.00"),
        # One hour until the agreement was signed, then six of the stop.
        ("22", "part", "22 0.14 停 0.86"),
        ("23", "stopped", "23 停 1.00"),
        ("24", "stopped", "24 停 1.00"),
        ("25", "rest", "25 中秋节"),
        ("26", "rest", "26 周末"),
        ("27", "rest", "27 周末"),
        # Paid at 10:10.
        ("28", "part", "28 0.76 停 0.24"),
        ("29", "counted", "29 1.00"),
        # Water runs at 15:30.
        ("30", "part", "30 0.79"),
    ]


def test_a_program_without_a_story_is_named() -> None:
    played = _demo("no_such_program")
    assert played.returncode == 2
    assert "no_such_program" in played.stderr
    assert all(key in played.stderr for key in demo.STORIES)


@pytest.mark.parametrize(("arguments", "boxes"), [([], False), (["--boxes"], True)])
def test_boxes_and_page_are_options(
    arguments: list[str], boxes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], Path, bool]] = []

    def play_all(stories: list[Story], _folder: Path, page: Path, *, boxes: bool) -> int:
        asked.append(([story.key for story in stories], page, boxes))
        return 0

    monkeypatch.setattr(demo, "play_all", play_all)
    assert demo.main(["three_zero", "--page", str(tmp_path / "a.html"), *arguments]) == 0
    assert asked == [(["three_zero"], tmp_path / "a.html", boxes)]


def test_a_step_that_is_not_as_told_is_an_error() -> None:
    expect([1], "有一条")
    with pytest.raises(StoryFailedError, match="一条也没有"):
        expect([], "一条也没有")


def test_a_failed_step_ends_the_demo_with_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def sabotaged(run: StoryRun) -> Outcome:
        run.heading("破坏", "sabotage")
        run.event("开始")
        expect(run.server.send("GET", "/healthz").status == 500, "服务器应当坏掉")
        raise AssertionError("unreachable")

    def never(_run: StoryRun) -> Outcome:
        raise AssertionError("a story after one that failed is not told")

    stories = [
        Story("three_zero", "2026-03-30 08:40", "三零", sabotaged),
        Story("single_meter", "2026-09-18 08:40", "单表", never),
    ]
    page = tmp_path / "story.html"
    assert demo.play_all(stories, tmp_path / "stack", page) == 1
    assert not page.exists()
    said = capsys.readouterr().out
    assert "与故事不符：服务器应当坏掉" in said
    assert "与故事相符" not in said


def test_each_program_of_the_city_has_its_story() -> None:
    assert list(demo.STORIES) == list(city.read(city_folder({})).programs)


def _demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def _stages(story: str) -> list[list[str]]:
    """The table of stages: from the rule under its heads to the empty line."""
    lines = [line.strip() for line in story.splitlines()]
    start = max(place for place, line in enumerate(lines) if line and set(line) == {"─"}) + 1
    return [line.split() for line in lines[start : lines.index("", start)]]
