"""A Stripe account in memory: snapshots by subject, and lists."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.fakes.faults import Faulty
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import BalanceTransaction, Snapshot
from tieout.services.ports import EventHint, InvoiceRow, Row, Stretch

# Stripe lists the events of so many types at once.
TYPES_MAX = 20
MOVEMENTS_MAX = 20_000


class FakeStripe(Faulty):
    """The `StripeReader` port in memory; one read for a snapshot, one for a page of a list.

    Attributes:
        snapshots: what is read, by subject; an exception is raised instead.
        events_listed: what the lists of events hold, each in its subject's account, in any order.
        invoices_listed: what the list of invoices holds, in any order.
        invoices_of: the same of further accounts.
        created: when the subjects that `listed` yields were created.
        charges: what payment intents lead to; None where there is no charge yet.
        refused_accounts: whose list of events cannot be read, and why.
        moved: every movement of the balance, by the account that has it, in any order.
        page_rows: how many rows a page has.
    """

    def __init__(self, page_rows: int = 100) -> None:
        super().__init__()
        self.page_rows = page_rows
        self.snapshots: dict[Subject, Snapshot | Exception] = {}
        self.events_listed: list[EventHint] = []
        self.invoices_listed: list[InvoiceRow] = []
        self.invoices_of: dict[str, list[InvoiceRow]] = {}
        self.refused_accounts: dict[str | None, Exception] = {}
        self.created: dict[Subject, int] = {}
        self.charges: dict[str, Subject | None] = {}
        self.moved: dict[str | None, list[BalanceTransaction]] = {}
        self._reads = 0

    @property
    def reads(self) -> int:
        return self._reads

    def snapshot(self, subject: Subject) -> Snapshot:
        self._read()
        found = self.snapshots.get(subject)
        if found is None:
            raise Refused(Reason.OBJECT_MISSING_IN_STRIPE, f"{subject} is not in Stripe")
        if isinstance(found, Exception):
            raise found
        return found

    def events(
        self,
        types: Sequence[str],
        since_unix: int,
        until_unix: int | None,
        account: str | None = None,
    ) -> Stretch[EventHint]:
        if account in self.refused_accounts:
            raise self.refused_accounts[account]
        lists = -(-len(types) // TYPES_MAX)
        found = [
            hint
            for hint in self.events_listed
            if hint.event_type in types and hint.subject.account == account
        ]
        return self._stretch(found, since_unix, until_unix, reads_per_page=lists)

    def invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        return self._stretch(self._invoices(account), since_unix, until_unix)

    def open_invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        found = [row for row in self._invoices(account) if row.status == "open"]
        return self._stretch(found, since_unix, until_unix)

    def _invoices(self, account: str | None) -> list[InvoiceRow]:
        return self.invoices_listed if account is None else self.invoices_of.get(account, [])

    def listed(
        self, kind: SubjectKind, since_unix: int, until_unix: int, account: str | None = None
    ) -> Iterator[Subject]:
        self._read()
        found = [
            (created_unix, subject)
            for subject, created_unix in self.created.items()
            if subject.kind is kind
            and subject.account == account
            and since_unix <= created_unix <= until_unix
        ]
        yield from (subject for _, subject in sorted(found, reverse=True))

    def charge_of(self, payment_intent: str, account: str | None = None) -> Subject | None:
        self._read()
        if payment_intent not in self.charges:
            raise Refused(Reason.OBJECT_MISSING_IN_STRIPE, f"{payment_intent} is not in Stripe")
        found = self.charges[payment_intent]
        assert found is None or found.account == account
        return found

    def movements(
        self, since_unix: int, until_unix: int, account: str | None = None
    ) -> Sequence[BalanceTransaction]:
        found = [
            each
            for each in self.moved.get(account, [])
            if since_unix <= each.created_unix <= until_unix
        ]
        self._read(max(1, -(-len(found) // self.page_rows)))
        if len(found) > MOVEMENTS_MAX:
            text = f"balance_transactions has more than {MOVEMENTS_MAX} rows"
            raise Refused(Reason.SNAPSHOT_TOO_LARGE, text)
        return sorted(found, key=lambda each: (each.created_unix, each.id))

    def movement(self, identifier: str, account: str | None = None) -> BalanceTransaction:
        self._read()
        for each in self.moved.get(account, []):
            if each.id == identifier:
                return each
        raise Refused(Reason.OBJECT_MISSING_IN_STRIPE, f"{identifier} is not in Stripe")

    def balance(self, account: str | None = None) -> Mapping[str, int]:
        self._read()
        sums: Counter[str] = Counter()
        for each in self.moved.get(account, []):
            sums[each.currency] += each.net_minor
        return dict(sums)

    def _stretch(
        self,
        listed: Iterable[Row],
        since_unix: int,
        until_unix: int | None,
        reads_per_page: int = 1,
    ) -> Stretch[Row]:
        """Return a page, or as many as show one whole second."""
        rows = [
            row
            for row in sorted(listed, key=lambda row: row.created_unix, reverse=True)
            if row.created_unix >= since_unix
            and (until_unix is None or row.created_unix <= until_unix)
        ]
        for end in range(self.page_rows, len(rows), self.page_rows):
            self._read(reads_per_page)
            oldest_unix = rows[end - 1].created_unix
            if until_unix is None or oldest_unix < until_unix:
                whole = [row for row in rows[:end] if row.created_unix > oldest_unix]
                return Stretch(whole, oldest_unix + 1)
        self._read(reads_per_page)
        return Stretch(rows, since_unix)

    def _read(self, reads: int = 1) -> None:
        self._may_fail()
        self._reads += reads
