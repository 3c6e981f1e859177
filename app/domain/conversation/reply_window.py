"""WeChat's window for 客服消息: how long it is open, and how many sends are left in it."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.conversation.rules import WindowRules


@dataclass(frozen=True, slots=True)
class Opened:
    """What opened the window of one person: their last message or entering the chat, and the sends since."""

    wrote_at: datetime | None = None
    sends_since_writing: int = 0
    entered_at: datetime | None = None
    sends_since_entry: int = 0


@dataclass(frozen=True, slots=True)
class ReplyWindow:
    """A window as the manager sees it: a countdown to `closes_at`, and the sends left."""

    closes_at: datetime
    left: int

    def is_open(self, now: datetime) -> bool:
        """Whether one more message would be let through at `now`."""
        return self.left > 0 and now < self.closes_at


def window(rules: WindowRules, opened: Opened, now: datetime, *, queued: int = 0) -> ReplyWindow | None:
    """The better of the windows that a person's acts opened; None when none is open at `now`.

    `queued` sends are on their way and count as made. A message opens the long window, and what was sent in
    the short one after entering does not count in it.
    """
    candidates = []
    if opened.wrote_at is not None:
        closes = opened.wrote_at + rules.message.within
        candidates.append(ReplyWindow(closes, rules.message.sends - opened.sends_since_writing - queued))
    if opened.entered_at is not None:
        closes = opened.entered_at + rules.entry.within
        candidates.append(ReplyWindow(closes, rules.entry.sends - opened.sends_since_entry - queued))
    usable = [candidate for candidate in candidates if candidate.is_open(now)]
    return max(usable, key=lambda candidate: candidate.closes_at, default=None)
