"""What is in Intacct's books, asked in an accountant's words; nothing of Tieout's own is used."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.records import JournalEntry, Payment, ReceivableDocument
from tests.sandbox.intacct.gateway import Gateway


@dataclass(frozen=True)
class Line:
    """A line of a document, without what is the customer's or the document's own."""

    account_no: str
    amount: Decimal
    memo: str
    department: str
    location: str


@dataclass(frozen=True)
class CustomerBooks:
    """Everything that is booked for one customer, without ids and days, so that two compare.

    Attributes:
        documents: kind, state, total, what is due, and the lines of each.
        receipts: cash, method and state of each payment, where it went, and what it settled.
        balances: the customer's balance on each account.
    """

    documents: tuple[tuple[str, str, Decimal, Decimal, tuple[Line, ...]], ...]
    receipts: tuple[tuple[Decimal, str, str, str, tuple[Decimal, ...]], ...]
    balances: tuple[tuple[str, Decimal], ...]


class Books:
    """The ledger and its subledger, read between two requests."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._company: IntacctCompany = gateway.company

    def invoices(self, number: str) -> list[ReceivableDocument]:
        """Return the invoices of this number."""
        with self._gateway.lock:
            return [
                each
                for each in self._company.documents
                if (each.kind, each.number) == ("invoice", number)
            ]

    def receipts(self, number: str) -> list[Payment]:
        """Return the payments in money of the invoice of this number."""
        keys = {each.record_no for each in self.invoices(number)}
        with self._gateway.lock:
            return [
                payment
                for payment in self._company.payments
                if any(
                    each.target_key in keys and each.credit_kind is None
                    for each in payment.applications
                )
            ]

    def refunds(self, refund: str) -> list[JournalEntry]:
        """Return the entries of the general journal about this refund, its failure excepted."""
        return self._journals(f"Stripe refund {refund}")

    def failures(self, refund: str) -> list[JournalEntry]:
        """Return the entries of the general journal that take back this refund, which failed."""
        return self._journals(f"Stripe refund {refund} failed")

    def everything(self) -> tuple[object, ...]:
        """Return all records of the company as they are, to be compared with a later look."""
        company = self._company
        with self._gateway.lock:
            return (
                tuple(company.customers),
                tuple(company.documents),
                tuple(company.payments),
                tuple(company.receipts),
                tuple(company.entries),
            )

    def of_customer(self, customer_id: str) -> CustomerBooks:
        """Return what is booked for a customer."""
        with self._gateway.lock:
            documents = [x for x in self._company.documents if x.customer_id == customer_id]
            payments = [x for x in self._company.payments if x.customer_id == customer_id]
            balances: defaultdict[str, Decimal] = defaultdict(Decimal)
            for entry in self._company.entries:
                for line in entry.lines:
                    if line.dimensions.customer == customer_id:
                        balances[line.account_no] += line.amount
        return CustomerBooks(
            documents=tuple(
                (each.kind, each.state, each.total, each.due, _lines(each)) for each in documents
            ),
            receipts=tuple(
                (
                    each.cash,
                    each.method,
                    each.state,
                    each.undeposited_account_no or each.bank_account_id,
                    tuple(part.amount for part in each.applications),
                )
                for each in payments
            ),
            balances=tuple(sorted(balances.items())),
        )

    def _journals(self, title: str) -> list[JournalEntry]:
        with self._gateway.lock:
            return [
                each
                for each in self._company.entries
                if (each.module, each.title) == ("2.GL", title)
            ]


def _lines(document: ReceivableDocument) -> tuple[Line, ...]:
    return tuple(
        Line(
            each.account_no,
            each.amount,
            each.memo,
            each.dimensions.department,
            each.dimensions.location,
        )
        for each in document.lines
    )
