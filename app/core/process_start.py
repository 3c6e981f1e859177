"""How a process imports and builds the application without a search for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Within this block Python searches for no garbage, and later never among what the block has made.

    Modules, models and routes live as long as the process. Python would search through them many times
    while they are made, a fifth of the processor time of a start, and again at every full search afterwards.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
