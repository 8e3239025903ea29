"""How a sale without an invoice is booked: as its record says, else a rule, else `sales.mode`.

Rule and setting may name another mode for a month that has reached its budget of transactions.
"""

import dataclasses
from collections.abc import Mapping
from typing import cast

from tieout.domain.errors import Refused
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.sale_decisions import SaleDecision
from tieout.domain.sale_policy import SaleMode, SaleRules, costs_less
from tieout.planning.facts import charge_case
from tieout.planning.rules import answer
from tieout.planning.snapshots import ChargeSnapshot


def sale_rules(charge: ChargeSnapshot, policy: Policy) -> SaleRules:
    """Return how a sale is booked; the only place that chooses.

    Args:
        charge: the sale. A day's journal knows less of it than rules may ask, but it knows the
            decision.
        policy: the one that the sale is booked under.

    Raises:
        Refused: neither a rule nor `sales.mode` says; a person must decide.
    """
    rules = _rules(charge, policy)
    if rules is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY,
            f"charge {charge.id} pays no invoice: `sales.mode` does not say how to book it",
        )
    return rules


def is_booked_as(mode: SaleMode, charge: ChargeSnapshot, policy: Policy) -> bool:
    """Return whether policy books the sale in this mode; one without a mode in none."""
    rules = _rules(charge, policy)
    return rules is not None and rules.mode == mode


def as_decided(
    booked_under: Mapping[str, Policy], decided: Mapping[str, SaleDecision], today: Policy
) -> Mapping[str, Policy]:
    """Return the policies with what was decided about sales, whatever else they say of the mode.

    Args:
        booked_under: by key, the policies of what keeps its own.
        decided: by key, the sales that are decided.
        today: for decided sales that keep no policy.
    """
    policies = dict(booked_under)
    # A day decides thousands of sales in the same way.
    made: dict[tuple[str, SaleDecision], Policy] = {}
    for key, decision in decided.items():
        policy = booked_under.get(key, today)
        place = policy.version, decision
        policies[key] = made[place] = made.get(place) or _deciding(policy, decision)
    return policies


def _deciding(policy: Policy, decision: SaleDecision) -> Policy:
    rules = dataclasses.replace(
        policy.sales or SaleRules(decision.mode),
        mode=decision.mode,
        ignore_reason=decision.why if decision.mode == "ignore" else "",
        why=decision.why if decision.mode == "daily_summary" else "",
        is_decided=True,
    )
    return dataclasses.replace(policy, sales=rules)


def _rules(charge: ChargeSnapshot, policy: Policy) -> SaleRules | None:
    if policy.sales is not None and policy.sales.is_decided:
        return policy.sales
    ruled = answer(Area.SALE, charge_case(charge, policy), policy)
    rules = policy.sales
    if "mode" in ruled.settings:
        mode = cast("SaleMode", ruled.settings["mode"])
        rules = dataclasses.replace(
            rules or SaleRules(mode),
            mode=mode,
            ignore_reason=ruled.settings.get("ignore_reason", ""),
            above_budget=cast("SaleMode | None", ruled.settings.get("above_budget")),
            why=ruled.why,
        )
    return rules and _in_month(rules, policy.budget_reached)


def _in_month(rules: SaleRules, budget_reached: str) -> SaleRules:
    above_budget = rules.above_budget
    if not budget_reached or above_budget is None or not costs_less(above_budget, rules.mode):
        return rules
    why = "; ".join(filter(None, [rules.why, f"above the budget: {budget_reached}"]))
    return dataclasses.replace(rules, mode=above_budget, why=why)
