"""Does Intacct agree with Stripe, to the cent? Judged from the two ledgers alone.

Nothing of Tieout's own code is used: Stripe's figures come from the account's history, Intacct's
from its general ledger and its AR subledger.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.sandbox.intacct import reports
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.stripe.account import StripeAccount

RECEIVABLES_ACCOUNT = "1100"
CLEARING_ACCOUNTS: Mapping[str, str] = {"usd": "1200", "eur": "1210"}
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Check:
    """One comparison of the tie-out.

    Attributes:
        stripe, intacct: the two amounts in the major unit of `currency`.
    """

    name: str
    currency: str
    stripe: Decimal
    intacct: Decimal

    @property
    def agrees(self) -> bool:
        """Whether there is no residual."""
        return self.stripe == self.intacct


def tie_out(account: StripeAccount, company: IntacctCompany) -> list[Check]:
    """Compare trial balance, receivables and clearing; every check must agree.

    Both currencies of the scenario have two decimals.
    """
    return [
        _trial_balance(company),
        *_open_invoices(account, company),
        _subledger(company),
        *_clearing(account, company),
    ]


def open_invoices_in_stripe(account: StripeAccount) -> dict[tuple[str, str], Decimal]:
    """Return what remains on each open invoice, by invoice number and currency."""
    with account.lock:
        return {
            (invoice["number"], invoice["currency"]): _major(invoice["amount_remaining"])
            for invoice in account.store.all("invoice")
            if invoice["status"] == "open" and invoice["amount_remaining"]
        }


def open_invoices_in_intacct(company: IntacctCompany) -> dict[tuple[str, str], Decimal]:
    """Return what is due on each open item of the AR subledger, by number and currency."""
    return {(item.number, item.currency.lower()): item.due for item in reports.aging_items(company)}


def _trial_balance(company: IntacctCompany) -> Check:
    residual = sum((row.balance for row in reports.trial_balance(company)), _ZERO)
    return Check("trial balance: debits less credits", "usd", _ZERO, residual)


def _open_invoices(account: StripeAccount, company: IntacctCompany) -> list[Check]:
    stripe, intacct = open_invoices_in_stripe(account), open_invoices_in_intacct(company)
    return [
        Check(
            f"AR: invoice {number}",
            currency,
            stripe.get((number, currency), _ZERO),
            intacct.get((number, currency), _ZERO),
        )
        for number, currency in sorted(stripe.keys() | intacct.keys())
    ]


def _subledger(company: IntacctCompany) -> Check:
    subledger = sum((item.due_base for item in reports.aging_items(company)), _ZERO)
    control = reports.account_balance(company, RECEIVABLES_ACCOUNT)
    return Check("AR subledger against its control account", "usd", subledger, control)


def _clearing(account: StripeAccount, company: IntacctCompany) -> list[Check]:
    stripe = defaultdict(int, account.balance_before_fees())
    checks = []
    for currency, account_no in CLEARING_ACCOUNTS.items():
        balances = reports.account_balance_by_currency(company, account_no)
        checks.append(
            Check(
                f"clearing account {account_no} against Stripe's balance before fees",
                currency,
                _major(stripe[currency]),
                balances.get(currency.upper(), _ZERO),
            )
        )
    return checks


def _major(amount_minor: int) -> Decimal:
    return Decimal(amount_minor).scaleb(-2)
