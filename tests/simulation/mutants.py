"""Known bugs, planted one at a time: each was, or could have been, a mistake of ours.

A suite that finds nothing must show that it would have. Every mutant changes the running program
and nothing else; the name says what is wrong with it.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from tests.simulation.faults import OVERTAKING, Faults
from tests.simulation.functions import _loaded as loaded
from tieout.domain import postings as posting_states
from tieout.domain.documents import ArPayment, Document
from tieout.domain.errors import TransientFault
from tieout.domain.plans import Finding
from tieout.domain.postings import Posting, State, Work
from tieout.domain.steps import Step, next_step
from tieout.services import apply, process, readings, receive, records
from tieout.services.ports import (
    Accepted,
    Outcome,
    StoredEvent,
    Submission,
    Unsure,
    WorkItem,
)
from tieout.services.verdicts import Settled
from tieout.store import conditional, postings
from tieout.stripe.reader import StripeApiReader

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A planted bug.

    Attributes:
        name: what is wrong.
        plant: changes the program.
        storm: what has to happen for it to matter, besides what chance draws.
    """

    name: str
    plant: Plant
    storm: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def faults(self, drawn: Faults) -> Faults:
        """Return the storm of a seed, made to reach this bug."""
        return dataclasses.replace(drawn, **self.storm)


def _recorded_before_sent(patch: pytest.MonkeyPatch) -> None:
    begin = posting_states.begin_sending

    def mutated(document: Document, before: Posting | None, work: Work, *, amend: bool) -> Posting:
        after = begin(document, before, work, amend=amend)
        return dataclasses.replace(after, state=State.POSTED, record_no=after.record_no or "1")

    patch.setattr(posting_states, "begin_sending", mutated)


def _unknown_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    submit = apply.Applier._submit

    def mutated(self: apply.Applier, sent: Sequence[Submission]) -> Mapping[str, Outcome]:
        outcomes = submit(self, sent)
        return {
            each: Accepted("1") if isinstance(outcome, Unsure) else outcome
            for each, outcome in outcomes.items()
        }

    patch.setattr(apply.Applier, "_submit", mutated)


def _look_up_skipped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply.Applier, "_look_up", lambda *_: Step.SEND)


def _new_control_id_on_resend(patch: pytest.MonkeyPatch) -> None:
    begin = posting_states.begin_sending

    def mutated(document: Document, before: Posting | None, work: Work, *, amend: bool) -> Posting:
        after = begin(document, before, work, amend=amend)
        head, _, digest = after.control_id.rpartition(":")
        tail = f"{after.attempts:x}{digest}"[:16]
        return dataclasses.replace(after, control_id=f"{head}:{tail}")

    patch.setattr(posting_states, "begin_sending", mutated)


def _version_ignored(patch: pytest.MonkeyPatch) -> None:
    always = conditional.Condition("attribute_not_exists(#none)", {"#none": "none"})

    def mutated(table: str, item: Any, _: object) -> Any:  # noqa: ANN401 - as it has it
        return conditional.conditional_put(table, item, always)

    patch.setattr(postings, "conditional_put", mutated)


def _lease_ignored(patch: pytest.MonkeyPatch) -> None:
    decide = next_step

    def mutated(document: Document, before: Posting | None, work: Work, now_unix: int) -> Step:
        step = decide(document, before, work, now_unix)
        return Step.SEND if step in {Step.WAIT, Step.LOOK_UP} else step

    patch.setattr("tieout.services.apply.next_step", mutated)


def _digest_ignored(patch: pytest.MonkeyPatch) -> None:
    decide = next_step

    def mutated(document: Document, before: Posting | None, work: Work, now_unix: int) -> Step:
        if before is not None and before.state is State.POSTED:
            return Step.NOTHING
        return decide(document, before, work, now_unix)

    patch.setattr("tieout.services.apply.next_step", mutated)


def _receipt_for_every_event(patch: pytest.MonkeyPatch) -> None:
    decide, begin = next_step, posting_states.begin_sending

    def decided(document: Document, before: Posting | None, work: Work, now_unix: int) -> Step:
        is_posted = before is not None and before.state is State.POSTED
        if isinstance(document, ArPayment) and is_posted:
            return Step.SEND
        return decide(document, before, work, now_unix)

    def begun(document: Document, before: Posting | None, work: Work, *, amend: bool) -> Posting:
        after = begin(document, before, work, amend=amend)
        if not isinstance(document, ArPayment):
            return after
        head, _, _ = after.control_id.rpartition(":")
        return dataclasses.replace(after, control_id=f"{head}:{after.attempts:016x}")

    patch.setattr("tieout.services.apply.next_step", decided)
    patch.setattr(posting_states, "begin_sending", begun)


def _dependency_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply.Applier, "_blocked", lambda *_: False)


def _failure_acknowledged(patch: pytest.MonkeyPatch) -> None:
    app: Any = loaded("processor")
    handle = app.lambda_handler

    def mutated(event: Any, context: Any) -> Any:  # noqa: ANN401 - as a handler has it
        return {**handle(event, context), "batchItemFailures": []}

    patch.setattr(app, "lambda_handler", mutated)


def _acknowledged_without_queueing(patch: pytest.MonkeyPatch) -> None:
    queue_and_store = receive.Receiver._queue_and_store

    def mutated(self: receive.Receiver, *told: Any) -> None:  # noqa: ANN401 - passed on
        real = self._queue

        class Careless:
            def send(self, item: WorkItem) -> None:
                try:
                    real.send(item)
                except TransientFault:
                    return

        self._queue = Careless()
        try:
            queue_and_store(self, *told)
        finally:
            self._queue = real

    patch.setattr(receive.Receiver, "_queue_and_store", mutated)


def _acknowledged_without_storing(patch: pytest.MonkeyPatch) -> None:
    accept = receive.Receiver._accept

    def mutated(self: receive.Receiver, *told: Any) -> receive.Answer:  # noqa: ANN401 - passed on
        try:
            return accept(self, *told)
        except TransientFault:
            return receive.Answer(receive.OK, "queued")

    patch.setattr(receive.Receiver, "_accept", mutated)


def _inbox_before_queue(patch: pytest.MonkeyPatch) -> None:
    def mutated(self: receive.Receiver, hint: Any, body: bytes) -> None:  # noqa: ANN401 - as it has it
        stored = StoredEvent(hint, self._clock.now_unix(), source="webhook", raw=body)
        if self._inbox.store(stored):
            self._queue.send(receive.work_item(hint))

    patch.setattr(receive.Receiver, "_queue_and_store", mutated)


def _finding_swallowed(patch: pytest.MonkeyPatch) -> None:
    def mutated(self: records.Records, finding: Finding, _work: Work) -> None:
        self.verdicts[finding.key] = Settled()

    patch.setattr(records.Records, "record_finding", mutated)


def _sale_decided_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(readings.Readings, "as_booked", lambda _self, part, *_: part)


def _stripe_read_once(patch: pytest.MonkeyPatch) -> None:
    read, known = StripeApiReader.snapshot, dict[Any, Any]()

    def mutated(self: StripeApiReader, subject: Any) -> Any:  # noqa: ANN401 - as it has it
        if (id(self), subject) not in known:
            known[id(self), subject] = self, read(self, subject)
        return known[id(self), subject][1]

    patch.setattr(StripeApiReader, "snapshot", mutated)


def _answered_for_the_first_alone(patch: pytest.MonkeyPatch) -> None:
    jobs = process.Processor._jobs

    def mutated(self: process.Processor, messages: Any, answers: Any) -> Any:  # noqa: ANN401 - passed on
        return jobs(self, messages, answers)[:1]

    patch.setattr(process.Processor, "_jobs", mutated)


MUTANTS: Sequence[Mutant] = (
    Mutant("posting recorded before it is sent", _recorded_before_sent, {"killed": 0.03}),
    Mutant(
        "an unknown outcome taken for success", _unknown_taken_for_success, {"intacct_cut": 0.3}
    ),
    Mutant("look-up skipped after an unknown outcome", _look_up_skipped, {"killed": 0.05}),
    Mutant(
        "another control id when it is sent again",
        _new_control_id_on_resend,
        {"intacct_late": 0.3},
    ),
    Mutant("version of a posting ignored", _version_ignored, {"message_overtaken": 0.05}),
    Mutant("lease ignored", _lease_ignored, {"message_overtaken": 0.05}),
    Mutant("digest ignored", _digest_ignored, dict.fromkeys(OVERTAKING, 0.0)),
    Mutant("a receipt for every event", _receipt_for_every_event),
    Mutant("dependency not waited for", _dependency_not_waited_for, {"intacct_transient": 0.3}),
    Mutant("failed message acknowledged", _failure_acknowledged, {"intacct_throttled": 0.3}),
    Mutant(
        "event acknowledged without being queued",
        _acknowledged_without_queueing,
        {"queue_throttled": 0.1},
    ),
    Mutant(
        "event acknowledged without being stored",
        _acknowledged_without_storing,
        {"table_throttled": 0.05},
    ),
    Mutant("inbox written before the queue", _inbox_before_queue, {"queue_throttled": 0.1}),
    Mutant("finding swallowed", _finding_swallowed, {"period_closed": 0.1}),
    Mutant("a sale decided anew under each policy", _sale_decided_anew, {"policy_published": 0.1}),
    Mutant("Stripe read once and remembered", _stripe_read_once),
    Mutant("a batch answered for its first subject alone", _answered_for_the_first_alone),
)
