"""What would be on the clearing accounts if what is not booked were."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from tieout.domain import effects
from tieout.domain.documents import PaymentReversal
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting

# How the amount of what has no content yet would move the clearing account, by its key: the first
# that fits. What has both signs, as days, disputes and payouts have, is signed already.
_SIGNS: Sequence[tuple[str, str, int]] = (
    ("receipt/", "/out-of-band", 0),
    ("receipt/", "/recovered", 0),
    ("receipt/", "/returned", -1),
    ("receipt/", "", 1),
    ("sale/", "/returned", -1),
    ("sale/", "", 1),
    ("refund/", "/failed", 1),
    ("refund/", "", -1),
    ("payout/", "/arrived", 0),
    ("payout/", "", 1),
    ("topup/", "", 1),
    ("dispute/", "/lost", 0),
    ("dispute/", "", 1),
    ("movement/", "", 1),
    ("activity/", "", 1),
)


def clearing_effect(
    posting: Posting, policy: Policy, listed: Collection[str] = ()
) -> Mapping[str, int]:
    """Return what a posting's document does, or would do, to clearing accounts, by currency.

    Minor units, debit positive. A finding has no lines, and a payment's reversal does not tell
    them; their amount counts with the sign that its kind has.

    Args:
        posting: what is not booked.
        policy: the one that names the clearing accounts.
        listed: keys of what else is not booked: of a sale and its payment one moves clearing.
    """
    if f"{posting.key}/paid" in listed:
        return {}
    if posting.effects and posting.document_type != PaymentReversal.__name__:
        return on_clearing(effects.read(posting.effects), policy)
    if posting.amount_minor is None or posting.currency is None:
        return {}
    if posting.currency not in policy.clearing:
        return {}
    key = posting.key.removeprefix(f"{posting.subject.account}/")
    for begin, end, sign in _SIGNS:
        if key.startswith(begin) and key.endswith(end):
            return {posting.currency: sign * posting.amount_minor} if sign else {}
    return {}


def on_clearing(sums: Mapping[str, int], policy: Policy) -> Mapping[str, int]:
    """Return what sums by place, as `effects.by_place` gives them, move on clearing accounts."""
    found: dict[str, int] = defaultdict(int)
    for currency, account in policy.clearing.items():
        names = {account.account, effects.cash_text(account)}
        for place, amount_minor in sums.items():
            if any(place == name or place.startswith(f"{name} ") for name in names):
                found[currency] += amount_minor
    return found
