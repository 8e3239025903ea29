"""Invoices, in today's shape and in those of older API versions.

The new place of a fact is looked at first, then the old one; the version itself is never asked, so
what a stored event or an export says of its version does not matter.
Source: stripe-api dossier sections 3.1, 3.2 and 4.1.
"""

from collections.abc import Iterable, Sequence

from tieout.planning.snapshots import CreditNote, InvoiceSnapshot, TaxAmount
from tieout.stripe.decode.customer import customer_of_invoice
from tieout.stripe.decode.fields import Fields, object_of, rows_of
from tieout.stripe.decode.lines import line
from tieout.stripe.decode.payments import payments_of_invoice
from tieout.stripe.decode.taxes import shipping, taxes

_STATUSES = frozenset({"draft", "open", "paid", "uncollectible", "void"})


def invoice(
    raw: object,
    lines: Sequence[object] | None = None,
    payments: Sequence[object] | None = None,
    credit_notes: Iterable[CreditNote] = (),
) -> InvoiceSnapshot:
    """Return the snapshot of an invoice.

    Args:
        raw: the invoice, with its customer expanded or not.
        lines: every line, where the invoice embeds only the first of them.
        payments: every InvoicePayment, where the invoice does not embed all of them.
        credit_notes: every credit note; they are not part of Stripe's object.

    Raises:
        Refused: something needed is missing or of another type than it should be.

    Source: stripe-api dossier section 4.1.
    """
    fields = object_of(raw, "invoice")
    times = fields.child("status_transitions")
    if times is None:
        raise fields.refusal("status_transitions")
    finalized_at_unix = times.moment_or_none("finalized_at")
    return InvoiceSnapshot(
        id=fields.text("id"),
        number=fields.text_or_none("number"),
        status=fields.one_of("status", _STATUSES),
        currency=fields.currency(),
        customer=customer_of_invoice(fields),
        created_unix=fields.moment("created"),
        # Equal to the finalisation unless overridden, and absent from older shapes.
        effective_at_unix=fields.moment_or_none("effective_at") or finalized_at_unix,
        finalized_at_unix=finalized_at_unix,
        due_date_unix=fields.moment_or_none("due_date"),
        paid_at_unix=times.moment_or_none("paid_at"),
        voided_at_unix=times.moment_or_none("voided_at"),
        marked_uncollectible_at_unix=times.moment_or_none("marked_uncollectible_at"),
        lines=tuple(line(row) for row in rows_of(fields, "lines", lines)),
        total_minor=fields.integer("total"),
        amount_paid_minor=_amount_paid_minor(fields),
        amount_remaining_minor=_amount_remaining_minor(fields),
        amount_overpaid_minor=fields.integer_or_none("amount_overpaid") or 0,
        taxes=_total_taxes(fields),
        shipping=shipping(fields.child("shipping_cost")),
        credit_balance_applied_minor=credit_balance_applied_minor(fields),
        pre_payment_credit_notes_minor=fields.integer("pre_payment_credit_notes_amount"),
        post_payment_credit_notes_minor=fields.integer("post_payment_credit_notes_amount"),
        payments=payments_of_invoice(fields, payments),
        credit_notes=tuple(sorted(credit_notes, key=lambda each: (each.created_unix, each.id))),
        metadata=fields.metadata(),
        api_paid_out_of_band=fields.boolean("paid_out_of_band"),
    )


def _amount_paid_minor(fields: Fields) -> int:
    if _settled_out_of_band_before_basil(fields):
        return fields.integer("amount_due")
    return fields.integer("amount_paid")


def _amount_remaining_minor(fields: Fields) -> int:
    if _settled_out_of_band_before_basil(fields):
        return 0
    return fields.integer("amount_remaining")


def _settled_out_of_band_before_basil(fields: Fields) -> bool:
    """Return whether the amounts leave out what was paid outside Stripe.

    Source: stripe-api dossier section 3.1: since basil `amount_paid` includes it.
    """
    return fields.boolean("paid_out_of_band") and fields.text("status") == "paid"


def _total_taxes(fields: Fields) -> tuple[TaxAmount, ...]:
    totals = taxes(fields, "total_taxes", "total_tax_amounts")
    # A lone sum does not say whether it is inside the lines' amounts.
    if not totals and fields.integer_or_none("tax"):
        raise fields.refusal("total_taxes", "is missing, but there is tax")
    return totals


def credit_balance_applied_minor(fields: Fields) -> int:
    """Return the customer credit balance used, positive; a balance owed that was added, negative.

    Source: stripe-api dossier section 4.1: a balance below zero is in the customer's favour, and
    `ending_balance` is null until the invoice is finalised.
    """
    ending_minor = fields.integer_or_none("ending_balance")
    if ending_minor is None:
        return 0
    return ending_minor - fields.integer("starting_balance")
