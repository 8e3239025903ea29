"""Policy for what becomes of receivables besides being paid: credit balances and bad debt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tieout.domain.policy_limits import ACCOUNT_LENGTH_MAX
from tieout.domain.policy_reader import Section

_ANY_TYPE = "default"


@dataclass(frozen=True, slots=True)
class CustomerCreditRules:
    """Where the customers' credit balances are booked.

    Attributes:
        account: the liability; None parks what moves a credit balance.
        granted: where a change made by hand comes from or goes to, by its Stripe type.
        granted_default: the same for types that are not listed; None parks them.
    """

    account: str | None = None
    granted: Mapping[str, str] = field(default_factory=dict)
    granted_default: str | None = None


def read_customer_credit(file: Section) -> CustomerCreditRules:
    """Return what a policy file says about credit balances, noting its errors."""
    section = file.section("customer_credit")
    by_type: Mapping[str, str] = {}
    if isinstance(section.values.get("granted"), Mapping):
        by_type = section.texts("granted", ACCOUNT_LENGTH_MAX)
        default = by_type.get(_ANY_TYPE)
    else:
        default = section.optional_text("granted", ACCOUNT_LENGTH_MAX)
    rules = CustomerCreditRules(
        account=section.optional_text("account", ACCOUNT_LENGTH_MAX),
        granted={name: account for name, account in by_type.items() if name != _ANY_TYPE},
        granted_default=default,
    )
    section.refuse_unknown()
    return rules
