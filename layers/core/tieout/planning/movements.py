"""Movements of the balance: their lines by category, and journals of single ones."""

from collections.abc import Mapping

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import movement_key
from tieout.domain.movement_policy import Category
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.balance_types import row_of
from tieout.planning.clearing_entries import Heading, clearing_entry
from tieout.planning.draft import PlanDraft
from tieout.planning.fees import Bucket, kept
from tieout.planning.snapshots import BalanceTransaction

_ORDER = {category: place for place, category in enumerate(Category)}


def category_lines(debits: Mapping[Bucket, int], policy: Policy) -> list[JournalLine]:
    """Return a line for each bucket that has an amount, in the order of the categories.

    The order is the same whatever moved first, or the same day would have two digests.

    Args:
        debits: in minor units; negative is a credit.
        policy: the company's.

    Raises:
        Refused: policy names no account for some; the text names all of them.
    """
    needed = [each for each, debit_minor in debits.items() if debit_minor]
    needed.sort(key=_place)
    named = policy.movements.accounts
    if missing := [each for each in needed if not (each.account or each.category in named)]:
        settings = dict.fromkeys(f"`movements.accounts.{each.category.value}`" for each in missing)
        raise Refused(Reason.ACCOUNT_NOT_IN_POLICY, f"no account is named: {', '.join(settings)}")
    return [_line(each, debits[each], policy) for each in needed]


def _place(bucket: Bucket) -> tuple[int, str, str, str]:
    # As text, since a dimension that is None has no place among names.
    dimensions = str(bucket.dimensions)
    return _ORDER[bucket.category], bucket.why, bucket.account or "", dimensions


def _line(bucket: Bucket, debit_minor: int, policy: Policy) -> JournalLine:
    category, rules = bucket.category, policy.movements
    by_table = "" if bucket.account else f"movements.accounts.{category.value}"
    return JournalLine(
        bucket.account or rules.accounts[category],
        debit_minor,
        category.value.replace("_", " ").capitalize(),
        policy.dimensions.defaults.overlaid(rules.dimensions_of(category)).overlaid(
            bucket.dimensions
        ),
        why="; ".join(filter(None, [by_table, bucket.why])),
    )


def named_line(
    account: str, debit_minor: int, memo: str, setting: str, policy: Policy
) -> JournalLine:
    """Return a line on an account that a setting names, under the policy's default dimensions."""
    return JournalLine(account, debit_minor, memo, policy.dimensions.defaults, why=setting)


def add_movement(draft: PlanDraft, movement: BalanceTransaction, policy: Policy) -> None:
    """Plan the journal of a movement that no other document books."""
    draft.document(
        movement_key(movement.id),
        lambda: _entry(movement, policy),
        movement.net_minor,
        movement.currency,
    )


def _entry(movement: BalanceTransaction, policy: Policy) -> JournalEntry:
    what = movement.type.replace("_", " ")
    heading = Heading(
        movement_key(movement.id),
        movement.id,
        f"Stripe {what} {movement.source or movement.id}",
        movement.id,
        accounting_date(movement.created_unix, policy.zone),
        movement.currency,
    )
    fees = kept(movement, Category.PROCESSING_FEES, policy)
    lines = [*_own_lines(movement, policy), *category_lines(fees, policy)]
    return clearing_entry(heading, lines, policy)


def _own_lines(movement: BalanceTransaction, policy: Policy) -> list[JournalLine]:
    category, rules = row_of(movement).category, policy.movements
    if category is not None and category in rules.accounts:
        return category_lines({Bucket(category): -movement.amount_minor}, policy)
    if rules.suspense is not None:
        memo = f"{movement.type} {movement.id}"
        debit_minor = -movement.amount_minor
        return [named_line(rules.suspense, debit_minor, memo, "movements.suspense", policy)]
    settings = [f"`movements.accounts.{category.value}`"] if category is not None else []
    raise Refused(
        Reason.ACCOUNT_NOT_IN_POLICY,
        f"{movement.type} ({movement.reporting_category}): no account is named: "
        + " or ".join([*settings, "`movements.suspense`"]),
    )
