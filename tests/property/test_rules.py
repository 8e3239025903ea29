"""Goal: of many rules the first that holds, matches and answers counts, as a naive reader says.

Method: random rules over a few facts, written as JMESPath and told again in plain Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import jmespath
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import a_policy
from tieout.domain.expressions import ANSWERS_MAX, Expression, Truth, compile_expression
from tieout.domain.policy_rules import Area, Fixed, Lookup, Rule
from tieout.planning.rules import NO_ANSWER, Case, answer

FIRST_DAY = date(2026, 7, 1)
PRODUCTS = ("prod_1", "prod_2", None)
TIERS = ("enterprise", "self-serve", None)
REGIONS = {"EU": "200", "US": "100"}

days = st.integers(0, 9).map(lambda each: FIRST_DAY + timedelta(days=each))


@dataclass(frozen=True)
class Told:
    """A rule as a person would say it; None for whatever it does not ask about."""

    since: date | None
    until: date | None
    product: str | None
    tier: str | None
    negated: bool
    by_region: bool

    def condition(self) -> str | None:
        asked = []
        if self.product is not None:
            asked.append(f"line.product == '{self.product}'")
        if self.tier is not None:
            asked.append(f"customer.metadata.tier == '{self.tier}'")
        joined = " && ".join(asked)
        if not joined:
            return None
        return f"!({joined})" if self.negated else joined

    def rule(self, name: str) -> Rule:
        condition = self.condition()
        key = compile_expression("customer.metadata.region")
        return Rule(
            name=name,
            area=Area.REVENUE,
            since=self.since,
            until=self.until,
            when=None if condition is None else compile_expression(condition),
            settings={"account": Lookup(key, REGIONS, None) if self.by_region else Fixed(name)},
        )

    def says(self, name: str, day: date, given: Mapping[str, str | None]) -> str | None:
        if (self.since and day < self.since) or (self.until and day > self.until):
            return None
        asked = {"product": self.product, "tier": self.tier}
        wanted = {each: value for each, value in asked.items() if value is not None}
        fits = all(given[each] == value for each, value in wanted.items())
        if wanted and fits is self.negated:
            return None
        return REGIONS.get(given["region"] or "") if self.by_region else name


told = st.builds(
    Told,
    since=st.none() | days,
    until=st.none() | days,
    product=st.sampled_from(PRODUCTS),
    tier=st.sampled_from(TIERS),
    negated=st.booleans(),
    by_region=st.booleans(),
)
cases = st.fixed_dictionaries(
    {
        "product": st.sampled_from(PRODUCTS),
        "tier": st.sampled_from(TIERS),
        "region": st.sampled_from([*REGIONS, "ASIA", None]),
    }
)


@given(st.lists(told, max_size=6), days, cases)
def test_the_first_rule_that_answers_counts(
    rules: Sequence[Told], day: date, given_facts: Mapping[str, str | None]
) -> None:
    metadata = {each: value for each in ("tier", "region") if (value := given_facts[each])}
    facts = {"line": {"product": given_facts["product"]}, "customer": {"metadata": metadata}}
    book = {Area.REVENUE: tuple(each.rule(f"r{place}") for place, each in enumerate(rules))}
    said = [each.says(f"r{place}", day, given_facts) for place, each in enumerate(rules)]

    found = answer(Area.REVENUE, Case(lambda: day, lambda: facts), a_policy(rules=book))

    answers = [(place, each) for place, each in enumerate(said) if each is not None]
    if not answers:
        assert found is NO_ANSWER
    else:
        place, account = answers[0]
        assert found.settings == {"account": account}
        assert found.why == f"rule r{place}"


CONDITIONS = (
    "line.product == 'prod_1'",
    "line.product == 'prod_1' && customer.metadata.tier == 'enterprise'",
    "!(customer.metadata.tier == 'enterprise') || line.product",
    "contains(['prod_1', 'prod_2'], line.product)",
    "starts_with(customer.metadata.tier, 'ent')",
    "customer.metadata.tier",
    "customer.metadata == line.metadata",
    "customer.metadata.*[?@ == 'EU'] | [0] == 'EU'",
    "line | product == 'prod_1'",
    "amount_minor > `100` && line.proration",
)
EXPRESSIONS = tuple(compile_expression(each) for each in CONDITIONS)
some_facts: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "line": st.none()
        | st.fixed_dictionaries(
            {
                "product": st.sampled_from(PRODUCTS),
                "proration": st.booleans(),
                "metadata": st.just({}),
            }
        ),
        "customer": st.none()
        | st.fixed_dictionaries(
            {
                "metadata": st.dictionaries(
                    st.sampled_from(["tier", "region"]), st.sampled_from(["enterprise", "EU"])
                )
            }
        ),
        "amount_minor": st.sampled_from([0, 1, 100, 101]),
    }
)


@given(st.sampled_from(EXPRESSIONS), some_facts)
def test_an_answer_that_was_kept_is_the_one_that_jmespath_gives(
    expression: Expression, facts: Mapping[str, Any]
) -> None:
    """The expressions live as long as the test, so that most answers come from what they kept."""
    assert expression.holds(facts) is compile_expression(expression.text).holds(facts)
    try:
        said = jmespath.search(expression.text, facts)
    except jmespath.exceptions.JMESPathTypeError:
        said = None
    assert (expression.holds(facts) is Truth.YES) is (said is True)


def test_what_an_expression_keeps_is_bounded() -> None:
    expression = compile_expression("amount_minor == `7`")
    for amount_minor in range(3 * ANSWERS_MAX):
        assert (expression.holds({"amount_minor": amount_minor}) is Truth.YES) is (
            amount_minor == 7
        )
        assert len(expression.answers) <= ANSWERS_MAX
