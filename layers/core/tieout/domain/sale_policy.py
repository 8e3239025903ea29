"""Policy for sales: charges that pay no invoice."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

from tieout.domain.policy_limits import CUSTOMER_ID_LENGTH_MAX, NAME_LENGTH_MAX
from tieout.domain.policy_reader import Section, suggestion

SaleMode = Literal["other_receipt", "invoice", "daily_summary", "ignore"]
SALE_MODES = ("other_receipt", "invoice", "daily_summary", "ignore")
REASON_LENGTH_MAX = 200
# What a sale costs of the month's Intacct transactions; a share in a journal is none of its own.
TRANSACTIONS: Mapping[SaleMode, int] = {
    "invoice": 2,
    "other_receipt": 1,
    "daily_summary": 0,
    "ignore": 0,
}
# A price is no reason to leave a sale out of the books.
ABOVE_BUDGET_MODES = ("other_receipt", "daily_summary")


@dataclass(frozen=True, slots=True)
class SaleRules:
    """How sales without an invoice are booked.

    Attributes:
        mode: a receipt each, an AR invoice with its payment each, a share in the journal of the
            day, or not at all.
        category: revenue category where the charge's metadata names none; None leaves it to
            `revenue.default`.
        customer: CUSTOMERID that an AR invoice is for when the charge has no customer.
        ignore_reason: why the books do not need them.
        above_budget: the mode instead, once the month's transactions have reached the budget;
            it costs less. None: the same as below.
        why: what chose the mode, if it was a rule or the budget.
        is_decided: the mode is what the record of a sale says: no rule is asked for it.
    """

    mode: SaleMode
    category: str | None = None
    customer: str | None = None
    ignore_reason: str = ""
    above_budget: SaleMode | None = None
    why: str = ""
    is_decided: bool = False


def read_sale_rules(
    file: Section, categories: Collection[str], *, has_budget: bool
) -> SaleRules | None:
    """Return what a policy file says about sales, None if nothing, noting its errors.

    Args:
        file: the whole file.
        categories: names of the revenue categories.
        has_budget: whether the file says how many transactions a month has.
    """
    section = file.section("sales")
    if "sales" not in file.values:
        return None
    if "mode" not in section.values:
        section.note("mode", "is missing: a person must decide how sales are booked")
    rules = SaleRules(
        mode=cast("SaleMode", section.choice("mode", SALE_MODES, "other_receipt")),
        category=section.optional_text("category", NAME_LENGTH_MAX),
        customer=section.optional_text("customer", CUSTOMER_ID_LENGTH_MAX),
        ignore_reason=section.text("ignore_reason", REASON_LENGTH_MAX, default=""),
        above_budget=read_above_budget(section),
    )
    if rules.category is not None and rules.category not in categories:
        hint = suggestion(rules.category, categories)
        section.note("category", f"names no category: {rules.category!r}{hint}")
    if rules.mode == "ignore" and not rules.ignore_reason:
        section.note("ignore_reason", "is missing: say why the books do not need these sales")
    if rules.above_budget is not None:
        check_above_budget(section, rules.above_budget, [rules.mode], has_budget=has_budget)
    section.refuse_unknown()
    return rules


def read_above_budget(section: Section) -> SaleMode | None:
    """Return the mode that a section names for sales above the budget; None if it names none."""
    mode = section.choice("above_budget", ABOVE_BUDGET_MODES, "")
    return cast("SaleMode", mode) if mode else None


def check_above_budget(
    section: Section, above_budget: SaleMode, modes: Iterable[str], *, has_budget: bool
) -> None:
    """Note what could never count: no budget to be above of, or nothing that it would save.

    Args:
        section: where it is named.
        above_budget: the mode above the budget.
        modes: those that may be chosen below it.
        has_budget: whether the file says how many transactions a month has.
    """
    if not has_budget:
        section.note("above_budget", "needs `intacct.transactions_per_month` to be above of")
    if not any(costs_less(above_budget, each) for each in modes if each in SALE_MODES):
        section.note(
            "above_budget",
            f"saves nothing: {above_budget} takes as many transactions as {' or '.join(modes)}, or "
            "more (invoice 2, other_receipt 1, daily_summary and ignore none of their own)",
        )


def costs_less(one: SaleMode, other: str) -> bool:
    """Return whether a sale takes fewer transactions in one mode than in another."""
    return TRANSACTIONS[one] < TRANSACTIONS[cast("SaleMode", other)]
