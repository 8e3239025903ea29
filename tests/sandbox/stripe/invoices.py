"""Business actions on invoices up to the point where money moves."""

from collections.abc import Mapping

from tests.sandbox.stripe.core import business_action, merged_metadata
from tests.sandbox.stripe.customers import CustomerActions
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.invoice_shapes import blank_invoice, customer_snapshot
from tests.sandbox.stripe.json_types import JsonObject, copied
from tests.sandbox.stripe.payment_shapes import blank_intent, invoice_payment
from tests.sandbox.stripe.pricing import Pricing
from tests.sandbox.stripe.specs import InvoiceSpec


class InvoiceActions(CustomerActions, Pricing):
    """Draft, finalise, void and write off invoices. Source: stripe-api 2, 4.1."""

    @business_action
    def create_invoice(self, spec: InvoiceSpec) -> JsonObject:
        """Create a draft with all its lines."""
        customer = self.store.get("customer", spec.customer)
        invoice = blank_invoice(
            spec, self.ids.next("in"), self.clock.now(), livemode=self.options.livemode
        )
        invoice |= customer_snapshot(customer)
        invoice |= {
            "account_country": self.options.country,
            "account_name": self.options.business_name,
        }
        self.price_draft(invoice, spec)
        self._apply_balance(invoice, customer["balance"], final=False)
        self.store.add(invoice)
        self.emit("invoice.created", invoice)
        return self.show(invoice)

    @business_action
    def finalize_invoice(self, invoice_id: str, *, effective_at: int | None = None) -> JsonObject:
        """Turn a draft into an open invoice, or straight into a paid one if nothing is due.

        ``effective_at`` (unix seconds) overrides the legal issue date.

        Raises:
            StripeError: the invoice is not a draft.
        """
        invoice = self.store.get("invoice", invoice_id)
        self._require_status(invoice, "draft")
        customer = self.store.get("customer", invoice["customer"])
        before = copied(invoice)
        now = self.clock.now()
        sequence = customer["next_invoice_sequence"]
        customer["next_invoice_sequence"] = sequence + 1
        page = f"/i/{self.options.account_id}/test_{invoice_id}"
        invoice |= customer_snapshot(customer)
        invoice |= {
            "effective_at": now if effective_at is None else effective_at,
            "hosted_invoice_url": f"https://invoice.stripe.com{page}",
            "invoice_pdf": f"https://pay.stripe.com/invoice{page}/pdf",
            "number": f"{customer['invoice_prefix']}-{sequence:04d}",
            "status": "open",
        }
        invoice["status_transitions"]["finalized_at"] = now
        with self.updating(customer, "customer.updated"):
            customer["currency"] = customer["currency"] or invoice["currency"]
            self._use_balance(invoice, customer)
        if invoice["amount_due"] > 0:
            self._open_default_payment(invoice)
        self.emit("invoice.finalized", invoice)
        self.emit("invoice.updated", invoice, before)
        if invoice["collection_method"] == "send_invoice":
            self.emit("invoice.sent", invoice)
        if invoice["amount_due"] == 0:
            self.mark_paid(invoice)
        return self.show(invoice)

    @business_action
    def update_invoice(
        self,
        invoice_id: str,
        *,
        metadata: Mapping[str, str] | None = None,
        description: str | None = None,
    ) -> JsonObject:
        """Change what stays editable after finalisation (stripe-api 4.1)."""
        with self.updating(self.store.get("invoice", invoice_id), "invoice.updated") as invoice:
            invoice["metadata"] = merged_metadata(invoice["metadata"], metadata or {})
            invoice["description"] = description or invoice["description"]
        return self.show(invoice)

    @business_action
    def delete_draft(self, invoice_id: str) -> JsonObject:
        """Delete a draft.

        Raises:
            StripeError: the invoice is no longer a draft.
        """
        invoice = self.store.get("invoice", invoice_id)
        self._require_status(invoice, "draft")
        self.emit("invoice.deleted", invoice)
        self.store.remove("invoice", invoice_id)
        return {"id": invoice_id, "object": "invoice", "deleted": True}

    @business_action
    def void_invoice(self, invoice_id: str) -> JsonObject:
        """Void an open or uncollectible invoice; amounts stay, applied balance goes back.

        Money already received on it stays received: refunding it is a separate action.
        """
        invoice = self.store.get("invoice", invoice_id)
        self._require_status(invoice, "open", "uncollectible")
        before = copied(invoice)
        invoice["status"] = "void"
        invoice["status_transitions"]["voided_at"] = self.clock.now()
        self.cancel_default_payment(invoice)
        given_back = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
        if given_back:
            customer = self.store.get("customer", invoice["customer"])
            with self.updating(customer, "customer.updated"):
                self.move_customer_balance(
                    customer, given_back, kind="unapplied_from_invoice", invoice=invoice_id
                )
        self.emit("invoice.voided", invoice)
        self.emit("invoice.updated", invoice, before)
        return self.show(invoice)

    @business_action
    def mark_uncollectible(self, invoice_id: str) -> JsonObject:
        """Write an open invoice off; it can still be paid or voided (stripe-api 2)."""
        invoice = self.store.get("invoice", invoice_id)
        self._require_status(invoice, "open")
        before = copied(invoice)
        invoice["status"] = "uncollectible"
        invoice["status_details"] = {"uncollectible": {"reason": "user_forgiven"}}
        invoice["status_transitions"]["marked_uncollectible_at"] = self.clock.now()
        self.emit("invoice.marked_uncollectible", invoice)
        self.emit("invoice.updated", invoice, before)
        return self.show(invoice)

    def mark_paid(self, invoice: JsonObject) -> None:
        """Set an invoice with nothing left to pay to paid and say so."""
        before = copied(invoice)
        invoice["attempted"] = True
        invoice["status"] = "paid"
        invoice["status_transitions"]["paid_at"] = self.clock.now()
        self.cancel_default_payment(invoice)
        for event_type in ("invoice.paid", "invoice.payment_succeeded"):
            self.emit(event_type, invoice)
        self.emit("invoice.updated", invoice, before)

    def default_payment(self, invoice: JsonObject) -> JsonObject | None:
        """Return the invoice's open default InvoicePayment (stripe-api 4.4)."""
        for payment in self.store.where("invoice_payment", "invoice", invoice["id"]):
            if payment["is_default"] and payment["status"] == "open":
                return payment
        return None

    def sync_default_payment(self, invoice: JsonObject) -> None:
        """Keep the default payment at what remains; cancel it when nothing does."""
        payment = self.default_payment(invoice)
        if payment is None:
            return
        if invoice["amount_remaining"] == 0:
            self.cancel_default_payment(invoice)
            return
        intent = self.store.get("payment_intent", payment["payment"]["payment_intent"])
        payment["amount_requested"] = intent["amount"] = invoice["amount_remaining"]

    def cancel_default_payment(self, invoice: JsonObject) -> None:
        """Cancel the default payment and its PaymentIntent, if they are still open."""
        payment = self.default_payment(invoice)
        if payment is None:
            return
        now = self.clock.now()
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = now
        intent = self.store.get("payment_intent", payment["payment"]["payment_intent"])
        intent |= {
            "canceled_at": now,
            "cancellation_reason": ("void_invoice" if invoice["status"] == "void" else "automatic"),
            "status": "canceled",
        }
        self.emit("payment_intent.canceled", intent)

    def _open_default_payment(self, invoice: JsonObject) -> None:
        intent = self.store.add(
            blank_intent(
                self.ids.next("pi"),
                invoice["amount_due"],
                invoice["currency"],
                now=self.clock.now(),
                livemode=self.options.livemode,
                customer=invoice["customer"],
            )
        )
        self.store.add(
            invoice_payment(
                self.ids.next("inpay"),
                invoice,
                invoice["amount_due"],
                {"payment_intent": intent["id"], "type": "payment_intent"},
                now=self.clock.now(),
                is_default=True,
            )
        )
        self.emit("payment_intent.created", intent)

    def _apply_balance(self, invoice: JsonObject, balance: int, *, final: bool) -> None:
        """Set what is due after the customer's balance (negative: credit). Source: 4.1."""
        due = invoice["total"] + balance
        if 0 < due < self.options.minimum_charge_minor:
            ending, due = due, 0
        else:
            ending, due = min(due, 0), max(due, 0)
        invoice["starting_balance"] = balance
        invoice["ending_balance"] = ending if final else None
        invoice["amount_due"] = invoice["amount_remaining"] = due

    def _use_balance(self, invoice: JsonObject, customer: JsonObject) -> None:
        self._apply_balance(invoice, customer["balance"], final=True)
        used = invoice["ending_balance"] - customer["balance"]
        if not used:
            return
        too_small = invoice["amount_due"] == 0 and invoice["ending_balance"] > 0
        self.move_customer_balance(
            customer,
            used,
            kind="invoice_too_small" if too_small else "applied_to_invoice",
            invoice=invoice["id"],
        )

    def _require_status(self, invoice: JsonObject, *allowed: str) -> None:
        if invoice["status"] not in allowed:
            raise refused(
                f"This invoice is {invoice['status']}; the action needs {' or '.join(allowed)}.",
                code="invoice_not_editable",
            )
