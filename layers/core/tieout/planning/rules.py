"""Asking the policy's rules: the first that holds, matches and answers counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from tieout.domain.documents import NO_DIMENSIONS, Dimensions
from tieout.domain.expressions import Facts
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area, Rule, Setting
from tieout.planning.dimensions import named_dimensions


class Case:
    """What a rule is asked about: a day of the company's, and facts. Neither is made unless asked.

    Most policies have rules for few areas, and planning a year of movements must stay cheap.

    Args:
        day: of the document; None for what has no day (a customer).
        facts: see docs/policy.md, "Facts".
    """

    def __init__(self, day: Callable[[], date | None], facts: Callable[[], Facts]) -> None:
        self._make_day = day
        self._make_facts = facts
        self._made: tuple[date | None, Facts] | None = None

    @property
    def made(self) -> tuple[date | None, Facts]:
        """Day and facts."""
        if self._made is None:
            self._made = (self._make_day(), self._make_facts())
        return self._made

    def plus(self, more: Callable[[], Facts]) -> "Case":
        """Return the case of a part of this one: its facts and more."""
        return Case(lambda: self.made[0], lambda: {**self.made[1], **more()})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule chose.

    Attributes:
        settings: values by name, those that the area can set.
        why: for the line that it chose something of.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    dimensions: Dimensions = NO_DIMENSIONS
    why: str = ""


NO_ANSWER = Answer()


def answer(area: Area, case: Case, policy: Policy) -> Answer:
    """Return what the rules for an area say; `NO_ANSWER` if they say nothing.

    A rule with a map that lacks the key has no answer, and the next one is asked.
    """
    rules = policy.rules.get(area)
    if not rules:
        return NO_ANSWER
    day, facts = case.made
    facts = {**facts, "stripe_account": policy.stripe_account}
    for rule in rules:
        if rule.holds_on(day) and rule.matches(facts):
            found = _answer(rule, facts)
            if found is not None:
                return found
    return NO_ANSWER


def _answer(rule: Rule, facts: Facts) -> Answer | None:
    settings = _values(rule.settings, facts)
    dimensions = _values(rule.dimensions, facts)
    if settings is None or dimensions is None:
        return None
    named = named_dimensions(dimensions) if dimensions else NO_DIMENSIONS
    return Answer(settings, named, f"rule {rule.name}")


def _values(settings: Mapping[str, Setting], facts: Facts) -> Mapping[str, str] | None:
    values = {}
    for name, setting in settings.items():
        value = setting.value(facts)
        if value is None:
            return None
        values[name] = value
    return values
