"""The policy file: what is accepted, and that every error is found at once with its path.

Method: the example policy and small texts with one thing wrong each through `parse_policy`.
"""

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from tieout.domain.currencies import CURRENCIES
from tieout.domain.documents import CashAccount, Dimensions
from tieout.domain.errors import PolicyErrors
from tieout.domain.money import THREE_DECIMAL_CURRENCIES, ZERO_DECIMAL_CURRENCIES
from tieout.domain.policy_file import parse_policy
from tieout.domain.reasons import Reason
from tieout.domain.strict_yaml import SIZE_MAX_BYTES

EXAMPLE = Path(__file__).parents[3] / "docs" / "policy.example.yaml"
SMALLEST = """\
time_zone: Europe/Berlin
base_currency: eur
clearing:
  eur: {account: "1200"}
revenue:
  categories:
    all: {account: "0400"}
"""


def errors_of(text: str) -> tuple[str, ...]:
    with pytest.raises(PolicyErrors) as raised:
        parse_policy(text)
    assert raised.value.reason is Reason.POLICY_INVALID
    for error in raised.value.errors:
        assert error in raised.value.text
    return raised.value.errors


def changed(old: str, new: str) -> str:
    assert old in SMALLEST
    return SMALLEST.replace(old, new)


def test_the_example_is_valid_and_uses_every_setting() -> None:
    policy = parse_policy(EXAMPLE.read_text(encoding="utf-8"))
    assert policy.zone.key == "America/New_York"
    assert policy.clearing["eur"] == CashAccount("1210", "STRIPE-EUR")
    assert policy.revenue.by_price == {"price_onboarding": "services"}
    assert policy.customers.overrides["cus_BigAccount0001"].customer_id == "10001"
    assert policy.customers.overrides["cus_BigAccount0001"].dimensions.class_id == "ENT"
    assert policy.periods.closed_through == date(2025, 12, 31)
    assert policy.books_from == date(2026, 1, 1)


def test_what_is_left_out_has_a_careful_default() -> None:
    policy = parse_policy(SMALLEST)
    assert policy.books_from is None
    assert policy.revenue.default is None
    assert policy.tax.default is None
    assert policy.shipping_account is None
    assert policy.discount_account is None
    assert dict(policy.out_of_band) == {}
    assert (policy.journal, policy.payment_method, policy.out_of_band_method) == (
        "GJ",
        "Credit Card",
        "EFT",
    )
    assert (policy.periods.closed_through, policy.periods.when_closed) == (None, "park")
    assert (policy.zero_invoices, policy.invoice_number, policy.due_days) == ("skip", "number", 0)
    assert (policy.customers.prefix, policy.customers.name_fallback) == ("", "stripe_id")
    assert policy.customers.metadata_key == "intacct_customer_id"
    assert dict(policy.customers.countries) == {}
    assert policy.revenue.metadata_key == "revenue_category"


def test_leading_zeros_of_accounts_are_kept() -> None:
    assert parse_policy(SMALLEST).revenue.categories["all"].account == "0400"


def test_dimensions_may_be_user_defined() -> None:
    text = SMALLEST + 'dimensions: {defaults: {class: SMB, GLDIMREGION: "EU"}}'
    assert parse_policy(text).dimensions.defaults == Dimensions(
        class_id="SMB", user_defined=(("GLDIMREGION", "EU"),)
    )


def test_countries_are_named_by_code_norway_too() -> None:
    """Elsewhere in YAML an unquoted NO is false."""
    text = SMALLEST + "customers: {countries: {NO: Norway, US: United States}}"
    assert parse_policy(text).customers.countries == {"NO": "Norway", "US": "United States"}


def test_the_version_follows_the_content_and_nothing_else() -> None:
    version = parse_policy(SMALLEST).version
    reordered = dedent("""\
        # a comment
        revenue: {categories: {all: {account: "0400"}}}
        clearing: {eur: {account: '1200'}}
        base_currency: eur
        time_zone: Europe/Berlin
        """)
    assert parse_policy(reordered).version == version
    assert len(version) == 12
    assert parse_policy(changed("1200", "1201")).version != version


def test_all_errors_are_listed_at_once_each_with_its_path() -> None:
    text = dedent("""\
        time_zone: Europe/Atlantis
        base_currency: EURO
        clearing:
          usd: {account: 1200}
        revenue:
          categories:
            saas: {acount: "4000"}
          by_product: {prod_1: sass}
        periods: {closed_through: soon, when_closed: later}
        invoices: {due_days: 1000, zero: maybe}
        customers: {amend_adopted: perhaps, prefix: "a b"}
        """)
    assert sorted(errors_of(text)) == [
        "base_currency: must be three lower-case letters, not 'EURO'",
        'clearing.usd.account: must be text: put it in quotes, like "4000"',
        "customers.amend_adopted: must be true or false, not 'perhaps'",
        "customers.prefix: must be at most 8 letters, digits, `-` or `_`, not 'a b'",
        "invoices.due_days: must be between 0 and 365, not 1000",
        "invoices.zero: must be `skip` or `book`, not 'maybe'",
        "periods.closed_through: must be a day like 2026-09-30, not 'soon'",
        "periods.when_closed: must be `park` or `wait` or `next_open_date`, not 'later'",
        "revenue.by_product.prod_1: names no category: 'sass'; did you mean `saas`?",
        "revenue.categories.saas.account: is missing",
        "revenue.categories.saas.acount: is not a setting; did you mean `account`?",
        "time_zone: must be a time zone like Europe/Berlin, not 'Europe/Atlantis'",
    ]


def test_what_yaml_itself_says_twice_or_oddly_hides_no_other_error() -> None:
    text = dedent("""\
        time_zone: &zone Europe/Berlin
        time_zone: UTC
        base_currency: eur
        label: *zone
        no: 1
        12: {}
        ? [a]
        : 1
        clearing:
          eur: {account: "1200", <<: {bank_account: B}}
        revenue:
          categories: {all: {account: 4000}}
        periods: {closed_through: 2026-02-30}
        """)
    assert errors_of(text) == (
        "the file: aliases (`*`) are not accepted (line 4, column 8)",
        "the file: the key time_zone is given twice (line 2, column 1)",
        "the file: the key 12 must be text: put it in quotes (line 6, column 1)",
        "the file: the key at this place must be text: put it in quotes (line 7, column 3)",
        "the file: the key << must be text: put it in quotes (line 10, column 26)",
        "label: must not be empty, nor begin or end with a space",
        'revenue.categories.all.account: must be text: put it in quotes, like "4000"',
        "periods.closed_through: must be a day like 2026-09-30, not '2026-02-30'",
        "no: is not a setting",
    )


def test_two_currencies_never_share_a_clearing_account_or_its_bank_account() -> None:
    text = changed(
        'eur: {account: "1200"}',
        'eur: {account: "1200", bank_account: STRIPE}\n'
        '  usd: {account: "1200", bank_account: STRIPE}',
    )
    shared = (
        "too, but a clearing account must equal Stripe's balance in one currency: "
        "give each an account of its own"
    )
    assert errors_of(text) == (
        f"clearing.usd.account: is that of `clearing.eur.account` {shared}",
        f"clearing.usd.bank_account: is that of `clearing.eur.bank_account` {shared}",
    )


@pytest.mark.parametrize(
    ("use", "path"),
    [
        ('discount_account: "1200"', "discount_account"),
        ('shipping_account: "1200"', "shipping_account"),
        ('tax: {default: "1200"}', "tax.default"),
        ('tax: {by_tax_rate: {txr_1: "1200"}}', "tax.by_tax_rate.txr_1"),
        ('out_of_band: {eur: {account: "1200"}}', "out_of_band.eur.account"),
    ],
)
def test_nothing_else_is_booked_on_a_clearing_account(use: str, path: str) -> None:
    (error,) = errors_of(SMALLEST + use)
    assert error.startswith(f"{path}: is that of `clearing.eur.account` too, but a clearing")


def test_revenue_is_not_booked_on_a_clearing_account() -> None:
    (error,) = errors_of(changed("0400", "1200"))
    assert error.startswith("revenue.categories.all.account: is that of `clearing.eur.account` too")


def test_revenue_tax_and_discounts_may_share_an_account() -> None:
    assert parse_policy(SMALLEST + 'discount_account: "0400"\ntax: {default: "0400"}').tax.default


def test_a_number_without_quotes_does_not_hide_that_it_is_used_twice() -> None:
    text = changed(
        'eur: {account: "1200"}', 'eur: {account: 1200}\n  usd: {account: "1200", bank_account: B}'
    )
    unquoted, shared = errors_of(text)
    assert unquoted.startswith("clearing.eur.account: must be text: put it in quotes")
    assert shared.startswith("clearing.usd.account: is that of `clearing.eur.account` too")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            changed("base_currency: eur", "base_currency: xyz"),
            "base_currency: 'xyz' is no currency",
        ),
        (
            changed("revenue:", '  gpb: {account: "1220", bank_account: STRIPE-GBP}\nrevenue:'),
            "clearing.gpb: 'gpb' is no currency; did you mean `gbp`?",
        ),
        (
            SMALLEST + 'out_of_band: {uds: {account: "1010", bank_account: B}}',
            "out_of_band.uds: 'uds' is no currency; did you mean `usd`?",
        ),
    ],
)
def test_a_currency_that_does_not_exist_is_refused(text: str, error: str) -> None:
    assert errors_of(text) == (error,)


def test_no_currency_of_special_decimals_is_unknown() -> None:
    assert ZERO_DECIMAL_CURRENCIES | THREE_DECIMAL_CURRENCIES <= CURRENCIES


def test_money_that_came_past_stripe_may_land_in_one_account_whatever_its_currency() -> None:
    text = SMALLEST + (
        'out_of_band: {eur: {account: "1010"}, usd: {account: "1010", bank_account: B}}'
    )
    assert set(parse_policy(text).out_of_band) == {"eur", "usd"}


def test_an_empty_file_names_what_a_policy_cannot_do_without() -> None:
    assert sorted(errors_of("{}")) == [
        "base_currency: is missing",
        "clearing: must name at least one currency",
        "revenue.categories: must name at least one category with its account",
        "time_zone: is missing",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            SMALLEST + 'out_of_band: {usd: {account: "1010"}}',
            "out_of_band.usd.bank_account: is missing: usd is not the base currency",
        ),
        (SMALLEST + "taxes: {}", "taxes: is not a setting; did you mean `tax`?"),
        (SMALLEST + "discount_account:", "discount_account: is empty"),
        (SMALLEST + 'shipping_account: " 4030"', "shipping_account: must not be empty, nor begin"),
        (SMALLEST + f'label: "{"x" * 101}"', "label: is longer than 100 characters"),
        (SMALLEST + "journal: GENERAL", "journal: is longer than 4 characters"),
        (SMALLEST + "payment_method: Cheque", "payment_method: must be `Credit Card` or"),
        (SMALLEST + "tax: 4", "tax: must be `key: value` lines, not 4"),
        (SMALLEST + "invoices: {due_days: true}", "invoices.due_days: must be a whole number"),
        (
            SMALLEST + "dimensions: {defaults: {departement: X}}",
            "dimensions.defaults.departement: is no dimension",
        ),
        (
            SMALLEST + "dimensions: {metadata_keys: {gldim: X}}",
            "dimensions.metadata_keys.gldim: is no dimension",
        ),
        (
            changed('eur: {account: "1200"}', 'EUR: {account: "1200", bank_account: B}'),
            "clearing.EUR: must be a currency of three lower-case letters",
        ),
        (changed("Europe/Berlin", "../../etc/passwd"), "time_zone: must be a time zone"),
        (
            SMALLEST + "periods: {closed_through: 2026-13-45}",
            "periods.closed_through: must be a day like 2026-09-30, not '2026-13-45'",
        ),
        (
            SMALLEST + "periods: {closed_through: 2026-10-31 12:00:00}",
            "periods.closed_through: must be a day like 2026-09-30, not '2026-10-31 12:00:00'",
        ),
        (
            SMALLEST + 'periods: {closed_through: "20261031"}',
            "periods.closed_through: must be a day like 2026-09-30, not '20261031'",
        ),
        (
            SMALLEST + "invoices: {zero: no}",
            "invoices.zero: must be `skip` or `book`, not 'no'",
        ),
        (
            SMALLEST + "invoices: {zero: false}",
            "invoices.zero: must be `skip` or `book`, not false",
        ),
        (
            SMALLEST + "customers: {term: [Net 30]}",
            "customers.term: must be one text, not a list",
        ),
        (
            SMALLEST + "customers: {countries: {us: United States}}",
            "customers.countries.us: must be an ISO country code of two capital letters",
        ),
        (
            SMALLEST + "customers: {countries: {USA: United States}}",
            "customers.countries.USA: must be an ISO country code of two capital letters",
        ),
        (
            SMALLEST + 'customers: {countries: {US: ""}}',
            "customers.countries.US: must not be empty, nor begin or end with a space",
        ),
        (
            SMALLEST + "customers: {countries: {US: }}",
            "customers.countries.US: is empty: give it a value or remove the line",
        ),
        (
            SMALLEST + f"customers: {{countries: {{US: {'U' * 61}}}}}",
            "customers.countries.US: is longer than 60 characters",
        ),
        (
            SMALLEST + "label: {first: version}",
            "label: must be one text, not `key: value` lines",
        ),
        (SMALLEST + "tax: [a]", "tax: must be `key: value` lines, not a list"),
        (
            changed('account: "1200"', 'account: "1200", bank: STRIPE-EUR'),
            "clearing.eur.bank: is not a setting; did you mean `bank_account`?",
        ),
        (
            SMALLEST + "tax: {by_tax_rate: [txr_1]}",
            "tax.by_tax_rate: must be `key: value` lines, not a list",
        ),
    ],
)
def test_each_kind_of_error_names_its_path(text: str, error: str) -> None:
    (found,) = errors_of(text)
    assert found.startswith(error)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (SMALLEST + "time_zone: UTC", "the key time_zone is given twice (line 8, column 1)"),
        (SMALLEST + "out_of_band: {1: {account: '1'}}", "the key 1 must be text"),
        (SMALLEST + "tax: {<<: {default: '1'}}", "the key << must be text"),
        ("a: [1", "expected ',' or ']'"),
        ("a: \x00", "is not YAML"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("[" * 5_000, "is not YAML"),
        ("- 1", "must be `key: value` lines"),
        ("", "the file: is empty"),
        ("# Only a comment.\n", "the file: is empty"),
        ("x" * (SIZE_MAX_BYTES + 1), "is larger than"),
    ],
)
def test_what_is_not_a_plain_mapping_is_refused_with_its_place(text: str, error: str) -> None:
    (found,) = errors_of(text)
    assert found.startswith("the file: ")
    assert error in found
