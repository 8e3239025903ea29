"""Business actions on credit notes."""

from decimal import Decimal
from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject, copied
from tests.sandbox.stripe.refunds import RefundActions
from tests.sandbox.stripe.specs import CreditLineSpec, CreditNoteSpec


class CreditNoteActions(RefundActions):
    """Issue and void credit notes. Source: stripe-api 4.3."""

    @business_action
    def create_credit_note(self, spec: CreditNoteSpec) -> JsonObject:
        """Credit lines of a finalised invoice.

        What the invoice still lacks is reduced first; the rest must equal refund + credit +
        out-of-band to the unit.

        Raises:
            StripeError: the invoice is a draft or void, or the split does not add up.
        """
        invoice = self.store.get("invoice", spec.invoice)
        if invoice["status"] not in ("open", "paid", "uncollectible"):
            raise refused(f"Credit notes need a finalised invoice, this is {invoice['status']}")
        note_id = self.ids.next("cn")
        lines = [self._credit_line(line, spec.invoice) for line in spec.lines]
        note = self._blank_note(note_id, spec, invoice, lines)
        pre = min(note["total"], invoice["amount_remaining"])
        post = note["total"] - pre
        if post != spec.refund_minor + spec.credit_minor + spec.out_of_band_minor:
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
        if charge_id is not None:
            refund = self.refund(charge_id, spec.refund_minor)
            note["refunds"] = [
                {
                    "amount_refunded": spec.refund_minor,
                    "payment_record_refund": None,
                    "refund": refund["id"],
                    "type": "refund",
                }
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

    def _charge_to_refund(self, invoice: JsonObject, amount_minor: int) -> str:
        """Return the charge of this invoice that has enough left to refund."""
        for payment in self.store.all("invoice_payment"):
            intent_id = payment["payment"].get("payment_intent")
            if payment["invoice"] != invoice["id"] or payment["status"] != "paid" or not intent_id:
                continue
            charge_id = self.store.get("payment_intent", intent_id)["latest_charge"]
            charge = self.store.get("charge", charge_id)
            if charge["amount_captured"] - charge["amount_refunded"] >= amount_minor:
                return str(charge_id)
        raise refused("No payment of this invoice has that much left to refund")

    def _credit_line(self, spec: CreditLineSpec, invoice_id: str) -> JsonObject:
        """Credit part of an invoice line, with its discounts and taxes in proportion."""
        source = next(
            (each for each in self.store.lines[invoice_id] if each["id"] == spec.invoice_line),
            None,
        )
        if source is None:
            raise refused(f"No such invoice line item: '{spec.invoice_line}'")
        part = Fraction(spec.amount_minor, source["amount"] or 1)
        if not 0 < part <= 1:
            raise refused("A credit note line cannot exceed its invoice line", param="lines")
        discounts = [
            {**each, "amount": rounded(each["amount"] * part)}
            for each in source["discount_amounts"]
        ]
        return {
            "id": self.ids.next("cnli"),
            "object": "credit_note_line_item",
            "amount": spec.amount_minor,
            "description": source["description"],
            "discount_amount": sum(each["amount"] for each in discounts),
            "discount_amounts": discounts,
            "invoice_line_item": source["id"],
            "livemode": source["livemode"],
            "metadata": dict(source["metadata"]),
            "pretax_credit_amounts": [
                {**each, "credit_balance_transaction": None, "type": "discount"}
                for each in discounts
            ],
            "quantity": source["quantity"] if part == 1 else 1,
            "tax_rates": [],
            "taxes": [
                {
                    **each,
                    "amount": rounded(each["amount"] * part),
                    "taxable_amount": rounded(each["taxable_amount"] * part),
                }
                for each in source["taxes"]
            ],
            "type": "invoice_line_item",
            "unit_amount": None if part == 1 else spec.amount_minor,
            "unit_amount_decimal": None if part == 1 else str(Decimal(spec.amount_minor)),
        }

    def _blank_note(
        self, note_id: str, spec: CreditNoteSpec, invoice: JsonObject, lines: list[JsonObject]
    ) -> JsonObject:
        subtotal = sum(line["amount"] for line in lines)
        discounts = _summed(lines, "discount_amounts", "discount")
        taxes = _summed_taxes(lines)
        all_taxes = sum(each["amount"] for each in taxes)
        exclusive = sum(each["amount"] for each in taxes if each["tax_behavior"] == "exclusive")
        discount = sum(each["amount"] for each in discounts)
        total = subtotal - discount + exclusive
        sequence = sum(each["invoice"] == invoice["id"] for each in self.store.all("credit_note"))
        return {
            "id": note_id,
            "object": "credit_note",
            "amount": total,
            "amount_shipping": 0,
            "created": self.clock.now(),
            "currency": invoice["currency"],
            "customer": invoice["customer"],
            "customer_account": None,
            "customer_balance_transaction": None,
            "discount_amount": discount,
            "discount_amounts": discounts,
            "effective_at": self.clock.now(),
            "invoice": invoice["id"],
            "livemode": self.options.livemode,
            "memo": spec.memo,
            "metadata": dict(spec.metadata),
            "number": f"{invoice['number']}-CN-{sequence + 1:02d}",
            "out_of_band_amount": spec.out_of_band_minor or None,
            "pdf": f"https://pay.stripe.com/credit_notes/{note_id}/pdf",
            "post_payment_amount": 0,
            "pre_payment_amount": 0,
            "pretax_credit_amounts": [
                {**each, "credit_balance_transaction": None, "type": "discount"}
                for each in discounts
            ],
            "reason": spec.reason,
            "refunds": [],
            "shipping_cost": None,
            "status": "issued",
            "subtotal": subtotal,
            "subtotal_excluding_tax": subtotal - (all_taxes - exclusive),
            "total": total,
            "total_excluding_tax": total - all_taxes,
            "total_taxes": taxes,
            "type": "pre_payment",
            "voided_at": None,
        }


def _summed(lines: list[JsonObject], field: str, key: str) -> list[JsonObject]:
    sums: dict[str, int] = {}
    for line in lines:
        for each in line[field]:
            sums[each[key]] = sums.get(each[key], 0) + each["amount"]
    return [{"amount": amount, key: name} for name, amount in sums.items()]


def _summed_taxes(lines: list[JsonObject]) -> list[JsonObject]:
    sums: dict[str, JsonObject] = {}
    for line in lines:
        for each in line["taxes"]:
            rate = each["tax_rate_details"]["tax_rate"]
            entry = sums.setdefault(rate, {**each, "amount": 0, "taxable_amount": 0})
            entry["amount"] += each["amount"]
            entry["taxable_amount"] += each["taxable_amount"]
    return list(sums.values())
