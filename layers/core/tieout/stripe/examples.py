"""Examples of the policy made whole: as much of a Stripe object as matters, over a plain valid one.

A controller writes what an example is about; what Stripe would always send along is filled in, and
sums that are not given follow from the lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Snapshot
from tieout.stripe import decode

Raw = Mapping[str, Any]

LINE_AMOUNT_MINOR = 10_000


def example(given: Raw, moment_unix: int, currency: str) -> tuple[Subject, Snapshot]:
    """Return the subject and snapshot that an example describes.

    Args:
        given: an invoice, charge or customer as the API shows it, or a part of one.
        moment_unix: when everything in it happened, unless it says otherwise.
        currency: of its amounts, unless it says otherwise.

    Raises:
        Refused: it is of another kind, or cannot be read.
    """
    try:
        return _example(given, moment_unix, currency)
    except (AttributeError, KeyError, TypeError) as error:
        raise Refused(
            Reason.UNREADABLE_OBJECT, "is not of the shape that Stripe's API shows"
        ) from error


def _example(given: Raw, moment_unix: int, currency: str) -> tuple[Subject, Snapshot]:
    match given.get("object", "invoice"):
        case "invoice":
            invoice = decode.invoice(_invoice(given, moment_unix, currency))
            return Subject(SubjectKind.INVOICE, invoice.id), invoice
        case "charge":
            charge = decode.charge(_charge(given, moment_unix, currency))
            return Subject(SubjectKind.CHARGE, charge.id), charge
        case "customer":
            customer = decode.customer(merged(_customer(), given))
            return Subject(SubjectKind.CUSTOMER, customer.id), customer
        case kind:
            text = f"{kind!r} is no object for examples: use invoice, charge or customer"
            raise Refused(Reason.UNREADABLE_OBJECT, text)


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


def _invoice(given: Raw, moment_unix: int, currency: str) -> Raw:
    lines = [_line(place, each) for place, each in enumerate(_rows(given.get("lines")), start=1)]
    taxes = given.get("total_taxes") or [tax for line in lines for tax in line["taxes"]]
    shipping = (given.get("shipping_cost") or {}).get("amount_subtotal", 0)
    total = given.get("total", _net(lines) + _exclusive(taxes) + shipping)
    paid = total if given.get("status") == "paid" else 0
    plain: Raw = {
        "id": "in_example",
        "object": "invoice",
        "number": "EXAMPLE-0001",
        "status": "open",
        "currency": currency,
        "customer": _customer(),
        "created": moment_unix,
        "effective_at": moment_unix,
        "status_transitions": {
            "finalized_at": moment_unix,
            "paid_at": moment_unix if paid else None,
            "voided_at": moment_unix if given.get("status") == "void" else None,
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
        "payments": {"data": [_payment(paid, moment_unix, currency)] if paid else []},
        "metadata": {},
    }
    return {**merged(plain, given), "lines": {"data": lines}}


def _line(place: int, given: Raw) -> dict[str, Any]:
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


def _payment(amount_minor: int, moment_unix: int, currency: str) -> Raw:
    return {
        "id": "inpay_example",
        "object": "invoice_payment",
        "invoice": "in_example",
        "status": "paid",
        "amount_paid": amount_minor,
        "currency": currency,
        "payment": {"type": "payment_intent", "payment_intent": "pi_example"},
        "status_transitions": {"paid_at": moment_unix},
    }


def _charge(given: Raw, moment_unix: int, currency: str) -> Raw:
    amount_minor = given.get("amount", LINE_AMOUNT_MINOR)
    currency = given.get("currency", currency)
    plain: Raw = {
        "id": "ch_example",
        "object": "charge",
        "amount": amount_minor,
        "amount_captured": amount_minor,
        "currency": currency,
        "status": "succeeded",
        "captured": True,
        "created": moment_unix,
        "payment_intent": "pi_example",
        "customer": None,
        "balance_transaction": {
            "id": "txn_example",
            "object": "balance_transaction",
            "type": "charge",
            "reporting_category": "charge",
            "amount": amount_minor,
            "fee": 0,
            "net": amount_minor,
            "fee_details": [],
            "currency": currency,
            "created": moment_unix,
            "source": "ch_example",
        },
        "metadata": {},
    }
    whole = merged(plain, given)
    if isinstance(given.get("customer"), Mapping):
        whole["customer"] = merged(_customer(), given["customer"])
    return whole


def _customer() -> Raw:
    return {
        "id": "cus_example",
        "object": "customer",
        "name": "Example Ltd",
        "address": {},
        "metadata": {},
    }


def _rows(listed: Any) -> Sequence[Raw]:  # noqa: ANN401 - whatever stands in the file
    """Return the rows of a list as the API shows it, or of a plain one; one line if none."""
    rows = listed.get("data") if isinstance(listed, Mapping) else listed
    return rows or [{}]


def _net(lines: Sequence[Raw]) -> int:
    discounts = [each["amount"] for line in lines for each in line["discount_amounts"]]
    return int(sum(line["amount"] for line in lines) - sum(discounts))


def _exclusive(taxes: Iterable[Raw]) -> int:
    return sum(each["amount"] for each in taxes if each["tax_behavior"] == "exclusive")
