"""The campaign at a small size; `make soak` runs it with 20,000 messages and as many timers."""

from tests.campaign import plan, run_campaign

SEED = 6


def test_nothing_is_lost_or_doubled_while_machines_and_database_die() -> None:
    results = run_campaign.run(plan.draw(plan.SMALL, SEED), morning_after=False)
    assert results.faults == [], str(results)
