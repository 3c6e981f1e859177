"""The threads that hand messages to their channels; nothing here touches the database."""

from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Self

from app.core import clock
from app.core.logs import message_id
from notifications.channels.envelope import Envelope, Outcome, OutcomeKind
from notifications.channels.message_channel import MessageChannel
from notifications.dispatch.claims import SEND_ALLOWANCE
from notifications.wording.kinds import Channel

POOL_SIZE = 32
"""Sends under way at a time in one process."""

GATHER_SECONDS = 0.02
"""How long answers wait for others, so that they are recorded together; or until enough or all have come."""

PATIENCE_SECONDS = 120.0
"""Longer than any channel waits for an answer: silence for so long is a fault of ours."""


Senders = Mapping[Channel, MessageChannel]


def send(senders: Senders, message: Envelope) -> Outcome:
    """One attempt, in a thread of the pool."""
    if clock.now() >= message.lease_until - SEND_ALLOWANCE:
        return Outcome(OutcomeKind.LATE, clock.now())
    return senders[message.route.channel].send(message)


class Workers:
    """A pool for the length of one run. Threads start as they are needed; leaving the block ends them."""

    def __init__(self, senders: Senders, size: int) -> None:
        self._senders = senders
        self._size = size
        self._threads: list[Thread] = []
        self._work: SimpleQueue[Envelope | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Envelope, Outcome | None]] = SimpleQueue()
        self._out = 0
        self.errors: list[Exception] = []

    def __enter__(self) -> Self:
        """Nothing runs before something is to be sent."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for what is under way; what was not begun is left to the lease when the run failed."""
        if kind is not None:
            while True:
                try:
                    self._work.get_nowait()
                except Empty:
                    break
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def send(self, messages: Sequence[Envelope]) -> None:
        """Let these be sent, as threads become free."""
        while len(self._threads) < min(self._size, len(messages)):
            thread = Thread(target=self._run, name=f"send-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._out += len(messages)
        for message in messages:
            self._work.put(message)

    def left(self) -> int:
        """How many no thread has begun to send."""
        return self._work.qsize()

    def rest(self) -> list[tuple[Envelope, Outcome | None]]:
        """What comes of everything that is still out. Raises `Empty` when something never comes."""
        found: list[tuple[Envelope, Outcome | None]] = []
        while self._out:
            found += self.back(wait=True)
        return found

    def back(self, *, wait: bool) -> list[tuple[Envelope, Outcome | None]]:
        """What came of messages since the last call; with `wait`, at least one, and a few that come with it.

        None stands for an error of ours, which `errors` holds. Raises `Empty` when nothing ever comes.
        """
        found = self._come(wait=wait)
        self._out -= len(found)
        return found

    def _come(self, *, wait: bool) -> list[tuple[Envelope, Outcome | None]]:
        found: list[tuple[Envelope, Outcome | None]] = []
        until = 0.0
        while True:
            try:
                found.append(self._done.get_nowait())
                continue
            except Empty:
                if not wait or len(found) >= min(self._out, max(2 * self._size, 2 * self._out // 3)):
                    return found
            if found:
                left = until - monotonic()
            else:
                left, until = PATIENCE_SECONDS, 0.0
            try:
                found.append(self._done.get(timeout=max(left, 0.0)))
            except Empty:
                if found:
                    return found
                raise
            until = until or monotonic() + GATHER_SECONDS

    def _run(self) -> None:
        while (message := self._work.get()) is not None:
            message_id.set(message.id)
            try:
                self._done.put((message, send(self._senders, message)))
            except Exception as error:  # noqa: BLE001 - raised by the run, once the others are recorded
                self.errors.append(error)
                self._done.put((message, None))
