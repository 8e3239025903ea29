"""Policy for sales: charges that pay no invoice."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, cast

from tieout.domain.policy_limits import CUSTOMER_ID_LENGTH_MAX, NAME_LENGTH_MAX
from tieout.domain.policy_reader import Section, suggestion

SaleMode = Literal["other_receipt", "invoice", "daily_summary", "ignore"]
SALE_MODES = ("other_receipt", "invoice", "daily_summary", "ignore")
REASON_LENGTH_MAX = 200


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
        why: which rule chose the mode, if one did.
        is_decided: the mode is what the record of a sale says: no rule is asked for it.
    """

    mode: SaleMode
    category: str | None = None
    customer: str | None = None
    ignore_reason: str = ""
    why: str = ""
    is_decided: bool = False


def read_sale_rules(file: Section, categories: Collection[str]) -> SaleRules | None:
    """Return what a policy file says about sales, None if nothing, noting its errors.

    Args:
        file: the whole file.
        categories: names of the revenue categories.
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
    )
    if rules.category is not None and rules.category not in categories:
        hint = suggestion(rules.category, categories)
        section.note("category", f"names no category: {rules.category!r}{hint}")
    if rules.mode == "ignore" and not rules.ignore_reason:
        section.note("ignore_reason", "is missing: say why the books do not need these sales")
    section.refuse_unknown()
    return rules
