"""The line that repeats a history, and the history that such a line means."""

import argparse
import dataclasses

from tests.simulation.faults import Faults, Occurrence
from tests.simulation.world import Plan

_NONE = "none"


def command_of(plan: Plan) -> str:
    """Return the command that plays a history again, in one line.

    Args:
        plan: as it was drawn from its seed, or with less in it.
    """
    drawn = Plan.of(plan.seed, plan.events)
    parts = [f"make simulate SEED={plan.seed} EVENTS={plan.events}"]
    if plan.storms != drawn.storms:
        parts.append(f"STORMS={plan.storms}")
    if plan.faults != drawn.faults:
        parts.append(f"ONLY={','.join(plan.faults.kinds) or _NONE}")
    if plan.spared:
        spared = ",".join(f"{kind}:{number}" for kind, number in sorted(plan.spared))
        parts.append(f"SPARE={spared}")
    return " ".join(parts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Have a command line understand what a history is made of."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--storms", type=int, help="how often it storms; calm comes after each")
    parser.add_argument("--only", type=_kinds, help=f"the kinds of faults that strike, or {_NONE}")
    parser.add_argument(
        "--spare", type=_occurrences, default=frozenset(), help="strikes that do not: kind:number"
    )


def plan_of(seed: int, asked: argparse.Namespace) -> Plan:
    """Return the history of a seed with what a command line leaves in it."""
    plan = dataclasses.replace(Plan.of(seed, asked.events), spared=asked.spare)
    if asked.storms is not None:
        plan = dataclasses.replace(plan, storms=asked.storms)
    if asked.only is not None:
        on = {kind: getattr(plan.faults, kind) for kind in asked.only}
        plan = dataclasses.replace(plan, faults=Faults(**on))
    return plan


def _kinds(text: str) -> frozenset[str]:
    kinds = frozenset(text.split(",")) - {_NONE}
    unknown = kinds - {each.name for each in dataclasses.fields(Faults)}
    if unknown:
        raise argparse.ArgumentTypeError(f"no kind of faults: {', '.join(sorted(unknown))}")
    return kinds


def _occurrences(text: str) -> frozenset[Occurrence]:
    pairs = (each.partition(":") for each in text.split(","))
    return frozenset((kind, int(number)) for kind, _, number in pairs)
