"""Master data that can be read (dossier 7.9)."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.master import (
    Account,
    BankAccount,
    DimensionKind,
    Journal,
    Member,
    Term,
)
from tests.sandbox.intacct.objects.types import Column, ObjectType, status_letter

_REQUIREMENTS = {
    "REQUIREDEPT": DimensionKind.DEPARTMENT,
    "REQUIRELOC": DimensionKind.LOCATION,
    "REQUIREPROJECT": DimensionKind.PROJECT,
    "REQUIRECUSTOMER": DimensionKind.CUSTOMER,
    "REQUIREVENDOR": DimensionKind.VENDOR,
    "REQUIREEMPLOYEE": DimensionKind.EMPLOYEE,
    "REQUIREITEM": DimensionKind.ITEM,
    "REQUIRECLASS": DimensionKind.CLASS,
    "REQUIRECONTRACT": DimensionKind.CONTRACT,
    "REQUIREWAREHOUSE": DimensionKind.WAREHOUSE,
}
_TYPE_LETTERS = {"incomestatement": "I", "balancesheet": "N"}


def _requirement(name: str, kind: DimensionKind) -> Column[Account]:
    return Column(name, "BOOLEAN", lambda account: kind in account.requires)


GLACCOUNT: ObjectType[Account] = ObjectType(
    "GLACCOUNT",
    "ACCOUNTNO",
    (
        Column("RECORDNO", "INTEGER", lambda account: account.record_no, read_only=True),
        Column("ACCOUNTNO", "TEXT", lambda account: account.account_no, required=True),
        Column("TITLE", "TEXT", lambda account: account.title, required=True),
        Column(
            "ACCOUNTTYPE",
            "TEXT",
            lambda account: account.account_type,
            letter=lambda account: _TYPE_LETTERS[account.account_type],
        ),
        Column("NORMALBALANCE", "TEXT", lambda account: account.normal_balance),
        Column(
            "CLOSINGTYPE",
            "TEXT",
            lambda account: (
                "closing account"
                if account.account_type == "incomestatement"
                else "non-closing account"
            ),
        ),
        Column(
            "STATUS",
            "TEXT",
            lambda account: account.status,
            letter=lambda account: status_letter(account.status),
        ),
        Column("ALTERNATIVEACCOUNT", "TEXT", lambda account: account.alternative),
        *(_requirement(name, kind) for name, kind in _REQUIREMENTS.items()),
    ),
    lambda company: company.accounts,
)


def _members(kind: DimensionKind) -> Callable[[IntacctCompany], Iterable[Member]]:
    return lambda company: (each for each in company.members if each.kind is kind)


def _dimension(
    name: str, kind: DimensionKind, id_field: str, name_field: str, *more: Column[Member]
) -> ObjectType[Member]:
    columns: tuple[Column[Member], ...] = (
        Column("RECORDNO", "INTEGER", lambda member: member.record_no, read_only=True),
        Column(id_field, "TEXT", lambda member: member.member_id, required=True),
        Column(name_field, "TEXT", lambda member: member.name, required=True),
        Column("PARENTID", "TEXT", lambda member: member.parent_id),
        Column(
            "STATUS",
            "TEXT",
            lambda member: member.status,
            letter=lambda member: status_letter(member.status),
        ),
        *more,
    )
    return ObjectType(name, id_field, columns, _members(kind))


_CURRENCY: Column[Member] = Column("CURRENCY", "TEXT", lambda member: member.currency)
LOCATION = _dimension("LOCATION", DimensionKind.LOCATION, "LOCATIONID", "NAME", _CURRENCY)
LOCATIONENTITY: ObjectType[Member] = ObjectType(
    "LOCATIONENTITY",
    "LOCATIONID",
    LOCATION.columns,
    lambda company: (
        each for each in company.members if each.kind is DimensionKind.LOCATION and each.is_entity
    ),
)
DEPARTMENT = _dimension("DEPARTMENT", DimensionKind.DEPARTMENT, "DEPARTMENTID", "TITLE")
CLASS = _dimension("CLASS", DimensionKind.CLASS, "CLASSID", "NAME")
PROJECT = _dimension(
    "PROJECT",
    DimensionKind.PROJECT,
    "PROJECTID",
    "NAME",
    Column("CUSTOMERID", "TEXT", lambda member: member.customer_id),
)
ITEM = _dimension(
    "ITEM",
    DimensionKind.ITEM,
    "ITEMID",
    "NAME",
    Column("ITEMTYPE", "TEXT", lambda _: "Non-Inventory"),
    Column("GLGROUP", "TEXT", lambda _: ""),
)

ARTERM: ObjectType[Term] = ObjectType(
    "ARTERM",
    "NAME",
    (
        Column("RECORDNO", "INTEGER", lambda term: term.record_no, read_only=True),
        Column("NAME", "TEXT", lambda term: term.name, required=True),
        Column("STATUS", "TEXT", lambda _: "active", letter=lambda _: "T"),
        Column("DUEDATE", "INTEGER", lambda term: term.due_days),
        Column("DUEFROM", "TEXT", lambda _: "from invoice/bill date"),
    ),
    lambda company: company.terms,
)

GLJOURNAL: ObjectType[Journal] = ObjectType(
    "GLJOURNAL",
    "SYMBOL",
    (
        Column("RECORDNO", "INTEGER", lambda journal: journal.record_no, read_only=True),
        Column("SYMBOL", "TEXT", lambda journal: journal.symbol, required=True),
        Column("TITLE", "TEXT", lambda journal: journal.title, required=True),
        Column("STATUS", "TEXT", lambda _: "active", letter=lambda _: "T"),
    ),
    lambda company: company.journals,
)

_BANK_COLUMNS: tuple[Column[BankAccount], ...] = (
    Column("RECORDNO", "INTEGER", lambda bank: bank.record_no, read_only=True),
    Column("BANKACCOUNTID", "TEXT", lambda bank: bank.bank_account_id, required=True),
    Column("BANKNAME", "TEXT", lambda bank: bank.bank_name),
    Column("GLACCOUNTNO", "TEXT", lambda bank: bank.account_no, required=True),
    Column("CURRENCY", "TEXT", lambda bank: bank.currency),
    Column("LOCATIONID", "TEXT", lambda bank: bank.location),
    Column(
        "STATUS",
        "TEXT",
        lambda bank: bank.status,
        letter=lambda bank: status_letter(bank.status),
    ),
)
CHECKINGACCOUNT: ObjectType[BankAccount] = ObjectType(
    "CHECKINGACCOUNT", "BANKACCOUNTID", _BANK_COLUMNS, lambda company: company.banks
)
# Dossier 7.7 names it beside the other; no company of ours keeps one.
SAVINGSACCOUNT: ObjectType[BankAccount] = ObjectType(
    "SAVINGSACCOUNT", "BANKACCOUNTID", _BANK_COLUMNS, lambda _: ()
)

MASTER_DATA: tuple[ObjectType[Any], ...] = (
    GLACCOUNT,
    LOCATION,
    LOCATIONENTITY,
    DEPARTMENT,
    CLASS,
    PROJECT,
    ITEM,
    ARTERM,
    GLJOURNAL,
    CHECKINGACCOUNT,
    SAVINGSACCOUNT,
)
