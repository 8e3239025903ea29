"""Credit notes, as the pinned API version shows them: events are never decoded into one."""

from collections.abc import Sequence

from tieout.planning.snapshots import CreditNote, CreditNoteLine, CreditNoteRefund
from tieout.stripe.decode.fields import Fields, object_of, rows_of
from tieout.stripe.decode.taxes import shipping, taxes

_STATUSES = frozenset({"issued", "void"})


def credit_note(raw: object, lines: Sequence[object] | None = None) -> CreditNote:
    """Return a credit note.

    Whether its parts sum to its total is for planning to say: one that does not must not make its
    whole invoice unreadable.

    Args:
        raw: the credit note.
        lines: every line, where the credit note embeds only the first of them.

    Raises:
        Refused: something needed is missing or of another type than it should be.

    Source: stripe-api dossier section 4.3.
    """
    fields = object_of(raw, "credit_note")
    refunds = tuple(_refund(each) for each in fields.children("refunds") or ())
    out_of_band_minor = fields.integer_or_none("out_of_band_amount") or 0
    given_back_minor = sum(each.amount_minor for each in refunds) + out_of_band_minor
    to_balance = fields.identifier("customer_balance_transaction") is not None
    return CreditNote(
        id=fields.text("id"),
        number=fields.text_or_empty("number"),
        invoice=credited_invoice(raw),
        status=fields.one_of("status", _STATUSES),
        currency=fields.currency(),
        created_unix=fields.moment("created"),
        effective_at_unix=fields.moment_or_none("effective_at"),
        voided_at_unix=fields.moment_or_none("voided_at"),
        total_minor=fields.integer("total"),
        pre_payment_minor=fields.integer("pre_payment_amount"),
        lines=tuple(_line(each) for each in rows_of(fields, "lines", lines)),
        taxes=taxes(fields, "total_taxes", "total_tax_amounts"),
        shipping=shipping(fields.child("shipping_cost")),
        refunds=refunds,
        balance_credit_minor=(
            fields.integer("post_payment_amount") - given_back_minor if to_balance else 0
        ),
        out_of_band_minor=out_of_band_minor,
        metadata=fields.metadata(),
    )


def credited_invoice(raw: object) -> str:
    """Return the id of the invoice that a credit note takes back.

    Raises:
        Refused: it names none.
    """
    fields = object_of(raw, "credit_note")
    invoice = fields.identifier("invoice")
    if invoice is None:
        raise fields.refusal("invoice")
    return invoice


def _refund(fields: Fields) -> CreditNoteRefund:
    return CreditNoteRefund(
        refund=fields.identifier("refund"), amount_minor=fields.integer("amount_refunded")
    )


def _line(fields: Fields) -> CreditNoteLine:
    return CreditNoteLine(
        id=fields.text("id"),
        amount_minor=fields.integer("amount"),
        description=fields.text_or_empty("description"),
        discount_minor=fields.integer_or_none("discount_amount") or 0,
        taxes=taxes(fields, "taxes", "tax_amounts"),
        invoice_line=fields.identifier("invoice_line_item"),
    )
