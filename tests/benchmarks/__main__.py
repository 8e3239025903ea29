"""Measure, print the table, fail if a target is missed: `python -m tests.benchmarks [NAME ...]`.

A benchmark is a function without arguments that returns figures; add it to `BENCHMARKS`, or to
`BY_NAME` if it takes so long that it must be asked for.
"""

import argparse
import sys
from collections.abc import Mapping
from functools import partial

from tests.benchmarks import (
    a_day,
    backlog,
    cold_import,
    cost,
    governor,
    growth,
    latency,
    memory,
    plan_and_encode,
    preview_range,
    steady_state,
    tables,
    throughput,
    webhook_warm_path,
)
from tests.benchmarks.figures import Benchmark, Figure, table

BENCHMARKS: Mapping[str, Benchmark] = {
    "steady-state": steady_state.figures,
    "backlog": backlog.figures,
    "throughput": throughput.figures,
    "latency": latency.figures,
    "governor": governor.figures,
    "growth": growth.figures,
    "cost": cost.figures,
    "a-day": a_day.figures,
    "plan-and-encode": plan_and_encode.figures,
    "tables": tables.figures,
    "preview": preview_range.figures,
    "cold-import": cold_import.figures,
    "memory": memory.figures,
    "webhook": webhook_warm_path.figures,
}
BY_NAME: Mapping[str, Benchmark] = {
    **BENCHMARKS,
    "growth-long": partial(growth.figures, growth.LONG),
}


def main() -> int:
    """Run the benchmarks named on the command line, or all that take minutes at most."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BY_NAME], metavar="NAME")
    names = parser.parse_args().names or list(BENCHMARKS)
    figures: list[Figure] = []
    for name in names:
        sys.stderr.write(f"measuring {name} ...\n")
        figures += BY_NAME[name]()
    sys.stdout.write(table(figures) + "\n")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
