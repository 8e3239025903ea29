"""`make run`: deploy the product on this machine, play a month of a small business, tie out."""

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TextIO

from tests.sandbox.intacct import reports
from tests.sandbox.policy import first_policy, mended_policy
from tests.sandbox.product import DAY_SECONDS, Product, Running
from tests.sandbox.scenario import Month, set_up_catalog
from tests.sandbox.tie_out import CLEARING_ACCOUNTS, Check, tie_out
from tieout.store.policies import POLICY_AGE_SECONDS_MAX

_RULE = "-" * 100


class Story:
    """Prints what happens, with the seconds since the start in front."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = time.monotonic()

    def chapter(self, title: str) -> None:
        """Begin a new part."""
        self._print(f"\n{_RULE}\n{title}\n{_RULE}")

    def say(self, line: str) -> None:
        """Print one line of progress."""
        self._print(f"[{time.monotonic() - self._started:5.0f} s] {line}")

    def show(self, text: str) -> None:
        """Print a report."""
        self._print(text.rstrip())

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def main(out: TextIO = sys.stdout) -> int:
    """Play the story; the exit code says whether the books tie out."""
    story = Story(out)
    story.chapter("1. The stack: the real template, built and deployed onto an embedded AWS")
    with Product(say=story.say) as running:
        catalog = set_up_catalog(running.account)
        running.publish_policy(first_policy(catalog))
        story.say("Policy published; one product is missing from it, on purpose")
        month = Month(running.account, catalog)

        story.chapter("2. A month of business; webhooks come twice, late and out of order")
        for title, play in month.chapters().items():
            play()
            attempts = running.deliver()
            accepted = sum(attempt.accepted for attempt in attempts)
            story.say(f"{title}: {accepted} webhooks delivered")
        running.stack.wait_until_idle(timeout_seconds=180)
        story.say("The queue is empty")

        story.chapter(
            "3. The webhook endpoint is down for an hour: the poller finds what it missed"
        )
        _miss_an_hour(running, month, story.say)

        story.chapter("4. What could not be booked: fix the policy, redrive the dead-letter queue")
        _redrive(running, mended_policy(catalog), story)

        story.chapter("5. What was posted")
        story.show(_postings(running))

        story.chapter("6. The books in Intacct")
        story.show(reports.trial_balance_text(running.company))
        story.show("\n" + reports.aging_text(running.company))
        for account_no in CLEARING_ACCOUNTS.values():
            story.show("\n" + reports.account_ledger_text(running.company, account_no))

        story.chapter("7. The tie-out: Stripe on one side, Intacct on the other")
        checks = tie_out(running.account, running.company)
        story.show(_tie_out_text(checks))
        story.show(_cost(running))
        exit_code = _verdict(story, checks)

        story.chapter("8. What this version recognises but does not book yet")
        month.not_booked_yet()
        running.settle()
        story.show(_not_booked(running))
    return exit_code


def _miss_an_hour(running: Running, month: Month, say: Callable[[str], None]) -> None:
    """Let business happen while nothing is delivered, then run the poller."""
    running.clock.set(int(time.time()) - 2 * DAY_SECONDS)
    down = running.account.endpoints.pop(running.endpoint.id)
    month.missed_hour()
    running.account.endpoints[down.id] = down
    say("An invoice was finalised and paid, and another refunded in part, unseen")
    running.stack.poll_now()
    running.stack.wait_until_idle(timeout_seconds=120)
    say("The poller queued what the inbox and the postings lacked; it is booked")


def _redrive(running: Running, policy: str, story: Story) -> None:
    story.show(running.tieout("parked", "--stack", running.stack.name).stdout)
    dead = running.stack.dead_letter_queue().total
    story.say(f"{dead} messages in the dead-letter queue; the policy now knows the product")
    running.publish_policy(policy)
    time.sleep(POLICY_AGE_SECONDS_MAX + 1)
    story.show(running.tieout("redrive", "--stack", running.stack.name).stdout)
    running.stack.wait_until_idle(timeout_seconds=120)
    parked = running.tieout("parked", "--stack", running.stack.name).stdout
    story.say("After the redrive:")
    story.show(parked)


def _postings(running: Running) -> str:
    rows = sorted(
        (
            item["key"]["S"],
            item["state"]["S"],
            _amount(item),
            item.get("record_no", {}).get("S", ""),
        )
        for item in running.stack.items("Postings")
    )
    return _table(("document", "state", "amount", "Intacct"), rows)


def _not_booked(running: Running) -> str:
    rows = sorted(
        (item["key"]["S"], item["reason"]["S"], _amount(item), item["reason_text"]["S"])
        for item in running.stack.items("Postings")
        if item["state"]["S"] == "not_booked"
    )
    return _table(("recorded as", "reason", "amount", "text"), rows)


def _amount(item: dict[str, dict[str, str]]) -> str:
    if "amount_minor" not in item or "currency" not in item:
        return ""
    amount = Decimal(item["amount_minor"]["N"]).scaleb(-2)
    return f"{amount:,.2f} {item['currency']['S']}"


def _tie_out_text(checks: Iterable[Check]) -> str:
    rows = [
        (
            each.name,
            f"{each.stripe:,.2f} {each.currency}",
            f"{each.intacct:,.2f} {each.currency}",
            "agrees" if each.agrees else f"RESIDUAL {each.intacct - each.stripe:,.2f}",
        )
        for each in checks
    ]
    return _table(("check", "Stripe", "Intacct", ""), rows)


def _cost(running: Running) -> str:
    counters = running.gateway.counters.as_dict()
    return "\nIntacct's meter: " + ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in counters.items()
        if isinstance(value, int)
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _verdict(story: Story, checks: Sequence[Check]) -> int:
    residuals = [check for check in checks if not check.agrees]
    if residuals:
        story.say(f"{len(residuals)} of {len(checks)} checks leave a residual")
        return 1
    story.say(f"All {len(checks)} checks agree: the books tie out to the cent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
