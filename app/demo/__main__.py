"""`python -m app.demo [PROGRAM] [--keep]`: play one case over real HTTP, in simulated time.

Exit codes: 0 everything was as told, 1 a step was not (or a process failed), 2 there is no such story.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import requests

from app.demo.narrator import Narrator
from app.demo.processes import StackError
from app.demo.stack import Stack, ended_by_signals
from app.demo.stories import single_meter
from app.demo.story import StoryFailedError, Telling, whose_openids
from app.demo.timekeeper import JobsStuckError
from app.demo.wire import UnexpectedAnswerError, Wire
from app.domain.citydata import city_folder
from app.services import city

STORIES: Mapping[str, Callable[[Telling], None]] = {single_meter.KEY: single_meter.tell}
TICK_SECONDS = 0.1
NO_SUCH_STORY = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Play a story to its end; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.demo", description=__doc__)
    parser.add_argument("program", nargs="?", default=single_meter.KEY, help=f"one of: {', '.join(STORIES)}")
    parser.add_argument("--keep", action="store_true", help="keep database and logs, and say where")
    options = parser.parse_args(arguments)
    story = STORIES.get(options.program)
    if story is None:
        sys.stderr.write(f"没有“{options.program}”的演示；可演示的业务：{'、'.join(STORIES)}\n")
        return NO_SUCH_STORY
    folder = Path(tempfile.mkdtemp(prefix="steward-demo-"))
    try:
        with ended_by_signals():
            return play(story, folder)
    except KeyboardInterrupt:
        sys.stderr.write("\n演示已中止\n")
        return 1
    finally:
        if options.keep:
            sys.stderr.write(f"数据库和日志保留在 {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def play(story: Callable[[Telling], None], folder: Path) -> int:
    """Start the product in `folder`, tell `story` on it; 0 when every step was as told, else 1."""
    line = city.read(city_folder({})).calendar
    narrator = Narrator(line, whose_openids())
    start = datetime.fromisoformat(single_meter.START).replace(tzinfo=line.zone)
    try:
        with Stack(folder, start=start, tick_seconds=TICK_SECONDS) as stack:
            stack.migrate()
            stack.launch()
            stack.run("sample", "staff")
            stack.wait_until_ready()
            story(Telling(Wire(stack.url), stack.wechat, narrator, line))
    except StoryFailedError as fault:
        narrator.failure(f"与故事不符：{fault}")
        return 1
    except (StackError, JobsStuckError, UnexpectedAnswerError, requests.RequestException) as fault:
        narrator.failure(f"演示未能完成：{fault}")
        return 1
    narrator.success("每一步都与故事相符")
    return 0


if __name__ == "__main__":
    sys.exit(main())
