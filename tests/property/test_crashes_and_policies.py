"""Goal: whatever a crash interrupts, and whatever the policy says when the work goes on, nothing is
booked twice and nothing is lost without being on the exceptions list.

Method: the process dies before or after its n-th outside call, a new policy is published, it dies
again on the next try, another policy is published, and then it may finish. The ledger books a
payment or a journal entry twice if it is sent twice under two control ids, as Intacct does.
"""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import pytest

from tests.factories import (
    NOON,
    a_credit_note,
    a_credit_note_of,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
)
from tests.fakes import (
    FakeClock,
    FakeLedger,
    FakeMetrics,
    FakePolicies,
    FakePostings,
    FakeStripe,
)
from tieout.domain.documents import CashAccount, Document, JournalEntry
from tieout.domain.policy import Policy
from tieout.domain.postings import State, Worklist
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.messages import encode
from tieout.services.ports import WorkItem
from tieout.services.process import Done, Processor, ReceivedMessage, Result

pytestmark = pytest.mark.simulation

LEASE_SECONDS = 150
INVOICE = Subject(SubjectKind.INVOICE, "in_1")
REFUND = Subject(SubjectKind.REFUND, "re_1")
CREDIT_NOTE = Subject(SubjectKind.CREDIT_NOTE, "cn_1")
CALLS_MIN = 10
EXPECTED_KEYS = frozenset(
    {"customer/cus_1", "invoice/in_1", "receipt/inpay_1", "refund/re_1", "refund/re_1/failed"}
)

NOTE_KEYS = frozenset(
    {
        "customer/cus_1",
        "invoice/in_1",
        "receipt/inpay_1",
        "credit_note/cn_1",
        "credit_note/cn_1/applied",
        "credit_note/cn_1/voided",
    }
)


def _same_content(version: str) -> Policy:
    return a_policy(version=version, label="only the label is new")


def _other_clearing(version: str) -> Policy:
    """Change what receipts and refunds say, with the version in it so that two changes differ."""
    return a_policy(version=version, clearing={"usd": CashAccount(f"12{version[-1]}0")})


def _other_revenue(version: str) -> Policy:
    """Change what invoices and refunds say."""
    policy = a_policy(version=version)
    categories = {
        name: dataclasses.replace(each, account=f"40{version[-1]}9")
        for name, each in policy.revenue.categories.items()
    }
    return dataclasses.replace(
        policy, revenue=dataclasses.replace(policy.revenue, categories=categories)
    )


def _other_number(version: str) -> Policy:
    """Number invoices otherwise: a second one would not be refused for its number."""
    return a_policy(version=version, invoice_number="id")


NEW_POLICIES: Mapping[str, Callable[[str], Policy]] = {
    "same content": _same_content,
    "other clearing account": _other_clearing,
    "other revenue accounts": _other_revenue,
    "other invoice numbers": _other_number,
}


class _Crash(BaseException):
    """The process is gone: nothing may catch this."""


Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


@dataclass
class _Calls:
    """Lets the process die before or after its n-th outside call that writes or asks Intacct."""

    crash_at: int
    after: bool
    made: int = 0

    def around(self, call: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            self.made += 1
            due = self.made == self.crash_at
            if due and not self.after:
                raise _Crash
            answer = call(*args, **kwargs)
            if due:
                raise _Crash
            return answer

        return run


@dataclass
class World:
    """A paid invoice, and a refund of it that failed, in front of the real processor."""

    stripe: FakeStripe = field(default_factory=FakeStripe)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    postings: FakePostings = field(default_factory=FakePostings)
    policies: FakePolicies = field(default_factory=lambda: FakePolicies(a_policy()))
    clock: FakeClock = field(default_factory=FakeClock)
    subjects: tuple[Subject, ...] = (INVOICE, REFUND)
    tries: int = 0

    def __post_init__(self) -> None:
        failed = a_refund(4_000, status="failed", returned_at_unix=NOON + 400_000)
        self.stripe.snapshots = {
            INVOICE: a_paid_invoice(),
            REFUND: a_refund_of(failed, a_paid_invoice()),
        }

    def work(self) -> Mapping[str, Result]:
        """Let a fresh process work on both messages, which the queue has brought once more."""
        self.tries += 1
        processor = Processor(
            self.stripe,
            self.ledger,
            self.postings,
            self.policies,
            self.clock,
            FakeMetrics(),
            LEASE_SECONDS,
        )
        return processor.process([self._message(each) for each in self.subjects], None)

    def _message(self, subject: Subject) -> ReceivedMessage:
        item = WorkItem(subject, f"evt_{subject.id}", "cus_1", "", livemode=False)
        return ReceivedMessage(f"message {subject}", encode(item), self.tries, NOON)

    def dies(self, crash_at: int, *, after: bool) -> bool:
        """Work, die there, and tell whether it came to that; the queue waits for the lease."""
        with self.dying(_Calls(crash_at, after)):
            try:
                self.work()
            except _Crash:
                self.clock.advance(LEASE_SECONDS)
                return True
        return False

    @contextmanager
    def dying(self, calls: _Calls) -> Iterator[None]:
        """Let the process die as `calls` says."""
        put, submit, find = self.postings.put, self.ledger.submit, self.ledger.find
        self.postings.put = calls.around(put)  # type: ignore[method-assign]
        self.ledger.submit = calls.around(submit)  # type: ignore[method-assign]
        self.ledger.find = calls.around(find)  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.postings.put = put  # type: ignore[method-assign]
            self.ledger.submit = submit  # type: ignore[method-assign]
            self.ledger.find = find  # type: ignore[method-assign]


@dataclass
class NoteWorld(World):
    """An invoice of which a credit note took a part before it was paid, and which is void now."""

    subjects: tuple[Subject, ...] = (CREDIT_NOTE,)

    def __post_init__(self) -> None:
        note = a_credit_note(status="void", voided_at_unix=NOON + 300_000)
        payment = a_payment(paid_at_unix=NOON + 400_000)
        invoice = a_paid_invoice(payments=(payment,), credit_notes=(note,))
        self.stripe.snapshots = {CREDIT_NOTE: a_credit_note_of(invoice)}


def interrupted(
    change: Callable[[str], Policy], make: type[World] = World
) -> Iterator[tuple[str, World]]:
    """Yield, for every pair of calls to die at, the world after a last try that was let finish."""
    for after, first in itertools.product((False, True), range(1, calls_undisturbed(make) + 1)):
        for second in itertools.count(1):
            world = make()
            assert world.dies(first, after=after)
            world.policies.published.append(change("policy-2"))
            died_again = world.dies(second, after=after)
            world.policies.published.append(change("policy-3"))
            world.work()
            yield f"died {'after' if after else 'before'} calls {first} and {second}", world
            if not died_again:
                break


def calls_undisturbed(make: type[World] = World) -> int:
    """Count the outside calls of a try that nothing interrupts."""
    calls = _Calls(crash_at=0, after=False)
    world = make()
    with world.dying(calls):
        world.work()
    return calls.made


@pytest.mark.parametrize("change", NEW_POLICIES.values(), ids=NEW_POLICIES)
def test_nothing_is_booked_twice_and_nothing_is_lost(change: Callable[[str], Policy]) -> None:
    stories = 0
    for story, world in interrupted(change):
        stories += 1
        for key in EXPECTED_KEYS:
            written = world.ledger.written(key)
            posting = world.postings.by_key[key]
            assert len(written) <= 1, f"{story}: {key} is booked twice"
            if posting.state is State.POSTED:
                assert posting.record_no is not None
                assert [world.ledger.records[posting.record_no]] == written, f"{story}: {key}"
            else:
                assert posting.needs_attention, f"{story}: {key} is {posting.state}, unseen"
        assert {each.key for each in world.ledger.records.values()} <= EXPECTED_KEYS
        failures = world.ledger.written("refund/re_1/failed")
        if failures:
            assert not any(_net([*world.ledger.written("refund/re_1"), *failures]).values()), story
    assert stories > 2 * CALLS_MIN**2


def test_a_credit_note_and_its_void_are_booked_once_each() -> None:
    for story, world in interrupted(_other_revenue, NoteWorld):
        for key in NOTE_KEYS:
            written, posting = world.ledger.written(key), world.postings.by_key[key]
            assert len(written) <= 1, f"{story}: {key} is booked twice"
            assert written or posting.needs_attention, f"{story}: {key} is {posting.state}, unseen"
        notes = [
            *world.ledger.written("credit_note/cn_1"),
            *world.ledger.written("credit_note/cn_1/voided"),
        ]
        if len(notes) > 1:
            places = [{line.account for line in each.lines} for each in notes]  # type: ignore[union-attr]
            assert places[0] == places[1], story


def _net(documents: Sequence[Document]) -> Mapping[str, int]:
    """Return what the journal entries move together, in minor units by account."""
    net: Counter[str] = Counter()
    for each in documents:
        assert isinstance(each, JournalEntry)
        for line in each.lines:
            net[line.account] += line.amount_minor
    return net


def test_a_policy_that_says_the_same_leaves_nobody_anything_to_do() -> None:
    for story, world in interrupted(_same_content):
        assert set(world.work().values()) == {Done()}, story
        assert [each.key for each in world.postings.on_worklist(Worklist.ATTENTION)] == [], story
        assert {each.key for each in world.ledger.records.values()} == EXPECTED_KEYS, story
