"""What the company keeps books with: its zone, and accounts that the sample of Intacct lacks."""

from zoneinfo import ZoneInfo

from tests.sandbox.intacct import IntacctCompany, add_account

# Where the company's days begin and end.
COMPANY_ZONE = ZoneInfo("America/New_York")
# Gains and losses that Intacct books by itself when it converts currencies.
EXCHANGE_ACCOUNT = "7900"
# Account and bank account of each currency that Stripe settles in.
CLEARING = {"usd": ("1205", "STRIPE-USD"), "eur": ("1210", "STRIPE-EUR")}
# The ledger accounts of the company's own banks, by currency.
BANKS = {"usd": "1000", "eur": "1020"}

_NEW_ACCOUNTS = {
    "4040": "One-off sales",
    "6801": "Tax on Stripe's fees",
    "6803": "Stripe's bills",
    "6804": "Payout fees",
    "6811": "Dispute fees",
    "7910": "Currency conversion by Stripe",
}


def open_accounts(company: IntacctCompany) -> None:
    """Open the accounts that the company needs since it sells through Stripe."""
    for number, title in _NEW_ACCOUNTS.items():
        add_account(company, number, title)
    company.log.commit()
