"""Goal: once the month's transactions reach the budget, new sales are summed up; each is booked in
one way all the same, and no posted journal would have to be changed only to save a transaction.

Method: the real processor, meter and count over in-memory ports; workers see the count as it was
some batches ago, as workers side by side do, and are cut short between deciding and writing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from tests.factories import (
    DAY_SECONDS,
    a_refund,
    a_refund_of_sale,
    budgeted,
    moving,
)
from tests.fakes import FakeTransactions
from tests.unit.services import day_world
from tests.unit.services.day_world import DAY, charged
from tests.unit.services.world import LEASE_SECONDS, World, of
from tieout.domain.causes import Cause
from tieout.domain.documents import JournalEntry, OtherReceipt
from tieout.domain.errors import Refused, Unavailable
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.transactions import month_of
from tieout.services.process import Done, Processor, Retry
from tieout.services.transactions import BudgetedPolicies, TransactionMeter

BUDGET = 10
BATCH = 10
ABOVE = ": above the budget: 10 of 10 transactions used in "


class SeenLate(FakeTransactions):
    """A count that workers see as it was some additions ago."""

    def __init__(self, behind: int) -> None:
        super().__init__()
        self._behind = behind
        self._before = [0]

    def add(self, month: str, transactions: int) -> None:
        super().add(month, transactions)
        self._before.append(self.by_month[month])

    def of(self, month: str) -> int:  # noqa: ARG002 - all of these tests are in one month
        return self._before[max(0, len(self._before) - 1 - self._behind)]


@dataclass
class Month(World):
    """A world whose processors count what they book."""

    counts: FakeTransactions = field(default_factory=FakeTransactions)

    def processor(self) -> Processor:
        return Processor(
            self.stripe,
            self.ledger,
            self.postings,
            BudgetedPolicies(self.policies, self.counts, self.clock),
            self.clock,
            self.metrics,
            LEASE_SECONDS,
            transactions=TransactionMeter(self.metrics, self.counts, self.clock),
        )

    def has_used(self, transactions: int) -> None:
        self.counts.add(month_of(self.clock.now_unix()), transactions)


def month(sales: int, mode: SaleMode = "other_receipt", counts: int = 0) -> Month:
    """Return weeks after a day with some sales, a budget of ten, and some of it used."""
    bare = day_world.world(*(charged(number) for number in range(1, sales + 1)))
    made = Month(stripe=bare.stripe)
    policy = budgeted(mode, "daily_summary", movements=moving().movements)
    made.policies.published = [policy]
    made.has_used(counts)
    return made


def charges(numbers: Iterable[int]) -> list[Subject]:
    return [of(SubjectKind.CHARGE, f"ch_{number}") for number in numbers]


def on_clearing_minor(made: Month) -> int:
    """What the books have of sales, by whatever document."""
    return sum(
        each.total_minor if isinstance(each, OtherReceipt) else each.amount_minor
        for each in made.ledger.records.values()
        if isinstance(each, OtherReceipt | JournalEntry)
    )


def test_a_sale_is_booked_in_detail_below_the_budget_and_summed_up_above_it() -> None:
    made = month(2, counts=BUDGET - 1)
    made.bring_up_to_date(*charges([1]))
    made.bring_up_to_date(*charges([2]))
    assert made.states() == {"sale/pi_1": State.POSTED, "sale/pi_2": State.NOT_BOOKED}
    assert ABOVE in made.postings.by_key["sale/pi_2"].reason_text
    made.bring_up_to_date(DAY)
    journal = made.postings.by_key["activity/2026-11-02/usd/sales"]
    assert (journal.state, journal.amount_minor) == (State.POSTED, 10_000)
    assert on_clearing_minor(made) == 20_000


def test_the_count_is_read_once_for_a_batch() -> None:
    made = month(8)
    made.bring_up_to_date(*charges(range(1, 9)))
    assert made.counts.readings == 1


def test_what_was_decided_above_the_budget_stays_when_the_month_is_over() -> None:
    made = month(1, counts=BUDGET)
    made.bring_up_to_date(*charges([1]))
    told = made.postings.by_key["sale/pi_1"].reason_text
    made.clock.advance(40 * DAY_SECONDS)
    assert made.bring_up_to_date(*charges([1])) == [Done()]
    assert made.postings.by_key["sale/pi_1"].reason_text == told
    assert made.ledger.records == {} or on_clearing_minor(made) == 10_000
    made.bring_up_to_date(DAY, *charges([1]))
    assert [type(each) for each in made.ledger.records.values()] == [JournalEntry]


def test_a_refund_follows_what_was_decided_for_its_sale() -> None:
    made = month(1, counts=BUDGET)
    refund = of(SubjectKind.REFUND, "re_1")
    sale = made.stripe.snapshots[charges([1])[0]]
    made.stripe.snapshots[refund] = a_refund_of_sale(a_refund(4_000), sale)  # type: ignore[arg-type]  # a charge
    assert made.bring_up_to_date(refund) == [Done()]
    assert made.states()["sale/pi_1"] is State.NOT_BOOKED
    (entry,) = made.ledger.written("refund/re_1")
    assert isinstance(entry, JournalEntry)
    assert entry.after == ()
    assert entry.lines[0].why.endswith(made.postings.by_key["sale/pi_1"].reason_text[-20:])


# --- Crashes and workers side by side -------------------------------------------------------------


@pytest.mark.parametrize("used", [BUDGET - 1, BUDGET], ids=["below", "above"])
def test_a_worker_that_dies_before_it_has_written_has_decided_nothing(used: int) -> None:
    """Nothing was sent; the next one decides by the month as it is then."""
    made = month(1, counts=used)
    made.postings.fault = Unavailable("dynamodb")
    made.bring_up_to_date(*charges([1]))
    assert made.ledger.records == {}
    made.postings.fault = None
    made.has_used(BUDGET)
    made.bring_up_to_date(*charges([1]), DAY)
    assert made.states()["sale/pi_1"] is State.NOT_BOOKED
    assert on_clearing_minor(made) == 10_000


@pytest.mark.parametrize("late", ["detail", "sum"])
def test_of_two_workers_at_the_threshold_the_first_to_write_decides(
    late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one, which has read and decided, finds out before it sends anything."""
    made = month(1, counts=BUDGET)
    seen = iter([BUDGET - 1, BUDGET] if late == "detail" else [BUDGET, BUDGET - 1])
    monkeypatch.setattr(made.counts, "of", lambda _month: next(seen))
    message = made.message(charges([1])[0])
    write = made.postings.put_all

    def overtaken(writes: Sequence[tuple[Posting, Cause]]) -> frozenset[str]:
        monkeypatch.setattr(made.postings, "put_all", write)
        assert made.process(message)[message.message_id] == Done()
        return write(writes)

    monkeypatch.setattr(made.postings, "put_all", overtaken)
    (answer,) = made.process(message).values()
    assert isinstance(answer, Retry)
    decided = State.NOT_BOOKED if late == "detail" else State.POSTED
    assert made.states()["sale/pi_1"] is decided
    for used in (BUDGET - 1, BUDGET, BUDGET):
        monkeypatch.setattr(made.counts, "of", lambda _month, used=used: used)
        made.bring_up_to_date(*charges([1]), DAY)
    assert made.states()["sale/pi_1"] is decided
    assert on_clearing_minor(made) == 10_000
    assert list(made.postings.on_worklist(Worklist.ATTENTION)) == []


# --- Too late for the journal of its day ----------------------------------------------------------


def test_above_the_budget_a_sale_is_not_missed_by_a_posted_journal() -> None:
    """It is booked in detail: one transaction more, and nobody has to look at a difference."""
    made = month(2, counts=BUDGET)
    second = charges([2])[0]
    readable = made.stripe.snapshots[second]
    made.stripe.snapshots[second] = Refused(Reason.UNREADABLE_OBJECT, "charge ch_2 has no status")
    for _ in range(4):
        made.bring_up_to_date(DAY)
    assert made.states()["activity/2026-11-02/usd/sales"] is State.POSTED
    made.stripe.snapshots[second] = readable
    made.clock.advance(60)
    assert made.bring_up_to_date(second) == [Done()]
    made.bring_up_to_date(DAY)
    assert made.states()["sale/pi_2"] is State.POSTED
    assert on_clearing_minor(made) == 20_000
    assert list(made.postings.on_worklist(Worklist.ATTENTION)) == []


def test_above_the_budget_a_sale_of_a_day_that_had_none_gets_the_journal_of_that_day() -> None:
    made = month(1, counts=BUDGET)
    sale = charges([1])[0]
    readable = made.stripe.snapshots[sale]
    made.stripe.snapshots[sale] = Refused(Reason.UNREADABLE_OBJECT, "charge ch_1 has no status")
    for _ in range(4):
        made.bring_up_to_date(DAY)
    made.stripe.snapshots[sale] = readable
    made.clock.advance(60)
    assert made.bring_up_to_date(sale) == [Done()]
    assert made.states()["activity/2026-11-02/usd/sales"] is State.POSTED
    assert on_clearing_minor(made) == 10_000


# --- How far beyond it goes -----------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, 6])
def test_what_goes_beyond_the_budget_is_what_was_under_way(workers: int) -> None:
    """At most a batch of each worker, and then a journal for the day."""
    sales = 40 * BATCH
    made = month(sales)
    made.counts = SeenLate(behind=workers - 1)
    for start in range(1, sales + 1, BATCH):
        made.bring_up_to_date(*charges(range(start, start + BATCH)))
    for _ in range(2):
        made.bring_up_to_date(DAY)
    assert on_clearing_minor(made) == sales * 10_000
    assert BUDGET <= made.counts.by_month.total() <= BUDGET + workers * BATCH + 1
