"""Apply: bring Intacct to what the plans call for, each document once.

Documents go out in waves: a wave is everything whose dependencies are posted, sent in one request
with one function per document. Before a document is sent its posting says so; after the answer the
posting says what came of it. If the process dies

- before the posting says `sending`: nothing was sent, the next worker starts afresh;
- between that and the answer: the lease runs out, the next worker looks the document up;
- after the answer, before it is written down: the same, and the look-up finds the document.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tieout.domain import postings as posting_states
from tieout.domain.documents import Customer, Document, amount_of, dependencies, digest
from tieout.domain.errors import ConfigurationFault, StalePosting, TransientFault
from tieout.domain.plans import Disposition, Finding
from tieout.domain.postings import Posting, State, Step, Work, next_step
from tieout.domain.reasons import Reason
from tieout.services import metric_names
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    Clock,
    Ledger,
    Metrics,
    NotAccepted,
    NotExecuted,
    Outcome,
    Postings,
    Submission,
    Unsure,
)

# Why a subject could not even be looked at; planning refuses for other reasons.
_SUBJECT_NOT_READ = frozenset(
    {
        Reason.UNREADABLE_OBJECT,
        Reason.OBJECT_MISSING_IN_STRIPE,
        Reason.SNAPSHOT_TOO_LARGE,
        Reason.UNEXPECTED_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The document needs nothing more: it is posted, or recorded as not booked."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A person must look; the posting says why."""

    text: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Nothing was decided; the queue should bring it again.

    Attributes:
        after_seconds: the shortest sensible pause, before back-off.
    """

    text: str
    after_seconds: int = 0


Verdict = Settled | Parked | Pending

# An outcome that is unknown now may be known when the server has finished working on it.
UNKNOWN_PAUSE_SECONDS = 30
LEASE_PAUSE_SECONDS = 15
# A person must change a permission first: asking more often only makes noise.
PERMISSION_PAUSE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Task:
    """A planned document or finding, and on whose behalf."""

    planned: Document | Finding
    work: Work

    @property
    def key(self) -> str:
        """The document's key."""
        return self.planned.key


class Applier:
    """Applies the tasks of one batch; holds the batch's view of the postings."""

    def __init__(self, ledger: Ledger, postings: Postings, clock: Clock, metrics: Metrics) -> None:
        self._ledger = ledger
        self._store = postings
        self._clock = clock
        self._metrics = metrics
        self._postings: dict[str, Posting] = {}
        self._verdicts: dict[str, Verdict] = {}

    def apply(self, tasks: Sequence[Task]) -> Mapping[str, Verdict]:
        """Apply every task and return a verdict for each key.

        Raises:
            ConfigurationFault: Intacct cannot be used at all. Nothing of the wave was executed, and
                its postings say so.
            TransientFault: the postings could not be written. Whatever was sent is looked up when
                its lease has run out.
        """
        documents = {task.key: task for task in tasks if not isinstance(task.planned, Finding)}
        self._postings = dict(self._store.get_many(_keys(tasks)))
        for task in tasks:
            if isinstance(task.planned, Finding):
                self._record_finding(task.planned, task.work)
        while documents:
            wave = [
                task
                for task in documents.values()
                if not any(key in documents for key in dependencies(_document(task)))
            ]
            assert wave, "documents depend on each other in a circle"
            for task in wave:
                del documents[task.key]
            self._send([each for each in map(self._prepare, wave) if each is not None])
        return self._verdicts

    def _prepare(self, task: Task) -> "_Sending | None":
        """Return what must go out for this task, its posting already saying `sending`."""
        document, posting = _document(task), self._postings.get(task.key)
        self._clear_unread(task)
        step = next_step(document, posting, task.work, self._clock.now_unix())
        if step is Step.LOOK_UP:
            assert posting is not None
            step = self._look_up(task, posting)
        match step:
            case Step.NOTHING:
                self._verdicts.setdefault(task.key, Settled())
                self._note_source_state(task)
            case Step.WAIT:
                self._verdicts[task.key] = Pending("another worker has it", LEASE_PAUSE_SECONDS)
            case Step.DRIFT:
                self._record_drift(task)
            case Step.SEND | Step.AMEND if not self._blocked(task):
                return self._begin(task, amend=step is Step.AMEND)
        return None

    def _blocked(self, task: Task) -> bool:
        """Whether a dependency is not posted; if so, record what becomes of this task."""
        for key in dependencies(_document(task)):
            posting = self._postings.get(key)
            if posting is not None and posting.record_no is not None:
                continue
            verdict = self._verdicts.get(key)
            if isinstance(verdict, Pending):
                self._verdicts[task.key] = Pending(f"waits for {key}", verdict.after_seconds)
            else:
                text = f"{task.key} waits for {key}, which is not posted"
                waiting = Finding(
                    task.key, Disposition.PARKED, Reason.WAITS_FOR_PARKED, text, *_amount(task)
                )
                self._record_finding(waiting, task.work)
            return True
        return False

    def _begin(self, task: Task, *, amend: bool) -> "_Sending | None":
        document = _document(task)
        posting = posting_states.begin_sending(
            document, self._postings.get(task.key), task.work, amend=amend
        )
        if not self._write(posting):
            return None
        return _Sending(task, self._submission(document, posting, amend=amend))

    def _send(self, wave: "Sequence[_Sending]") -> None:
        """Send the wave in as few requests as the ledger allows and write down every outcome."""
        if not wave:
            return
        try:
            outcomes = self._submit([each.submission for each in wave])
        except (ConfigurationFault, TransientFault) as fault:
            for each in wave:
                self._settle(each.task, NotExecuted(str(fault)))
            if isinstance(fault, ConfigurationFault):
                raise
            return
        for each in wave:
            outcome = outcomes.get(each.submission.control_id, Unsure("no result came back"))
            adopted = False
            if isinstance(outcome, AlreadyThere):
                adopted = not outcome.by_control_id and isinstance(_document(each.task), Customer)
                outcome = self._confirm(each.submission, outcome)
            self._settle(each.task, outcome, adopted=adopted)

    def _submit(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        """Submit together; if that fails in a way nobody foresaw, each document alone.

        Sending again is safe: the control ids are the same. The document that nobody can send stays
        in doubt, on the exceptions list, and the others of its request do not share its fate.
        """
        try:
            return self._ledger.submit(submissions)
        except (ConfigurationFault, TransientFault):
            raise
        except Exception as error:  # noqa: BLE001 - the others must go on
            self._metrics.count(metric_names.UNEXPECTED_ERROR)
            if len(submissions) == 1:
                return {submissions[0].control_id: Unsure(f"{type(error).__name__} while sending")}
        outcomes: dict[str, Outcome] = {}
        for submission in submissions:
            try:
                outcomes |= self._submit([submission])
            except (ConfigurationFault, TransientFault) as fault:
                # The first attempt may have been executed before it failed.
                outcomes[submission.control_id] = Unsure(str(fault))
        return outcomes

    def _confirm(self, submission: Submission, claim: AlreadyThere) -> Outcome:
        """Look for what Intacct says it already has, and believe only what matches."""
        if submission.amend and submission.record_no is not None and claim.by_control_id:
            return Accepted(submission.record_no)
        self._metrics.count(metric_names.LOOK_UPS)
        try:
            found = self._ledger.find(submission)
        except TransientFault as fault:
            return Unsure(f"{claim.text}; look-up: {fault}")
        if found is None:
            missing = Reason.RECORDED_BUT_NOT_FOUND if claim.by_control_id else Reason.NUMBER_TAKEN
            return NotAccepted(missing, claim.text)
        if not found.matches:
            return NotAccepted(Reason.NUMBER_TAKEN, found.text)
        return Accepted(found.record_no)

    def _look_up(self, task: Task, posting: Posting) -> Step:
        """Find out what became of an earlier send and return what is left to do."""
        submission = self._submission(_document(task), posting, amend=False)
        self._metrics.count(metric_names.LOOK_UPS)
        try:
            found = self._ledger.find(submission)
        except TransientFault as fault:
            self._verdicts[task.key] = Pending(f"look-up: {fault}", UNKNOWN_PAUSE_SECONDS)
            return Step.NOTHING
        if found is None:
            return Step.SEND
        if found.matches:
            # Nothing shows whether a customer is ours or was there before: treat it as theirs.
            adopted = isinstance(task.planned, Customer)
            self._settle(task, Accepted(found.record_no), adopted=adopted)
        else:
            self._settle(task, NotAccepted(Reason.NUMBER_TAKEN, found.text))
        return Step.NOTHING

    def _settle(self, task: Task, outcome: Outcome, *, adopted: bool = False) -> None:
        """Write down what became of a document that was sent."""
        sending = self._postings[task.key]
        verdict: Verdict
        metric: str | None
        match outcome:
            case Accepted():
                after = posting_states.posted(
                    sending, task.work, outcome.record_no, adopted=adopted
                )
                verdict, metric = Settled(), metric_names.POSTED
            case NotAccepted():
                after = posting_states.rejected(sending, task.work, outcome.reason, outcome.text)
                verdict, metric = Parked(outcome.text), metric_names.PARKED
                if outcome.reason is Reason.PERMISSION_MISSING:
                    verdict = Pending(outcome.text, PERMISSION_PAUSE_SECONDS)
                    metric = metric_names.SESSION_FAILED
            case NotExecuted():
                after = posting_states.not_executed(sending, task.work)
                verdict, metric = Pending(outcome.text, outcome.retry_after_seconds or 0), None
            case Unsure() | AlreadyThere():
                after = posting_states.unknown(sending, task.work, outcome.text)
                verdict = Pending(outcome.text, UNKNOWN_PAUSE_SECONDS)
                metric = metric_names.OUTCOME_UNKNOWN
        if self._write(after):
            self._verdicts[task.key] = verdict
            if metric is not None:
                self._metrics.count(metric)

    def _record_finding(self, finding: Finding, work: Work) -> None:
        """Record what planning did not turn into a document, unless a document is posted."""
        before = self._postings.get(finding.key)
        parked = finding.disposition is Disposition.PARKED
        if before is not None and before.state is State.POSTED:
            if finding.reason in _SUBJECT_NOT_READ:
                self._record_unread(finding, work)
            else:
                self._verdicts[finding.key] = Settled()
            return
        if before is not None and before.state in {State.SENDING, State.UNKNOWN}:
            text = f"an earlier send is in doubt, and now: {finding.text}"
            self._verdicts[finding.key] = Pending(text, UNKNOWN_PAUSE_SECONDS)
            return
        self._verdicts[finding.key] = Parked(finding.text) if parked else Settled()
        after = posting_states.from_finding(finding, before, work)
        if not _recorded(before, after) and self._write(after):
            self._metrics.count(metric_names.PARKED if parked else metric_names.NOT_BOOKED)

    def _record_unread(self, finding: Finding, work: Work) -> None:
        """Park a posted subject that could not be read: what hangs on it is not known.

        The document's own posting must stay, so the exception has a key of its own.
        """
        key = unread_key(finding.key)
        self._verdicts[finding.key] = Parked(finding.text)
        after = posting_states.from_finding(
            dataclasses.replace(finding, key=key), self._postings.get(key), work
        )
        if self._write(after):
            self._metrics.count(metric_names.PARKED)

    def _clear_unread(self, task: Task) -> None:
        """Take a subject that can be read again off the exceptions list."""
        before = self._postings.get(unread_key(task.key))
        if before is not None and before.state is State.PARKED:
            solved = Finding(
                before.key, Disposition.NOT_BOOKED, Reason.NOTHING_TO_BOOK, "it was read since"
            )
            self._write(posting_states.from_finding(solved, before, task.work))

    def _note_source_state(self, task: Task) -> None:
        """Keep the state of the Stripe object with its document, for the poller to compare."""
        posting, work = self._postings.get(task.key), task.work
        if posting is None or work.source_state in {"", posting.source_state}:
            return
        if work.read_at_unix >= posting.read_at_unix:
            self._write(posting_states.noted(posting, work))

    def _record_drift(self, task: Task) -> None:
        """Put a posted document that Stripe now contradicts on the exceptions list, once."""
        self._verdicts[task.key] = Settled()
        posting = self._postings[task.key]
        text = f"posted as {posting.digest[:12]}, planned as {digest(_document(task))[:12]}"
        if posting.reason_text != text and self._write(
            posting_states.drifted(posting, task.work, text)
        ):
            self._metrics.count(metric_names.DRIFT)

    def _submission(self, document: Document, posting: Posting, *, amend: bool) -> Submission:
        numbers = {key: self._postings[key].record_no for key in dependencies(document)}
        return Submission(
            document=document,
            control_id=posting.control_id,
            amend=amend,
            record_no=posting.record_no,
            record_numbers={key: number for key, number in numbers.items() if number is not None},
        )

    def _write(self, posting: Posting) -> bool:
        """Write the posting; if another worker was first, leave the document to it."""
        try:
            self._store.put(posting)
        except StalePosting:
            self._verdicts[posting.key] = Pending("another worker was first", LEASE_PAUSE_SECONDS)
            return False
        self._postings[posting.key] = posting
        return True


@dataclass(frozen=True, slots=True)
class _Sending:
    task: Task
    submission: Submission


def unread_key(key: str) -> str:
    """Key of the exception that says that a posted subject could not be read."""
    return f"{key}/unread"


def _document(task: Task) -> Document:
    assert not isinstance(task.planned, Finding)
    return task.planned


def _amount(task: Task) -> tuple[int | None, str | None]:
    return amount_of(_document(task)) or (None, None)


def _keys(tasks: Iterable[Task]) -> set[str]:
    keys = set()
    for task in tasks:
        keys.add(task.key)
        if task.key == str(task.work.subject):
            keys.add(unread_key(task.key))
        if not isinstance(task.planned, Finding):
            keys.update(dependencies(task.planned))
    return keys


def _recorded(before: Posting | None, after: Posting) -> bool:
    """Whether writing would change nothing that anybody asks for.

    A parked posting is always written: the time of its last attempt is what lets later deliveries
    of older messages fail cheaply.
    """
    if before is None or after.state is State.PARKED:
        return False
    said_before = (before.state, before.reason, before.reason_text, before.source_state)
    return said_before == (after.state, after.reason, after.reason_text, after.source_state)
