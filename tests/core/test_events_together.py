"""Events published together: what listeners gather is written once, at the end, or not at all."""

import pytest

from app.core import eventbus


class Listener:
    def __init__(self) -> None:
        self.written: list[list[int]] = []

    def write(self, items: list[int]) -> None:
        self.written.append(list(items))

    def hear(self, item: int) -> None:
        waiting = eventbus.gathered(self.write)
        if waiting is None:
            self.write([item])
        else:
            waiting.append(item)


def test_outside_of_a_block_each_is_written_by_itself() -> None:
    listener = Listener()
    listener.hear(1)
    listener.hear(2)
    assert listener.written == [[1], [2]]


def test_in_a_block_all_are_written_at_the_end_of_the_outermost() -> None:
    listener = Listener()
    with eventbus.together():
        listener.hear(1)
        with eventbus.together():
            listener.hear(2)
        assert listener.written == []
    assert listener.written == [[1, 2]]


def test_an_error_drops_what_was_gathered_and_the_next_block_starts_empty() -> None:
    listener = Listener()

    def fail_half_way() -> None:
        with eventbus.together():
            listener.hear(1)
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it carries nothing else
        fail_half_way()
    with eventbus.together():
        listener.hear(2)
    assert listener.written == [[2]]


def test_to_ask_what_was_gathered_writes_nothing() -> None:
    listener = Listener()
    with eventbus.together():
        assert eventbus.gathered(listener.write) == []
    assert listener.written == []
