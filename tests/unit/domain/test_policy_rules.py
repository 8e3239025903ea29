"""Goal: a rule that cannot be read, or could never count, is refused with its path.

Method: a small valid policy with rules added, through `parse_policy`.
"""

import re
from datetime import date
from pathlib import Path

import pytest

from tieout.domain.errors import PolicyErrors
from tieout.domain.expressions import FACTS, ExpressionError, Truth, compile_expression
from tieout.domain.policy_file import parse_policy
from tieout.domain.policy_rules import Area, Fixed, Lookup

BASE = """\
time_zone: Europe/Berlin
base_currency: eur
clearing:
  eur: {account: "1200", bank_account: STRIPE}
revenue:
  categories:
    all: {account: "0400"}
"""


def errors_of(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyErrors) as raised:
        parse_policy(BASE + text)
    return raised.value.errors


def rules(*entries: str) -> str:
    return "rules:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def test_a_rule_is_read_whole() -> None:
    policy = parse_policy(
        BASE
        + """\
maps:
  regions:
    values: {EU: "200", US: "100"}
    next: continents
  continents:
    values: {EU: "999", ASIA: "300"}
    default: "900"
rules:
  - name: enterprise
    for: revenue
    from: 2026-07-01
    until: "2026-12-31"
    when: line.product == 'prod_1' && customer.metadata.tier == 'enterprise'
    set:
      account: "4010"
      dimensions:
        department: ENT
        location: {map: regions, key: customer.metadata.region}
    examples:
      - name: seat
        given: {object: invoice}
        gives:
          - {account: "4010"}
"""
    )
    (rule,) = policy.rules[Area.REVENUE]
    assert (rule.name, rule.since, rule.until) == (
        "enterprise",
        date(2026, 7, 1),
        date(2026, 12, 31),
    )
    assert rule.settings == {"account": Fixed("4010")}
    location = rule.dimensions["location"]
    assert isinstance(location, Lookup)
    region = {"customer": {"metadata": {"region": "EU"}}}
    assert location.value(region) == "200"
    assert location.value({"customer": {"metadata": {"region": "ASIA"}}}) == "300"
    assert location.value({"customer": None}) == "900"
    assert rule.examples[0].gives == ({"account": "4010"},)


def test_rules_change_the_version() -> None:
    assert parse_policy(BASE + rules('name: a, for: tax, set: {account: "1"}')).version != (
        parse_policy(BASE).version
    )


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ('for: tax, set: {account: "1"}', "rules[1].name: is missing"),
        ('name: a, set: {account: "1"}', "rules[a].for: is missing"),
        (
            'name: a, for: revenues, set: {account: "1"}',
            f"rules[a].for: must be one of {', '.join(Area)}; did you mean `revenue`?",
        ),
        (
            "name: a, for: tax, set: {}",
            "rules[a].set: must choose something of: account, dimensions",
        ),
        (
            'name: a, for: tax, set: {account: "1", acount: "2"}',
            "rules[a].set.acount: is not a setting; did you mean `account`?",
        ),
        (
            'name: a, for: tax, set: {account: "1200"}',
            (
                "rules[a].set.account: '1200' is under `clearing`, and what is there must equal "
                "Stripe's balance: choose another"
            ),
        ),
        (
            "name: a, for: revenue, set: {category: al}",
            "rules[a].set.category: names no category: 'al'; did you mean `all`?",
        ),
        (
            'name: a, for: revenue, set: {category: all, account: "1"}',
            "rules[a].set.category: has an account of its own: name one of the two",
        ),
        (
            "name: a, for: revenue, set: {dimensions: {departmnt: X}}",
            (
                "rules[a].set.dimensions.departmnt: is no dimension: use location, department, "
                "class, project, item, or GLDIM and a name; did you mean `department`?"
            ),
        ),
        (
            'name: a, for: tax, from: 2026-02-01, until: 2026-01-31, set: {account: "1"}',
            "rules[a].until: is before `from` (2026-02-01)",
        ),
        (
            "name: a, for: customer, from: 2026-02-01, set: {term: N30}",
            "rules[a].from: is not for `customer`: it counts on every day, leave out the dates",
        ),
        (
            "name: a, for: tax, set: {account: {map: nowhere, key: tax.rate}}",
            "rules[a].set.account.map: names no map: 'nowhere'",
        ),
        (
            'name: a, for: memo, set: {memo: "{line.description"}',
            "rules[a].set.memo: has a brace without its other half",
        ),
        (
            'name: a, for: memo, set: {memo: "{line.qqq}"}',
            "rules[a].set.memo: {line.qqq}: `line.qqq` is no fact",
        ),
        (
            "name: a, for: payment_method, set: {method: Card}",
            (
                "rules[a].set.method: must be `Credit Card` or `EFT` or `Online Charge Card` or "
                "`Online ACH Debit` or `Printed Check` or `Cash`, not 'Card'"
            ),
        ),
        (
            "name: a, for: sale, set: {mode: daily}",
            (
                "rules[a].set.mode: must be one of other_receipt, invoice, daily_summary, ignore, "
                "not 'daily'; did you mean `daily_summary`?"
            ),
        ),
        (
            "name: a, for: sale, set: {mode: ignore}",
            "rules[a].set.ignore_reason: is missing: say why the books do not need these sales",
        ),
        (
            "name: a, for: sale, set: {ignore_reason: donations}",
            "rules[a].set.mode: is missing: nothing else says how these sales are booked",
        ),
        (
            "name: a, for: sale, set: {mode: other_receipt, above_budget: daily_summary}",
            "rules[a].set.above_budget: needs `intacct.transactions_per_month` to be above of",
        ),
        (
            "name: a, for: sale, set: {mode: other_receipt, above_budget: invoice}",
            (
                "rules[a].set.above_budget: must be `other_receipt` or `daily_summary`, not "
                "'invoice'"
            ),
        ),
        (
            "name: a, for: due_date, set: {due_days: 366}",
            "rules[a].set.due_days: must be between 0 and 365, not 366",
        ),
        (
            "name: a, for: due_date, set: {due_days: 3}, examples: [{given: {object: invoice}}]",
            "rules[a].examples[1].gives: must name at least one line",
        ),
    ],
)
def test_what_a_rule_gets_wrong_is_named(entry: str, error: str) -> None:
    assert errors_of(rules(entry)) == (error,)


@pytest.mark.parametrize(
    ("when", "error"),
    [
        ("line.product ==", "column 16: the expression is not finished"),
        ("line.product = 'a'", "column 14: `=` is not expected here"),
        ("line.prodct == 'a'", "`line.prodct` is no fact; did you mean `product`?"),
        ("custmer.id == 'a'", "did you mean `customer`?"),
        ('line.product == "prod_1"', "`prod_1` is no fact, or text that must be in single quotes"),
        ("", "cannot be empty"),
        ("currency.code == 'a'", "`currency` is a single value: it has no `code`"),
        ("start_with(line.id, 'a')", "`start_with` is no function; did you mean `starts_with`?"),
        ("!(length(lines) == `1`)", "`lines` is no fact"),
    ],
)
def test_a_condition_that_could_never_be_meant_is_refused(when: str, error: str) -> None:
    quoted = when.replace("'", "''")
    (found,) = errors_of(rules(f"name: a, for: tax, when: '{quoted}', set: {{account: \"1\"}}"))
    assert found.startswith("rules[a].when: ")
    assert error in found


def test_all_errors_are_told_at_once() -> None:
    found = errors_of(rules("name: a, for: tax, set: {}", "name: b, for: no, set: {}"))
    assert [each.split(":")[0] for each in found] == ["rules[a].set", "rules[b].for"]


@pytest.mark.parametrize(
    ("maps", "error"),
    [
        ("a: {values: {x: y}, next: a}", "maps.a.next: goes round in a circle: a -> a"),
        (
            "a: {values: {x: y}, next: b}, b: {values: {x: y}, next: a}",
            "maps.a.next: goes round in a circle: a -> b -> a",
        ),
        ("a: {values: {x: y}, next: c}", "maps.a.next: names no map: 'c'"),
        (
            "a: {values: {x: y}, next: b, default: z}, b: {values: {x: y}}",
            "maps.a.next: is never asked, because there is a `default`",
        ),
    ],
)
def test_maps_that_go_nowhere_are_refused(maps: str, error: str) -> None:
    assert error in errors_of(f"maps: {{{maps}}}\n")


def dated(name: str, dates: str, when: str = "when: line.proration, ") -> str:
    return f'name: {name}, for: revenue, {dates}{when}set: {{account: "1"}}'


def test_rules_of_the_same_condition_may_not_overlap() -> None:
    until_june, from_june = "until: 2026-06-30, ", "from: 2026-06-30, "
    assert errors_of(rules(dated("a", until_june), dated("b", from_june))) == (
        (
            "rules[b].when: is that of rule 'a', and both hold from 2026-06-30 on: give them dates "
            "that do not overlap"
        ),
    )
    parse_policy(BASE + rules(dated("a", until_june), dated("b", "from: 2026-07-01, ")))


def test_the_same_condition_in_other_words_of_white_space_is_the_same() -> None:
    spaced = "when: 'line.price==`null`  ', "
    (error,) = errors_of(
        rules(dated("a", "", "when: 'line.price == `null`', "), dated("b", "", spaced))
    )
    assert "is that of rule 'a'" in error


def test_a_rule_behind_one_that_always_matches_is_refused() -> None:
    assert errors_of(rules(dated("a", "", ""), dated("b", "from: 2026-06-30, "))) == (
        "rules[b].when: is never asked: rule 'a' before it always matches",
    )
    # It may hold for a while only, or be of another area, or have no answer.
    parse_policy(BASE + rules(dated("a", "until: 2026-06-30, ", ""), dated("b", "")))
    parse_policy(BASE + rules(dated("a", "", ""), 'name: b, for: tax, set: {account: "1"}'))
    looking_up = "name: a, for: revenue, set: {account: {map: m, key: line.product}}"
    parse_policy(BASE + "maps: {m: {values: {x: y}}}\n" + rules(looking_up, dated("b", "")))


def test_a_name_is_used_once() -> None:
    (error,) = errors_of(
        rules('name: a, for: tax, set: {account: "1"}', "name: a, for: customer, set: {term: x}")
    )
    assert error == "rules[a].name: there is another rule 'a'"


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("currency == 'eur'", Truth.YES),
        ("currency == 'usd'", Truth.NO),
        ("customer.metadata.tier", Truth.NO),
        ("line && currency == 'eur'", Truth.NO),
        ("starts_with(customer.metadata.tier, 'ent')", Truth.NO),
        ("currency", Truth.NEITHER),
        ("starts_with(amount_minor, 'ent')", Truth.NEITHER),
        ("contains(['eur', 'usd'], currency)", Truth.YES),
        ("contains(currency, customer.metadata.tier)", Truth.NO),
        ("contains(currency, amount_minor)", Truth.NEITHER),
        ("amount_minor > currency", Truth.NEITHER),
        ("floor(`1e400`) > amount_minor", Truth.NEITHER),
        ("keys(customer.metadata)[::0]", Truth.NEITHER),
    ],
)
def test_only_true_is_yes(text: str, truth: Truth) -> None:
    facts = {"currency": "eur", "amount_minor": 100, "customer": {"metadata": {}}, "line": None}
    assert compile_expression(text).holds(facts) is truth


@pytest.mark.parametrize("text", ["contains(currency, `1`)", "keys(customer)[::0]"])
def test_a_value_that_cannot_be_worked_out_is_none(text: str) -> None:
    assert compile_expression(text).value({"currency": "eur", "customer": {}}) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("amount_minor > 1000", "column 16: a number goes in backticks: `1000`"),
        ("amount_minor > -10.5", "a number goes in backticks: `-10.5`"),
        ("contains(['a', 1], currency)", "a number goes in backticks: `1`"),
        ("line.proration == true", "true is a value only in backticks: `true`"),
        ("invoice.metadata.po != null", "null is a value only in backticks: `null`"),
    ],
)
def test_a_value_without_its_backticks_is_told(text: str, hint: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(hint)):
        compile_expression(text)


def test_every_fact_may_be_asked_for_and_nothing_else() -> None:
    for name, parts in FACTS.items():
        compile_expression(name)
        for part in parts or ():
            compile_expression(f"{name}.{part}")
    compile_expression("metadata.anything")
    compile_expression("customer.metadata.anything")
    with pytest.raises(ExpressionError, match=r"customer\.email"):
        compile_expression("customer.email == 'x'")


def test_the_rules_that_the_reference_shows_can_be_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "policy.md").read_text("utf-8")
    section = page.partition("### `rules` and `maps`")[2].partition("#### Examples")[0]
    blocks = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        policy = parse_policy(BASE + block.replace("category: services", "category: all"))
        assert policy.rules
    purchase_order = policy.rules[Area.MEMO][0]
    number = {"invoice": {"metadata": {"po": "4711"}}, "line": {"description": "Seat"}}
    assert purchase_order.matches(number)
    assert not purchase_order.matches({**number, "invoice": {"metadata": {}}})
    assert purchase_order.settings["memo"].value(number) == "Seat, PO 4711"
