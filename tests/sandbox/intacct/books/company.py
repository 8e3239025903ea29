"""The company: its tables, its settings, and the look-ups that every function needs.

Holds no rule about documents; those are in the modules named after them.
"""

import calendar
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from tests.sandbox.intacct import errors
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
from tests.sandbox.intacct.books.money import ONE
from tests.sandbox.intacct.books.records import (
    Customer,
    Deposit,
    Exchange,
    JournalEntry,
    OtherReceipt,
    Payment,
    ReceivableDocument,
)
from tests.sandbox.intacct.books.tables import Table, UndoLog
from tests.sandbox.intacct.switches import Switches

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class TaxDetail:
    """A tax detail that a ``taxentry`` may name; ``percent`` applies when trx_tax is absent."""

    detail_id: str
    account_no: str
    percent: Decimal


@dataclass(frozen=True)
class Profile:
    """Settings of the company.

    ``rates`` are the daily rates of the foreign currencies in base units per unit. ``sequences``
    names the objects whose numbers the company hands out itself (``customer``, ``invoice``,
    ``adjustment``); everything else must come with its number (dossier 7.1, 7.2).
    """

    company_id: str
    base_currency: str
    receivable_account_no: str
    advance_account_no: str
    exchange_difference_account_no: str
    undeposited_account_nos: frozenset[str]
    rates: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    sequences: frozenset[str] = frozenset({"invoice", "adjustment"})
    custom_fields: frozenset[str] = frozenset()
    tax_details: tuple[TaxDetail, ...] = ()
    multi_entity: bool = False
    account_labels: bool = False
    session_timeout_seconds: int = 7200
    revenue_templates: frozenset[str] = frozenset({"Straight line daily"})


@dataclass(frozen=True)
class Scope:
    """Who acts: the entity of the session (empty at top level) and the user."""

    entity_id: str = ""
    user_id: str = ""


class IntacctCompany:
    """State of one company; every change is undone unless its unit of work ends well."""

    def __init__(
        self, profile: Profile, *, clock: Clock = system_clock, switches: Switches | None = None
    ) -> None:
        self.profile = profile
        self.clock = clock
        self.switches = switches or Switches()
        self.log = UndoLog()
        self.accounts: Table[str, Account] = Table(self.log)
        self.members: Table[tuple[DimensionKind, str], Member] = Table(self.log)
        self.terms: Table[str, Term] = Table(self.log)
        self.journals: Table[str, Journal] = Table(self.log)
        self.banks: Table[str, BankAccount] = Table(self.log)
        self.users: Table[str, User] = Table(self.log)
        self.senders: Table[str, Sender] = Table(self.log)
        self.customers: Table[str, Customer] = Table(self.log)
        self.contact_owners: Table[str, str] = Table(self.log)
        self.documents: Table[int, ReceivableDocument] = Table(self.log)
        self.document_numbers: Table[tuple[str, str], int] = Table(self.log)
        self.payments: Table[int, Payment] = Table(self.log)
        self.receipts: Table[int, OtherReceipt] = Table(self.log)
        self.deposits: Table[int, Deposit] = Table(self.log)
        self.entries: Table[int, JournalEntry] = Table(self.log)
        self.closed_months: Table[tuple[int, int, str], bool] = Table(self.log)
        self._numbers: dict[str, Iterator[int]] = {}

    # -- work -------------------------------------------------------------------------------

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        """Undo every change if the block raises."""
        mark = self.log.mark()
        try:
            yield
        except BaseException:
            self.log.rollback(mark)
            raise

    def next_number(self, series: str, first: int = 1) -> int:
        """Hand out a number; as in a database, a rolled-back number is not used again."""
        return next(self._numbers.setdefault(series, itertools.count(first)))

    def now(self) -> datetime:
        """Return the present moment without its fraction."""
        return self.clock().replace(microsecond=0)

    def today(self) -> date:
        """Return the present day in UTC."""
        return self.now().date()

    # -- look-ups ---------------------------------------------------------------------------

    def account(self, account_no: str) -> Account:
        """Return an active account.

        Raises:
            FunctionFailedError: unknown or inactive.
        """
        found = self.accounts.get(account_no)
        if found is None or found.status != "active":
            raise errors.invalid_reference("GL account number", account_no)
        return found

    def customer(self, customer_id: str) -> Customer:
        """Return an active customer ("Invalid Customer", dossier section 5)."""
        found = self.customers.get(customer_id)
        if found is None or not found.active:
            raise errors.invalid_reference("Customer", customer_id)
        return found

    def bank(self, bank_account_id: str) -> BankAccount:
        """Return an active bank account."""
        found = self.banks.get(bank_account_id)
        if found is None or found.status != "active":
            raise errors.invalid_reference("bank account", bank_account_id)
        return found

    def member(self, kind: DimensionKind, member_id: str) -> None:
        """Check that a dimension value exists and is active."""
        if kind is DimensionKind.CUSTOMER:
            self.customer(member_id)
            return
        found = self.members.get((kind, member_id))
        if found is None or found.status != "active":
            raise errors.invalid_reference(kind.label, member_id)

    def document(self, key: int) -> ReceivableDocument:
        """Return an invoice or adjustment by RECORDNO."""
        found = self.documents.get(key)
        if found is None:
            raise errors.no_record(str(key))
        return found

    def entity_of(self, location_id: str) -> str:
        """Return the entity a location belongs to, or an empty string."""
        seen: set[str] = set()
        while location_id and location_id not in seen:
            seen.add(location_id)
            found = self.members.get((DimensionKind.LOCATION, location_id))
            if found is None:
                return ""
            if found.is_entity:
                return location_id
            location_id = found.parent_id
        return ""

    def exchange(self, currency: str, rate: Decimal | None, rate_type: str) -> Exchange:
        """Return the exchange of a document; base currency when none is named.

        Raises:
            FunctionFailedError: no rate for the currency, or an unknown rate type.
        """
        base = self.profile.base_currency
        if currency in {"", base}:
            return Exchange(base, ONE)
        if rate is not None:
            if rate <= 0:
                raise errors.illegal("exchange rate", str(rate))
            return Exchange(currency, rate)
        if currency not in self.profile.rates:
            raise errors.invalid_reference("currency", currency)
        if rate_type not in {"", "Intacct Daily Rate"}:
            raise errors.invalid_reference("exchange rate type", rate_type)
        return Exchange(currency, self.profile.rates[currency])

    # -- periods ----------------------------------------------------------------------------

    def close_period(self, year: int, month: int, entity_id: str = "") -> None:
        """Close the books of one month, of an entity alone or of the whole company."""
        self.closed_months.put((year, month, entity_id), True)

    def open_period(self, year: int, month: int, entity_id: str = "") -> None:
        """Open the books of one month again."""
        if (year, month, entity_id) in self.closed_months:
            self.closed_months.remove((year, month, entity_id))

    def closed_through(self, entity_id: str) -> date | None:
        """Return the last day of the last closed month, as an entity sees it."""
        closed = [
            date(year, month, calendar.monthrange(year, month)[1])
            for year, month, closed_for in self.closed_months.keys()  # noqa: SIM118 - a table yields its rows
            if closed_for in {"", entity_id}
        ]
        return max(closed, default=None)

    def require_open_period(self, day: date, entity_id: str = "") -> None:
        """Refuse a posting date in a closed period (dossier section 5, last list)."""
        closed_for = {"", entity_id}
        if any((day.year, day.month, each) in self.closed_months for each in closed_for):
            raise errors.closed_period(self.switches.closed_period_errorno, day)
