"""The real Intacct client against the gateway double, over loopback, with books to look into."""

import dataclasses
from types import TracebackType
from typing import Self

from tests.fakes import FakeClock, FakeSessions
from tests.sandbox.intacct import (
    COMPANY_ID,
    SENDER_ID,
    SENDER_PASSWORD,
    USER_ID,
    USER_PASSWORD,
    Gateway,
    IntacctServer,
    Switches,
    sample_company,
)
from tests.support import intacct_schema
from tests.support.intacct_documents import submission
from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArPayment,
    CreditApplication,
    Customer,
    Document,
    InvoiceReversal,
    JournalEntry,
    OtherReceipt,
    PaymentReversal,
    dependencies,
)
from tieout.intacct.client import IntacctLedger
from tieout.intacct.connect import connect
from tieout.services.ports import Accepted, IntacctCredentials, Ledger, Outcome, Submission

CREDENTIALS = IntacctCredentials(SENDER_ID, SENDER_PASSWORD, COMPANY_ID, USER_ID, USER_PASSWORD)


class Books:
    """A company behind a gateway on a free port; use as a context manager.

    Attributes:
        sessions: shared by every ledger of these books.
    """

    def __init__(self, switches: Switches | None = None, *, multi_entity: bool = False) -> None:
        self.company = sample_company(switches=switches, multi_entity=multi_entity)
        self.gateway = Gateway(self.company)
        self.server = IntacctServer(self.gateway)
        self.clock = FakeClock(int(self.company.clock().timestamp()))
        self.sessions = FakeSessions()

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.server.close()
        if error is None:
            for request in self.gateway.requests:
                intacct_schema.check(request.body)

    def ledger(
        self,
        credentials: IntacctCredentials = CREDENTIALS,
        *,
        timeout_seconds: int = 30,
        functions_per_request_max: int = 50,
    ) -> IntacctLedger:
        return connect(
            lambda: credentials,
            self.server.url,
            timeout_seconds,
            self.sessions,
            self.clock,
            "usd",
            functions_per_request_max,
        )

    def change_sender_password(self, password: str = "changed by somebody") -> None:
        sender = self.company.senders[SENDER_ID]
        self.company.senders.put(SENDER_ID, dataclasses.replace(sender, password=password))

    def change_user_password(self, password: str = "changed by somebody") -> None:
        user = self.company.users[USER_ID]
        self.company.users.put(USER_ID, dataclasses.replace(user, password=password))

    def count(self, document: Document) -> int:
        """Return how many records of the document stand in the books."""
        match document:
            case Customer():
                return int(document.customer_id in self.company.customers)
            case ArInvoice(number=number) | ArAdjustment(number=number):
                return sum(each.number == number for each in self.company.documents)
            case ArPayment():
                return sum(each.reference == document.reference for each in self.company.payments)
            case OtherReceipt():
                return sum(each.reference == document.reference for each in self.company.receipts)
            case JournalEntry():
                entries = (each for each in self.company.entries if each.module == "2.GL")
                return sum(each.reference == document.reference for each in entries)
            case InvoiceReversal():
                return sum(each.state == "reversed" for each in self.company.documents)
            case PaymentReversal():
                return sum(each.state == "reversed" for each in self.company.payments)
            case CreditApplication():
                return sum(
                    bool(each.applied) and each.kind == "adjustment"
                    for each in self.company.documents
                )


class Desk:
    """Sends documents one after the other, each with the record numbers of those before it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.numbers: dict[str, str] = {}

    def submission(self, document: Document, revision: int = 0) -> Submission:
        numbers = {key: self.numbers.get(key, "999999") for key in dependencies(document)}
        return submission(document, numbers, revision=revision)

    def submit(self, document: Document) -> Outcome:
        given = self.submission(document)
        return self.ledger.submit([given])[given.control_id]

    def post(self, *documents: Document) -> None:
        for document in documents:
            outcome = self.submit(document)
            assert isinstance(outcome, Accepted), outcome
            self.numbers[document.key] = outcome.record_no
