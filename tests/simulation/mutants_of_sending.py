# ruff: noqa: ANN401 - a planted bug takes whatever the real one takes
"""Known bugs between a plan and what Intacct and the postings then say.

What they change is found by its name; each is what somebody could have written.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.simulation.planting import around
from tieout.domain import postings as posting_states
from tieout.domain.documents import ArPayment, Document
from tieout.domain.keys import control_id
from tieout.domain.plans import Finding
from tieout.domain.postings import Posting, State, Work
from tieout.domain.reasons import Reason
from tieout.domain.steps import Step
from tieout.intacct import client, session
from tieout.services import apply, process, readings, records
from tieout.services.apply import Applier
from tieout.services.ports import (
    Accepted,
    NotAccepted,
    NotExecuted,
    Outcome,
    Submission,
    Unsure,
)
from tieout.services.process import Done
from tieout.services.verdicts import Parked, Settled
from tieout.store import conditional, postings, sessions, trail, trail_items
from tieout.stripe.reader import StripeApiReader

_ALWAYS = conditional.Condition("attribute_not_exists(#none)", {"#none": "none"})


# -- postings -------------------------------------------------------------------------------


def recorded_before_sent(patch: pytest.MonkeyPatch) -> None:
    def mutated(begin: Any, *of: Any, amend: bool) -> Posting:
        after: Posting = begin(*of, amend=amend)
        return dataclasses.replace(after, state=State.POSTED, record_no=after.record_no or "1")

    around(patch, posting_states, "begin_sending", mutated)


def new_control_id_on_resend(patch: pytest.MonkeyPatch) -> None:
    def mutated(begin: Any, *of: Any, amend: bool) -> Posting:
        after: Posting = begin(*of, amend=amend)
        head, _, digest = after.control_id.rpartition(":")
        tail = f"{after.attempts:x}{digest}"[:16]
        return dataclasses.replace(after, control_id=f"{head}:{tail}")

    around(patch, posting_states, "begin_sending", mutated)


def control_id_of_the_key_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(posting_states, "control_id", lambda key, *_: control_id(key, 0, "0" * 64))


def version_ignored(patch: pytest.MonkeyPatch) -> None:
    def mutated(put: Any, table: str, item: Any, _: object) -> Any:
        return put(table, item, _ALWAYS)

    around(patch, postings, "conditional_put", mutated)


def lease_ignored(patch: pytest.MonkeyPatch) -> None:
    def mutated(decide: Any, *of: Any) -> Step:
        step: Step = decide(*of)
        return Step.SEND if step in {Step.WAIT, Step.LOOK_UP} else step

    around(patch, apply, "next_step", mutated)


def lease_without_its_beginning(patch: pytest.MonkeyPatch) -> None:
    def mutated(begin: Any, document: Any, before: Any, work: Work, *, amend: bool) -> Posting:
        after: Posting = begin(document, before, work, amend=amend)
        return dataclasses.replace(after, lease_expires_at_unix=work.lease_seconds)

    around(patch, posting_states, "begin_sending", mutated)


def digest_ignored(patch: pytest.MonkeyPatch) -> None:
    def mutated(decide: Any, document: Document, before: Posting | None, *of: Any) -> Step:
        if before is not None and before.state is State.POSTED:
            return Step.NOTHING
        step: Step = decide(document, before, *of)
        return step

    around(patch, apply, "next_step", mutated)


def receipt_for_every_event(patch: pytest.MonkeyPatch) -> None:
    def decided(decide: Any, document: Document, before: Posting | None, *of: Any) -> Step:
        is_posted = before is not None and before.state is State.POSTED
        if isinstance(document, ArPayment) and is_posted:
            return Step.SEND
        step: Step = decide(document, before, *of)
        return step

    def begun(begin: Any, document: Document, *of: Any, amend: bool) -> Posting:
        after: Posting = begin(document, *of, amend=amend)
        if not isinstance(document, ArPayment):
            return after
        head, _, _ = after.control_id.rpartition(":")
        return dataclasses.replace(after, control_id=f"{head}:{after.attempts:016x}")

    around(patch, apply, "next_step", decided)
    around(patch, posting_states, "begin_sending", begun)


def finding_swallowed(patch: pytest.MonkeyPatch) -> None:
    def mutated(self: records.Records, finding: Finding, _work: Work) -> None:
        self.verdicts[finding.key] = Settled()

    patch.setattr(records.Records, "record_finding", mutated)


# -- outcomes -------------------------------------------------------------------------------


def unknown_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    _told(patch, Unsure, lambda _: Accepted("1"))


def postponed_taken_for_refusal(patch: pytest.MonkeyPatch) -> None:
    _told(patch, NotExecuted, lambda said: NotAccepted(Reason.INTACCT_REFUSED, said.text))


def _told(patch: pytest.MonkeyPatch, kind: Any, instead: Any) -> None:
    """Take one kind of outcome for another."""

    def mutated(submit: Any, self: Applier, sent: Sequence[Submission]) -> Mapping[str, Outcome]:
        told: Mapping[str, Outcome] = submit(self, sent)
        return {
            key: instead(said) if isinstance(said, kind) else said for key, said in told.items()
        }

    around(patch, Applier, "_submit", mutated)


def look_up_skipped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Applier, "_look_up", lambda *_: Step.SEND)


def rolled_back_taken_for_refusal(patch: pytest.MonkeyPatch) -> None:
    around(patch, client, "classify", lambda classify, *of: classify(*of[:2]))


def request_refused_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(client, "_is_refused_for_one_of", lambda *_: False)


def dependency_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Applier, "_blocked", lambda *_: False)


# -- plans ----------------------------------------------------------------------------------


def sale_decided_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(readings.Readings, "as_booked", lambda _self, part, *_: part)


def stripe_read_once(patch: pytest.MonkeyPatch) -> None:
    known = dict[Any, Any]()

    def mutated(read: Any, self: StripeApiReader, subject: Any) -> Any:
        if (id(self), subject) not in known:
            known[id(self), subject] = self, read(self, subject)
        return known[id(self), subject][1]

    around(patch, StripeApiReader, "snapshot", mutated)


def answered_for_the_first_alone(patch: pytest.MonkeyPatch) -> None:
    def mutated(jobs: Any, self: process.Processor, messages: Any, answers: Any) -> Any:
        made = jobs(self, messages, answers)
        for each in made[1:]:
            answers.add(each, Settled())
        return made[:1]

    around(patch, process.Processor, "_jobs", mutated)


def parked_for_ever(patch: pytest.MonkeyPatch) -> None:
    def mutated(parked: Any, self: process.Processor, jobs: Any, policy: Any) -> Any:
        return parked(self, [dataclasses.replace(job, messages=_old(job)) for job in jobs], policy)

    def _old(job: Any) -> tuple[Any, ...]:
        return (dataclasses.replace(job.messages[0], receive_count=2, sent_at_unix=0),)

    around(patch, process.Processor, "_still_parked", mutated)


def parked_message_deleted(patch: pytest.MonkeyPatch) -> None:
    def mutated(result: Any, message: Any, verdict: Any) -> Any:
        return Done() if isinstance(verdict, Parked) else result(message, verdict)

    around(patch, process, "_result", mutated)


# -- the trail ------------------------------------------------------------------------------


def entry_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    def mutated(transact: Any, self: trail.TrailWriter, puts: Sequence[Any]) -> Any:
        found: list[Any] = [{"Code": "None"} for _ in puts]
        of_trail = [trail_items.CHAIN in each["Item"] for each in puts]
        for part in (False, True):
            places = [place for place, is_trail in enumerate(of_trail) if is_trail is part]
            reasons = transact(self, [puts[place] for place in places]) if places else None
            if reasons is not None:
                for place, reason in zip(places, reasons, strict=True):
                    found[place] = reason
                return found
        return None

    around(patch, trail.TrailWriter, "_transact", mutated)


def chain_not_fenced(patch: pytest.MonkeyPatch) -> None:
    def mutated(put: Any, table: str, item: Any, condition: Any) -> Any:
        is_trail = trail_items.CHAIN in item
        return put(table, item, _ALWAYS if is_trail else condition)

    around(patch, trail, "conditional_put", mutated)


# -- the session ----------------------------------------------------------------------------


def session_lease_ignored(patch: pytest.MonkeyPatch) -> None:
    _session_written_whenever(patch, "#leased_until <= :now")


def session_token_ignored(patch: pytest.MonkeyPatch) -> None:
    _session_written_whenever(patch, "#token = :token")


def _session_written_whenever(patch: pytest.MonkeyPatch, condition: str) -> None:
    """Let a condition on the session's item always hold: its token is never taken away."""

    def mutated(
        update: Any, self: sessions.DynamoSessions, changes: str, asked: str, **of: Any
    ) -> Any:
        always = f"{asked} OR attribute_exists(#token)" if condition in asked else asked
        return update(self, changes, always, **of)

    around(patch, sessions.DynamoSessions, "_update", mutated)


def session_of_any_entity(patch: pytest.MonkeyPatch) -> None:
    def mutated(init: Any, self: sessions.DynamoSessions, *of: Any) -> None:
        init(self, *of[:4])

    around(patch, sessions.DynamoSessions, "__init__", mutated)
    patch.setattr(session, "fingerprint", lambda _: "somebody")
