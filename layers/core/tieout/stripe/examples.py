"""Examples of the policy made whole: snapshots of as much of a Stripe object as matters.

A controller writes what an example is about; `stripe.example_objects` fills in the rest.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from tieout.domain.errors import Refused
from tieout.domain.policy_reader import suggestion
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    ActivitySnapshot,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    RefundSnapshot,
    Snapshot,
)
from tieout.stripe import decode
from tieout.stripe.example_objects import Plain, Raw

Made = tuple[Subject, Snapshot]


def example(given: Raw, noon: datetime, currency: str) -> Made:
    """Return the subject and snapshot that an example describes.

    Args:
        given: an object as the API shows it, or a part of one; see docs/policy.md, "Examples".
        noon: when everything in it happened, unless it says otherwise; in the company's zone.
        currency: of its amounts, unless it says otherwise.

    Raises:
        Refused: it is of a kind that rules never see, or cannot be read.
    """
    kind = given.get("object", "invoice")
    make = _KINDS.get(kind)
    if make is None:
        raise Refused(
            Reason.UNREADABLE_OBJECT,
            f"rules never see an object of the kind {kind!r}{suggestion(str(kind), _KINDS)}; "
            f"what they see: {', '.join(_KINDS)}",
        )
    try:
        return make(given, Plain(int(noon.timestamp()), given.get("currency", currency)), noon)
    except (AttributeError, KeyError, TypeError) as error:
        raise Refused(
            Reason.UNREADABLE_OBJECT, "is not of the shape that Stripe's API shows"
        ) from error


def _invoice(given: Raw, plain: Plain, _noon: datetime) -> Made:
    invoice = decode.invoice(plain.invoice(given))
    return Subject(SubjectKind.INVOICE, invoice.id), invoice


def _invoice_line(given: Raw, plain: Plain, noon: datetime) -> Made:
    """Return an invoice of one line: what an item becomes, and how a proration is booked."""
    # An item tells by itself whether it is a proration, its line by its parent.
    own = {"object", "customer", "currency"} | (
        {"parent"} if given["object"] != "line_item" else set()
    )
    line = {name: value for name, value in given.items() if name not in own}
    customer = {"customer": given["customer"]} if "customer" in given else {}
    return _invoice({**customer, "lines": [line]}, plain, noon)


def _charge(given: Raw, plain: Plain, _noon: datetime) -> Made:
    charge = decode.charge(plain.charge(given))
    return Subject(SubjectKind.CHARGE, charge.id), charge


def _customer(given: Raw, plain: Plain, _noon: datetime) -> Made:
    customer = decode.customer(plain.customer(given))
    return Subject(SubjectKind.CUSTOMER, customer.id), customer


def _refund(given: Raw, plain: Plain, _noon: datetime) -> Made:
    """Return a refund of the invoice that is given beside it, or of a charge without one."""
    refund = decode.refund(plain.refund(given))
    subject, charge = Subject(SubjectKind.REFUND, refund.id), given.get("charge")
    if isinstance(charge, Mapping) and "invoice" not in given:
        sale = decode.charge(plain.charge({"amount": refund.amount_minor, **charge}))
        return subject, RefundSnapshot(refund, (refund,), (), sale)
    paid = {
        "lines": [{"amount": refund.amount_minor}],
        **given.get("invoice", {}),
        "status": "paid",
    }
    return subject, RefundSnapshot(refund, (refund,), (decode.invoice(plain.invoice(paid)),))


def _credit_note(given: Raw, plain: Plain, _noon: datetime) -> Made:
    """Return a credit note on the invoice in it."""
    invoice = plain.invoice(_expanded(given, "invoice"))
    note = decode.credit_note(plain.credit_note(given, invoice))
    credited = {
        "pre_payment_credit_notes_amount": note.pre_payment_minor,
        "post_payment_credit_notes_amount": note.total_minor - note.pre_payment_minor,
        "amount_remaining": invoice["amount_remaining"] - note.pre_payment_minor,
    }
    credited_invoice: InvoiceSnapshot = decode.invoice({**invoice, **credited}, credit_notes=[note])
    return Subject(SubjectKind.CREDIT_NOTE, note.id), CreditNoteSnapshot(note, credited_invoice)


def _dispute(given: Raw, plain: Plain, _noon: datetime) -> Made:
    raw = plain.dispute(given)
    dispute = decode.dispute(raw, map(decode.movement, raw["balance_transactions"]))
    return Subject(SubjectKind.DISPUTE, dispute.id), dispute


def _payout(given: Raw, plain: Plain, _noon: datetime) -> Made:
    raw = plain.payout(given)
    payout = decode.payout(raw, [decode.movement(raw["balance_transaction"])])
    return Subject(SubjectKind.PAYOUT, payout.id), payout


def _activity(given: Raw, plain: Plain, noon: datetime) -> Made:
    """Return the day of a balance transaction, on which nothing else moved the balance."""
    movement = decode.movement(plain.movement(given))
    day = datetime.fromtimestamp(movement.created_unix, noon.tzinfo).date()
    return Subject(SubjectKind.ACTIVITY, day.isoformat()), ActivitySnapshot(day, (movement,))


def _expanded(given: Raw, name: str) -> Raw:
    value = given.get(name)
    return value if isinstance(value, Mapping) else {}


_KINDS: Mapping[str, Callable[[Raw, Plain, datetime], Made]] = {
    "invoice": _invoice,
    "line_item": _invoice_line,
    "invoiceitem": _invoice_line,
    "credit_note": _credit_note,
    "charge": _charge,
    "refund": _refund,
    "dispute": _dispute,
    "payout": _payout,
    "balance_transaction": _activity,
    "customer": _customer,
}
