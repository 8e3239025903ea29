"""What follows the sales of the month: credits, write-offs, disputes, payouts, Stripe's bills.

Every chapter serves customers of `tests.sandbox.scenario` with invoices of its own.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

from tests.sandbox.stripe.amounts import share
from tests.sandbox.stripe.payments import ChargeSpec
from tests.sandbox.stripe.specs import CreditLineSpec, CreditNoteSpec, LineSpec
from tests.sandbox.trade import DAY_SECONDS, Trade

HOUR_SECONDS = 3_600
_SALES_TAX_PERCENT = Fraction("8.875")


class Aftermath:
    """The chapters, in order. `sales_tax` is Stripe's id of the tax rate."""

    def __init__(self, trade: Trade, sales_tax: str) -> None:
        self._trade = trade
        self._account = trade.account
        self._sales_tax = sales_tax

    def chapters(self) -> Mapping[str, Callable[[], None]]:
        """Return the chapters by title."""
        return {
            "Credit notes: before payment, after it, mixed, out of band, voided": (
                self.credit_notes
            ),
            "Credit: granted by hand, used, overpaid, given back by a void": self.credit_balance,
            "Written off: one for good, one paid after all, one voided": self.written_off,
            "Sales without an invoice: at once, captured in part, refunded": self.sales,
            "Bank debits: one takes days, one is refused": self.bank_debits,
            "Disputes: lost, won, only an inquiry, and one in euros": self.disputes,
            "Stripe bills its own services and holds a reserve for a while": self.stripes_bills,
            "Payouts: to the bank, back from it, cancelled, instant; and a top-up": self.payouts,
        }

    def credit_notes(self) -> None:
        """Every way in which a credit note can reduce, give back, or come to nothing."""
        credit = self._credit
        credit(self._sold("credited before payment"), 8_000)
        paid = self._paid_for("credited after payment")
        credit(paid, 4_000, refund_minor=with_tax(4_000))
        credit(paid, 4_000, refund_minor=with_tax(4_000))
        mixed = self._sold("credited in the middle")
        self._trade.paid(mixed, 15_000, pause_seconds=HOUR_SECONDS)
        given_back = with_tax(8_000) - (with_tax(20_000) - 15_000)
        credit(mixed, 8_000, credit_minor=given_back)
        credit(self._paid_for("credited in cash"), 8_000, out_of_band_minor=with_tax(8_000))
        refunded = self._paid_for("credited after its refund")
        refund = self._account.refund(self._trade.charges["credited after its refund"], 8_710)
        self._trade.refunds["of a later credit note"] = refund["id"]
        credit(refunded, 8_000, refunds=(refund["id"],))
        self._account.void_credit_note(credit(self._sold("credited by mistake"), 8_000))

    def credit_balance(self) -> None:
        """A customer's credit comes and goes without any event of its own."""
        bistro = self._trade.customers["bistro"]
        self._account.adjust_customer_balance(bistro, -5_000, description="Goodwill")
        self._sold("paid by credit alone", "bistro", 3_000)
        partly = self._sold("paid by credit in part", "bistro", 10_000)
        self._trade.paid(partly, pause_seconds=HOUR_SECONDS)
        overpaid = self._sold("overpaid", "bistro", 6_000)
        self._trade.paid(overpaid, with_tax(6_000) + 700, pause_seconds=HOUR_SECONDS)
        self._account.void_invoice(self._sold("voided with credit in it", "bistro", 9_000))

    def written_off(self) -> None:
        """What was given up may still be paid, or be voided."""
        for name in ("given up", "given up, then paid", "given up, then voided"):
            self._account.mark_uncollectible(self._sold(name, "harbor"))
        self._pass_hour()
        late = self._trade.invoices["given up, then paid"]
        self._trade.paid(late, pause_seconds=HOUR_SECONDS)
        self._account.void_invoice(self._trade.invoices["given up, then voided"])

    def sales(self) -> None:
        """Money that nobody was invoiced for."""
        acme = self._trade.customers["acme"]
        self._sale("over the counter", ChargeSpec(5_000, customer=acme, description="Workshop"))
        self._sale("to nobody known", ChargeSpec(2_400, description="Book"))
        self._sale("authorised", ChargeSpec(9_000, customer=acme, capture=False))
        self._account.capture_charge(self._trade.charges["authorised"], 6_500)
        part = self._account.refund(self._trade.charges["to nobody known"], 900)
        self._trade.refunds["of a sale"] = part["id"]

    def bank_debits(self) -> None:
        """Payments that are pending for days; the refused one is then paid by card."""
        arrives, refused = (self._sold(name) for name in ("debited", "debit refused"))
        pending = [self._account.start_payment(each)["id"] for each in (arrives, refused)]
        self._trade.pass_time(DAY_SECONDS)
        self._account.finish_charge(pending[0])
        self._account.reject_charge(pending[1])
        self._trade.paid(refused, pause_seconds=HOUR_SECONDS)

    def disputes(self) -> None:
        """Funds that are withdrawn, for good or not; both fees; an inquiry that moves nothing."""
        account = self._account
        for name, won in (("disputed and lost", False), ("disputed and won", True)):
            self._paid_for(name)
            dispute = account.create_dispute(self._trade.charges[name])["id"]
            account.withdraw_dispute_funds(dispute)
            self._pass_hour()
            account.submit_dispute_evidence(dispute)
            self._pass_hour()
            if won:
                account.reinstate_dispute_funds(dispute)
            account.close_dispute(dispute, won=won)
        charge = self._trade.charges["disputed and won"]
        inquiry = account.create_dispute(charge, inquiry=True)["id"]
        account.close_dispute(inquiry, won=True)
        in_euros = account.create_dispute(self._trade.charges["euros"], 15_000)["id"]
        account.withdraw_dispute_funds(in_euros)

    def stripes_bills(self) -> None:
        """Movements that have no object behind them."""
        self._pass_hour()
        bill = self._account.adjust_balance
        bill(-1_250, kind="stripe_fee", reporting_category="fee", description="Billing usage fee")
        bill(-237, kind="tax_fee", reporting_category="tax", description="Tax on Stripe's fees")
        bill(-2_000, kind="reserve_hold", reporting_category="risk_reserved_funds")
        self._pass_hour()
        bill(1_500, kind="reserve_release", reporting_category="risk_reserved_funds")

    def payouts(self) -> None:
        """Money leaves for the bank, comes back, and comes in from the bank."""
        account = self._account
        self._trade.pass_time(2 * DAY_SECONDS)
        dollars, euros = (
            account.create_payout(currency=currency)["id"] for currency in ("usd", "eur")
        )
        for payout in (dollars, euros):
            account.pay_payout(payout)
            account.reconcile_payout(payout)
        self._pass_hour()
        account.fail_payout(euros)
        account.succeed_topup(account.create_topup(30_000)["id"])
        account.cancel_payout(account.create_payout(amount_minor=10_000)["id"])
        self._pass_hour()
        account.pay_payout(account.create_payout(amount_minor=5_000, instant=True)["id"])

    def _sold(self, name: str, customer: str = "acme", amount_minor: int = 20_000) -> str:
        """Finalise a taxed invoice of one line."""
        metadata = {"revenue_category": "subscriptions"}
        line = LineSpec(name.capitalize(), amount_minor=amount_minor, metadata=metadata)
        return self._trade.invoice(
            name, customer, (line,), tax_rates=(self._sales_tax,), pause_seconds=HOUR_SECONDS
        )

    def _paid_for(self, name: str) -> str:
        invoice = self._sold(name)
        self._trade.charges[name] = self._trade.paid(invoice, pause_seconds=HOUR_SECONDS)
        return invoice

    def _credit(
        self,
        invoice: str,
        amount_minor: int,
        *,
        refund_minor: int = 0,
        refunds: tuple[str, ...] = (),
        credit_minor: int = 0,
        out_of_band_minor: int = 0,
    ) -> str:
        """Credit a part of an invoice's line, with its tax."""
        self._pass_hour()
        line = self._account.retrieve("invoice", invoice)["lines"]["data"][0]["id"]
        note = self._account.create_credit_note(
            CreditNoteSpec(
                invoice,
                (CreditLineSpec(line, amount_minor),),
                refund_minor=refund_minor,
                refunds=refunds,
                credit_minor=credit_minor,
                out_of_band_minor=out_of_band_minor,
            )
        )
        return str(note["id"])

    def _sale(self, name: str, spec: ChargeSpec) -> None:
        self._pass_hour()
        self._trade.charges[name] = self._account.charge(spec)["id"]

    def _pass_hour(self) -> None:
        self._trade.pass_time(HOUR_SECONDS)


def with_tax(amount_minor: int) -> int:
    """Return an amount with the sales tax on it."""
    return amount_minor + share(amount_minor, _SALES_TAX_PERCENT)
