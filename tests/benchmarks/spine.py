"""The spine at work on one machine, without sockets: real reader, planner, processor and client.

What is counted is what reached the two doubles, not what our own code says that it sent. Only the
tables are fakes; they cost nothing in Stripe or Intacct.
"""

import dataclasses
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.fakes import FakeMetrics, FakePolicies, FakeSessions
from tests.sandbox import intacct_credentials
from tests.sandbox.intacct import Gateway, sample_company
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.policy import chart_of, first_policy
from tests.sandbox.scenario import Catalog, set_up_catalog
from tests.sandbox.stripe import FULL_KEY, PINNED_VERSION, InvoiceSpec, LineSpec, StripeAccount
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.sandbox.stripe.clock import SteppedClock
from tests.sandbox.tie_out import BOOKED_BY_THE_DAY, tie_out
from tests.support.wires import INTACCT_ENDPOINT, STRIPE_BASE, IntacctWire, StripeWire
from tests.year.postings import IndexedPostings
from tieout.domain.policy_file import parse_policy
from tieout.domain.postings import State
from tieout.intacct.client import IntacctLedger
from tieout.intacct.connect import FUNCTIONS_PER_REQUEST_MAX
from tieout.intacct.gateway import Gateway as GatewayClient
from tieout.intacct.session import SessionKeeper, SignIn
from tieout.intacct.transport import Transport
from tieout.services.messages import encode
from tieout.services.ports import IntacctCredentials
from tieout.services.process import Done, Processor, ReceivedMessage
from tieout.services.receive import work_item
from tieout.stripe import decode
from tieout.stripe.api import StripeApi
from tieout.stripe.reader import StripeApiReader

TIMEOUT_SECONDS = 60
LEASE_SECONDS = 2 * TIMEOUT_SECONDS + 10


@dataclass(frozen=True, slots=True)
class Counts:
    """What the doubles were asked.

    Attributes:
        gateway_requests: to Intacct, sign-ins included. sign_ins: those among them.
        transactions: what Intacct would bill: records written and reads.
        look_ups: the reads among them.
        stripe_reads: GETs to Stripe.
    """

    gateway_requests: int
    sign_ins: int
    transactions: int
    look_ups: int
    stripe_reads: int

    def since(self, before: "Counts") -> "Counts":
        """Return what came on top of `before`."""
        return Counts(
            *(
                getattr(self, each.name) - getattr(before, each.name)
                for each in dataclasses.fields(self)
            )
        )


class OneClock(SteppedClock):
    """The time of both doubles and of our own code."""

    def now_unix(self) -> int:
        return self.now()

    def now_utc(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)


class Spine:
    """A company that sells subscriptions, and Tieout between its Stripe account and its books.

    Args:
        policy_of: writes the policy, given what the company sells.
        wire_of: the way to the gateway. stripe_wire_of: the one to Stripe.

    Attributes:
        account: what the business does. reader: how Tieout sees it. ledger: where it books.
        gateway: the double behind it.
    """

    def __init__(
        self,
        policy_of: Callable[[Catalog], str] = first_policy,
        wire_of: Callable[[Gateway], Transport] = IntacctWire,
        stripe_wire_of: Callable[[StripeDouble], StripeWire] = StripeWire,
    ) -> None:
        self.clock = OneClock()
        self.account = StripeAccount(clock=self.clock)
        self.catalog = set_up_catalog(self.account)
        self.policy = parse_policy(policy_of(self.catalog))
        self.postings = IndexedPostings()
        self._stripe = StripeDouble(self.account)
        self.gateway = Gateway(sample_company(clock=self.clock.now_utc))
        self._events_read = 0
        self.reader = StripeApiReader(
            StripeApi(stripe_wire_of(self._stripe), lambda: FULL_KEY, STRIPE_BASE),
            livemode=False,
        )
        self.ledger = self.another_ledger(wire_of(self.gateway))
        self._processor = self.processor()

    def processor(self, pool: Executor | None = None) -> Processor:
        """Return a worker, which reads side by side in the pool if it has one."""
        return Processor(
            self.reader,
            self.ledger,
            self.postings,
            FakePolicies(self.policy),
            self.clock,
            FakeMetrics(),
            LEASE_SECONDS,
            pool=pool,
        )

    @property
    def company(self) -> IntacctCompany:
        """The books."""
        return self.gateway.company

    def counts(self) -> Counts:
        """Return what was asked of the doubles so far."""
        counters = self.gateway.counters
        return Counts(
            gateway_requests=counters.requests,
            sign_ins=counters.sessions_started,
            transactions=counters.paid_transactions,
            look_ups=counters.lookups,
            stripe_reads=self._stripe.stats.total,
        )

    def sign_up(self, number: int) -> str:
        """Let a customer sign up; return its id."""
        address = {"line1": f"{number} Main Street", "city": "Albany", "country": "US"}
        return str(self.account.create_customer(f"Customer {number}", address=address)["id"])

    def bill(self, customer: str, lines: int = 1) -> str:
        """Finalise a subscription invoice with sales tax; return its id."""
        catalog = self.catalog
        seats = (LineSpec(f"Seats of team {each}", catalog.seat_price) for each in range(lines))
        spec = InvoiceSpec(customer, tuple(seats), tax_rates=(catalog.sales_tax,))
        invoice = self.account.create_invoice(spec)
        self.account.finalize_invoice(invoice["id"])
        return str(invoice["id"])

    def pay(self, invoice: str) -> str:
        """Let the customer's card be charged for an invoice; return the charge's id."""
        payment = self.account.pay_invoice(invoice)["payment"]
        intent = self.account.store.get("payment_intent", payment["payment_intent"])
        return str(intent["latest_charge"])

    def new_messages(self) -> Sequence[ReceivedMessage]:
        """Return a message for each subscribed event since the last call, as the webhook sends it.

        Read from the events' bodies in the way that the poller does it, which the webhook shares.
        """
        log = self.account.event_log
        new, self._events_read = log[self._events_read :], len(log)
        hints = (decode.event_hint(record.body(PINNED_VERSION)) for record in new)
        return [
            ReceivedMessage(
                hint.event_id, encode(work_item(hint)), 1, hint.created_unix, hint.group
            )
            for hint in hints
            if hint is not None
        ]

    def process(self, batch: Sequence[ReceivedMessage]) -> None:
        """Invoke the processor with a batch; nothing goes wrong here, so all of it must succeed."""
        assert set(self._processor.process(batch).values()) == {Done()}

    def process_one_by_one(self, messages: Sequence[ReceivedMessage]) -> None:
        """Invoke the processor with every message alone."""
        for message in messages:
            self.process([message])

    def check_books(self) -> None:
        """Hold the figures to account: cheap work that is not done right is no achievement.

        But for fees and what else the night books: `a_day` measures that.
        """
        unsettled = {
            key
            for key, each in self.postings.by_key.items()
            if each.state not in {State.POSTED, State.NOT_BOOKED}
        }
        assert not unsettled, unsettled
        checks = tie_out(self.account, self.company, chart_of(self.catalog))
        differing = [each for each in checks if not each.agrees]
        assert all(each.group in BOOKED_BY_THE_DAY for each in differing), differing

    def another_ledger(self, transport: Transport) -> IntacctLedger:
        """Put the client together as `tieout.intacct.connect` does, over another transport."""
        credentials = IntacctCredentials(**intacct_credentials.of_sample_company())
        client = GatewayClient(transport, TIMEOUT_SECONDS)
        sign_in = SignIn(client, lambda: credentials, INTACCT_ENDPOINT, TIMEOUT_SECONDS)
        return IntacctLedger(
            client,
            SessionKeeper(sign_in, FakeSessions(), self.clock),
            lambda: credentials,
            lambda: self.policy.base_currency,
            FUNCTIONS_PER_REQUEST_MAX,
        )
