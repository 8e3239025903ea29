"""Doing business on the Stripe double: time passes, and what was sold is remembered by name."""

from typing import Any

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import SteppedClock
from tests.sandbox.stripe.specs import InvoiceSpec, LineSpec

JsonObject = dict[str, Any]
PAUSE_SECONDS = 4 * 3_600
DAY_SECONDS = 86_400


class Trade:
    """What a company has done so far; chapters of its story go on from here."""

    def __init__(self, account: StripeAccount) -> None:
        self.account = account
        self.customers: dict[str, str] = {}
        self.invoices: dict[str, str] = {}
        self.charges: dict[str, str] = {}
        self.refunds: dict[str, str] = {}

    def invoice(
        self,
        name: str,
        customer: str,
        lines: tuple[LineSpec, ...],
        *,
        pause_seconds: int = PAUSE_SECONDS,
        **more: Any,  # noqa: ANN401
    ) -> str:
        """Finalise an invoice, remember it by name, and return its id."""
        self.pass_time(pause_seconds)
        spec = InvoiceSpec(customer=self.customers[customer], lines=lines, **more)
        invoice = self.account.create_invoice(spec)
        self.account.finalize_invoice(invoice["id"])
        self.invoices[name] = invoice["id"]
        return str(invoice["id"])

    def paid(
        self, invoice: str, amount_minor: int | None = None, *, pause_seconds: int = PAUSE_SECONDS
    ) -> str:
        """Pay an invoice by card, by default all of it, and return the charge."""
        self.clock.advance(pause_seconds)
        return self.charge_of(self.account.pay_invoice(invoice, amount_minor))

    def charge_of(self, payment: JsonObject) -> str:
        """Return the charge behind an InvoicePayment."""
        intent = self.account.store.get("payment_intent", payment["payment"]["payment_intent"])
        return str(intent["latest_charge"])

    def pass_time(self, seconds: int = PAUSE_SECONDS) -> None:
        """Let the company do something else for a while."""
        self.clock.advance(seconds)

    @property
    def clock(self) -> SteppedClock:
        """The time of the business."""
        clock = self.account.clock
        assert isinstance(clock, SteppedClock), "a story needs a clock that it can move"
        return clock
