"""A small software-as-a-service business to try things on."""

from collections.abc import Iterable
from decimal import Decimal
from types import MappingProxyType

from tests.sandbox.intacct.books.company import (
    Clock,
    IntacctCompany,
    Profile,
    TaxDetail,
    system_clock,
)
from tests.sandbox.intacct.books.master import (
    Account,
    BankAccount,
    DimensionKind,
    Journal,
    Member,
    Sender,
    Term,
    User,
)
from tests.sandbox.intacct.switches import Switches

SENDER_ID = "tieout-sender"
SENDER_PASSWORD = "sender-secret"
COMPANY_ID = "sample-saas"
USER_ID = "ws-tieout"
USER_PASSWORD = "user-secret"

# Account number, title, normal balance, requirement. 1xxx and 2xxx are the balance sheet.
_CHART: tuple[tuple[str, str, str, str], ...] = (
    ("1000", "Operating bank USD", "debit", ""),
    ("1010", "Other bank (payments out of band)", "debit", ""),
    ("1020", "Operating bank EUR", "debit", ""),
    ("1100", "Accounts receivable", "debit", ""),
    ("1200", "Stripe clearing USD (undeposited funds)", "debit", ""),
    ("1205", "Stripe clearing USD (bank account)", "debit", ""),
    ("1210", "Stripe clearing EUR (bank account)", "debit", ""),
    ("1300", "Stripe reserves", "debit", ""),
    ("2200", "Sales tax payable", "credit", ""),
    ("2210", "VAT payable", "credit", ""),
    ("2300", "Customer advances and credit balances", "credit", ""),
    ("2400", "Deferred revenue", "credit", ""),
    ("4000", "Subscription revenue", "credit", ""),
    ("4010", "Services revenue", "credit", "department"),
    ("4020", "Usage revenue", "credit", ""),
    ("4030", "Shipping revenue", "credit", ""),
    ("4090", "Discounts given", "debit", ""),
    ("6800", "Stripe processing fees", "debit", ""),
    ("6810", "Dispute losses and fees", "debit", ""),
    ("6900", "Bad debt", "debit", ""),
    ("7900", "Currency gains and losses", "debit", ""),
    ("9999", "Suspense", "debit", ""),
)

_MEMBERS: tuple[tuple[DimensionKind, str, str], ...] = (
    (DimensionKind.DEPARTMENT, "SALES", "Sales"),
    (DimensionKind.DEPARTMENT, "SERVICES", "Professional services"),
    (DimensionKind.DEPARTMENT, "SUPPORT", "Customer support"),
    (DimensionKind.CLASS, "SMB", "Small business"),
    (DimensionKind.CLASS, "ENT", "Enterprise"),
    (DimensionKind.PROJECT, "ONBOARD", "Onboarding"),
    (DimensionKind.ITEM, "PLAN-BASIC", "Basic plan"),
    (DimensionKind.ITEM, "PLAN-PRO", "Pro plan"),
    (DimensionKind.ITEM, "SETUP", "Set-up service"),
)


def sample_company(
    *,
    clock: Clock = system_clock,
    switches: Switches | None = None,
    multi_entity: bool = False,
) -> IntacctCompany:
    """Build the company; ``multi_entity`` adds entities and makes locations required.

    The chart has one account that requires a department (4010).
    """
    company = IntacctCompany(_profile(multi_entity=multi_entity), clock=clock, switches=switches)
    _add_accounts(company)
    _add_dimensions(company, multi_entity=multi_entity)
    for number, (name, days) in enumerate((("Due on receipt", 0), ("Net 30", 30)), start=1):
        company.terms.put(name, Term(number, name, days))
    for number, (symbol, title) in enumerate(
        (("GJ", "General journal"), ("ARJ", "AR journal"), ("CRJ", "Cash receipts journal")),
        start=1,
    ):
        company.journals.put(symbol, Journal(number, symbol, title))
    _add_banks(company)
    company.senders.put(SENDER_ID, Sender(SENDER_ID, SENDER_PASSWORD))
    company.users.put(USER_ID, User(USER_ID, USER_PASSWORD))
    company.log.commit()
    return company


def add_account(
    company: IntacctCompany,
    account_no: str,
    title: str,
    *,
    normal_balance: str = "debit",
    requires: Iterable[str] = (),
) -> Account:
    """Add a GL account; numbers from 4000 on are income statement accounts."""
    account = Account(
        record_no=company.next_number("account"),
        account_no=account_no,
        title=title,
        account_type="incomestatement" if account_no >= "4" else "balancesheet",
        normal_balance="credit" if normal_balance == "credit" else "debit",
        requires=frozenset(DimensionKind(each) for each in requires),
        alternative="Receivables account" if account_no == "1100" else "None",
    )
    company.accounts.put(account_no, account)
    return account


def _profile(*, multi_entity: bool) -> Profile:
    return Profile(
        company_id=COMPANY_ID,
        base_currency="USD",
        receivable_account_no="1100",
        advance_account_no="2300",
        exchange_difference_account_no="7900",
        undeposited_account_nos=frozenset({"1200"}),
        rates=MappingProxyType(
            {"EUR": Decimal("1.10"), "GBP": Decimal("1.25"), "JPY": Decimal("0.0066")}
        ),
        tax_details=(TaxDetail("VAT 20", "2210", Decimal(20)),),
        multi_entity=multi_entity,
    )


def _add_accounts(company: IntacctCompany) -> None:
    for account_no, title, normal_balance, requirement in _CHART:
        requires = (requirement,) if requirement else ()
        add_account(company, account_no, title, normal_balance=normal_balance, requires=requires)


def _add_dimensions(company: IntacctCompany, *, multi_entity: bool) -> None:
    def add(kind: DimensionKind, member_id: str, name: str, *, entity: str = "") -> None:
        member = Member(
            record_no=company.next_number(f"member/{kind}"),
            kind=kind,
            member_id=member_id,
            name=name,
            parent_id=entity,
            is_entity=kind is DimensionKind.LOCATION and multi_entity and not entity,
            currency=company.profile.base_currency if kind is DimensionKind.LOCATION else "",
        )
        company.members.put((kind, member_id), member)

    add(DimensionKind.LOCATION, "100", "Head office")
    if multi_entity:
        add(DimensionKind.LOCATION, "200", "Branch")
        add(DimensionKind.LOCATION, "110", "Head office, first floor", entity="100")
    for kind, member_id, name in _MEMBERS:
        add(kind, member_id, name)


def _add_banks(company: IntacctCompany) -> None:
    for number, (bank_id, name, account_no, currency) in enumerate(
        (
            ("BANK-USD", "Operating bank", "1000", "USD"),
            ("BANK-OTHER", "Other bank", "1010", "USD"),
            ("BANK-EUR", "Operating bank", "1020", "EUR"),
            ("STRIPE-USD", "Stripe", "1205", "USD"),
            ("STRIPE-EUR", "Stripe", "1210", "EUR"),
        ),
        start=1,
    ):
        bank = BankAccount(number, bank_id, name, account_no, currency)
        company.banks.put(bank_id, bank)
