"""Approval: post exactly what a person approved, and refuse what has changed since.

Each subject is previewed again; what no longer comes to the approved documents is refused and
listed. The rest goes the processor's own way: leases, look-ups of what is in doubt, one request a
wave. Between the two stands a gate before Intacct that lets through nothing but approved documents,
for what changes in Stripe in between.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from tieout.domain.documents import digest
from tieout.domain.errors import ConfigurationFault
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.messages import encode
from tieout.services.plan_files import Approved
from tieout.services.ports import (
    Clock,
    Found,
    Ledger,
    NamedRecord,
    NotExecuted,
    Outcome,
    PolicySource,
    Postings,
    StripeReader,
    Submission,
    WorkItem,
)
from tieout.services.preview import Change, Preview, Previewer, Uncounted
from tieout.services.process import Processor, ReceivedMessage
from tieout.services.transactions import TransactionMeter

# As many as the queue hands to the processor at once.
SUBJECTS_AT_ONCE = 10


class Result(StrEnum):
    """What became of an approved subject."""

    POSTED = "posted"
    POSTED_BEFORE = "posted_before"
    CHANGED = "changed"
    NOT_POSTED = "not_posted"


@dataclass(frozen=True, slots=True)
class Applied:
    """An approved subject and what became of it.

    Attributes:
        text: what has changed, or why something was not posted.
        documents: how many were posted now.
    """

    subject: Subject
    result: Result
    text: str = ""
    documents: int = 0


class Gate:
    """A ledger that takes approved documents only.

    Attributes:
        approved: their digests, by key.
        fault: why the ledger cannot be used at all, once it said so.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.approved: Mapping[str, str] = {}
        self.fault: ConfigurationFault | None = None

    def submit(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        """Send what is approved; the rest was not executed. See `Ledger.submit`."""
        passed = [each for each in submissions if self._is_approved(each)]
        outcomes: dict[str, Outcome] = {
            each.control_id: NotExecuted("it is not what was approved")
            for each in submissions
            if each not in passed
        }
        try:
            outcomes.update(self._ledger.submit(passed) if passed else {})
        except ConfigurationFault as fault:
            self.fault = fault
            raise
        return outcomes

    def find(self, submission: Submission) -> Found | None:
        """See `Ledger.find`."""
        return self._ledger.find(submission)

    def check(self, named: NamedRecord) -> Found | None:
        """See `Ledger.check`."""
        return self._ledger.check(named)

    def _is_approved(self, submission: Submission) -> bool:
        return self.approved.get(submission.document.key) == digest(submission.document)


class Approval:
    """Applies what was approved."""

    def __init__(  # noqa: PLR0913 - a use case names everything it touches
        self,
        stripe: StripeReader,
        ledger: Ledger,
        postings: Postings,
        policies: PolicySource,
        clock: Clock,
        lease_seconds: int,
        *,
        transactions: TransactionMeter | None = None,
        who: str,
        livemode: bool,
    ) -> None:
        self._gate = Gate(ledger)
        self._postings = postings
        self._clock = clock
        self._who = who
        self._livemode = livemode
        self._previewer = Previewer(stripe, postings, policies, clock)
        self._processor = Processor(
            stripe,
            self._gate,
            postings,
            policies,
            clock,
            Uncounted(),
            lease_seconds,
            transactions=transactions,
        )

    def apply(self, approved: Iterable[Approved]) -> Iterator[Applied]:
        """Yield what became of each subject, in order; only some are worked on at a time.

        Raises:
            ConfigurationFault: Stripe, Intacct or a table cannot be used at all: what is left would
                fare no better.
            TransientFault: a table cannot be used now. What was yielded is done; applying the same
                plan again goes on from there.
        """
        waiting = iter(approved)
        while chunk := list(islice(waiting, SUBJECTS_AT_ONCE)):
            yield from self._apply(chunk)

    def _apply(self, chunk: Sequence[Approved]) -> Iterator[Applied]:
        previews = list(self._previewer.preview(each.subject for each in chunk))
        changed = [_changed(*pair) for pair in zip(chunk, previews, strict=True)]
        due = [
            each
            for each, preview, text in zip(chunk, previews, changed, strict=True)
            if not text and preview.to_send()
        ]
        self._gate.approved = {key: each.documents[key] for each in due for key in each.documents}
        answers = self._process([each.subject for each in due])
        if self._gate.fault is not None:
            raise self._gate.fault
        found = self._postings.get_many(self._gate.approved)
        for each, preview, text in zip(chunk, previews, changed, strict=True):
            if text:
                yield Applied(each.subject, Result.CHANGED, text)
            elif each in due:
                answer = answers.get(each.subject, "")
                yield _applied(each, preview.to_send(), found, answer)
            else:
                yield Applied(each.subject, Result.POSTED_BEFORE)

    def _process(self, subjects: Sequence[Subject]) -> Mapping[Subject, str]:
        """Bring the subjects up to date; return why, of those that could not be.

        A day that leads to more than can be read at once comes nearer to its end each time.
        """
        answers: dict[Subject, str] = {}
        left = list(subjects)
        while left:
            messages = {str(subject): self._message(subject) for subject in left}
            results = self._processor.process(list(messages.values()))
            before = {subject: answers.get(subject) for subject in left}
            answers |= {
                subject: getattr(results.get(messages[str(subject)].message_id), "reason", "")
                for subject in left
            }
            left = [
                subject
                for subject in left
                if subject.kind is SubjectKind.ACTIVITY
                and answers[subject] not in {"", before[subject]}
            ]
        return answers

    def _message(self, subject: Subject) -> ReceivedMessage:
        trigger = f"plan applied by {self._who}"
        item = WorkItem(subject, trigger, str(subject), "", livemode=self._livemode)
        return ReceivedMessage(f"apply {subject}", encode(item), 1, self._clock.now_unix())


def _changed(approved: Approved, preview: Preview) -> str:
    """Return what has changed since; empty if nothing has.

    What was posted meanwhile, just as it was approved, is no change.
    """
    to_send, items = preview.to_send(), {each.key: each for each in preview.everything}
    for key, content in approved.documents.items():
        if to_send.get(key) == content:
            continue
        item = items.get(key)
        if item is None:
            return f"{key} is called for no more"
        if item.change is Change.POSTED and item.posting and item.posting.digest == content:
            continue
        if key in to_send:
            return f"{key} would say something else now"
        return f"{key} is {item.change.replace('_', ' ')} now{item.text and ': '}{item.text}"
    more = to_send.keys() - approved.documents.keys()
    return f"{min(more)} would be posted too, and was not in the plan" if more else ""


def _applied(
    approved: Approved, sent: Mapping[str, str], found: Mapping[str, Posting], answer: str
) -> Applied:
    """Return what became of a subject that went to the processor."""
    posted = 0
    for key in sent:
        posting = found.get(key)
        if posting is None or posting.state is not State.POSTED:
            text = posting.reason_text if posting is not None else ""
            why = f"{key}: {text or answer or 'it was not sent'}"
            return Applied(approved.subject, Result.NOT_POSTED, why, posted)
        posted += 1
    return Applied(approved.subject, Result.POSTED, documents=posted)
