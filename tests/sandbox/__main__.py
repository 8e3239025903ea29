"""`make run`: deploy the product on this machine, play a month of a small business, tie out.

The exit code is 0 only if every comparison of the tie-out agrees.
"""

import argparse
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from tests.sandbox.aftermath import Aftermath
from tests.sandbox.aws.emulator import ROOT
from tests.sandbox.chart import COMPANY_ZONE
from tests.sandbox.intacct import reports
from tests.sandbox.left_running import leave_one_parked, tell
from tests.sandbox.policy import chart_of, first_policy, mended_policy
from tests.sandbox.product import DIRECTORY, Product, Running
from tests.sandbox.scenario import Month, set_up_catalog
from tests.sandbox.story import (
    Story,
    cost_text,
    counted,
    table,
    tie_out_text,
    verdict,
    write_ledgers,
)
from tests.sandbox.tie_out import tie_out
from tests.sandbox.trade import DAY_SECONDS
from tieout.store.policies import POLICY_AGE_SECONDS_MAX

QUEUE_TIMEOUT_SECONDS = 180


def main(arguments: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Play the story; the exit code says whether the books tie out."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="for builds and logs")
    options = parser.parse_args(arguments)
    story = Story(out)
    story.show(
        "Tieout on one machine: the real AWS stack between a double of Stripe and one of Intacct."
        "\nIt takes about two minutes. Chapter 7 is the proof: every figure from both sides."
    )
    story.chapter("1. The stack: the real template, built and deployed onto an embedded AWS")
    with Product(say=story.say, directory=options.directory) as running:
        month = Month(running.account, set_up_catalog(running.account))
        exit_code = _play(running, month, story)
        ledgers = write_ledgers(running.company, options.directory / "ledgers")
        _what_next(running, story, ledgers)
        if options.keep:
            _stay(running, month, options.directory, story)
        else:
            story.show("The same, left running:     make run KEEP=1")
    return exit_code


def _play(running: Running, month: Month, story: Story) -> int:
    """Let the business happen and Tieout book it; return the verdict as an exit code."""
    running.publish_policy(first_policy(month.catalog))
    story.say("Policy published; one product is missing from it, on purpose")
    asked = running.gateway.counters.lookups
    story.chapter("2. A month of business; webhooks come twice, late and out of order")
    aftermath = Aftermath(month, month.catalog.sales_tax)
    for title, play in {**month.chapters(), **aftermath.chapters()}.items():
        play()
        accepted = sum(attempt.accepted for attempt in running.deliver())
        story.say(f"{title}: {counted(accepted, 'webhook')} delivered")
    running.stack.wait_until_idle(QUEUE_TIMEOUT_SECONDS)
    asked = running.gateway.counters.lookups - asked
    story.say(f"The queue is empty: all is booked or set aside, with {counted(asked, 'look-up')}")

    story.chapter("3. The webhook endpoint is down for an hour: the poller finds what it missed")
    _miss_an_hour(running, month, story)

    story.chapter("4. What could not be booked: fix the policy, redrive the dead-letter queue")
    _redrive(running, mended_policy(month.catalog), story)

    days = running.book_days()
    story.say(f"Fees and all else that moved the balance: booked for {counted(days, 'day')}")

    story.chapter("5. What Tieout posted, from its own records")
    story.show(_postings(running))

    story.chapter("6. The books in Intacct, in dollars; euros at Intacct's rate of the day")
    story.show(reports.trial_balance_text(running.company))
    story.show("\n" + reports.aging_text(running.company))

    story.chapter("7. The tie-out: worked out from Stripe's objects, read from Intacct's ledgers")
    checks = tie_out(running.account, running.company, chart_of(month.catalog))
    story.show(tie_out_text(checks))
    story.show("\n" + cost_text(running.gateway.counters))
    story.show("\nAnd what Tieout itself says of the last day, from Stripe's and Intacct's APIs:\n")
    # Late in the day the story ends on the day of now, which cannot be tied yet.
    yesterday = datetime.now(COMPANY_ZONE).date() - timedelta(days=1)
    last_day = min(datetime.fromtimestamp(running.clock.now(), COMPANY_ZONE).date(), yesterday)
    _operate(running, story, "tie-out", last_day.isoformat(), "--now")
    return verdict(checks, story.say)


def _miss_an_hour(running: Running, month: Month, story: Story) -> None:
    """Let business happen while nothing is delivered, then run the poller."""
    running.clock.set(int(time.time()) - 2 * DAY_SECONDS)
    down = running.account.endpoints.pop(running.endpoint.id)
    month.missed_hour()
    running.account.endpoints[down.id] = down
    story.say("An invoice was finalised and paid, and another refunded in part, unseen")
    running.stack.poll_now()
    running.stack.wait_until_idle(QUEUE_TIMEOUT_SECONDS)
    story.say("The poller queued what the inbox and the postings lacked; it is booked")


def _redrive(running: Running, policy: str, story: Story) -> None:
    _operate(running, story, "parked")
    dead = running.stack.dead_letter_queue().total
    running.publish_policy(policy)
    time.sleep(POLICY_AGE_SECONDS_MAX + 1)
    story.show("")
    waiting = f"{counted(dead, 'message')}, of which several may ask for one object"
    story.say(f"A policy that knows the product is published; to be redriven: {waiting}")
    _operate(running, story, "redrive")
    running.stack.wait_until_idle(QUEUE_TIMEOUT_SECONDS)
    _operate(running, story, "parked")


def _operate(running: Running, story: Story, *command: str) -> None:
    """Run a command of the operator and show it with what it prints.

    Raises:
        RuntimeError: it failed; the text is what it printed.
    """
    arguments = (*command, "--stack", running.stack.name)
    story.command("tieout", *arguments)
    done = running.tieout(*arguments)
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    story.show(done.stdout)


def _postings(running: Running) -> str:
    """Count the postings by what they are, how they stand, and why."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for item in running.stack.items("Postings"):
        kind = _kind(item)
        if not kind.endswith("/failure"):  # of a message, not of a document
            reason = item["reason"]["S"] if "reason" in item else ""
            counts[kind, item["state"]["S"], reason] += 1
    rows = [(*what, str(count)) for what, count in sorted(counts.items())]
    return table(("document", "state", "reason", "how many"), rows, to_the_right=("how many",))


def _kind(item: dict[str, Any]) -> str:
    """Return the kind of a posting: the key without the ids, such as `refund .../failed`."""
    kind, _, *more = item["key"]["S"].split("/")
    return "/".join([f"{kind} ...", *more])


def _what_next(running: Running, story: Story, ledgers: Sequence[Path]) -> None:
    story.chapter("What to look at next")
    home = ledgers[0].parent
    shown = home.relative_to(ROOT) if home.is_relative_to(ROOT) else home
    example, *others = ledgers
    story.show(
        f"The ledgers, line by line:  {shown}/ ({example.name} and {len(others)} others)\n"
        f"The functions' logs:        {running.aws.log_path}\n"
        "Why it is booked like this: docs/posting-rules.md; the policy: docs/policy.md\n"
        "The business that happened: tests/sandbox/scenario.py and aftermath.py"
    )


def _stay(running: Running, month: Month, directory: Path, story: Story) -> None:
    """Leave everything running, say what can be tried, and wait until told to stop."""
    story.chapter("8. Everything stays up, for you to try; one more invoice is parked for that")
    policy = leave_one_parked(running, month, directory)
    stop = threading.Event()
    # Set explicitly: a shell starts background jobs with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    tell(running, month, policy, story)
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
