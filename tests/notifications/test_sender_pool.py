"""The pool of sending threads: when it hands back what came of the messages."""

from queue import Empty, SimpleQueue
from typing import Any

import pytest

from notifications.dispatch.sender_pool import Workers


class Finished(SimpleQueue):  # type: ignore[type-arg]
    """Outcomes that are there already; whoever waits for more would wait in vain."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return super().get_nowait()
        except Empty:
            pytest.fail("waited although nothing more is out")


@pytest.mark.parametrize("many", [1, 3, 40])
def test_nobody_waits_for_more_once_everything_has_come_back(many: int) -> None:
    workers = Workers({}, size=16)
    workers._done = Finished()
    workers._out = many
    for each in range(many):
        workers._done.put((each, None))

    assert len(workers.back(wait=True)) == many
    assert workers._out == 0
