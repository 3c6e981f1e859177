"""No garbage is searched for while a process starts, and it is again afterwards, whatever happened."""

import gc

import pytest

from app.core.process_start import without_garbage_collection


def _fail() -> None:
    searched = gc.isenabled()
    raise LookupError(searched)


def test_the_search_for_garbage_goes_on_after_the_block() -> None:
    with pytest.raises(LookupError, match="False"), without_garbage_collection():
        _fail()
    assert gc.isenabled()
    # What this test process has made so far is its own to search, as before.
    gc.unfreeze()
