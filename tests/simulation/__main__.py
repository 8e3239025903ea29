"""Play one history, or many one after the other, and tell what came of it.

make simulate SEED=7 EVENTS=1000
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from tests.simulation.shrinking import Outcome, outcome_of, shortened
from tests.simulation.world import Plan


def main(arguments: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Return 0 only if nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from the first on")
    parser.add_argument("--as-it-is", action="store_true", help="do not look for a shorter one")
    asked = parser.parse_args(arguments)
    started, totals, wrong = time.process_time(), Counter[str](), 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        found = outcome_of(Plan.of(seed, asked.events))
        totals.update(events=found.events, faults=found.struck.total())
        totals.update(deliveries=found.deliveries, histories=1)
        if asked.seeds == 1 or found.wrong:
            _tell(found, out)
        if found.wrong:
            wrong += 1
            print(f"repeat it: make simulate SEED={seed} EVENTS={asked.events}", file=out)
            if not asked.as_it_is:
                print("looking for a shorter history ...", file=out, flush=True)
                _tell(shortened(found, lambda said: print(f"  {said}", file=out, flush=True)), out)
    told = ", ".join(f"{totals[each]:,} {each}" for each in ("histories", "events", "faults"))
    seconds = time.process_time() - started
    print(f"{told}, {totals['deliveries']:,} deliveries, {seconds:.0f} s: {wrong} wrong", file=out)
    return 1 if wrong else 0


def _tell(found: Outcome, out: TextIO) -> None:
    plan = found.plan
    print(f"seed {plan.seed}: {found.events} events, story {found.story}", file=out)
    for kind, times in sorted(found.struck.items()):
        print(f"  {kind:24} struck {times:4} times", file=out)
    if plan.spared:
        spared = ", ".join(f"{kind} {number}" for kind, number in sorted(plan.spared))
        print(f"  without these strikes: {spared}", file=out)
    print(f"WRONG: {found.wrong}" if found.wrong else "nothing is wrong", file=out, flush=True)


if __name__ == "__main__":
    sys.exit(main())
