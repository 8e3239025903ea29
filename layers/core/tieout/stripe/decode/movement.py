"""Movements of Stripe's balance: balance transactions, and the objects behind them."""

from collections.abc import Iterable

from tieout.planning.snapshots import BalanceTransaction, FeeDetail, Origin
from tieout.stripe.decode.fields import Fields, object_of


def movement(raw: object) -> BalanceTransaction:
    """Return a balance transaction, with the object behind it where that is expanded.

    Types and categories are taken as they are: what they mean is for planning to say, which knows
    what to do with one nobody has seen.

    Raises:
        Refused: the object cannot be read, or its net is not what is left of it after the fee.

    Source: stripe-api dossier section 4.7.
    """
    fields = object_of(raw, "balance_transaction")
    found = BalanceTransaction(
        id=fields.text("id"),
        type=fields.text("type"),
        reporting_category=fields.text("reporting_category"),
        amount_minor=fields.integer("amount"),
        fee_minor=fields.integer("fee"),
        currency=fields.currency(),
        created_unix=fields.moment("created"),
        source=fields.identifier("source"),
        description=fields.text_or_empty("description"),
        fees=tuple(_fee(each) for each in fields.children("fee_details") or ()),
        origin=_origin(fields.expanded("source")),
    )
    if fields.integer("net") != found.net_minor:
        raise fields.refusal("net", "is not amount less fee")
    return found


def in_order(movements: Iterable[BalanceTransaction]) -> tuple[BalanceTransaction, ...]:
    """Return movements as snapshots have them: by (created, id)."""
    return tuple(sorted(movements, key=lambda each: (each.created_unix, each.id)))


def _fee(fields: Fields) -> FeeDetail:
    return FeeDetail(
        type=fields.text("type"),
        amount_minor=fields.integer("amount"),
        description=fields.text_or_empty("description"),
    )


def _origin(source: Fields | None) -> Origin | None:
    if source is None:
        return None
    # Of what was authorised, a part may have been released; only a charge has both amounts.
    amount_minor = source.integer_or_none("amount_captured") or source.integer_or_none("amount")
    return Origin(
        kind=source.text("object"),
        id=source.text("id"),
        amount_minor=None if amount_minor is None else abs(amount_minor),
        currency=None if source.text_or_none("currency") is None else source.currency(),
        charge=source.identifier("charge"),
        payment_intent=source.identifier("payment_intent"),
        customer=source.identifier("customer"),
        description=source.text_or_empty("description"),
        metadata=source.metadata(),
    )
