"""Events inside the transaction: a publisher names what happened, listeners act in the same commit.

A listener's error propagates to the publisher and so rolls everything back: a business change
whose notices could not be queued is undone too. Events are small frozen dataclasses of ids.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

E = TypeVar("E")
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)
_gathered: ContextVar[dict[Callable[[list[Any]], None], list[Any]] | None] = ContextVar(
    "gathered", default=None
)
_known: ContextVar[dict[tuple[Callable[[Any], Any], Any], Any] | None] = ContextVar("known", default=None)


def subscribe(event_type: type[E], listener: Callable[[E], None]) -> None:
    """Call `listener` with every event of exactly `event_type`; subscribing twice changes nothing."""
    if listener not in _listeners[event_type]:
        _listeners[event_type].append(listener)


def publish(event: object) -> None:
    """Call every listener of this event's type, in the order of subscription; their errors propagate."""
    for listener in _listeners[type(event)]:
        listener(event)


@contextmanager
def together() -> Iterator[None]:
    """Publish many events in this block; what their listeners collect is written once, at its end.

    A block inside another belongs to the outer one. An error in the block drops what was collected.
    """
    if _gathered.get() is not None:
        yield
        return
    waiting: dict[Callable[[list[Any]], None], list[Any]] = {}
    token, known = _gathered.set(waiting), _known.set({})
    try:
        yield
        for write, items in waiting.items():
            if items:
                write(items)
    finally:
        _gathered.reset(token)
        _known.reset(known)


def once(ask: Callable[[K], T], key: K) -> T:
    """The result of `ask(key)`, computed once in a block of `together` for all listeners.

    The events of a block are published after everything they refer to was written, so a result stays valid
    until the block's end. Outside a block, or when `ask` raises, nothing is kept.
    """
    known = _known.get()
    if known is None:
        return ask(key)
    asked = (ask, key)
    if asked not in known:
        known[asked] = ask(key)
    answer: T = known[asked]
    return answer


def gathered(write: Callable[[list[T]], None]) -> list[T] | None:
    """The list of items that `write` will get at the end of this block, to be appended to; None outside."""
    waiting = _gathered.get()
    return None if waiting is None else waiting.setdefault(write, [])
