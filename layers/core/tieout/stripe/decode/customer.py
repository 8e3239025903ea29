"""Customers, live or as frozen on an invoice."""

from collections.abc import Iterable

from tieout.planning.snapshots import Address, CustomerBalanceTransaction, CustomerSnapshot
from tieout.stripe.decode.fields import Fields, object_of


def customer(
    raw: object, balance_transactions: Iterable[CustomerBalanceTransaction] | None = None
) -> CustomerSnapshot:
    """Return the snapshot of a customer; a deleted one has nothing but its id.

    Args:
        raw: the customer.
        balance_transactions: every change of the credit balance; None where they were not read.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.10.
    """
    fields = object_of(raw, "customer")
    if fields.boolean("deleted"):
        return CustomerSnapshot(id=fields.text("id"), deleted=True)
    return CustomerSnapshot(
        id=fields.text("id"),
        # Since clover a customer may have only the finer of the names.
        name=(
            fields.text_or_empty("name")
            or fields.text_or_empty("business_name")
            or fields.text_or_empty("individual_name")
        ),
        email=fields.text_or_empty("email"),
        phone=fields.text_or_empty("phone"),
        address=address(fields.child("address")),
        metadata=fields.metadata(),
        balance_transactions=(
            None
            if balance_transactions is None
            else tuple(sorted(balance_transactions, key=lambda each: (each.created_unix, each.id)))
        ),
    )


def balance_change(raw: object) -> CustomerBalanceTransaction:
    """Return a change of a customer's credit balance; its type is taken as it is.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.9.
    """
    fields = object_of(raw, "customer_balance_transaction")
    return CustomerBalanceTransaction(
        id=fields.text("id"),
        type=fields.text("type"),
        amount_minor=fields.integer("amount"),
        currency=fields.currency(),
        created_unix=fields.moment("created"),
        invoice=fields.identifier("invoice"),
        credit_note=fields.identifier("credit_note"),
        description=fields.text_or_empty("description"),
        metadata=fields.metadata(),
    )


def customer_of_invoice(invoice: Fields) -> CustomerSnapshot | None:
    """Return the customer of an invoice; None where the invoice has none.

    An expanded customer is the live one. A deleted or unexpanded one has the name and address that
    Stripe froze on the invoice at finalisation.

    Raises:
        Refused: the customer cannot be read.

    Source: stripe-api dossier section 4.1 (snapshots frozen at finalisation).
    """
    identifier = invoice.identifier("customer")
    if identifier is None:
        return None
    live = invoice.expanded("customer")
    deleted = live is not None and live.boolean("deleted")
    if live is not None and not deleted:
        return customer(live.raw)
    return CustomerSnapshot(
        id=identifier,
        name=invoice.text_or_empty("customer_name"),
        email=invoice.text_or_empty("customer_email"),
        phone=invoice.text_or_empty("customer_phone"),
        address=address(invoice.child("customer_address")),
        deleted=deleted,
    )


def address(fields: Fields | None) -> Address:
    """Return a postal address; every part that Stripe leaves null is empty.

    Raises:
        Refused: a part is not text.
    """
    if fields is None:
        return Address()
    return Address(
        line1=fields.text_or_empty("line1"),
        line2=fields.text_or_empty("line2"),
        city=fields.text_or_empty("city"),
        state=fields.text_or_empty("state"),
        postal_code=fields.text_or_empty("postal_code"),
        country_code=fields.text_or_empty("country"),
    )
