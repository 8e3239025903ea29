"""What would be on the clearing accounts if what is not booked were."""

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from tieout.domain import effects
from tieout.domain.documents import PaymentReversal
from tieout.domain.plans import Finding
from tieout.domain.policy import Policy
from tieout.domain.postings import NO_LONGER_PLANNED, Posting, State
from tieout.domain.subjects import Subject

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
    known = posting.planned_effects or posting.effects
    if known and posting.document_type != PaymentReversal.__name__:
        return on_clearing(effects.read(known), policy)
    currency = posting.currency
    if currency is None or currency not in policy.clearing:
        return {}
    amount_minor = _signed(posting, posting.subject)
    return {currency: amount_minor} if amount_minor else {}


def drift_effect(posting: Posting, policy: Policy) -> Mapping[str, int]:
    """Return what clearing accounts show more than Stripe calls for, by currency.

    Minor units. Nothing if nobody knows what Stripe calls for now.

    Args:
        posting: what is posted, and found to differ, accepted or not.
        policy: the one that names the clearing accounts.
    """
    if posting.state is not State.POSTED or not (posting.differs or posting.is_accepted):
        return {}
    # What a reversal takes back is in another document; that it is called for no more is enough.
    is_told = posting.planned_effects and posting.document_type != PaymentReversal.__name__
    if not is_told and posting.drift_digest != NO_LONGER_PLANNED:
        return {}
    planned = on_clearing(effects.read(posting.planned_effects), policy)
    posted = clearing_effect(dataclasses.replace(posting, planned_effects=""), policy)
    more = {each: posted.get(each, 0) - planned.get(each, 0) for each in policy.clearing}
    return {currency: amount_minor for currency, amount_minor in more.items() if amount_minor}


def would_do(finding: Finding, subject: Subject) -> str:
    """Return what a finding would do to accounts, as a posting keeps it; empty if nobody knows."""
    if finding.effects:
        return finding.effects
    if finding.amount_minor is None or finding.currency is None:
        return ""
    return f"{_signed(finding, subject)} {effects.on_balance(finding.currency)}"


def _signed(of: Posting | Finding, subject: Subject) -> int:
    """Return an amount with the sign that its kind has; 0 if it moves something else."""
    key = of.key.removeprefix(f"{subject.account}/")
    for begin, end, sign in _SIGNS:
        if key.startswith(begin) and key.endswith(end):
            return sign * (of.amount_minor or 0)
    return 0


def on_clearing(sums: Mapping[str, int], policy: Policy) -> Mapping[str, int]:
    """Return what sums by place, as `effects.by_place` gives them, move on clearing accounts."""
    found: dict[str, int] = defaultdict(int)
    for currency, account in policy.clearing.items():
        names = {account.account, effects.cash_text(account), effects.on_balance(currency)}
        for place, amount_minor in sums.items():
            if any(place == name or place.startswith(f"{name} ") for name in names):
                found[currency] += amount_minor
    return found
