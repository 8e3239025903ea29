"""Stripe's balance as it is now."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tieout.stripe.decode.fields import Fields


def balance(raw: Mapping[str, object]) -> Mapping[str, int]:
    """Return the balance per currency, in minor units: what all balance transactions sum to.

    That is what is available and pending, kept for refunds or cards included. What is reserved for
    connected accounts was taken off the balance by a transaction of its own, and what may be paid
    out at once is a part of what is available.

    Raises:
        Refused: the balance cannot be read.

    Source: stripe-api dossier section 4.7 (`balance_type`); the `stripe` package's `Balance`.
    """
    whole = Fields(raw, "balance")
    sums: Counter[str] = Counter()
    for entry in _entries(whole):
        sums[entry.currency()] += entry.integer("amount")
    return dict(sums)


def _entries(whole: Fields) -> Iterator[Fields]:
    for name in ("available", "pending"):
        entries = whole.children(name)
        if entries is None:
            raise whole.refusal(name)
        yield from entries
    for name in ("issuing", "refund_and_dispute_prefunding"):
        kept = whole.child(name)
        if kept is not None:
            yield from kept.children("available") or ()
            yield from kept.children("pending") or ()
