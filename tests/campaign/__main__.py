"""`python -m tests.campaign [--small] [--seed N]`: the campaign at full size, and what became of it all."""

import argparse
import random
import sys

from demo.environment.stack import ended_by_signals
from tests.campaign import plan, run_campaign


def main() -> int:
    """Run one campaign; 1 when anything was not as it should be."""
    parser = argparse.ArgumentParser(prog="tests.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier campaign, to see it again")
    parser.add_argument("--small", action="store_true", help="the size that the suite runs")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    size = plan.SMALL if options.small else plan.FULL
    print(f"campaign, seed {seed}: {size.messages:,} messages, {size.timers:,} timers", flush=True)
    with ended_by_signals():
        results = run_campaign.run(plan.draw(size, seed), morning_after=not options.small)
    print(results)
    return 1 if results.faults else 0


if __name__ == "__main__":
    sys.exit(main())
