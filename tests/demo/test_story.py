"""The demo, as a newcomer runs it; and that it fails when a step is not as told."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.demo import __main__ as demo
from app.demo.story import StoryFailedError, Telling, expect
from tests.databases import PROJECT


def test_the_single_meter_story_plays_to_its_end() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "app.demo"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    told = played.stdout
    assert played.returncode == 0, told[-2000:] + played.stderr
    table = [line.split() for line in told.splitlines() if line.endswith(("按时", "超期"))]
    assert table == [
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
    assert "headline：承诺 2，已用 1.07" in told
    assert "full process：承诺 3–10，已用 5.57" in told
    assert "资料 1 项（申请表），跑腿 0 次，费用 3,860.00 元" in told
    assert "「任务超期提醒」10-12 08:30" in told
    assert "\x1b[" not in told


def test_a_program_without_a_story_is_named() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "app.demo", "no_such_program"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 2
    assert "no_such_program" in played.stderr
    assert "single_meter" in played.stderr


def test_a_step_that_is_not_as_told_is_an_error() -> None:
    expect([1], "有一条")
    with pytest.raises(StoryFailedError, match="一条也没有"):
        expect([], "一条也没有")


def test_a_failed_step_ends_the_demo_with_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def sabotaged(telling: Telling) -> None:
        telling.tell("开始")
        expect(telling.server.send("GET", "/healthz").status == 500, "服务器应当坏掉")

    assert demo.play(sabotaged, tmp_path) == 1
    assert "与故事不符：服务器应当坏掉" in capsys.readouterr().out
