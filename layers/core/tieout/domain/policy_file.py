"""The policy file: YAML in, a checked `Policy` out, or every error at once.

docs/policy.md is the reference of its settings; docs/policy.example.yaml has them all.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tieout.domain.currencies import CURRENCIES
from tieout.domain.documents import CashAccount, RefundsFrom
from tieout.domain.errors import PolicyErrors
from tieout.domain.movement_policy import read_movement_rules
from tieout.domain.policy import (
    CustomerOverride,
    CustomerRules,
    DeferredRevenue,
    DimensionRules,
    Periods,
    Policy,
    RevenueCategory,
    RevenueRules,
    TaxAccounts,
)
from tieout.domain.policy_accounts import SECTION as ACCOUNTS_SECTION
from tieout.domain.policy_accounts import account_files
from tieout.domain.policy_currencies import note_no_currency
from tieout.domain.policy_dimensions import check_dimension_name, read_dimensions
from tieout.domain.policy_limits import (
    ACCOUNT_LENGTH_MAX,
    COUNTRY_LENGTH_MAX,
    CUSTOMER_ID_LENGTH_MAX,
    DUE_DAYS_MAX,
    ENTITY_LENGTH_MAX,
    JOURNAL_LENGTH_MAX,
    METADATA_KEY_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PAYMENT_METHODS,
    PREFIX_LENGTH_MAX,
    TERM_LENGTH_MAX,
)
from tieout.domain.policy_reader import Section, suggestion
from tieout.domain.policy_rules_file import Known, read_rules
from tieout.domain.receivable_policy import read_customer_credit
from tieout.domain.sale_policy import read_sale_rules
from tieout.domain.strict_yaml import StrictYamlError, load
from tieout.domain.transactions import read_budget

_VERSION_LENGTH = 12
_CURRENCY = re.compile(r"[a-z]{3}")
_COUNTRY_CODE = re.compile(r"[A-Z]{2}")
# Where a policy names ledger accounts and bank accounts; `*` stands for any key.
LEDGER_ACCOUNTS = (
    "clearing.*.account",
    "out_of_band.*.account",
    "revenue.categories.*.account",
    "revenue.categories.*.deferred.account",
    "tax.by_tax_rate.*",
    "tax.default",
    "shipping_account",
    "discount_account",
    "customer_credit.account",
    "customer_credit.granted",
    "customer_credit.granted.*",
    "bad_debt_account",
    "receivable_account",
    "movements.accounts.*",
    "movements.suspense",
    "payouts.*.account",
    "payouts.*.in_transit",
    "fx_account",
    "disputes_lost_account",
)
BANK_ACCOUNTS = ("clearing.*.bank_account", "out_of_band.*.bank_account")


# A command asks for one policy several times, and YAML takes longer to read than all it then does.
@lru_cache(maxsize=4)
def parse_policy(text: str) -> Policy:
    """Return the policy that a YAML text describes.

    Its version is a hash of the content: comments, order and layout do not change it.

    Raises:
        PolicyErrors: with every error that the text has.
    """
    try:
        loaded = load(text)
    except StrictYamlError as error:
        raise PolicyErrors([f"the file: {error}"]) from error
    errors = [f"the file: {error}" for error in loaded.errors]
    if loaded.content is None:
        raise PolicyErrors([*errors, "the file: is empty"])
    if not isinstance(loaded.content, Mapping):
        raise PolicyErrors([*errors, "the file: must be `key: value` lines"])
    file, version = Section(loaded.content, "", errors), _version(loaded.content)
    policy = _policy(file, version)
    if not errors:
        # An error of the whole file would be told again for each account.
        policy = dataclasses.replace(policy, accounts=_accounts(file, version))
    if errors:
        raise PolicyErrors(errors)
    return policy


def _accounts(file: Section, version: str) -> Mapping[str, Policy]:
    """Return the policy of each further account; no two may share a clearing account."""
    owners = dict.fromkeys(_clearing_accounts(file), "clearing")
    accounts = {}
    for account, own in account_files(file):
        accounts[account] = dataclasses.replace(_policy(own, version), stripe_account=account)
        for number in sorted(_clearing_accounts(own)):
            if number in owners:
                own.note(
                    "clearing",
                    f"has {number}, as `{owners[number]}` has, but a clearing account must equal "
                    "the balance of one Stripe account",
                )
            owners[number] = own.where("clearing")
    return accounts


def _version(content: Mapping[str, object]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", errors="replace")).hexdigest()[:_VERSION_LENGTH]


def _policy(file: Section, version: str) -> Policy:
    base_currency = _base_currency(file)
    invoices = file.section("invoices")
    budget, above_budget_from_percent = read_budget(file)
    has_budget = budget is not None
    policy = Policy(
        version=version,
        label=file.text("label", NAME_LENGTH_MAX, default="unnamed"),
        zone=_zone(file),
        base_currency=base_currency,
        journal=file.text("journal", JOURNAL_LENGTH_MAX, default="GJ"),
        payment_method=file.choice("payment_method", PAYMENT_METHODS, "Credit Card"),
        clearing=_cash_accounts(file, "clearing", base_currency),
        out_of_band=_cash_accounts(file, "out_of_band", base_currency),
        revenue=(revenue := _revenue(file.section("revenue"))),
        tax=_tax(file.section("tax")),
        shipping_account=file.optional_text("shipping_account", ACCOUNT_LENGTH_MAX),
        discount_account=file.optional_text("discount_account", ACCOUNT_LENGTH_MAX),
        customers=_customers(file.section("customers")),
        dimensions=_dimension_rules(file.section("dimensions")),
        periods=_periods(file.section("periods")),
        zero_invoices=cast(
            "Literal['skip', 'book']", invoices.choice("zero", ("skip", "book"), "skip")
        ),
        invoice_number=cast(
            "Literal['number', 'id']", invoices.choice("number", ("number", "id"), "number")
        ),
        due_days=invoices.integer("due_days", 0, DUE_DAYS_MAX, 0),
        out_of_band_method=file.choice("out_of_band_method", PAYMENT_METHODS, "EFT"),
        books_from=file.day("books_from"),
        entity=file.optional_text("entity", ENTITY_LENGTH_MAX),
        entity_currencies=_entity_currencies(file),
        movements=read_movement_rules(file),
        customer_credit=read_customer_credit(file),
        bad_debt_account=file.optional_text("bad_debt_account", ACCOUNT_LENGTH_MAX),
        receivable_account=file.optional_text("receivable_account", ACCOUNT_LENGTH_MAX),
        sales=read_sale_rules(file, revenue.categories, has_budget=has_budget),
        transactions_per_month=budget,
        above_budget_from_percent=above_budget_from_percent,
        rules=read_rules(file, Known(revenue.categories, _clearing_accounts(file), has_budget)),
    )
    if not policy.clearing:
        file.note("clearing", "must name at least one currency")
    _refuse_shared_clearing(file)
    file.section(ACCOUNTS_SECTION)
    invoices.refuse_unknown()
    file.refuse_unknown()
    return policy


def _base_currency(section: Section) -> str:
    currency = section.matching("base_currency", _CURRENCY.pattern, "three lower-case letters")
    if currency and currency not in CURRENCIES:
        note_no_currency(section, "base_currency", currency)
        # So that no other currency is told that it is not this one.
        return ""
    return currency


def _entity_currencies(file: Section) -> Mapping[str, str]:
    currencies = {}
    for entity, section in file.sections("entities"):
        currencies[entity] = _base_currency(section)
        section.refuse_unknown()
    return currencies


def _zone(file: Section) -> ZoneInfo:
    name = file.text("time_zone", NAME_LENGTH_MAX)
    if name:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            file.note("time_zone", f"must be a time zone like Europe/Berlin, not {name!r}")
    return ZoneInfo("UTC")


def _cash_accounts(file: Section, name: str, base_currency: str) -> Mapping[str, CashAccount]:
    """Return the accounts by currency.

    Source: intacct-xml-api dossier section 7.3: Intacct refuses to pay a foreign-currency invoice
    into undeposited funds, so such a currency needs a bank account.
    """
    accounts = {}
    for currency, entry in file.sections(name):
        if _CURRENCY.fullmatch(currency) is None:
            file.section(name).note(currency, "must be a currency of three lower-case letters")
        elif currency not in CURRENCIES:
            note_no_currency(file.section(name), currency, currency)
        accounts[currency] = CashAccount(
            account=entry.text("account", ACCOUNT_LENGTH_MAX),
            bank_account=entry.optional_text("bank_account", ACCOUNT_LENGTH_MAX),
        )
        if base_currency not in {"", currency} and "bank_account" not in entry.values:
            entry.note(
                "bank_account",
                f"is missing: {currency} is not the base currency, and Intacct takes payments in "
                "other currencies only into a bank account of that currency",
            )
        entry.refuse_unknown()
    return accounts


def _refuse_shared_clearing(file: Section) -> None:
    """Note every account that does not hold the money of one Stripe balance alone.

    A clearing account must equal Stripe's balance in its currency. With a second currency in it,
    with money that never went through Stripe, or with revenue, it equals nothing that anybody could
    compare.
    """
    for paths in (LEDGER_ACCOUNTS, BANK_ACCOUNTS):
        owners: dict[str, str] = {}
        for path in paths:
            for place, number in file.scalars(path):
                if number in owners:
                    file.note(
                        place,
                        f"is that of `{owners[number]}` too, but a clearing account must equal "
                        "Stripe's balance in one currency: give each an account of its own",
                    )
                elif path.startswith("clearing."):
                    owners[number] = place


def _clearing_accounts(file: Section) -> frozenset[str]:
    paths = [path for path in (*LEDGER_ACCOUNTS, *BANK_ACCOUNTS) if path.startswith("clearing.")]
    return frozenset(number for path in paths for _, number in file.scalars(path))


def _revenue(section: Section) -> RevenueRules:
    categories = {}
    for name, entry in section.sections("categories"):
        account = entry.text("account", ACCOUNT_LENGTH_MAX)
        dimensions = read_dimensions(entry, "dimensions")
        categories[name] = RevenueCategory(name, account, dimensions, _deferred(entry))
        entry.refuse_unknown()
    if not categories:
        section.note("categories", "must name at least one category with its account")
    rules = RevenueRules(
        categories=categories,
        metadata_key=section.text(
            "metadata_key", METADATA_KEY_LENGTH_MAX, default="revenue_category"
        ),
        by_price=section.texts("by_price", NAME_LENGTH_MAX),
        by_product=section.texts("by_product", NAME_LENGTH_MAX),
        default=section.optional_text("default", NAME_LENGTH_MAX),
    )
    used = [("default", rules.default)] if rules.default is not None else []
    used += [(f"by_price.{price}", name) for price, name in rules.by_price.items()]
    used += [(f"by_product.{product}", name) for product, name in rules.by_product.items()]
    for path, name in used:
        if name not in categories:
            section.note(path, f"names no category: {name!r}{suggestion(name, categories)}")
    section.refuse_unknown()
    return rules


def _deferred(category: Section) -> DeferredRevenue | None:
    section = category.section("deferred")
    if "deferred" not in category.values:
        return None
    deferred = DeferredRevenue(
        account=section.text("account", ACCOUNT_LENGTH_MAX),
        template=section.text("template", NAME_LENGTH_MAX),
        refunds_from=cast(
            "RefundsFrom", section.choice("refunds_from", get_args(RefundsFrom), "revenue")
        ),
    )
    section.refuse_unknown()
    return deferred


def _tax(section: Section) -> TaxAccounts:
    accounts = TaxAccounts(
        by_tax_rate=section.texts("by_tax_rate", ACCOUNT_LENGTH_MAX),
        default=section.optional_text("default", ACCOUNT_LENGTH_MAX),
    )
    section.refuse_unknown()
    return accounts


def _customers(section: Section) -> CustomerRules:
    overrides = {}
    for customer, entry in section.sections("overrides"):
        overrides[customer] = CustomerOverride(
            customer_id=entry.optional_text("customer_id", CUSTOMER_ID_LENGTH_MAX),
            dimensions=read_dimensions(entry, "dimensions"),
        )
        entry.refuse_unknown()
    rules = CustomerRules(
        prefix=section.matching(
            "prefix",
            rf"[A-Za-z0-9_-]{{0,{PREFIX_LENGTH_MAX}}}",
            f"at most {PREFIX_LENGTH_MAX} letters, digits, `-` or `_`",
            default="",
        ),
        metadata_key=section.text(
            "metadata_key", METADATA_KEY_LENGTH_MAX, default="intacct_customer_id"
        ),
        name_fallback=cast(
            "Literal['stripe_id', 'park']",
            section.choice("name_fallback", ("stripe_id", "park"), "stripe_id"),
        ),
        amend_adopted=section.flag("amend_adopted", default=False),
        term=section.optional_text("term", TERM_LENGTH_MAX),
        countries=_countries(section),
        overrides=overrides,
    )
    section.refuse_unknown()
    return rules


def _countries(section: Section) -> Mapping[str, str]:
    names = section.texts("countries", COUNTRY_LENGTH_MAX)
    for code in names:
        if _COUNTRY_CODE.fullmatch(code) is None:
            section.note(f"countries.{code}", "must be an ISO country code of two capital letters")
    return names


def _dimension_rules(section: Section) -> DimensionRules:
    rules = DimensionRules(
        defaults=read_dimensions(section, "defaults"),
        metadata_keys=section.texts("metadata_keys", METADATA_KEY_LENGTH_MAX),
    )
    for name in rules.metadata_keys:
        check_dimension_name(section.section("metadata_keys"), name)
    section.refuse_unknown()
    return rules


def _periods(section: Section) -> Periods:
    periods = Periods(
        closed_through=section.day("closed_through"),
        when_closed=cast(
            "Literal['park', 'wait', 'next_open_date']",
            section.choice("when_closed", ("park", "wait", "next_open_date"), "park"),
        ),
    )
    section.refuse_unknown()
    return periods
