"""`python -m demo [PROGRAM] [--keep]`: play every program's story over real HTTP, in simulated time.

Exit codes: 0 everything was as told, 1 a step was not (or a process failed), 2 there is no such story.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import requests

from app.domain.city_folder import city_folder
from app.services.installation import city
from app.services.installation.city import CityBundle
from demo import outcome
from demo.json_client import JsonClient, UnexpectedAnswerError
from demo.narrator import Narrator
from demo.outcome import Outcome
from demo.processes import StackError
from demo.stack import Stack, ended_by_signals
from demo.stories import residential, single_meter, three_zero
from demo.story import Story, StoryFailedError, StoryRun, whose_openids
from demo.story_clock import JobsStuckError

STORIES: Mapping[str, Story] = {
    story.key: story for story in (single_meter.STORY, three_zero.STORY, residential.STORY)
}
TICK_SECONDS = 0.1
NO_SUCH_STORY = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Play one story, or every one, each on a stack of its own; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("program", nargs="?", help=f"one of: {', '.join(STORIES)}; all without it")
    parser.add_argument("--keep", action="store_true", help="keep database and logs, and say where")
    options = parser.parse_args(arguments)
    if options.program is not None and options.program not in STORIES:
        sys.stderr.write(f"没有“{options.program}”的演示；可演示的业务：{'、'.join(STORIES)}\n")
        return NO_SUCH_STORY
    folder = Path(tempfile.mkdtemp(prefix="steward-demo-"))
    try:
        with ended_by_signals():
            chosen = STORIES.values() if options.program is None else [STORIES[options.program]]
            return play_all(list(chosen), folder)
    except KeyboardInterrupt:
        sys.stderr.write("\n演示已中止\n")
        return 1
    finally:
        if options.keep:
            sys.stderr.write(f"数据库和日志保留在 {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def play_all(stories: Sequence[Story], folder: Path) -> int:
    """Tell stories one after the other, up to the first that is not as told; 0 when all were, else 1."""
    bundle = city.read(city_folder({}))
    outcomes = []
    for story in stories:
        told = play(story, folder / story.key, bundle)
        if told is None:
            return 1
        outcomes.append(told)
    narrator = Narrator(bundle.calendar, whose_openids())
    narrator.title("各业务结果（工作日） the promises and what became of them, in working days")
    narrator.lines(outcome.table(outcomes))
    narrator.success("每一步都与故事相符")
    return 0


def play(story: Story, folder: Path, bundle: CityBundle) -> Outcome | None:
    """Start the product in `folder`, tell `story` on it; None when a step was not as told, which is said."""
    line = bundle.calendar
    narrator = Narrator(line, whose_openids())
    start = datetime.fromisoformat(story.start).replace(tzinfo=line.zone)
    narrator.title(f"{bundle.programs[story.key].name} {story.key}")
    try:
        with Stack(folder, start=start, tick_seconds=TICK_SECONDS) as stack:
            stack.migrate()
            stack.launch()
            stack.load_sample("staff")
            stack.wait_until_ready()
            return story.play(StoryRun(JsonClient(stack.url), stack.wechat, narrator, line, stack.run))
    except StoryFailedError as fault:
        narrator.failure(f"与故事不符：{fault}")
    except (StackError, JobsStuckError, UnexpectedAnswerError, requests.RequestException) as fault:
        narrator.failure(f"演示未能完成：{fault}")
    return None


if __name__ == "__main__":
    sys.exit(main())
