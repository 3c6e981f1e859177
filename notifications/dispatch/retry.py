"""When to try again, and when to stop; pure: attempt, instant and source of chance are passed in."""

from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

MOST_ATTEMPTS = 8
"""Sends on one channel before a message that meets transient faults only has failed: about two hours."""

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
_GROWTH = 4.0

# WeChat's quotas begin anew with its own day, wherever the server stands.
_WECHAT_ZONE = ZoneInfo("Asia/Shanghai")
_QUOTA_SPREAD = timedelta(minutes=30)


class Chance(Protocol):
    """A source of random numbers, such as `random.Random`."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...


def delay(attempt: int, chance: Chance) -> timedelta:
    """How long to wait after the `attempt`-th send (from 1) failed: growing, bounded, and spread by half.

    The spread keeps messages that failed together from coming back together.
    """
    # Beyond these the bound holds anyway, and the power would grow without need.
    growth = _GROWTH ** min(attempt - 1, MOST_ATTEMPTS)
    return min(FIRST_DELAY * growth, LONGEST_DELAY) * (1 - chance.random() / 2)


def exhausted(attempt: int) -> bool:
    """Whether the `attempt`-th send (from 1) was the last."""
    return attempt >= MOST_ATTEMPTS


def tomorrow(now: datetime, chance: Chance) -> datetime:
    """When WeChat's daily quota is there again: after China's next midnight, spread over half an hour."""
    day = now.astimezone(_WECHAT_ZONE).date() + timedelta(days=1)
    return datetime.combine(day, time(), _WECHAT_ZONE) + _QUOTA_SPREAD * chance.random()
