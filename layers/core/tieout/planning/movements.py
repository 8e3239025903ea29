"""Movements of the balance: their lines by category, and journals of single ones."""

from collections import Counter
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
from tieout.planning.snapshots import BalanceTransaction

# Source: stripe-api dossier section 4.7 (types of fee_details); any other is Stripe's own fee.
_FEE_CATEGORIES: Mapping[str, Category] = {
    "tax": Category.FEE_TAX,
    "withheld_tax": Category.WITHHELD_TAX,
    "application_fee": Category.APPLICATION_FEES,
}


def kept(movement: BalanceTransaction, stripes_own: Category) -> Counter[Category]:
    """Return what was kept of a movement, by category; negative is what was given back.

    Args:
        movement: with the parts of its fee; what they do not explain is Stripe's own fee.
        stripes_own: what Stripe's own fee is here.
    """
    by_category: Counter[Category] = Counter()
    for each in movement.fees:
        by_category[_FEE_CATEGORIES.get(each.type, stripes_own)] += each.amount_minor
    by_category[stripes_own] += movement.fee_minor - by_category.total()
    return by_category


def category_lines(debits: Mapping[Category, int], policy: Policy) -> list[JournalLine]:
    """Return a line for each category that has an amount, in the order of the categories.

    Args:
        debits: in minor units; negative is a credit.
        policy: the company's.

    Raises:
        Refused: policy names no account for some; the text names all of them.
    """
    rules = policy.movements
    needed = [each for each in Category if debits.get(each)]
    if missing := [each for each in needed if each not in rules.accounts]:
        settings = ", ".join(f"`movements.accounts.{each.value}`" for each in missing)
        raise Refused(Reason.ACCOUNT_NOT_IN_POLICY, f"no account is named: {settings}")
    return [
        JournalLine(
            rules.accounts[each],
            debits[each],
            each.value.replace("_", " ").capitalize(),
            policy.dimensions.defaults.overlaid(rules.dimensions_of(each)),
            why=f"movements.accounts.{each.value}",
        )
        for each in needed
    ]


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
    fees = kept(movement, Category.PROCESSING_FEES)
    lines = [*_own_lines(movement, policy), *category_lines(fees, policy)]
    return clearing_entry(heading, lines, policy)


def _own_lines(movement: BalanceTransaction, policy: Policy) -> list[JournalLine]:
    category, rules = row_of(movement).category, policy.movements
    if category is not None and category in rules.accounts:
        return category_lines({category: -movement.amount_minor}, policy)
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
