"""What a backed-up queue costs: a billing run whose events wait while Intacct is away.

Most customers are known, one in ten signed up on the way and one in twenty wants part of the money
back. When the queue is worked off, Stripe already says how everything ended, so the first event of
an invoice books all of it and the others find nothing left to do. Only what Lambda hands over is in
a batch here; what the processor takes besides, `throughput` shows, makes it cheaper still.

Source: stripe-api dossier section 2.1 (the events of a paid subscription invoice).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.benchmarks.fifo_queue import BATCH_MAX, FifoQueue, Groups
from tests.benchmarks.figures import Figure
from tests.benchmarks.spine import Counts, Spine
from tests.benchmarks.steady_state import TRANSACTIONS_PER_INVOICE

CUSTOMERS = 200
NEW_ONE_IN = 10
REFUND_ONE_IN = 20
HOUR_SECONDS = 3_600
# What the template gives the event source by default.
CONSUMERS = 2
REQUESTS_PER_EVENT_MAX = 0.3


@dataclass(frozen=True, slots=True)
class Worked:
    """A backlog that was worked off.

    Attributes:
        known, new: customers, each with one paid invoice. refunds: of those invoices.
    """

    known: int
    new: int
    refunds: int
    events: int
    batches: int
    counts: Counts

    @property
    def invoices(self) -> int:
        """Return how many paid invoices were booked."""
        return self.known + self.new


def figures(customers: int = CUSTOMERS) -> Iterable[Figure]:
    """Yield what Intacct and Stripe are asked for each event and each paid invoice."""
    yield from _figures("backlog, groups in runs", work_off(Groups.IN_RUNS, customers))
    yield from _figures("backlog, groups mixed", work_off(Groups.MIXED, customers))
    # SQS promises up to ten messages, not ten.
    half = work_off(Groups.IN_RUNS, customers, BATCH_MAX // 2)
    yield from _figures("backlog, half-full batches", half, requests_max=None)


def _figures(
    name: str, worked: Worked, requests_max: float | None = REQUESTS_PER_EVENT_MAX
) -> Iterable[Figure]:
    counts, others = worked.counts, worked.new + worked.refunds
    yield Figure(
        f"{name}: gateway requests per event",
        counts.gateway_requests / worked.events,
        "",
        target=requests_max,
        detail=f"{worked.events} events in {worked.batches} batches",
    )
    yield Figure(
        f"{name}: transactions per paid invoice",
        (counts.transactions - others) / worked.invoices,
        "",
        target=TRANSACTIONS_PER_INVOICE,
        detail=f"besides {worked.new} new customers and {worked.refunds} refunds",
    )
    yield Figure(f"{name}: Stripe reads per event", counts.stripe_reads / worked.events, "")


def work_off(groups: Groups, customers: int, batch_max: int = BATCH_MAX) -> Worked:
    """Let a billing run back up, then work it off."""
    spine = Spine()
    new = customers // NEW_ONE_IN
    known = [spine.sign_up(number) for number in range(customers - new)]
    for customer in known:
        spine.pay(spine.bill(customer))
    spine.process_one_by_one(spine.new_messages())
    refunds = billing_run(spine, known, new)
    messages = spine.new_messages()
    before = spine.counts()
    batches = _consume(spine, FifoQueue(messages, groups, batch_max))
    spine.check_books()
    counts = spine.counts().since(before)
    return Worked(len(known), new, refunds, len(messages), batches, counts)


def billing_run(spine: Spine, known: list[str], new: int) -> int:
    """Bill everybody, charge everybody an hour later, refund some; return how many refunds."""
    customers = known + [spine.sign_up(number) for number in range(len(known), len(known) + new)]
    invoices = [
        spine.bill(customer, lines=1 + number % 3) for number, customer in enumerate(customers)
    ]
    spine.clock.advance(HOUR_SECONDS)
    charges = [spine.pay(invoice) for invoice in invoices]
    spine.clock.advance(HOUR_SECONDS)
    refunded = charges[::REFUND_ONE_IN]
    for charge in refunded:
        spine.account.refund(charge, 1_000)
    return len(refunded)


def _consume(spine: Spine, queue: FifoQueue) -> int:
    """Work the queue off with consumers who receive side by side; return the number of batches."""
    batches = 0
    while queue:
        received = [queue.receive() for _ in range(CONSUMERS)]
        for batch in filter(None, received):
            spine.process(batch)
            queue.finish(batch)
            batches += 1
    return batches
