"""Goal: of many rules the first that holds, matches and answers counts, as a naive reader says.

Method: random rules over a few facts, written as JMESPath and told again in plain Python.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import a_policy
from tieout.domain.expressions import compile_expression
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
