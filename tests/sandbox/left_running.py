"""What is left to try when `make run KEEP=1` has told its story: where all is, what to type.

One invoice is parked for whoever watches, with all that it takes to get it booked.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.sandbox.aws.emulator import ROOT
from tests.sandbox.chart import CLEARING, COMPANY_ZONE
from tests.sandbox.intacct import reports, sample
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.gateway import ENDPOINT_PATH
from tests.sandbox.policy import Additions, mended_policy
from tests.sandbox.product import Running
from tests.sandbox.scenario import UNKNOWN_CATEGORY, Month
from tests.sandbox.story import Story, table
from tests.sandbox.stripe.account import StripeAccount
from tieout.store.policies import POLICY_AGE_SECONDS_MAX

# The last line of the guide: from here on nothing happens by itself.
LAST_LINE = "Ctrl-C stops everything."
_TIEOUT = ".venv/bin/tieout"


def leave_one_parked(running: Running, month: Month, directory: Path) -> Path:
    """Let an invoice be parked; return the file of the policy with which it could be booked."""
    month.one_to_solve()
    running.settle()
    path = directory / f"policy-with-{UNKNOWN_CATEGORY}.yaml"
    additions = Additions(categories={UNKNOWN_CATEGORY: "4020"})
    path.write_text(mended_policy(month.catalog, additions), encoding="utf-8")
    return path


def tell(running: Running, month: Month, policy: Path, story: Story) -> None:
    """Print where everything is, and commands to copy that act on what is really there."""
    story.show(f"All that follows is for another terminal, in {ROOT}.")
    story.show("\n" + table(("what", "where"), _places(running)))
    exports = (f"  export {name}={value}" for name, value in running.access.items())
    story.show("\nFirst, so that the commands find the stack:\n\n" + "\n".join(exports))
    for title, commands in _commands(running, month, policy).items():
        story.show(f"\n{title}\n\n" + "\n".join(f"  {each}" for each in commands))
    story.show("\n" + _balances(running.account, running.company))
    story.show(f"\n{LAST_LINE}")


def _places(running: Running) -> Iterator[tuple[str, str]]:
    user = f"company {sample.COMPANY_ID}, user {sample.USER_ID} / {sample.USER_PASSWORD}"
    yield "Tieout's webhook", running.stack.webhook_url
    yield "Stripe's API", f"{running.stripe_url}/v1/"
    yield "    key", running.account.options.api_keys[0].value
    yield "Intacct's gateway", f"{running.intacct_url}{ENDPOINT_PATH}"
    yield "    sender", f"{sample.SENDER_ID} / {sample.SENDER_PASSWORD}"
    yield "    user", user
    yield "AWS", running.aws.endpoint_url


def _commands(running: Running, month: Month, policy: Path) -> Mapping[str, tuple[str, ...]]:
    stack = f"--stack {running.stack.name}"
    parked = f"invoice/{month.invoices[UNKNOWN_CATEGORY]}"
    invoice = month.invoices["discounted"]
    day = _day_of(running.account, invoice)
    shown = policy.relative_to(ROOT) if policy.is_relative_to(ROOT) else policy
    stripe, intacct = f"{running.stripe_url}/_double", f"{running.intacct_url}/_double"
    return {
        "What does a person have to look at? An invoice of a category that no policy names:": (
            f"{_TIEOUT} parked {stack}",
        ),
        "Get it booked: publish a policy that names the category, and after "
        f"{POLICY_AGE_SECONDS_MAX} seconds retry:": (
            f"{_TIEOUT} policy publish {shown} {stack}",
            f"{_TIEOUT} retry {parked} {stack}",
            f"{_TIEOUT} show {parked} {stack}",
        ),
        "What would be posted for an invoice, why, and how does it differ from what is posted?": (
            f"{_TIEOUT} plan {invoice} {stack}",
        ),
        "What happened to it, has anybody touched it, and is its day posted as Stripe says now?": (
            f"{_TIEOUT} trace {invoice} {stack}",
            f"{_TIEOUT} verify {stack}",
            f"{_TIEOUT} replay --from {day} --to {day} {stack}",
        ),
        "Let somebody sign up; Stripe's double delivers its webhooks when told to:": (
            f'curl -d \'{{"name": "Newcomer Ltd"}}\' {stripe}/actions/create_customer',
            f"curl -X POST {stripe}/deliver",
        ),
        "Look into both ledgers; Stripe counts in cents:": (
            f"curl {stripe}/balance",
            f"curl {intacct}/reports/trial-balance",
            f"curl '{intacct}/reports/ledger?account={CLEARING['eur'][0]}'",
        ),
    }


def _day_of(account: StripeAccount, invoice: str) -> date:
    created_unix = account.retrieve("invoice", invoice)["created"]
    return datetime.fromtimestamp(created_unix, COMPANY_ZONE).date()


def _balances(account: StripeAccount, company: IntacctCompany) -> str:
    """Print both sides of each clearing account in its own currency."""
    stripe = account.balance_after_fees()
    rows = []
    for currency, (account_no, _) in CLEARING.items():
        there = Decimal(stripe.get(currency, 0)).scaleb(-2)
        booked = reports.account_balance_by_currency(company, account_no)
        here = booked.get(currency.upper(), Decimal(0))
        rows.append((account_no, currency, f"{there:,.2f}", f"{here:,.2f}", f"{here - there:,.2f}"))
    figures = ("Stripe, after fees", "Intacct", "difference")
    return (
        "The trial balance is in dollars; in its own currency each clearing account has:\n\n"
        + table(("account", "currency", *figures), rows, to_the_right=figures)
    )
