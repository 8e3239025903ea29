"""Stripe objects made whole: what is given of one, over a plain valid one of its kind.

What Stripe would always send along is filled in, and sums that are not given follow from the lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tieout.planning.balance_types import TYPES, BookedBy

Raw = Mapping[str, Any]

LINE_AMOUNT_MINOR = 10_000
DISPUTE_FEE_MINOR = 1_500


def merged(plain: Raw, given: Raw) -> dict[str, Any]:
    """Return `plain` with what is given in its place, mappings entry by entry."""
    both = dict(plain)
    for name, value in given.items():
        before = both.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            both[name] = merged(before, value)
        else:
            both[name] = value
    return both


@dataclass(frozen=True, slots=True)
class Plain:
    """Plain objects of a company.

    Every method returns what it is given made whole, amounts in minor units; what is of another
    shape than Stripe's raises `AttributeError`, `KeyError` or `TypeError`.

    Attributes:
        moment_unix: when everything happened.
        currency: of all amounts.
    """

    moment_unix: int
    currency: str

    def customer(self, given: Raw) -> dict[str, Any]:
        """Return a customer."""
        return merged(_customer(), given)

    def invoice(self, given: Raw) -> dict[str, Any]:
        """Return an invoice; `status: paid` brings its payment along."""
        lines = [self._line(place, each) for place, each in enumerate(_rows(given.get("lines")), 1)]
        taxes = given.get("total_taxes") or [tax for line in lines for tax in line["taxes"]]
        shipping = (given.get("shipping_cost") or {}).get("amount_subtotal", 0)
        total = given.get("total", _net(lines) + _exclusive(taxes) + shipping)
        paid = total if given.get("status") == "paid" else 0
        plain: Raw = {
            **self._of("invoice", "in_example"),
            "number": "EXAMPLE-0001",
            "status": "open",
            "customer": _customer(),
            "effective_at": self.moment_unix,
            "status_transitions": {
                "finalized_at": self.moment_unix,
                "paid_at": self.moment_unix if paid else None,
                "voided_at": self.moment_unix if given.get("status") == "void" else None,
            },
            "total": total,
            "total_taxes": taxes,
            "amount_due": total,
            "amount_paid": paid,
            "amount_remaining": total - paid,
            "starting_balance": 0,
            "ending_balance": 0,
            "pre_payment_credit_notes_amount": 0,
            "post_payment_credit_notes_amount": 0,
            "payments": {"data": [self._payment(paid)] if paid else []},
        }
        return {**merged(plain, given), "lines": {"data": lines}}

    def credit_note(self, given: Raw, invoice: Raw) -> dict[str, Any]:
        """Return a credit note on an invoice, over its lines in their order.

        What the invoice has been paid is given back to the customer's credit balance, unless
        `refunds` or `out_of_band_amount` say otherwise.
        """
        lines = [
            self._credited(place, each, invoice)
            for place, each in enumerate(_rows(given.get("lines")), 1)
        ]
        taxes = given.get("total_taxes") or [tax for line in lines for tax in line["taxes"]]
        total = given.get("total", _net(lines) + _exclusive(taxes))
        before_payment = min(total, invoice["amount_remaining"])
        goes_elsewhere = {"refunds", "out_of_band_amount"} & given.keys()
        to_balance = before_payment < total and not goes_elsewhere
        plain: Raw = {
            **self._of("credit_note", "cn_example"),
            "number": "EXAMPLE-0001-CN-01",
            "status": "issued",
            "effective_at": self.moment_unix,
            "total": total,
            "total_taxes": taxes,
            "pre_payment_amount": before_payment,
            "post_payment_amount": total - before_payment,
            "customer_balance_transaction": "cbtxn_example" if to_balance else None,
            "refunds": [],
        }
        return {**merged(plain, given), "lines": {"data": lines}, "invoice": invoice["id"]}

    def charge(self, given: Raw) -> dict[str, Any]:
        """Return a charge that moved the balance."""
        amount = given.get("amount", LINE_AMOUNT_MINOR)
        plain: Raw = {
            **self._of("charge", "ch_example"),
            "amount": amount,
            "amount_captured": amount,
            "status": "succeeded",
            "captured": True,
            "payment_intent": "pi_example",
            "customer": None,
            "balance_transaction": {"type": "charge", "amount": amount, "source": "ch_example"},
        }
        whole = self._moved(merged(plain, given))
        if isinstance(given.get("customer"), Mapping):
            whole["customer"] = self.customer(given["customer"])
        return whole

    def refund(self, given: Raw) -> dict[str, Any]:
        """Return a refund that moved the balance."""
        amount = given.get("amount", LINE_AMOUNT_MINOR)
        plain: Raw = {
            **self._of("refund", "re_example"),
            "amount": amount,
            "status": "succeeded",
            "payment_intent": "pi_example",
            "balance_transaction": {"type": "refund", "amount": -amount, "source": "re_example"},
        }
        return {**self._moved(merged(plain, given)), "charge": "ch_example"}

    def dispute(self, given: Raw) -> dict[str, Any]:
        """Return a dispute that took its amount, and a fee, out of the balance."""
        amount = given.get("amount", LINE_AMOUNT_MINOR)
        withdrawn: Raw = {
            "type": "adjustment",
            "reporting_category": "dispute",
            "amount": -amount,
            "fee_details": [{"type": "stripe_fee", "amount": DISPUTE_FEE_MINOR}],
            "source": "du_example",
        }
        plain: Raw = {
            **self._of("dispute", "du_example"),
            "amount": amount,
            "status": "needs_response",
            "charge": "ch_example",
        }
        movements = [
            self.movement(merged({**withdrawn, "id": f"txn_example{place}"}, each))
            for place, each in enumerate(_rows(given.get("balance_transactions")), 1)
        ]
        return {**merged(plain, given), "balance_transactions": movements}

    def payout(self, given: Raw) -> dict[str, Any]:
        """Return a payout that left the balance."""
        amount = given.get("amount", LINE_AMOUNT_MINOR)
        plain: Raw = {
            **self._of("payout", "po_example"),
            "amount": amount,
            "status": "paid",
            "arrival_date": self.moment_unix,
            "automatic": True,
            "method": "standard",
            "balance_transaction": {"type": "payout", "amount": -amount, "source": "po_example"},
        }
        return self._moved(merged(plain, given))

    def movement(self, given: Raw) -> dict[str, Any]:
        """Return a balance transaction; its fee is the sum of its parts unless it is given."""
        kind, amount = given.get("type", "charge"), given.get("amount", LINE_AMOUNT_MINOR)
        parts = [{"description": None, **each} for each in given.get("fee_details") or ()]
        fee = given.get("fee", sum(each["amount"] for each in parts))
        plain: Raw = {
            **self._of("balance_transaction", "txn_example"),
            "type": kind,
            "reporting_category": kind,
            "amount": amount,
            "fee": fee,
            "net": amount - fee,
            "source": self._source(kind, amount),
        }
        return {**merged(plain, given), "fee_details": parts}

    def _source(self, kind: str, amount: int) -> Raw | None:
        """Return the object behind a movement, which says what it was before it was converted."""
        row = TYPES.get(kind)
        if row is None or row.booked_by in {BookedBy.DAY, BookedBy.ITSELF}:
            return None
        name = "charge" if row.booked_by is BookedBy.SALE else "refund"
        return {**self._of(name, f"{name}_example"), "amount": abs(amount)}

    def _moved(self, whole: dict[str, Any]) -> dict[str, Any]:
        return {**whole, "balance_transaction": self.movement(whole["balance_transaction"])}

    def _of(self, kind: str, identifier: str) -> dict[str, Any]:
        return {
            "id": identifier,
            "object": kind,
            "currency": self.currency,
            "created": self.moment_unix,
            "metadata": {},
        }

    def _line(self, place: int, given: Raw) -> dict[str, Any]:
        plain: Raw = {
            "id": f"il_example{place}",
            "object": "line_item",
            "amount": LINE_AMOUNT_MINOR,
            "description": "Example",
            "discount_amounts": [],
            "taxes": [],
            "metadata": {},
        }
        return merged(plain, given)

    def _credited(self, place: int, given: Raw, invoice: Raw) -> dict[str, Any]:
        credited = invoice["lines"]["data"][place - 1 :][:1]
        plain: Raw = {
            "id": f"cnli_example{place}",
            "object": "credit_note_line_item",
            "type": "invoice_line_item" if credited else "custom_line_item",
            "amount": credited[0]["amount"] if credited else LINE_AMOUNT_MINOR,
            "description": "Example",
            "discount_amounts": [],
            "taxes": [],
            "invoice_line_item": credited[0]["id"] if credited else None,
        }
        return merged(plain, given)

    def _payment(self, amount_minor: int) -> Raw:
        return {
            "id": "inpay_example",
            "object": "invoice_payment",
            "invoice": "in_example",
            "status": "paid",
            "amount_paid": amount_minor,
            "currency": self.currency,
            "payment": {"type": "payment_intent", "payment_intent": "pi_example"},
            "status_transitions": {"paid_at": self.moment_unix},
        }


def _customer() -> Raw:
    return {
        "id": "cus_example",
        "object": "customer",
        "name": "Example Ltd",
        "address": {},
        "metadata": {},
    }


def _rows(listed: Any) -> Sequence[Raw]:  # noqa: ANN401 - whatever stands in the file
    """Return the rows of a list as the API shows it, or of a plain one; one row if none."""
    rows = listed.get("data") if isinstance(listed, Mapping) else listed
    return rows or [{}]


def _net(lines: Sequence[Raw]) -> int:
    discounts = [each["amount"] for line in lines for each in line["discount_amounts"]]
    return int(sum(line["amount"] for line in lines) - sum(discounts))


def _exclusive(taxes: Iterable[Raw]) -> int:
    return sum(each["amount"] for each in taxes if each["tax_behavior"] == "exclusive")
