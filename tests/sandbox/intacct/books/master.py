"""Master data: accounts, dimensions, terms, journals, bank accounts, users.

Source: dossier 7.9 for the objects and their fields.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Literal

Status = Literal["active", "inactive"]


class DimensionKind(StrEnum):
    """Dimensions a line can carry; the value is the name used in account requirements."""

    LOCATION = "location"
    DEPARTMENT = "department"
    CLASS = "class_"
    PROJECT = "project"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    EMPLOYEE = "employee"
    ITEM = "item"
    CONTRACT = "contract"
    WAREHOUSE = "warehouse"
    TASK = "task"

    @property
    def label(self) -> str:
        """The word used in messages, for example ``Class``."""
        return self.value.rstrip("_").capitalize()


@dataclass(frozen=True)
class Dimensions:
    """Dimension values of one line; an empty string means none."""

    location: str = ""
    department: str = ""
    class_: str = ""
    project: str = ""
    customer: str = ""
    vendor: str = ""
    employee: str = ""
    item: str = ""
    contract: str = ""
    warehouse: str = ""
    task: str = ""

    def of(self, kind: DimensionKind) -> str:
        """Return the value for one kind."""
        value: str = getattr(self, kind.value)
        return value

    def present(self) -> Iterator[tuple[DimensionKind, str]]:
        """Yield the kinds that have a value."""
        for each in fields(self):
            value: str = getattr(self, each.name)
            if value:
                yield DimensionKind(each.name), value


@dataclass(frozen=True)
class Account:
    """A general-ledger account.

    ``alternative`` is Intacct's ALTERNATIVEACCOUNT: it marks the control accounts of a subledger.
    """

    record_no: int
    account_no: str
    title: str
    account_type: Literal["balancesheet", "incomestatement"]
    normal_balance: Literal["debit", "credit"]
    requires: frozenset[DimensionKind] = frozenset()
    status: Status = "active"
    alternative: Literal["None", "Payables account", "Receivables account"] = "None"


@dataclass(frozen=True)
class Member:
    """A value of a dimension: a location, department, class, project, item..."""

    record_no: int
    kind: DimensionKind
    member_id: str
    name: str
    parent_id: str = ""
    status: Status = "active"
    is_entity: bool = False
    currency: str = ""
    customer_id: str = ""


@dataclass(frozen=True)
class Term:
    """A payment term; ``due_days`` after the invoice date."""

    record_no: int
    name: str
    due_days: int


@dataclass(frozen=True)
class Journal:
    """A journal that a GLBATCH may name."""

    record_no: int
    symbol: str
    title: str


@dataclass(frozen=True)
class BankAccount:
    """A checking account with the GL account behind it."""

    record_no: int
    bank_account_id: str
    bank_name: str
    account_no: str
    currency: str
    location: str = ""
    status: Status = "active"


@dataclass(frozen=True)
class User:
    """A web-services user; ``denied_objects`` are upper-case object names it has no permission on.

    ``entity_id`` restricts the user to one entity.
    """

    user_id: str
    password: str = field(repr=False)
    denied_objects: frozenset[str] = frozenset()
    entity_id: str = ""


@dataclass(frozen=True)
class Sender:
    """A sender id; ``authorized`` says whether the company has authorised it."""

    sender_id: str
    password: str = field(repr=False)
    authorized: bool = True
