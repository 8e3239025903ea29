"""Goal: everything that a policy names is looked for in Intacct, and what is wrong is told by path.

Method: policy files against master data in memory.
"""

import re
from pathlib import Path

from tests.fakes.master_data import FakeMasterData
from tieout.domain.master_data import MasterKind
from tieout.domain.policy_file import parse_policy
from tieout.domain.policy_names import Named, names_in
from tieout.services.policy_names_check import NameProblem, check_names
from tieout.services.ports import MasterRecord

EXAMPLE = Path(__file__).parents[3] / "docs" / "policy.example.yaml"
POLICY = """\
time_zone: UTC
base_currency: usd
clearing: {usd: {account: "1205", bank_account: STRIPE}}
revenue:
  categories:
    all: {account: "4000"}
    services: {account: "4010", dimensions: {department: SERVICES}}
customers: {term: N30, overrides: {cus_1: {dimensions: {class: ENT}}}}
dimensions: {defaults: {location: "100", GLDIMREGION: EU}, metadata_keys: {project: project}}
maps:
  places: {values: {x: "200"}, default: "300"}
rules:
  - name: r1
    for: revenue
    set: {account: "4050", dimensions: {location: {map: places, key: metadata.place}}}
  - name: r2
    for: out_of_band
    set: {account: "1010", bank_account: OTHER}
  - name: r3
    for: customer
    set: {term: N60}
"""


def names(text: str = POLICY) -> list[Named]:
    return list(names_in(text, parse_policy(text)))


def company() -> FakeMasterData:
    """A company that has all that the policy names."""
    master = FakeMasterData()
    for named in names():
        master.add(named.kind, MasterRecord(named.identifier))
    return master


def test_everything_is_named_with_its_path() -> None:
    assert {(each.kind.value, each.identifier, each.path) for each in names()} == {
        ("account", "1205", "clearing.usd.account"),
        ("account", "4000", "revenue.categories.all.account"),
        ("account", "4010", "revenue.categories.services.account"),
        ("account", "4050", "rules[r1].set.account"),
        ("account", "1010", "rules[r2].set.account"),
        ("bank account", "STRIPE", "clearing.usd.bank_account"),
        ("bank account", "OTHER", "rules[r2].set.bank_account"),
        ("journal", "GJ", "journal"),
        ("term", "N30", "customers.term"),
        ("term", "N60", "rules[r3].set.term"),
        ("class", "ENT", "customers.overrides.cus_1.dimensions.class"),
        ("department", "SERVICES", "revenue.categories.services.dimensions.department"),
        ("location", "100", "dimensions.defaults.location"),
        ("location", "200", "rules[r1].set.dimensions.location"),
        ("location", "300", "rules[r1].set.dimensions.location"),
    }


def test_every_account_of_the_example_policy_is_among_them() -> None:
    text = EXAMPLE.read_text("utf-8")
    without_comments = re.sub(r"#.*", "", text)
    quoted_numbers = set(re.findall(r'"(\d{4})"', without_comments))
    assert quoted_numbers
    found = {each.identifier for each in names(text) if each.kind is MasterKind.ACCOUNT}
    assert quoted_numbers <= found


def test_a_policy_that_fits_its_company_has_no_problem() -> None:
    master = company()
    assert list(check_names(names(), master)) == []
    assert master.reads == len({each.kind for each in names()})


def test_what_is_missing_or_out_of_use_is_an_error() -> None:
    master = company()
    del master.records[MasterKind.ACCOUNT, "4050"]
    master.add(MasterKind.TERM, MasterRecord("N30", active=False))
    assert set(check_names(names(), master)) == {
        NameProblem("rules[r1].set.account", "account 4050 is not in Intacct", is_error=True),
        NameProblem("customers.term", "term N30 is inactive in Intacct", is_error=True),
    }


def test_a_dimension_that_an_account_requires_and_nobody_gives_is_a_warning() -> None:
    master = company()
    required = frozenset({"department", "location"})
    for account in ("4000", "4010"):
        master.add(MasterKind.ACCOUNT, MasterRecord(account, requires=required))
    (problem,) = check_names(names(), master)
    assert problem.path == "revenue.categories.all.account"
    assert "requires department," in problem.text
    assert not problem.is_error


def test_a_bank_account_must_be_of_the_account_and_currency_beside_it() -> None:
    master = company()
    stripe = MasterRecord("STRIPE", account="1206", currency="eur")
    master.add(MasterKind.BANK_ACCOUNT, stripe)
    assert [(each.path, each.text) for each in check_names(names(), master)] == [
        (
            "clearing.usd.bank_account",
            "bank account STRIPE stands for account 1206, but beside it is 1205",
        ),
        ("clearing.usd.bank_account", "bank account STRIPE is in eur, not in usd"),
    ]


ACCOUNTS = (
    POLICY
    + """\
entity: E100
entities: {E200: {base_currency: eur}}
stripe_accounts:
  acct_1:
    entity: E200
    clearing: {usd: {account: "1206", bank_account: STRIPE-2}}
    revenue: {categories: {services: {account: "4011"}}}
    dimensions: {defaults: {department: OTHER}}
"""
)


def test_what_is_otherwise_for_a_stripe_account_is_named_once() -> None:
    more = [each for each in names(ACCOUNTS) if each not in names()]
    assert [(each.kind.value, each.identifier, each.path) for each in more] == [
        ("entity", "E100", "entity"),
        ("account", "1206", "stripe_accounts.acct_1.clearing.usd.account"),
        ("account", "4011", "stripe_accounts.acct_1.revenue.categories.services.account"),
        ("bank account", "STRIPE-2", "stripe_accounts.acct_1.clearing.usd.bank_account"),
        ("entity", "E200", "stripe_accounts.acct_1.entity"),
        ("department", "OTHER", "stripe_accounts.acct_1.dimensions.defaults.department"),
        ("entity", "E200", "entities.E200"),
    ]
    assert (more[3].beside, more[3].currency) == ("1206", "usd")
    assert more[2].dimensions == {"location", "department", "GLDIMREGION"}
