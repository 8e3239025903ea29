"""What a paid invoice costs when events come one by one, as on a quiet day.

Customers are known and were billed before. Every event is processed alone, as soon as it happened;
an invoice is finalised first and paid later, so its documents cannot share a request.
"""

from collections.abc import Iterable

from tests.benchmarks.figures import Figure
from tests.benchmarks.spine import Counts, Spine

CUSTOMERS = 20
INVOICES = 100
MINUTE_SECONDS = 60
# The invoice and its payment: Intacct counts each header that is written.
TRANSACTIONS_PER_INVOICE = 2.0


def figures(invoices: int = INVOICES) -> Iterable[Figure]:
    """Yield what Intacct and Stripe are asked for each paid invoice and for each event."""
    events, counts = measure(invoices)
    yield Figure(
        "steady state: transactions per paid invoice",
        counts.transactions / invoices,
        "",
        target=TRANSACTIONS_PER_INVOICE,
        detail=f"{invoices} invoices, {events} events",
    )
    yield Figure(
        "steady state: look-ups per paid invoice", counts.look_ups / invoices, "", target=0
    )
    yield Figure("steady state: Stripe reads per paid invoice", counts.stripe_reads / invoices, "")
    yield Figure(
        "steady state: gateway requests per event",
        counts.gateway_requests / events,
        "",
        detail=f"{counts.sign_ins} of {counts.gateway_requests} to sign in",
    )


def measure(invoices: int) -> tuple[int, Counts]:
    """Bill known customers in turn; return how many events came and what they cost."""
    spine = Spine()
    customers = [spine.sign_up(number) for number in range(min(CUSTOMERS, invoices))]
    for customer in customers:
        spine.pay(spine.bill(customer))
    spine.process_one_by_one(spine.new_messages())
    before, events = spine.counts(), 0
    for number in range(invoices):
        invoice = spine.bill(customers[number % len(customers)])
        events += _deliver(spine)
        spine.pay(invoice)
        events += _deliver(spine)
    spine.check_books()
    return events, spine.counts().since(before)


def _deliver(spine: Spine) -> int:
    messages = spine.new_messages()
    spine.process_one_by_one(messages)
    spine.clock.advance(10 * MINUTE_SECONDS)
    return len(messages)
