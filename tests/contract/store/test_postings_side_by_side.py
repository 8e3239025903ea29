"""Goal: the fake and DynamoDB cannot be told apart, whatever several workers do in whatever order.

Method: hypothesis drives both with the same random steps; workers write from what they once read,
which is how stale writes come about. DynamoDB runs in this process (moto).
"""

import dataclasses
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.fakes import FakePostings
from tests.support.aws import Aws, moto
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import Postings

SUBJECTS = (Subject(SubjectKind.INVOICE, "in_1"), Subject(SubjectKind.REFUND, "re_1", "acct_1"))
KEYS = ("invoice/in_1", "invoice/in_2")

keys = st.sampled_from(KEYS)
workers = st.sampled_from(("a", "b"))
changes = st.fixed_dictionaries(
    {
        "state": st.sampled_from(State),
        "subject": st.sampled_from(SUBJECTS),
        "document_type": st.sampled_from(("ArInvoice", "Customer")),
        "source_state": st.sampled_from(("", "open:0:5", "open:1:4", "paid:5:0")),
        "source_created_unix": st.sampled_from((0, 10, 20)),
        "reason": st.none() | st.just(Reason.DRIFT),
        "record_no": st.none() | st.just("7"),
    }
)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with moto() as inside:
        yield inside


def outcome(postings: Postings, posting: Posting) -> str:
    try:
        postings.put(posting)
    except StalePosting:
        return "stale"
    return "written"


def test_fake_and_dynamodb_agree_step_by_step(aws: Aws) -> None:
    class SideBySide(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.fake = FakePostings()
            self.real = aws.postings()
            self.read: dict[tuple[str, str], Posting | None] = {}
            self.time_unix = 0

        @rule(worker=workers, key=keys)
        def reads(self, worker: str, key: str) -> None:
            self.read[worker, key] = self.fake.get_many([key]).get(key)

        @rule(worker=workers, key=keys, change=changes)
        def writes_from_what_it_read(
            self, worker: str, key: str, change: dict[str, object]
        ) -> None:
            base = self.read.get((worker, key)) or Posting(key, SUBJECTS[0], State.PLANNED)
            self.time_unix += 1
            after = dataclasses.replace(
                base,
                **change,  # type: ignore[arg-type]
                version=base.version + 1,
                message_id=worker,
                updated_at_unix=self.time_unix,
            )
            assert outcome(self.real, after) == outcome(self.fake, after)
            # Either it was written or what the worker knows is old: it reads on.
            self.reads(worker, key)

        # Eight queries, of which moto answers a hundred in a second: not after every step.
        @rule()
        def both_hold_the_same(self) -> None:
            assert self.real.get_many(KEYS) == self.fake.get_many(KEYS)
            assert list(self.real.on_worklist(Worklist.ATTENTION)) == list(
                self.fake.on_worklist(Worklist.ATTENTION)
            )
            for since, until in ((0, None), (0, 10), (10, 20), (11, None)):
                found = list(self.real.open_invoices(since, until))
                assert sorted(found) == sorted(self.fake.open_invoices(since, until))
            for subject in SUBJECTS:
                assert self.real.of_subject(subject) == self.fake.of_subject(subject)

        def teardown(self) -> None:
            self.both_hold_the_same()

    run_state_machine_as_test(
        SideBySide,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            # Twelve steps can be read as they are; shrinking them against moto takes minutes.
            phases=[Phase.generate],
        ),
    )
