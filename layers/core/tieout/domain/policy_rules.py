"""Rules of the policy: when which account, dimension, number or text is chosen.

Of the rules for an area, the first one that matches and answers counts; what no rule answers falls
to the policy's tables and defaults. `domain.policy_rules_file` reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from tieout.domain.expressions import Condition, Expression, Facts, Truth


class Area(StrEnum):
    """What a rule can decide."""

    REVENUE = "revenue"
    TAX = "tax"
    SHIPPING = "shipping"
    DISCOUNT = "discount"
    DIMENSIONS = "dimensions"
    CUSTOMER = "customer"
    PAYMENT_METHOD = "payment_method"
    OUT_OF_BAND = "out_of_band"
    MEMO = "memo"
    DUE_DATE = "due_date"
    ENTITY = "entity"
    SALE = "sale"
    FEES = "fees"


SETTABLE: Mapping[Area, tuple[str, ...]] = {
    Area.REVENUE: ("account", "category", "dimensions"),
    Area.TAX: ("account", "dimensions"),
    Area.SHIPPING: ("account", "dimensions"),
    Area.DISCOUNT: ("account", "dimensions"),
    Area.DIMENSIONS: ("dimensions",),
    Area.CUSTOMER: ("customer_id", "term"),
    Area.PAYMENT_METHOD: ("method",),
    Area.OUT_OF_BAND: ("account", "bank_account"),
    Area.MEMO: ("memo",),
    Area.DUE_DATE: ("due_days",),
    Area.ENTITY: ("entity",),
    Area.SALE: ("mode", "above_budget", "ignore_reason"),
    Area.FEES: ("account", "dimensions"),
}
# A customer stands for itself on every day; a number that changes with the day would be another's.
WITHOUT_DAY = frozenset({Area.CUSTOMER})


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that the rule itself names."""

    text: str

    @property
    def values(self) -> tuple[str, ...]:
        """Every value that it can give."""
        return (self.text,)

    def value(self, _facts: Facts) -> str | None:
        """Return the text, whatever the facts."""
        return self.text


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value that a map gives for what an expression finds.

    Attributes:
        entries: of the map and of those that it goes on to.
        default: for a key that is not there; None if the rule then has no answer.
    """

    key: Expression
    entries: Mapping[str, str]
    default: str | None

    @property
    def values(self) -> tuple[str, ...]:
        """Every value that it can give."""
        return tuple(dict.fromkeys((*self.entries.values(), *filter(None, [self.default]))))

    def value(self, facts: Facts) -> str | None:
        """Return what the map says; None if it says nothing."""
        return self.entries.get(self.key.value(facts) or "", self.default)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it; what they do not find is left out.

    Attributes:
        parts: texts and expressions, in order.
    """

    parts: tuple[str | Expression, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """Nothing: what it can give is not known before."""
        return ()

    def value(self, facts: Facts) -> str | None:
        """Return the text; None if nothing but white space is left of it."""
        found = [each if isinstance(each, str) else each.value(facts) or "" for each in self.parts]
        return "".join(found).strip() or None


Setting = Fixed | Lookup | Template


@dataclass(frozen=True, slots=True)
class Example:
    """What a rule must do, for a Stripe object.

    Attributes:
        given: the object as Stripe's API shows it, or as much of it as matters.
        gives: for each line that must come of it, what must be true of the line.
    """

    name: str
    given: Mapping[str, Any]
    gives: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        since, until: the company's days on which it holds, both included; None for no end.
        when: the condition; None for always.
        settings: what it chooses.
        dimensions: what it chooses of those, by name.
    """

    name: str
    area: Area
    since: date | None = None
    until: date | None = None
    when: Condition | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)
    dimensions: Mapping[str, Setting] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    def holds_on(self, day: date | None) -> bool:
        """Return whether the rule counts on a day; without a day there is no limit."""
        if day is None:
            return True
        return (self.since or date.min) <= day <= (self.until or date.max)

    def matches(self, facts: Facts) -> bool:
        """Return whether its condition says yes."""
        return self.when is None or self.when.holds(facts) is Truth.YES

    @property
    def always_answers(self) -> bool:
        """Whether everything that it chooses is chosen in any case."""
        chosen = (*self.settings.values(), *self.dimensions.values())
        return not any(
            isinstance(each, Template) or (isinstance(each, Lookup) and each.default is None)
            for each in chosen
        )


RuleBook = Mapping[Area, tuple[Rule, ...]]
"""The rules by area, in the order of the file."""

NO_RULES: RuleBook = MappingProxyType({})
