"""Business actions on credit notes."""

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.credit_note_shapes import CreditNoteShapes
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject, copied
from tests.sandbox.stripe.refunds import RefundActions
from tests.sandbox.stripe.specs import CreditNoteSpec


class CreditNoteActions(RefundActions, CreditNoteShapes):
    """Issue and void credit notes. Source: stripe-api 4.3."""

    @business_action
    def create_credit_note(self, spec: CreditNoteSpec) -> JsonObject:
        """Credit lines of a finalised invoice.

        What the invoice still lacks is reduced first; the rest must equal refunds + credit +
        out-of-band to the unit.

        Raises:
            StripeError: the invoice is a draft or void, the split does not add up, or all credit
                notes and plain refunds together would be more than the invoice.
        """
        invoice = self.store.get("invoice", spec.invoice)
        if invoice["status"] not in ("open", "paid", "uncollectible"):
            raise refused(f"Credit notes need a finalised invoice, this is {invoice['status']}")
        note_id = self.ids.next("cn")
        lines = [self.credit_line(line, invoice) for line in spec.lines]
        note = self.blank_note(note_id, spec, invoice, lines)
        if note["total"] > self._creditable(invoice, spec):
            raise refused("The credit note is more than what is left of the invoice")
        pre = min(note["total"], invoice["amount_remaining"])
        post = note["total"] - pre
        linked = sum(self.store.get("refund", each)["amount"] for each in spec.refunds)
        if post != spec.refund_minor + linked + spec.credit_minor + spec.out_of_band_minor:
            raise refused(
                "The sum of credit amount, refund amount and out of band amount must equal the "
                f"post-payment amount ({post})"
            )
        charge_id = (
            self._charge_to_refund(invoice, spec.refund_minor) if spec.refund_minor else None
        )
        note["pre_payment_amount"], note["post_payment_amount"] = pre, post
        note["type"] = "mixed" if pre and post else "post_payment" if post else "pre_payment"
        self.store.lines[note_id] = lines
        self.store.add(note)
        self._give_back(note, invoice, spec, charge_id)
        self.emit("credit_note.created", note)
        self._reduce_invoice(invoice, pre, post)
        return self.show(note)

    @business_action
    def void_credit_note(self, note_id: str) -> JsonObject:
        """Void a credit note that only reduced an open invoice.

        Raises:
            StripeError: it gave money back already, or its invoice is settled.
        """
        note = self.store.get("credit_note", note_id)
        invoice = self.store.get("invoice", note["invoice"])
        if note["status"] == "void" or note["post_payment_amount"] or invoice["status"] != "open":
            raise refused("This credit note can no longer be voided")
        before = copied(note)
        note["status"] = "void"
        note["voided_at"] = self.clock.now()
        self.emit("credit_note.voided", note, before)
        self._reduce_invoice(invoice, -note["pre_payment_amount"], 0)
        return self.show(note)

    def _reduce_invoice(self, invoice: JsonObject, pre_minor: int, post_minor: int) -> None:
        """Take the pre-payment part off what is due; settle the invoice if nothing is left."""
        with self.updating(invoice, "invoice.updated"):
            invoice["pre_payment_credit_notes_amount"] += pre_minor
            invoice["post_payment_credit_notes_amount"] += post_minor
            invoice["amount_due"] -= pre_minor
            invoice["amount_remaining"] -= pre_minor
            self.sync_default_payment(invoice)
        if invoice["amount_remaining"] == 0 and invoice["status"] != "paid":
            self.mark_paid(invoice)

    def _give_back(
        self, note: JsonObject, invoice: JsonObject, spec: CreditNoteSpec, charge_id: str | None
    ) -> None:
        refunds = [self.store.get("refund", each) for each in spec.refunds]
        if charge_id is not None:
            refunds.append(self.refund(charge_id, spec.refund_minor))
        note["refunds"] = [
            {
                "amount_refunded": each["amount"],
                "payment_record_refund": None,
                "refund": each["id"],
                "type": "refund",
            }
            for each in refunds
        ]
        if spec.credit_minor:
            customer = self.store.get("customer", invoice["customer"])
            with self.updating(customer, "customer.updated"):
                note["customer_balance_transaction"] = self.move_customer_balance(
                    customer,
                    -spec.credit_minor,
                    kind="credit_note",
                    invoice=invoice["id"],
                    credit_note=note["id"],
                )["id"]

    def _creditable(self, invoice: JsonObject, spec: CreditNoteSpec) -> int:
        """Return what can still be credited: plain refunds count as given back (4.3)."""
        notes = [
            each
            for each in self.store.where("credit_note", "invoice", invoice["id"])
            if each["status"] == "issued"
        ]
        linked = {each["refund"] for note in notes for each in note["refunds"]} | set(spec.refunds)
        intents = {
            each["payment"].get("payment_intent")
            for each in self.store.where("invoice_payment", "invoice", invoice["id"])
            if each["status"] == "paid"
        }
        plain = [
            each["amount"]
            for intent in intents
            for each in self.store.where("refund", "payment_intent", intent)
            if each["id"] not in linked and each["status"] not in ("failed", "canceled")
        ]
        given_back = sum(each["total"] for each in notes) + sum(plain)
        return int(invoice["total"] - given_back)

    def _charge_to_refund(self, invoice: JsonObject, amount_minor: int) -> str:
        """Return the charge of this invoice that has enough left to refund."""
        for payment in self.store.where("invoice_payment", "invoice", invoice["id"]):
            intent_id = payment["payment"].get("payment_intent")
            if payment["status"] != "paid" or not intent_id:
                continue
            charge_id = self.store.get("payment_intent", intent_id)["latest_charge"]
            charge = self.store.get("charge", charge_id)
            if charge["status"] != "succeeded":
                continue
            if charge["amount_captured"] - charge["amount_refunded"] >= amount_minor:
                return str(charge_id)
        raise refused("No payment of this invoice has that much left to refund")
