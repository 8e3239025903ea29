"""Object types and their columns, and how values are printed.

Source: dossier 1.5 (dates, booleans), 7.9 (objects).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Generic, Literal, TypeVar

from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.money import format_decimal
from tests.sandbox.intacct.objects.unkept import UNKEPT_FIELDS

Value = str | int | Decimal | date | datetime | bool | None
DataType = Literal["TEXT", "INTEGER", "DECIMAL", "DATE", "TIMESTAMP", "BOOLEAN"]
R = TypeVar("R")


@dataclass(frozen=True)
class Column(Generic[R]):
    """A field that can be read.

    ``letter`` is the value that readByQuery filters compare with, where it differs (1.5: STATUS
    is T or F there).
    """

    name: str
    data_type: DataType
    get: Callable[[R], Value]
    letter: Callable[[R], Value] | None = None
    read_only: bool = False
    required: bool = False


@dataclass(frozen=True)
class ObjectType(Generic[R]):
    """An object of the generic read functions.

    ``natural_key`` is the column readByName looks at, ``number`` the RECORDNO of a record.
    """

    name: str
    natural_key: str
    columns: tuple[Column[R], ...]
    records: Callable[[IntacctCompany], Iterable[R]]
    entity_of: Callable[[R], str] = lambda _: ""

    @cached_property
    def by_name(self) -> Mapping[str, Column[R]]:
        """Columns by upper-case name."""
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column[R] | None:
        """Return a column, by a name in any case."""
        known = self.by_name.get(name.upper())
        if known is None and name.upper() in UNKEPT_FIELDS.get(self.name, ()):
            return Column(name.upper(), "TEXT", lambda _: "")
        return known

    def visible(self, company: IntacctCompany, scope: Scope) -> list[R]:
        """List what the session may see: all at top level, own and shared in an entity (7.9)."""
        records = self.records(company)
        if not scope.entity_id:
            return list(records)
        return [each for each in records if self.entity_of(each) in {"", scope.entity_id}]


def print_value(value: Value) -> str:
    """Print a value as the gateway does; None is an empty element."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format_decimal(value)
        case datetime():
            return value.strftime("%m/%d/%Y %H:%M:%S")
        case date():
            return value.strftime("%m/%d/%Y")
        case _:
            return str(value)


def status_letter(status: str) -> str:
    """Return the letter of STATUS in readByQuery filters."""
    return "T" if status == "active" else "F"
