"""The real processor between in-memory ports, and the messages that the queue brings it."""

import dataclasses
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

from tests.factories import a_policy
from tests.fakes.books import FakeBooks
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import FakeLedger
from tests.fakes.metrics import FakeMetrics
from tests.fakes.policies import FakePolicies
from tests.fakes.postings import FakePostings
from tests.fakes.stripe import FakeStripe
from tests.support.intacct_documents import invoice
from tieout.domain.postings import State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.closed_periods import ClosedPeriods
from tieout.services.messages import encode
from tieout.services.ports import WorkItem
from tieout.services.process import Processor, ReceivedMessage, Result, Retry

LEASE_SECONDS = 150
DELIVERIES = 20
INVOICE = Subject(SubjectKind.INVOICE, "in_1")
CUSTOMER = Subject(SubjectKind.CUSTOMER, "cus_1")
REFUND = Subject(SubjectKind.REFUND, "re_1")


def of(kind: SubjectKind, identifier: str) -> Subject:
    return Subject(kind, identifier)


@dataclass
class World:
    stripe: FakeStripe = field(default_factory=FakeStripe)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    postings: FakePostings = field(default_factory=FakePostings)
    policies: FakePolicies = field(default_factory=lambda: FakePolicies(a_policy()))
    clock: FakeClock = field(default_factory=FakeClock)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    pool: Executor | None = None
    delivered: int = 0

    def __post_init__(self) -> None:
        self.books = FakeBooks(self.ledger)

    def closed_periods(self) -> ClosedPeriods:
        return ClosedPeriods(
            self.books, self.policies.closed_books, self.policies, self.clock, self.metrics
        )

    def made_by_hand(
        self, record_no: str, total_minor: int = 10_000, *, customer_id: str = "cus_1"
    ) -> None:
        """Have an AR invoice in Intacct that a bookkeeper entered."""
        document = invoice(total_minor, number=f"BY-HAND-{record_no}")
        by_hand = dataclasses.replace(
            document, customer_id=customer_id, reference="", key="by hand"
        )
        self.ledger.exists(by_hand, record_no)

    def message(self, subject: Subject, receive_count: int = 1) -> ReceivedMessage:
        self.delivered += 1
        item = WorkItem(subject, f"evt_{self.delivered}", "cus_1", "", livemode=False)
        sent_at_unix = self.clock.now_unix()
        return ReceivedMessage(
            f"message-{self.delivered}", encode(item), receive_count, sent_at_unix
        )

    def process(
        self,
        *messages: ReceivedMessage,
        stop_reading_at_unix: int | None = None,
        stop_sending_at_unix: int | None = None,
    ) -> Mapping[str, Result]:
        return self.processor().process(messages, stop_reading_at_unix, stop_sending_at_unix)

    def processor(self) -> Processor:
        return Processor(
            self.stripe,
            self.ledger,
            self.postings,
            self.policies,
            self.clock,
            self.metrics,
            LEASE_SECONDS,
            closed_periods=self.closed_periods(),
            pool=self.pool,
        )

    def bring_up_to_date(self, *subjects: Subject) -> list[Result]:
        return list(self.process(*map(self.message, subjects)).values())

    def states(self) -> dict[str, State]:
        return {key: posting.state for key, posting in self.postings.by_key.items()}


def again(message: ReceivedMessage) -> ReceivedMessage:
    return dataclasses.replace(message, receive_count=message.receive_count + 1)


def deliver(world: World, subject: Subject, first: int = 1) -> None:
    """Deliver one message again and again; it never succeeds."""
    message = dataclasses.replace(world.message(subject), receive_count=first)
    for _ in range(DELIVERIES):
        world.clock.advance(1)
        assert isinstance(world.process(message)[message.message_id], Retry)
        message = again(message)
