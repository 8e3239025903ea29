"""What the in-memory ledger's records come to, as books."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from tests.fakes.faults import Faulty
from tests.fakes.ledger import FakeLedger
from tieout.domain.documents import ArInvoice, ArPayment, Document, number_of, posting_date_of
from tieout.domain.effects import effects
from tieout.services.ports import LedgerRow, OpenReceivable


class FakeBooks(Faulty):
    """The `Books` port over a `FakeLedger`, whose bank accounts are known by ledger accounts.

    Attributes:
        by_hand: rows that somebody entered in Intacct.
        accounts: ledger account of each bank account.
        closed: through which day the books of an entity are closed.
    """

    def __init__(self, ledger: FakeLedger, accounts: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._ledger = ledger
        self.accounts = accounts or {}
        self.by_hand: list[LedgerRow] = []
        self.closed: dict[str | None, date] = {}

    def balances(self, accounts: Collection[str], through: date) -> Mapping[tuple[str, str], int]:
        self._may_fail()
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for row in self._all():
            if row.account in accounts and row.day <= through:
                sums[row.account, row.currency] += row.amount_minor
        return dict(sums)

    def rows(
        self, accounts: Collection[str], since: date, until: date, *, journals_only: bool = False
    ) -> Iterable[LedgerRow]:
        self._may_fail()
        for row in self._all():
            asked_for = row.account in accounts and since <= row.day <= until
            if asked_for and (row.of_ledger or not journals_only):
                yield row

    def open_receivables(self) -> Iterable[OpenReceivable]:
        self._may_fail()
        paid: dict[str, int] = defaultdict(int)
        for document in self._ledger.records.values():
            if isinstance(document, ArPayment):
                paid[document.invoice_key] += document.amount_minor
        for record_no, document in self._ledger.records.items():
            if isinstance(document, ArInvoice) and document.total_minor > paid[document.key]:
                yield OpenReceivable(
                    record_no,
                    document.number,
                    document.reference,
                    document.customer_id,
                    document.currency,
                    document.total_minor - paid[document.key],
                )

    def owed_by_customers(self) -> Mapping[str, int]:
        sums: dict[str, int] = defaultdict(int)
        for each in self.open_receivables():
            sums[each.currency] += each.due_minor
        return dict(sums)

    def closed_through(self, entity: str | None) -> date | None:
        self._may_fail()
        return self.closed.get(entity)

    def _all(self) -> Iterator[LedgerRow]:
        for record_no, document in self._ledger.records.items():
            yield from self._rows(record_no, document)
        yield from self.by_hand

    def _rows(self, record_no: str, document: Document) -> Iterator[LedgerRow]:
        day = posting_date_of(document)
        if day is None:
            return
        currency = getattr(document, "currency", "")
        banks = {f"bank {bank}": account for bank, account in self.accounts.items()}
        for each in effects(document):
            account = banks.get(each.account, each.account)
            yield LedgerRow(
                account,
                currency,
                day,
                each.amount_minor,
                number_of(document),
                each.memo,
                record_no,
                of_ledger=False,
            )
