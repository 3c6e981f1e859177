"""`python -m demo [PROGRAM] [--boxes] [--page FILE] [--keep]`: play the stories over HTTP, in simulated time.

Exit codes: 0 everything was as told, 1 a step was not (or a process failed), 2 there is no such story.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from demo.environment.json_client import JsonClient, NoAnswerError, UnexpectedAnswerError
from demo.environment.processes import PROJECT, StackError
from demo.environment.stack import Stack, ended_by_signals
from demo.environment.story_clock import JobsStuckError
from demo.output import outcome, story_page
from demo.output.outcome import Outcome
from demo.output.story_record import StoryRecord
from demo.output.terminal import Terminal
from demo.people.participants import Participants
from demo.stories import residential, single_meter, three_zero
from demo.story import demo_city
from demo.story.demo_city import DemoCity
from demo.story.story import Story, StoryFailedError, StoryRun

STORIES: Mapping[str, Story] = {
    story.key: story for story in (single_meter.STORY, three_zero.STORY, residential.STORY)
}
PAGE = PROJECT / "var" / "demo" / "story.html"
NO_SUCH_STORY = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one story, or every one, on one installation; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("program", nargs="?", help=f"one of: {', '.join(STORIES)}; all without it")
    parser.add_argument("--boxes", action="store_true", help="show every message as the phone shows it")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write the page; %(default)s")
    parser.add_argument("--keep", action="store_true", help="keep database and logs, and say where")
    options = parser.parse_args(arguments)
    if options.program is not None and options.program not in STORIES:
        sys.stderr.write(f"没有“{options.program}”的演示；可演示的业务：{'、'.join(STORIES)}\n")
        return NO_SUCH_STORY
    folder = Path(tempfile.mkdtemp(prefix="steward-demo-"))
    try:
        with ended_by_signals():
            chosen = STORIES.values() if options.program is None else [STORIES[options.program]]
            return play_all(list(chosen), folder, options.page, boxes=options.boxes)
    except KeyboardInterrupt:
        sys.stderr.write("\n演示已中止\n")
        return 1
    finally:
        if options.keep:
            sys.stderr.write(f"数据库和日志保留在 {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def play_all(stories: Sequence[Story], folder: Path, page: Path, *, boxes: bool = False) -> int:
    """Play stories in the order of their dates, up to the first that is not as told.

    One installation in `folder` serves them all, for its clock only moves forward. Returns 0 when all were as
    told, and has then written `page`; else 1.
    """
    city = demo_city.read()
    terminal = Terminal(city.line, boxes=boxes)
    in_order = sorted(stories, key=lambda story: story.start)
    _announce(terminal, in_order, city)
    try:
        outcomes = _play(in_order, folder, city, terminal)
    except StoryFailedError as fault:
        terminal.failure(f"与故事不符：{fault}")
        return 1
    except (StackError, JobsStuckError, UnexpectedAnswerError, NoAnswerError) as fault:
        terminal.failure(f"演示未能完成：{fault}")
        return 1
    terminal.title("各业务结果（工作日） the promises and what became of them, in working days")
    terminal.lines(outcome.table(outcomes))
    story_page.write(page, outcomes, city.line, {story.key: story.about for story in stories})
    terminal.success("每一步都与故事相符")
    terminal.lines(["", f"网页（可直接打开、转发）：{page}"])
    return 0


def _announce(terminal: Terminal, stories: Sequence[Story], city: DemoCity) -> None:
    """What will be shown, and how long it takes."""
    takes = "不到一分钟" if len(stories) > 1 else "不到半分钟"
    terminal.lines(
        [
            f"将演示 {len(stories)} 项业务，各有一个工单从申请走到回访，每一步都核对：",
            *(
                f"  {city.program_names[story.key]}（{story.start[:10]} 起）：{story.about}"
                for story in stories
            ),
            f"服务器、定时任务和 HTTP 都是真的，微信和时间是模拟的；{takes}。",
            "→ 是送到手机上的微信消息，每种第一次完整显示；全部显示：make demo ARGS=--boxes",
            "正在准备数据库、启动服务器……",
        ]
    )


def _play(stories: Sequence[Story], folder: Path, city: DemoCity, terminal: Terminal) -> list[Outcome]:
    line = city.line
    start = datetime.fromisoformat(stories[0].start).replace(tzinfo=line.zone)
    outcomes = []
    with Stack(folder, start=start) as stack:
        stack.load_sample("staff")
        stack.serve()
        server = JsonClient(stack.url)
        with Participants(server, stack.wechat) as participants:
            for story in stories:
                name = city.program_names[story.key]
                terminal.title(f"{name} {story.key}")
                run = StoryRun(stack, participants, line, StoryRecord(story.key, name), terminal)
                run.at(story.start)
                told = story.play(run)
                terminal.heading("结果（工作日） the result, in working days")
                terminal.lines(outcome.stages(told))
                outcomes.append(told)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
