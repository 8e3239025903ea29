"""Business actions that bring money in: invoice payments, charges without an invoice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.invoices import InvoiceActions
from tests.sandbox.stripe.json_types import JsonObject, copied
from tests.sandbox.stripe.payment_shapes import (
    blank_charge,
    blank_intent,
    invoice_payment,
    payment_record,
)
from tests.sandbox.stripe.settling import SettlingActions

_DECLINED = ("card_declined", "Your card was declined.")
_PAYABLE = ("open", "uncollectible")


@dataclass(frozen=True)
class ChargeSpec:
    """A charge without an invoice. ``capture=False`` only authorises it.

    ``application_fee_minor`` is what the platform keeps that we are connected to.
    """

    amount_minor: int
    currency: str = "usd"
    customer: str | None = None
    description: str | None = None
    payment_method: str = "card"
    capture: bool = True
    application_fee_minor: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


class PaymentActions(InvoiceActions, SettlingActions):
    """Collect money. Source: stripe-api 2.1 (event sets), 4.4, 4.5."""

    @business_action
    def pay_invoice(
        self, invoice_id: str, amount_minor: int | None = None, *, payment_method: str = "card"
    ) -> JsonObject:
        """Pay an invoice by a charge and return the InvoicePayment.

        Without ``amount_minor`` the default payment collects all that remains; a smaller amount
        makes an InvoicePayment of its own, a larger one overpays (the rest becomes credit).

        Raises:
            StripeError: the invoice is not open or uncollectible, or nothing remains.
        """
        invoice = self.payable(invoice_id)
        if amount_minor is not None and amount_minor <= 0:
            raise refused("A payment must be greater than zero", param="amount")
        default = self.default_payment(invoice)
        if amount_minor in (None, invoice["amount_remaining"]) and default is not None:
            intent = self.store.get("payment_intent", default["payment"]["payment_intent"])
            self._collect(intent, [(default, invoice["amount_remaining"])], payment_method)
            return self.show(default)
        amount = invoice["amount_remaining"] if amount_minor is None else amount_minor
        intent = self._new_intent(amount, invoice["currency"], invoice["customer"])
        payment = self._attach(invoice, amount, intent)
        self._collect(intent, [(payment, amount)], payment_method)
        return self.show(payment)

    @business_action
    def pay_invoices_together(self, amounts: Mapping[str, int | None]) -> list[JsonObject]:
        """Pay several invoices of one customer with one PaymentIntent and one charge.

        ``amounts`` maps invoice ids to minor units; None means all that remains.
        Source: stripe-api 2.1 rule 6.
        """
        invoices = [self.payable(each) for each in amounts]
        if len({(each["customer"], each["currency"]) for each in invoices}) != 1:
            raise refused("One payment needs one customer and one currency")
        parts = [amounts[each["id"]] or each["amount_remaining"] for each in invoices]
        intent = self._new_intent(sum(parts), invoices[0]["currency"], invoices[0]["customer"])
        pairs = [
            (self._attach(invoice, part, intent), part)
            for invoice, part in zip(invoices, parts, strict=True)
        ]
        self._collect(intent, pairs, "card")
        return [self.show(payment) for payment, _ in pairs]

    @business_action
    def pay_out_of_band(
        self,
        invoice_id: str,
        amount_minor: int | None = None,
        *,
        recorded: bool = True,
        reference: str | None = None,
    ) -> JsonObject:
        """Mark money received outside Stripe and return the invoice.

        ``recorded`` makes a payment record and an InvoicePayment of type ``payment_record``;
        otherwise ``amount_paid`` alone grows beyond the InvoicePayments (stripe-api 2.1 rule 7).
        """
        invoice = self.payable(invoice_id)
        before = copied(invoice)
        amount = invoice["amount_remaining"] if amount_minor is None else amount_minor
        payment = None
        if recorded:
            record = self.store.add(
                payment_record(
                    self.ids.next("pr"),
                    amount,
                    invoice["currency"],
                    now=self.clock.now(),
                    livemode=self.options.livemode,
                    customer=invoice["customer"],
                    reference=reference,
                )
            )
            payment = self._new_payment(
                invoice, amount, {"payment_record": record["id"], "type": "payment_record"}
            )
            self._mark_payment_paid(payment, amount)
        self._credit(invoice, amount)
        if payment is not None:
            self.emit("invoice_payment.paid", payment)
        self._announce(invoice, before)
        return self.show(invoice)

    @business_action
    def fail_payment(self, invoice_id: str) -> JsonObject:
        """Try to collect an open invoice and be declined; return the failed charge."""
        invoice = self.payable(invoice_id)
        default = self.default_payment(invoice)
        if default is None:
            raise refused("This invoice has no default payment to attempt")
        intent = self.store.get("payment_intent", default["payment"]["payment_intent"])
        charge = self.store.add(
            blank_charge(
                self.ids.next("ch"),
                intent,
                invoice["amount_remaining"],
                now=self.clock.now(),
                payment_method="card",
                failure=_DECLINED,
            )
        )
        intent["latest_charge"] = charge["id"]
        self.emit("charge.failed", charge)
        self.emit("payment_intent.payment_failed", intent)
        with self.updating(invoice, "invoice.updated"):
            invoice["attempt_count"] += 1
            invoice["attempted"] = True
            self.emit("invoice.payment_failed", invoice)
        return self.show(charge)

    @business_action
    def charge(self, spec: ChargeSpec) -> JsonObject:
        """Charge without an invoice and return the charge."""
        intent, charge = self.new_sale(spec)
        if spec.capture:
            self._intent_succeeded(intent, charge)
        else:
            intent["amount_capturable"] = spec.amount_minor
            intent["latest_charge"] = charge["id"]
            intent["status"] = "requires_capture"
        self.emit("charge.succeeded", charge)
        if spec.capture:
            self.emit("payment_intent.succeeded", intent)
            self.settle_if_prompt(charge)
        return self.show(charge)

    def new_sale(self, spec: ChargeSpec) -> tuple[JsonObject, JsonObject]:
        """Store the PaymentIntent and the charge of a sale without invoice; nobody is told."""
        intent = self._new_intent(spec.amount_minor, spec.currency, spec.customer)
        intent |= {"description": spec.description, "metadata": dict(spec.metadata)}
        charge = self.new_charge(
            intent, spec.amount_minor, spec.payment_method, captured=spec.capture
        )
        charge["application_fee_amount"] = spec.application_fee_minor or None
        return intent, charge

    @business_action
    def capture_charge(self, charge_id: str, amount_minor: int | None = None) -> JsonObject:
        """Capture an authorised charge, wholly or in part (the rest is released)."""
        charge = self.store.get("charge", charge_id)
        if charge["captured"]:
            raise refused("This charge has already been captured", code="charge_already_captured")
        charge["captured"] = True
        charge["amount_captured"] = charge["amount"] if amount_minor is None else amount_minor
        intent = self.store.get("payment_intent", charge["payment_intent"])
        intent["amount_capturable"] = 0
        self._intent_succeeded(intent, charge)
        self.emit("charge.captured", charge)
        self.emit("payment_intent.succeeded", intent)
        self.settle_if_prompt(charge)
        return self.show(charge)

    def payable(self, invoice_id: str) -> JsonObject:
        """Return an invoice that can take money.

        Raises:
            StripeError: it cannot.
        """
        invoice = self.store.get("invoice", invoice_id)
        if invoice["status"] not in _PAYABLE:
            raise refused(
                f"The invoice cannot be paid: it is {invoice['status']}.",
                code="invoice_not_editable",
            )
        return invoice

    def _new_intent(self, amount_minor: int, currency: str, customer: str | None) -> JsonObject:
        intent = self.store.add(
            blank_intent(
                self.ids.next("pi"),
                amount_minor,
                currency,
                now=self.clock.now(),
                livemode=self.options.livemode,
                customer=customer,
            )
        )
        self.emit("payment_intent.created", intent)
        return intent

    def _attach(self, invoice: JsonObject, amount_minor: int, intent: JsonObject) -> JsonObject:
        return self._new_payment(
            invoice, amount_minor, {"payment_intent": intent["id"], "type": "payment_intent"}
        )

    def _new_payment(
        self, invoice: JsonObject, amount_minor: int, payment: JsonObject
    ) -> JsonObject:
        return self.store.add(
            invoice_payment(
                self.ids.next("inpay"),
                invoice,
                amount_minor,
                payment,
                now=self.clock.now(),
                is_default=False,
            )
        )

    def new_charge(
        self, intent: JsonObject, amount_minor: int, payment_method: str, *, captured: bool = True
    ) -> JsonObject:
        """Store a charge of an intent; nobody is told."""
        return self.store.add(
            blank_charge(
                self.ids.next("ch"),
                intent,
                amount_minor,
                now=self.clock.now(),
                payment_method=payment_method,
                captured=captured,
            )
        )

    def _collect(
        self,
        intent: JsonObject,
        parts: Sequence[tuple[JsonObject, int]],
        payment_method: str,
    ) -> None:
        """Charge the intent, spread the money over the InvoicePayments, tell everybody."""
        if intent["status"] == "processing":
            raise refused("A payment of this invoice is already on its way")
        charge = self.new_charge(intent, sum(part for _, part in parts), payment_method)
        self.succeed(charge, intent, parts)

    def succeed(
        self, charge: JsonObject, intent: JsonObject, parts: Sequence[tuple[JsonObject, int]]
    ) -> None:
        """Let a charge bring its money: to its invoices, and to the balance."""
        self._intent_succeeded(intent, charge)
        befores = []
        for payment, amount in parts:
            invoice = self.store.get("invoice", payment["invoice"])
            befores.append((invoice, copied(invoice)))
            self._mark_payment_paid(payment, amount)
            invoice["attempt_count"] += 1
            self._credit(invoice, amount)
        self.emit("charge.succeeded", charge)
        self.emit("payment_intent.succeeded", intent)
        for payment, _ in parts:
            self.emit("invoice_payment.paid", payment)
        for invoice, before in befores:
            self._announce(invoice, before)
        self.settle_if_prompt(charge)

    def _intent_succeeded(self, intent: JsonObject, charge: JsonObject) -> None:
        intent["amount_received"] = charge["amount_captured"]
        intent["latest_charge"] = charge["id"]
        intent["status"] = "succeeded"

    def _mark_payment_paid(self, payment: JsonObject, amount_minor: int) -> None:
        payment["amount_paid"] = amount_minor
        payment["status"] = "paid"
        payment["status_transitions"]["paid_at"] = self.clock.now()

    def _credit(self, invoice: JsonObject, amount_minor: int) -> None:
        """Count money towards an invoice; more than remains becomes customer credit.

        ``amount_paid`` stops at ``amount_due`` so that ``amount_remaining`` stays their
        difference; the excess is in ``amount_overpaid``.
        """
        applied = min(amount_minor, invoice["amount_remaining"])
        over = amount_minor - applied
        invoice["attempted"] = True
        invoice["amount_paid"] += applied
        invoice["amount_overpaid"] += over
        invoice["amount_remaining"] -= applied
        if invoice["amount_remaining"] == 0:
            invoice["status"] = "paid"
            invoice["status_transitions"]["paid_at"] = self.clock.now()
        self.sync_default_payment(invoice)
        if over:
            customer = self.store.get("customer", invoice["customer"])
            with self.updating(customer, "customer.updated"):
                self.move_customer_balance(
                    customer, -over, kind="invoice_overpaid", invoice=invoice["id"]
                )

    def _announce(self, invoice: JsonObject, before: JsonObject) -> None:
        if invoice["status"] == "paid":
            self.emit("invoice.paid", invoice)
            self.emit("invoice.payment_succeeded", invoice)
        if invoice["amount_overpaid"] > before["amount_overpaid"]:
            self.emit("invoice.overpaid", invoice)
        self.emit("invoice.updated", invoice, before)
