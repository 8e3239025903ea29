"""What Intacct's books show: balances, lines on an account, open invoices.

Source: intacct-xml-api dossier sections 7.2 (ARINVOICE), 7.3 (ARPYMT), 7.6 (GLDETAIL), 7.9 (query).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import chain

from tieout.domain.errors import Unavailable
from tieout.domain.money import minor_from_decimal
from tieout.intacct.document_xml import DEBIT
from tieout.intacct.lookups import Row
from tieout.intacct.queries import Condition, Selection, one_of
from tieout.intacct.xml_values import date_text
from tieout.services.ports import LedgerRow, OpenReceivable

_LEDGER = "2.GL"
_JOURNALS = Condition("MODULEKEY", "equalto", (_LEDGER,))
# What customers' open items are: the object, the states of it in which nobody owes for it (a draft,
# a reversed payment), and what it adds to their debt.
# Source: intacct-xml-api dossier sections 7.2 (STATE, TRX_TOTALDUE) and 7.3 (of ARPYMT: what is not
# applied; its letters are from others' programs).
_SUBLEDGER = (
    ("ARINVOICE", ("Draft",), 1),
    ("ARADJUSTMENT", ("Draft",), 1),
    ("ARPYMT", ("D", "V"), -1),
)
# The book that the company's own currency and every module post to.
_BOOK = Condition("BOOKID", "equalto", ("ACCRUAL",))


class IntacctBooks:
    """The `Books` port over Intacct's XML gateway."""

    def __init__(
        self,
        rows: Callable[[Selection], Iterator[Row]],
        base_currency: Callable[[], str],
        closed_through: Callable[[str | None], date | None],
    ) -> None:
        self._rows = rows
        self._base_currency = base_currency
        self._closed_through = closed_through

    def balances(self, accounts: Collection[str], through: date) -> Mapping[tuple[str, str], int]:
        """Return the balance of each account and currency at the end of a day; debit positive."""
        if not accounts:
            return {}
        selection = Selection(
            "GLDETAIL",
            ("ACCOUNTNO", "CURRENCY", "TR_TYPE"),
            (
                _BOOK,
                one_of("ACCOUNTNO", sorted(accounts)),
                Condition("ENTRY_DATE", "lessthanorequalto", (date_text(through),)),
            ),
            sums=("TRX_AMOUNT",),
        )
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for row in self._rows(selection):
            currency = self._currency(row)
            totals[row.get("ACCOUNTNO", ""), currency] += _signed_minor(
                row, "SUM.TRX_AMOUNT", currency
            )
        return dict(totals)

    def rows(
        self, accounts: Collection[str], since: date, until: date, *, journals_only: bool = False
    ) -> Iterable[LedgerRow]:
        """Yield every line on the accounts from one day to another, both included."""
        if not accounts:
            return
        fields = ("RECORDNO", "ACCOUNTNO", "CURRENCY", "TR_TYPE", "TRX_AMOUNT", "ENTRY_DATE")
        selection = Selection(
            "GLDETAIL",
            (*fields, "DOCNUMBER", "DESCRIPTION", "BATCHKEY", "MODULEKEY"),
            (
                _BOOK,
                one_of("ACCOUNTNO", sorted(accounts)),
                Condition("ENTRY_DATE", "between", (date_text(since), date_text(until))),
                *([_JOURNALS] if journals_only else []),
            ),
        )
        for row in self._rows(selection):
            currency = self._currency(row)
            yield LedgerRow(
                account=row.get("ACCOUNTNO", ""),
                currency=currency,
                day=_day(row, "ENTRY_DATE"),
                amount_minor=_signed_minor(row, "TRX_AMOUNT", currency),
                document=row.get("DOCNUMBER", ""),
                text=row.get("DESCRIPTION", ""),
                entry=row.get("BATCHKEY", ""),
                of_ledger=row.get("MODULEKEY", _LEDGER) == _LEDGER,
            )

    def open_receivables(self) -> Iterable[OpenReceivable]:
        """Yield every invoice and adjustment that is not settled.

        Which sign Intacct shows for what is left of a credit memo is not documented.
        """
        fields = ("RECORDNO", "RECORDID", "CUSTOMERID", "CURRENCY", "TRX_TOTALDUE")
        due = Condition("TRX_TOTALDUE", "notequalto", ("0",))
        for row in chain(
            self._rows(Selection("ARINVOICE", (*fields, "DOCNUMBER"), (due,))),
            self._rows(Selection("ARADJUSTMENT", fields, (due,))),
        ):
            currency = self._currency(row)
            yield OpenReceivable(
                record_no=row.get("RECORDNO", ""),
                number=row.get("RECORDID", ""),
                reference=row.get("DOCNUMBER", ""),
                customer_id=row.get("CUSTOMERID", ""),
                currency=currency,
                due_minor=abs(_minor(row, "TRX_TOTALDUE", currency)),
            )

    def owed_by_customers(self) -> Mapping[str, int]:
        """Return what all customers owe, by currency.

        A draft is in no ledger, and a reversed payment in none any more. Which sign Intacct shows
        for what is left of a credit memo is not documented; it is taken as shown, as the memo
        itself was written: negative.
        """
        totals: dict[str, int] = defaultdict(int)
        for object_name, left_out, sign in _SUBLEDGER:
            selection = Selection(
                object_name,
                ("CURRENCY",),
                (
                    *(Condition("STATE", "notequalto", (state,)) for state in left_out),
                    Condition("TRX_TOTALDUE", "notequalto", ("0",)),
                ),
                sums=("TRX_TOTALDUE",),
            )
            for row in self._rows(selection):
                currency = self._currency(row)
                totals[currency] += sign * _minor(row, "SUM.TRX_TOTALDUE", currency)
        return dict(totals)

    def closed_through(self, entity: str | None) -> date | None:
        """Return through which day an entity's books are closed; None if nothing says so."""
        return self._closed_through(entity)

    def _currency(self, row: Row) -> str:
        """Return the row's currency; a company with a single one need not show it."""
        return (row.get("CURRENCY") or self._base_currency()).lower()


def _signed_minor(row: Row, field: str, currency: str) -> int:
    """Return an amount, debit positive.

    Whether the sign is in the amount or in its side alone is not documented, so the side decides.
    """
    amount_minor = abs(_minor(row, field, currency))
    return amount_minor if row.get("TR_TYPE") == DEBIT else -amount_minor


def _minor(row: Row, field: str, currency: str) -> int:
    try:
        return minor_from_decimal(Decimal(row.get(field) or "0"), currency)
    except (InvalidOperation, ValueError) as error:
        raise Unavailable(f"{field} of a ledger row is no amount of {currency}") from error


def _day(row: Row, field: str) -> date:
    try:
        return datetime.strptime(row.get(field, ""), "%m/%d/%Y").date()  # noqa: DTZ007 - a day alone
    except ValueError as error:
        raise Unavailable(f"{field} of a ledger row is no date") from error
