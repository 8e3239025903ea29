"""What Stripe kept of a movement, by what it is and, where a rule says so, by where it belongs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tieout.domain.documents import NO_DIMENSIONS, Dimensions
from tieout.domain.movement_policy import FEES, Category
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.planning.facts import fee_case
from tieout.planning.rules import answer
from tieout.planning.snapshots import BalanceTransaction, FeeDetail

# Source: stripe-api dossier section 4.7 (types of fee_details); any other is Stripe's own fee.
_FEE_CATEGORIES: Mapping[str, Category] = {
    "tax": Category.FEE_TAX,
    "withheld_tax": Category.WITHHELD_TAX,
    "application_fee": Category.APPLICATION_FEES,
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is summed up in one line.

    Attributes:
        account: that a rule chose; None for that of the category.
        dimensions: that a rule chose, over those of the category.
        why: which rule did; empty for none.
    """

    category: Category
    account: str | None = None
    dimensions: Dimensions = field(default=NO_DIMENSIONS, hash=False)  # slow, and seldom needed
    why: str = ""


_PLAIN = {category: Bucket(category) for category in Category}


def kept(movement: BalanceTransaction, stripes_own: Category, policy: Policy) -> Counter[Bucket]:
    """Return what was kept of a movement, in minor units; negative is what was given back.

    Args:
        movement: with the parts of its fee; what they do not explain is Stripe's own fee.
        stripes_own: what Stripe's own fee is here.
        policy: whose rules for fees are asked about each part.
    """
    buckets: Counter[Bucket] = Counter()
    rest_minor = movement.fee_minor
    for each in movement.fees:
        category = _FEE_CATEGORIES.get(each.type, stripes_own)
        buckets[_bucket(category, movement, each, policy)] += each.amount_minor
        rest_minor -= each.amount_minor
    if rest_minor:
        rest = FeeDetail("", rest_minor)
        buckets[_bucket(stripes_own, movement, rest, policy)] += rest_minor
    return buckets


def summed_up(movement: BalanceTransaction, category: Category, policy: Policy) -> Counter[Bucket]:
    """Return the amount of a movement that has no part in what is kept, and what was kept of it.

    Args:
        movement: such as Stripe's own bill.
        category: what it is.
        policy: whose rules for fees are asked if that is a fee.
    """
    buckets = kept(movement, Category.PROCESSING_FEES, policy)
    bucket = _PLAIN[category]
    if category in FEES:
        whole = FeeDetail(movement.type, -movement.amount_minor, movement.description)
        bucket = _bucket(category, movement, whole, policy)
    buckets[bucket] -= movement.amount_minor
    return buckets


def _bucket(
    category: Category, movement: BalanceTransaction, part: FeeDetail, policy: Policy
) -> Bucket:
    if Area.FEES not in policy.rules:
        return _PLAIN[category]
    ruled = answer(Area.FEES, fee_case(movement, category, part, policy), policy)
    return Bucket(category, ruled.settings.get("account"), ruled.dimensions, ruled.why)
