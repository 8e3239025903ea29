"""The examples of a policy's rules, run as tests: what is planned, against what must be given."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tieout.domain.documents import Document, amount_of
from tieout.domain.effects import Effect, dimensions_of, effects
from tieout.domain.errors import Refused
from tieout.domain.expressions import Condition, Facts, Truth
from tieout.domain.money import decimal_from_minor
from tieout.domain.plans import Disposition, Finding, Plan
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Example, Rule
from tieout.domain.subjects import Subject
from tieout.planning.plan import plan
from tieout.planning.snapshots import Snapshot

Row = Mapping[str, Any]
ReadExample = Callable[[Mapping[str, Any], datetime, str], tuple[Subject, Snapshot]]
"""Makes a snapshot of a given object, a moment of the company's and a currency; may refuse."""

# On which day an example happens if the policy has no day at all.
_ANY_DAY = date(2026, 1, 15)
_AMOUNTS = frozenset({"amount", "debit", "credit"})
_AMOUNTS_OF_STRIPE = frozenset(
    {"amount", "ending_balance", "fee", "net", "starting_balance", "subtotal", "total"}
)


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What became of an example.

    Attributes:
        path: where the example stands in the policy file.
        problems: what differs, for the controller; none if it holds.
    """

    path: str
    problems: Sequence[str] = ()


@dataclass(slots=True)
class _Watched:
    """A condition that remembers whether it gave an answer that is neither yes nor no."""

    inner: Condition
    is_odd: bool = False

    def holds(self, facts: Facts) -> Truth:
        truth = self.inner.holds(facts)
        self.is_odd = self.is_odd or truth is Truth.NEITHER
        return truth


@dataclass(slots=True)
class _Watch:
    """A policy of which it is known afterwards what its conditions were asked."""

    conditions: dict[str, _Watched] = field(default_factory=dict)

    def over(self, policy: Policy) -> Policy:
        rules = {area: tuple(map(self._over, each)) for area, each in policy.rules.items()}
        return dataclasses.replace(policy, rules=rules)

    def _over(self, rule: Rule) -> Rule:
        if rule.when is None:
            return rule
        watched = self.conditions[rule.name] = _Watched(rule.when)
        return dataclasses.replace(rule, when=watched)


def run_examples(policy: Policy, read: ReadExample) -> Iterator[ExampleResult]:
    """Yield what becomes of each example, in the order of areas and rules.

    Those of a further Stripe account come last, under its own policy.

    Args:
        policy: whose rules are tried. Each example happens on the first day on which its rule
            holds and the books are open.
        read: makes a snapshot of what an example gives.
    """
    company = _rules(policy)
    yield from _run(policy, company, "", read)
    written = [(rule.name, rule.examples) for rule in company]
    for account, own in policy.accounts.items():
        # What an account takes over from the company is tried for the company.
        rules = [rule for rule in _rules(own) if (rule.name, rule.examples) not in written]
        yield from _run(own, rules, f"stripe_accounts.{account}.", read)


def _rules(policy: Policy) -> Sequence[Rule]:
    return [rule for of_area in policy.rules.values() for rule in of_area]


def _run(
    policy: Policy, rules: Iterable[Rule], prefix: str, read: ReadExample
) -> Iterator[ExampleResult]:
    for rule in rules:
        for example in rule.examples:
            path = f"{prefix}rules[{rule.name}].examples[{example.name}]"
            yield ExampleResult(path, tuple(_problems(example, rule, policy, read)))


def _problems(example: Example, rule: Rule, policy: Policy, read: ReadExample) -> Iterator[str]:
    if wrong := list(_not_minor(example.given, "given")):
        yield from wrong
        return
    noon = datetime.combine(_day(rule, policy), time(12), policy.zone)
    try:
        subject, snapshot = read(example.given, noon, policy.base_currency)
    except Refused as refusal:
        yield f"given: {refusal.text}"
        return
    watch = _Watch()
    made = plan(subject, snapshot, watch.over(policy))
    for name, condition in watch.conditions.items():
        if condition.is_odd:
            yield f"the condition of rule {name} is neither true nor false for it"
    rows = list(_rows(made))
    for place in _without_line(example.gives, rows):
        yield f"gives[{place + 1}]: {_nearest(example.gives[place], rows)}"


def _not_minor(given: object, path: str) -> Iterator[str]:
    """Yield what is no amount of Stripe's: they are whole numbers of the smallest unit."""
    if isinstance(given, list):
        for place, each in enumerate(given, start=1):
            yield from _not_minor(each, f"{path}[{place}]")
    elif isinstance(given, Mapping):
        for name, value in given.items():
            where = f"{path}.{name}"
            if _is_amount(str(name)) and isinstance(value, str | float):
                shown = f'"{value}"' if isinstance(value, str) else str(value)
                yield (
                    f"{where}: must be minor units, as an integer without quotes, like 2500 for "
                    f"25.00; it is {shown}"
                )
            elif name != "metadata":
                yield from _not_minor(value, where)


def _is_amount(name: str) -> bool:
    return name in _AMOUNTS_OF_STRIPE or name.startswith("amount_") or name.endswith("_amount")


def _day(rule: Rule, policy: Policy) -> date:
    closed_through = policy.periods.closed_through
    first_open = None if closed_through is None else closed_through + timedelta(days=1)
    days = [each for each in (rule.since, policy.books_from, first_open) if each is not None]
    day = max(days, default=_ANY_DAY)
    return day if rule.until is None else min(day, rule.until)


# --- What is planned, as lines ----------------------------------------------------------------


def _rows(made: Plan) -> Iterator[Row]:
    documents = {each.key: each for each in made.documents}
    for document in made.documents:
        header = _header(document)
        lines = effects(document, documents)
        for line in lines:
            yield {**header, **_line(line, document)}
        if not lines:
            yield header
    for finding in made.findings:
        yield _finding(finding)


def _header(document: Document) -> Row:
    said = {
        each.name: str(value)
        for each in dataclasses.fields(document)
        if isinstance(value := getattr(document, each.name), str | date)
    }
    return {"document": type(document).__name__, **said}


def _line(line: Effect, document: Document) -> Row:
    _, currency = amount_of(document) or (0, "")
    amount = f"{abs(decimal_from_minor(line.amount_minor, currency)):f}"
    customer = {} if line.customer_id is None else {"customer_id": line.customer_id}
    return {
        "account": line.account,
        "amount": amount,
        "debit" if line.amount_minor > 0 else "credit": amount,
        "dimensions": dimensions_of(line.dimensions),
        "memo": line.memo,
        "why": line.why,
        **customer,
    }


def _finding(finding: Finding) -> Row:
    name = "parked" if finding.disposition is Disposition.PARKED else "not_booked"
    return {name: str(finding.reason), "text": finding.text}


# --- What differs -----------------------------------------------------------------------------


def _without_line(gives: Sequence[Row], rows: Sequence[Row]) -> Iterator[int]:
    """Yield the places of those for which no line is left, each line counting once.

    What would find no line takes that of another one, if that finds a line elsewhere.
    """
    owners: dict[int, int] = {}

    def finds(wanted: int, tried: set[int]) -> bool:
        for line, row in enumerate(rows):
            if line in tried or _differences(gives[wanted], row):
                continue
            tried.add(line)
            if line not in owners or finds(owners[line], tried):
                owners[line] = wanted
                return True
        return False

    for place in range(len(gives)):
        if not finds(place, set()):
            yield place


def _differences(wanted: Row, row: Row) -> Sequence[str]:
    found = []
    for name, value in wanted.items():
        if isinstance(value, Mapping):
            nested = row.get(name)
            within = nested if isinstance(nested, Mapping) else {}
            found += [f"{name}.{each}" for each in _differences(value, within)]
        elif not _is_same(name, value, row.get(name)):
            found.append(f"{name} is {row.get(name, 'not there')}, not {value}")
    return found


def _is_same(name: str, wanted: object, there: object) -> bool:
    if name in _AMOUNTS and there is not None:
        try:
            return Decimal(str(wanted)) == Decimal(str(there))
        except InvalidOperation:
            return False
    return there is not None and str(wanted) == str(there)


def _nearest(wanted: Row, rows: Sequence[Row]) -> str:
    if not rows:
        return "nothing is planned"
    # Of lines with as many differences those that say at least something else come first.
    nearest = min(
        rows, key=lambda row: (len(_differences(wanted, row)), len(wanted.keys() - row.keys()))
    )
    shown = nearest.get("why") or nearest.get("text") or nearest.get("key", "")
    return f"{'; '.join(_differences(wanted, nearest))} (in the nearest line: {shown})"
