"""Play one history, or many one after the other, and tell what came of it.

make simulate SEED=7 EVENTS=1000
"""

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import TextIO

from tests.simulation.repeating import add_arguments, command_of, plan_of
from tests.simulation.shrinking import Outcome, outcome_of, shortened
from tests.simulation.story import story_of


def main(arguments: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Return 0 only if nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from the first on")
    parser.add_argument("--as-it-is", action="store_true", help="do not look for a shorter one")
    asked = parser.parse_args(arguments)
    started, totals, wrong = time.process_time(), Counter[str](), 0
    for seed in range(asked.seed, asked.seed + asked.seeds):
        found = outcome_of(plan_of(seed, asked))
        totals.update(events=found.events, faults=found.struck.total())
        totals.update(deliveries=found.deliveries, histories=1)
        if asked.seeds == 1 or found.wrong:
            _tell(found, out)
        if found.wrong:
            wrong += 1
            _tell_shortest(found, out, is_asked=not asked.as_it_is)
    told = ", ".join(f"{totals[each]:,} {each}" for each in ("histories", "events", "faults"))
    seconds = time.process_time() - started
    print(f"{told}, {totals['deliveries']:,} deliveries, {seconds:.0f} s: {wrong} wrong", file=out)
    return 1 if wrong else 0


def _tell_shortest(found: Outcome, out: TextIO, *, is_asked: bool) -> None:
    """Tell the shortest history found, if that is asked for, and how to repeat it."""
    if is_asked:
        print(f"repeat it: {command_of(found.plan)}", file=out)
        print("looking for a shorter history ...", file=out, flush=True)
        found = shortened(found, lambda said: print(f"  {said}", file=out, flush=True))
        _tell(found, out)
    print(*story_of(found.plan), sep="\n", file=out)
    print(f"WRONG: {found.wrong}", file=out)
    print(f"repeat it: {command_of(found.plan)}", file=out, flush=True)


def _tell(found: Outcome, out: TextIO) -> None:
    plan = found.plan
    print(f"seed {plan.seed}: {found.events} events, story {found.story}", file=out)
    for kind, times in sorted(found.struck.items()):
        print(f"  {kind:24} struck {times:4} times", file=out)
    print(f"WRONG: {found.wrong}" if found.wrong else "nothing is wrong", file=out, flush=True)


if __name__ == "__main__":
    # So much goes wrong, and is meant to; the tests hear what is logged of it.
    logging.disable(logging.CRITICAL)
    sys.exit(main())
