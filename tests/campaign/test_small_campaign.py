"""The campaign at a small size; `make soak` runs it with 20,000 messages and as many timers."""

from tests.campaign import course, plan

SEED = 6


def test_nothing_is_lost_or_doubled_while_machines_and_database_die() -> None:
    reckoning = course.run(plan.draw(plan.SMALL, SEED), morning_after=False)
    assert reckoning.faults == [], str(reckoning)
