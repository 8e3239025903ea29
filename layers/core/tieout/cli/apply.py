"""`tieout apply`: post exactly what was approved."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, NOT_READY, Progress, add_command, say
from tieout.cli.installation import LEASE_SECONDS, Installation
from tieout.cli.places import signature
from tieout.services.approval import Applied, Approval, Result
from tieout.services.operate import CannotBeDone
from tieout.services.plan_files import Header, Seal, approved, checked
from tieout.services.preview import Pinned

_MORE = """example:
  tieout plan --since 2026-10-01 --until 2026-10-31 --out october.plan --stack tieout-prod
  tieout apply october.plan --stack tieout-prod

Each object is read from Stripe and planned again. What still comes to what was approved is posted;
what does not is refused and listed, and nothing of it is posted. A file that was edited is refused
as a whole, and so is one that was made under another policy than the one in force.
Applying a plan twice posts nothing twice: interrupted, run it again.
exit codes: 0 all of it is posted, 1 some was refused or could not be posted."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    apply = add_command(commands, "apply", _apply, COMMANDS["apply"].summary, _MORE)
    apply.add_argument("file", type=Path, metavar="PLANFILE", help="from `tieout plan --out`")
    apply.add_argument("--stack", required=True, metavar="NAME", help="the installation it is for")


def _apply(options: argparse.Namespace) -> int:
    with _opened(options.file) as lines:
        header, seal = checked(lines)
    at = Installation(options.stack)
    policy = at.policies.current()
    _refuse_others(header, options.stack, policy.version)
    who = signature().who
    approval = Approval(
        at.stripe,
        at.ledger,
        at.postings,
        Pinned(policy.in_month(header.budget_reached), at.policies),
        at.clock,
        LEASE_SECONDS,
        transactions=at.meter,
        who=who,
        livemode=at.stack.livemode,
    )
    counts: Counter[Result] = Counter()
    posted, left, progress = 0, list[Applied](), Progress()
    with _opened(options.file) as lines:
        for each in approval.apply(approved(lines)):
            counts[each.result] += 1
            posted += each.documents
            if each.result in {Result.CHANGED, Result.NOT_POSTED}:
                left.append(each)
            progress.tell(f"{counts.total():,} of {seal.subjects:,} objects, {posted:,} posted")
    progress.done()
    _tell(options, seal, posted, counts, left)
    return NOT_READY if left else DONE


def _opened(path: Path) -> Any:  # noqa: ANN401 - a text stream
    try:
        # Whatever is no text is no plan either, and is said to be none.
        return path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CannotBeDone(f"{path}: {error.strerror}") from error


def _refuse_others(header: Header, stack: str, policy_version: str) -> None:
    if header.stack != stack:
        raise CannotBeDone(f"the plan is for the stack {header.stack!r}, not for {stack!r}")
    if header.policy_version != policy_version:
        raise CannotBeDone(
            f"the plan was made under policy {header.policy_version}, and {policy_version} is in "
            "force: nothing is posted; make a new plan, or publish that policy first"
        )


def _tell(
    options: argparse.Namespace,
    seal: Seal,
    posted: int,
    counts: Counter[Result],
    left: Sequence[Applied],
) -> None:
    if options.json:
        listed = [
            {"subject": str(each.subject), "result": each.result, "text": each.text}
            for each in left
        ]
        say(
            {
                "approved_subjects": seal.subjects,
                "posted_documents": posted,
                "subjects": {each: counts[each] for each in Result},
                "left": listed,
            }
        )
        return
    lines = [
        f"posted {posted:,} documents of {counts[Result.POSTED]:,} objects",
        f"posted before: {counts[Result.POSTED_BEFORE]:,} objects",
    ]
    for result, title in (
        (Result.CHANGED, "refused, changed since the plan was made"),
        (Result.NOT_POSTED, "could not be posted"),
    ):
        found = [each for each in left if each.result is result]
        if found:
            lines += [f"{title}: {len(found):,} objects"]
            lines += [f"  {each.subject}: {each.text}" for each in found]
    say("\n".join(lines))
