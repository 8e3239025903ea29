"""Goal: each Stripe account has a whole policy, that of the company with its own settings over it.

Method: small files around one that is good.
"""

import pytest

from tieout.domain.errors import PolicyErrors
from tieout.domain.policy_file import parse_policy

COMPANY = """
time_zone: UTC
base_currency: usd
clearing:
  usd: {account: "1205"}
out_of_band:
  usd: {account: "1010"}
revenue:
  categories:
    subscriptions: {account: "4000"}
    services: {account: "4010"}
  default: subscriptions
dimensions: {defaults: {location: "100", department: SALES}}
"""
OTHER = """
stripe_accounts:
  acct_2:
    entity: E200
    clearing:
      usd: {account: "1207"}
    revenue:
      categories:
        subscriptions: {account: "4100"}
    dimensions: {defaults: {location: "200"}}
    invoices: {number: id}
"""


def test_an_account_has_its_own_settings_over_the_companys() -> None:
    policy = parse_policy(COMPANY + OTHER)
    other = policy.of_account("acct_2")
    assert other is not None
    assert other.entity == "E200"
    assert other.clearing["usd"].account == "1207"
    assert other.revenue.categories["subscriptions"].account == "4100"
    assert other.revenue.categories["services"].account == "4010"
    assert (other.dimensions.defaults.location, other.dimensions.defaults.department) == (
        "200",
        "SALES",
    )
    assert other.invoice_number == "id"
    assert other.version == policy.version
    assert policy.of_account(None) is policy
    assert policy.clearing["usd"].account == "1205"


def test_an_account_that_is_not_named_has_no_policy() -> None:
    assert parse_policy(COMPANY + OTHER).of_account("acct_3") is None


def test_an_accounts_clearing_is_its_own_whole() -> None:
    """Another currency of the company's would be another balance."""
    company = COMPANY.replace(
        '  usd: {account: "1205"}',
        '  usd: {account: "1205"}\n  eur: {account: "1210", bank_account: E}',
    )
    other = parse_policy(company + OTHER).of_account("acct_2")
    assert other is not None
    assert set(other.clearing) == {"usd"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("acct_2:", "two:", "stripe_accounts.two: must be the id of a Stripe account"),
        ('account: "1207"', 'account: "1205"', "stripe_accounts.acct_2.clearing: has 1205"),
        ("    entity: E200", "    time_zone: UTC", "time_zone: belongs to the company"),
        ("    entity: E200", "    entiti: E200", "stripe_accounts.acct_2.entiti: is not a setting"),
        (
            '    clearing:\n      usd: {account: "1207"}\n',
            "",
            "stripe_accounts.acct_2.clearing: is missing",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_path(old: str, new: str, said: str) -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(COMPANY + OTHER.replace(old, new))
    assert any(said in each for each in errors.value.errors), errors.value.errors


def test_an_error_of_the_company_is_told_once() -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(COMPANY.replace('account: "4000"', "account: 4000") + OTHER)
    assert len(errors.value.errors) == 1


def test_an_entity_may_keep_its_books_in_another_currency() -> None:
    policy = parse_policy(COMPANY + "entities: {E200: {base_currency: eur}}\n")
    assert policy.base_currency_of("E200") == "eur"
    assert policy.base_currency_of("E100") == policy.base_currency_of(None) == "usd"


def test_an_entitys_currency_must_be_one() -> None:
    with pytest.raises(PolicyErrors) as errors:
        parse_policy(COMPANY + "entities: {E200: {base_currency: eru}}\n")
    assert "did you mean `eur`" in str(errors.value)
