"""The JSON of credit notes: lines, shipping and totals, in proportion to what they credit."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.figures import tax_shares
from tests.sandbox.stripe.invoice_shapes import tax_entry
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.pricing import Pricing
from tests.sandbox.stripe.specs import CreditLineSpec, CreditNoteSpec


class CreditNoteShapes(Pricing):
    """Work credit notes out. Source: stripe-api 4.3."""

    def credit_line(self, spec: CreditLineSpec, invoice: JsonObject) -> JsonObject:
        """Credit part of an invoice line, with its discounts and taxes in proportion."""
        if spec.invoice_line is None:
            return self._custom_line(spec, invoice)
        source = next(
            (each for each in self.store.lines[invoice["id"]] if each["id"] == spec.invoice_line),
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

    def _custom_line(self, spec: CreditLineSpec, invoice: JsonObject) -> JsonObject:
        shares = tax_shares(spec.amount_minor, self.tax_terms(spec.tax_rates, invoice["customer"]))
        return {
            "id": self.ids.next("cnli"),
            "object": "credit_note_line_item",
            "amount": spec.amount_minor,
            "description": spec.description,
            "discount_amount": 0,
            "discount_amounts": [],
            "invoice_line_item": None,
            "livemode": invoice["livemode"],
            "metadata": {},
            "pretax_credit_amounts": [],
            "quantity": 1,
            "tax_rates": [self.show(self.store.get("tax_rate", each)) for each in spec.tax_rates],
            "taxes": [tax_entry(each) for each in shares],
            "type": "custom_line_item",
            "unit_amount": spec.amount_minor,
            "unit_amount_decimal": str(Decimal(spec.amount_minor)),
        }

    def shipping_credit(self, spec: CreditNoteSpec, invoice: JsonObject) -> JsonObject | None:
        """Credit part of an invoice's shipping, with its taxes in proportion.

        Raises:
            StripeError: more than the invoice's shipping.
        """
        if not spec.shipping_minor:
            return None
        taxes = self.store.shipping_taxes[invoice["id"]]
        exclusive = [each for each in taxes if not each["rate"]["inclusive"]]
        charged = (invoice["shipping_cost"] or {"amount_total": 0})["amount_total"] - sum(
            each["amount"] for each in exclusive
        )
        if not 0 < spec.shipping_minor <= charged:
            raise refused("The shipping of the invoice is less than that", param="shipping_cost")
        part = Fraction(spec.shipping_minor, charged)
        parts = [
            {
                **each,
                "amount": rounded(each["amount"] * part),
                "taxable_amount": rounded(each["taxable_amount"] * part),
            }
            for each in taxes
        ]
        outside = sum(each["amount"] for each in parts if not each["rate"]["inclusive"])
        tax = sum(each["amount"] for each in parts)
        return {
            "amount_subtotal": spec.shipping_minor + outside - tax,
            "amount_tax": tax,
            "amount_total": spec.shipping_minor + outside,
            "shipping_rate": None,
            "taxes": parts,
        }

    def blank_note(
        self, note_id: str, spec: CreditNoteSpec, invoice: JsonObject, lines: list[JsonObject]
    ) -> JsonObject:
        shipping = self.shipping_credit(spec, invoice)
        shipping_total = 0 if shipping is None else shipping["amount_total"]
        subtotal = sum(line["amount"] for line in lines)
        discounts = _summed(lines, "discount_amounts", "discount")
        # As with invoices, shown only where they are asked for.
        parts = [] if shipping is None else shipping.pop("taxes")
        self.store.shipping_taxes[note_id] = parts
        shipping_taxes = [_as_tax(each) for each in parts]
        line_taxes = _summed_taxes(tax for line in lines for tax in line["taxes"])
        taxes = _summed_taxes([*line_taxes, *shipping_taxes])
        all_taxes = sum(each["amount"] for each in taxes)
        exclusive = sum(
            each["amount"] for each in line_taxes if each["tax_behavior"] == "exclusive"
        )
        discount = sum(each["amount"] for each in discounts)
        inside = sum(each["amount"] for each in line_taxes) - exclusive
        total = subtotal - discount + exclusive + shipping_total
        sequence = len(self.store.where("credit_note", "invoice", invoice["id"]))
        return {
            "id": note_id,
            "object": "credit_note",
            "amount": total,
            "amount_shipping": shipping_total,
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
            "shipping_cost": shipping,
            "status": "issued",
            "subtotal": subtotal,
            "subtotal_excluding_tax": subtotal - inside,
            "total": total,
            "total_excluding_tax": total - all_taxes,
            "total_taxes": taxes if self.options.shipping_tax_in_total_taxes else line_taxes,
            "type": "pre_payment",
            "voided_at": None,
        }


def _summed(lines: list[JsonObject], field: str, key: str) -> list[JsonObject]:
    sums: dict[str, int] = {}
    for line in lines:
        for each in line[field]:
            sums[each[key]] = sums.get(each[key], 0) + each["amount"]
    return [{"amount": amount, key: name} for name, amount in sums.items()]


def _summed_taxes(taxes: Iterable[JsonObject]) -> list[JsonObject]:
    sums: dict[str, JsonObject] = {}
    for each in taxes:
        rate = each["tax_rate_details"]["tax_rate"]
        entry = sums.setdefault(rate, {**each, "amount": 0, "taxable_amount": 0})
        entry["amount"] += each["amount"]
        entry["taxable_amount"] += each["taxable_amount"]
    return list(sums.values())


def _as_tax(shipping_tax: JsonObject) -> JsonObject:
    """Return a tax on shipping in the shape of a tax on a line."""
    return {
        "amount": shipping_tax["amount"],
        "tax_behavior": "inclusive" if shipping_tax["rate"]["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": shipping_tax["rate"]["id"]},
        "taxability_reason": shipping_tax["taxability_reason"],
        "taxable_amount": shipping_tax["taxable_amount"],
        "type": "tax_rate_details",
    }
