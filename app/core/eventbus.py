"""Events inside the transaction: a publisher names what happened, listeners act in the same commit.

A listener's error propagates to the publisher and so rolls everything back: a business change
whose notices could not be queued did not happen. Events are small frozen dataclasses of ids.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")

_listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(event_type: type[E], listener: Callable[[E], None]) -> None:
    """Call `listener` with every event of exactly `event_type`; subscribing twice changes nothing."""
    if listener not in _listeners[event_type]:
        _listeners[event_type].append(listener)


def publish(event: object) -> None:
    """Tell every listener of this event's type, in the order they subscribed; their errors rise."""
    for listener in _listeners[type(event)]:
        listener(event)
