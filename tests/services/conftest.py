"""The case that tests of services begin with."""

from typing import Any

import pytest

from tests.world import World


@pytest.fixture
def case(world: World) -> Any:
    """Submitted on Friday 18 September 2026 at 09:00; Sunday the 20th is a make-up workday."""
    return world.submitted(world.log_in("o_customer", "13800000001"))
