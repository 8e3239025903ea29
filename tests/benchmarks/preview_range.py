"""How much processor time and memory the preview of a long range takes, once Stripe has answered;
and the replay of one.

Paid invoices, each of its own customer and of a day of its own, made on the fly: reading costs
nothing and nothing is kept, so that what grows is the preview's own. Postings are read from a table
in memory, in which there is nothing yet: every document is new.
"""

import dataclasses
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.benchmarks.figures import Figure
from tests.factories import DAY_SECONDS, NOON, a_line, a_paid_invoice, a_payment, a_policy
from tests.fakes.clock import FakeClock
from tests.fakes.policies import FakePolicies
from tests.fakes.postings import FakePostings
from tests.fakes.stripe import FakeStripe
from tieout.domain.postings import Posting
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import InvoiceSnapshot, Snapshot
from tieout.services.preview import Previewer
from tieout.services.replay import Outcome, Replay, Tally
from tieout.services.totals import Totals

MOVEMENTS = 100_000
# An invoice with its payment is two movements: what is owed, and what came in.
INVOICES = MOVEMENTS // 2
CUSTOMERS = 2_000
CPU_SECONDS_MAX = 60
# What the second half of a range may hold more than the first: nothing but the machine's noise.
GROWTH_MEGABYTES_MAX = 1.0
MEASURED_INVOICES = 4_000


class Generated(FakeStripe):
    """A Stripe account that makes up each invoice when it is asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self._model = a_paid_invoice(lines=(a_line(9_000), a_line(1_000, id="il_2")))

    def snapshot(self, subject: Subject) -> Snapshot:
        return self._invoice(subject.id, int(subject.id.removeprefix("in_")))

    def _invoice(self, identifier: str, number: int) -> InvoiceSnapshot:
        moment = NOON + number % 365 * DAY_SECONDS
        assert self._model.customer is not None
        return dataclasses.replace(
            self._model,
            id=identifier,
            number=f"ACME-{number}",
            customer=dataclasses.replace(self._model.customer, id=f"cus_{number % CUSTOMERS}"),
            effective_at_unix=moment,
            payments=(
                a_payment(
                    id=f"inpay_{number}",
                    invoice=identifier,
                    payment_intent=f"pi_{number}",
                    paid_at_unix=moment,
                ),
            ),
        )


class NoPostings(FakePostings):
    """A table in which there is nothing."""

    def get_many(self, _keys: Iterable[str]) -> Mapping[str, Posting]:
        return {}


def figures(invoices: int = INVOICES, measured: int = MEASURED_INVOICES) -> Iterable[Figure]:
    """Yield the seconds of processor time for the range, and what memory grows with its length."""
    began = time.process_time()
    totals = previewed(invoices)
    cpu_seconds = time.process_time() - began
    documents = sum(totals.documents.values())
    assert documents == 2 * invoices + min(CUSTOMERS, invoices), totals.documents
    yield Figure(
        f"preview of {2 * invoices:,} movements",
        cpu_seconds,
        "s",
        target=CPU_SECONDS_MAX,
        detail=f"processor time after reading, {documents:,} documents",
    )
    yield Figure(
        "memory that a preview of twice the range takes more",
        _growth_megabytes(previewed, measured),
        "MB",
        target=GROWTH_MEGABYTES_MAX,
        detail=f"{2 * measured:,} invoices instead of {measured:,}, of as many customers",
    )
    began = time.process_time()
    tally = replayed(invoices)
    cpu_seconds = time.process_time() - began
    assert tally.documents[Outcome.NEW] == documents
    yield Figure(
        f"replay of {2 * invoices:,} movements",
        cpu_seconds,
        "s",
        target=CPU_SECONDS_MAX,
        detail=f"processor time after reading, {documents:,} documents, each counted once",
    )
    yield Figure(
        "memory that a replay of twice the range takes more",
        _growth_megabytes(replayed, measured),
        "MB",
        target=GROWTH_MEGABYTES_MAX,
        detail=f"{2 * measured:,} invoices instead of {measured:,}",
    )


def replayed(invoices: int) -> Tally:
    """Return what the replay of a range of so many invoices comes to."""
    replay = Replay(Generated(), NoPostings(), FakePolicies(a_policy()), FakeClock())
    for _ in replay.replay(_subjects(invoices)):
        pass
    return replay.tally


def previewed(invoices: int) -> Totals:
    """Return the totals of a range of so many invoices."""
    totals = Totals(NOON)
    policies = FakePolicies(a_policy())
    previewer = Previewer(Generated(), NoPostings(), policies, FakeClock())
    for preview in previewer.preview(_subjects(invoices)):
        totals.add(preview)
    return totals


def _subjects(invoices: int) -> Iterator[Subject]:
    for number in range(invoices):
        yield Subject(SubjectKind.INVOICE, f"in_{number}")


def _growth_megabytes(work: Callable[[int], object], invoices: int) -> float:
    return (_peak_bytes(work, 2 * invoices) - _peak_bytes(work, invoices)) / 2**20


def _peak_bytes(work: Callable[[int], object], invoices: int) -> int:
    tracemalloc.start()
    work(invoices)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
