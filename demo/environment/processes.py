"""One child process with a log of its own: started, watched, ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TAIL_LINES = 25
# A server finishes the requests under way; longer than this it hangs.
END_SECONDS = 10.0


class StackError(Exception):
    """A process of the stack did not start, or ended early; the text holds the tail of its log."""


class Process:
    """A Python process of this project, its output in a log file."""

    def __init__(self, name: str, arguments: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        """Start `python <arguments>` at the project's root."""
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._child = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Its own group: Ctrl-C reaches it through `end` alone, once, and its children end with it.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process."""
        return self._child.pid

    def check(self) -> None:
        """Raise `StackError` when the process is no longer there."""
        code = self._child.poll()
        if code is not None:
            raise self.fault(f"ended early with exit code {code}")

    def finish(self, seconds: float) -> None:
        """Wait until a process that ends by itself has done so. Raises `StackError` unless it succeeds."""
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
            raise self.fault(f"was not done within {seconds:g} s") from None
        self._expect_success(code)

    def check_success(self) -> None:
        """Wait for the end of the process. Raises `StackError` unless it succeeded."""
        self._expect_success(self._child.wait())

    def _expect_success(self, code: int) -> None:
        if code != 0:
            raise self.fault(f"failed with exit code {code}")

    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._child.poll() is None

    def wait(self) -> None:
        """Wait until the process ends, whatever ends it."""
        self._child.wait()

    def stop(self) -> None:
        """Ask the process to stop, and wait until it has finished what it was doing, however long."""
        self._child.terminate()
        self._child.wait()

    def end(self) -> None:
        """Ask the process to stop; a deaf one is killed, and so is a worker that outlives its parent."""
        self._child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process and its children as a power cut does: nothing under way is finished."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def signal(self, number: int) -> None:
        """Send the process a signal; to one that has ended, nothing is sent."""
        self._child.send_signal(number)

    def output(self, after: int = 0) -> str:
        """Everything the process has printed so far, without the first `after` bytes."""
        with self.log.open("rb") as file:
            file.seek(after)
            return file.read().decode("utf-8", errors="replace")

    def first_line(self) -> str | None:
        """The first line of the log, once it is complete."""
        line, newline, _ = self.output().partition("\n")
        return line if newline else None

    def fault(self, what: str) -> StackError:
        """An error that says what is wrong with this process, with the end of its log."""
        lines = self.output().splitlines()[-TAIL_LINES:]
        tail = "\n".join(f"    {line}" for line in lines) or "    (nothing)"
        return StackError(f"{self.name} {what}; the end of {self.log}:\n{tail}")
