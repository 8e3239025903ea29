"""Apply: bring Intacct to what the plans call for, each document once.

Documents go out in waves: a wave is everything whose dependencies are posted, sent in one request
with one function per document. Before a document is sent its posting says so; after the answer the
posting says what came of it. If the process dies

- before the posting says `sending`: nothing was sent, the next worker starts afresh;
- between that and the answer: the lease runs out, the next worker looks the document up;
- after the answer, before it is written down: the same, and the look-up finds the document.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tieout.domain import postings as posting_states
from tieout.domain.causes import Cause, Exchange
from tieout.domain.documents import (
    Customer,
    Document,
    PaymentReversal,
    amount_of,
    dependencies,
    posting_date_of,
)
from tieout.domain.effects import written
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.plans import Disposition, Finding
from tieout.domain.postings import Posting, Work
from tieout.domain.reasons import Reason
from tieout.domain.steps import Step, next_step
from tieout.domain.subjects import Subject
from tieout.services import metric_names
from tieout.services.look_ups import NamedRecords, ask, ask_or_wait
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    Clock,
    Ledger,
    Metrics,
    NotAccepted,
    NotExecuted,
    Outcome,
    Submission,
    Unsure,
)
from tieout.services.records import LEASE_PAUSE_SECONDS, UNKNOWN_PAUSE_SECONDS, Records
from tieout.services.verdicts import Parked, Pending, Settled, Verdict

# By then another policy is in force: one that knows of the closed period.
PERIOD_PAUSE_SECONDS = 10
OUT_OF_TIME = Pending("no time left in this invocation", after_seconds=1)
# What a slow look-up takes; see `Applier._ready`.
LOOK_UP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Task:
    """A planned document or finding, and on whose behalf."""

    planned: Document | Finding
    work: Work

    @property
    def key(self) -> str:
        """The document's key."""
        return self.planned.key


ClosedMeanwhile = Callable[[Subject, date], bool]
"""Whether Intacct closed the period of a day since the policy in force was read, and a subject's
document should be planned anew for that reason."""


class Applier:
    """Applies the tasks of one batch; the records then hold a verdict for each."""

    def __init__(
        self,
        ledger: Ledger,
        records: Records,
        clock: Clock,
        metrics: Metrics,
        closed_meanwhile: ClosedMeanwhile = lambda _subject, _day: False,
    ) -> None:
        self._ledger = ledger
        self._records = records
        self._clock = clock
        self._metrics = metrics
        self._closed_meanwhile = closed_meanwhile
        self._named_records = NamedRecords(ledger, records, clock, metrics)
        self._stop_sending_at_unix: int | None = None
        # Customers that are planned under another number than they have, and what hangs on them.
        self._renumbered: set[str] = set()

    def apply(
        self,
        tasks: Sequence[Task],
        stop_sending_at_unix: int | None = None,
    ) -> None:
        """Apply every task and record a verdict for each key.

        Args:
            tasks: of all subjects of the batch.
            stop_sending_at_unix: from when on no further request is begun, so that what was sent
                can be written down before the function's time is over.

        Raises:
            ConfigurationFault: Intacct cannot be used at all. Nothing of the wave was executed, and
                its postings do not say that it was.
            TransientFault: the postings could not be written. Whatever was sent is looked up when
                its lease has run out.
        """
        self._stop_sending_at_unix = stop_sending_at_unix
        self._named_records.planned |= {task.key: task.planned for task in tasks}
        documents = {task.key: task for task in tasks if not isinstance(task.planned, Finding)}
        for task in tasks:
            if isinstance(task.planned, Finding):
                self._records.record_finding(task.planned, task.work)
        while documents:
            wave = [
                task
                for task in documents.values()
                if not any(key in documents for key in dependencies(_document(task)))
            ]
            assert wave, "documents depend on each other in a circle"
            ready = self._ready(wave)
            if self._is_out_of_time():
                self._records.verdicts |= dict.fromkeys([*ready, *documents], OUT_OF_TIME)
                return
            for task in wave:
                del documents[task.key]
            self._send(self._begin(ready.values()))

    def _ready(self, wave: Sequence[Task]) -> Mapping[str, tuple[Task, bool]]:
        """Return what of the wave must go out, and whether as an amendment.

        All of it is decided before any posting says `sending`: a look-up may fail, or take long.
        """
        ready: dict[str, tuple[Task, bool]] = {}
        for task in wave:
            # One slow look-up after the other must not leave what they found no time to be sent.
            reserve_seconds = LOOK_UP_SECONDS if ready else 0
            step = self._decide(task, reserve_seconds)
            if step not in {Step.SEND, Step.AMEND}:
                continue
            if self._refers_to_seen_records(task, reserve_seconds) and not self._blocked(task):
                ready[task.key] = task, step is Step.AMEND
        return ready

    def _is_out_of_time(self, reserve_seconds: int = 0) -> bool:
        stop_at_unix = self._stop_sending_at_unix
        return stop_at_unix is not None and (
            self._clock.now_unix() + reserve_seconds >= stop_at_unix
        )

    def _decide(self, task: Task, reserve_seconds: int) -> Step:
        """Return what is left to do for this task; whatever needs no sending is done."""
        document, posting = _document(task), self._records.postings.get(task.key)
        if not self._renumbered.isdisjoint(dependencies(document)):
            self._renumbered.add(task.key)
        step = next_step(document, posting, task.work, self._clock.now_unix())
        if step is Step.LOOK_UP:
            assert posting is not None
            if self._is_out_of_time(reserve_seconds):
                self._records.verdicts[task.key] = OUT_OF_TIME
                return Step.NOTHING
            step = self._look_up(task, posting)
        match step:
            case Step.NOTHING:
                self._records.verdicts.setdefault(task.key, Settled())
            case Step.AGREE:
                self._records.record_agreement(document, task.work)
            case Step.WAIT:
                self._records.verdicts[task.key] = Pending(
                    "another worker has it", LEASE_PAUSE_SECONDS
                )
            case Step.DRIFT:
                self._records.record_difference(document, task.work)
                if isinstance(document, Customer):
                    self._renumbered.add(task.key)
        return step

    def _refers_to_seen_records(self, task: Task, reserve_seconds: int) -> bool:
        """Have what people named looked at; False if that must wait, and the verdict says why."""
        document = _document(task)
        for key in self._named_records.unseen(document):
            if self._is_out_of_time(reserve_seconds):
                self._records.verdicts[task.key] = OUT_OF_TIME
                return False
            waiting = self._named_records.look_at(key, document, task.work.cause)
            if waiting is not None:
                self._records.verdicts[task.key] = waiting
                return False
        return True

    def _blocked(self, task: Task) -> bool:
        """Whether a dependency is not posted; if so, record what becomes of this task."""
        for key in dependencies(_document(task)):
            posting = self._records.postings.get(key)
            is_there = posting is not None and posting.record_no is not None
            if is_there and key not in self._renumbered:
                continue
            verdict = self._records.verdicts.get(key)
            if isinstance(verdict, Pending):
                self._records.verdicts[task.key] = Pending(
                    f"waits for {key}", verdict.after_seconds
                )
            else:
                why = "is of a renumbered customer" if is_there else "is not posted"
                self._records.record_finding(_waiting(task, key, posting, why), task.work)
            return True
        return False

    def _begin(self, ready: Iterable[tuple[Task, bool]]) -> "Sequence[_Sending]":
        """Write down that documents are being sent; return those that no other worker sends."""
        begun = [
            (task, amend, self._sending(_document(task), task.work, amend=amend))
            for task, amend in ready
        ]
        written = self._records.write_all(
            [(posting, task.work.cause) for task, _, posting in begun]
        )
        return [
            _Sending(task, self._submission(_document(task), posting, amend=amend))
            for task, amend, posting in begun
            if task.key in written
        ]

    def _sending(self, document: Document, work: Work, *, amend: bool) -> Posting:
        before = self._records.postings.get(document.key)
        return posting_states.begin_sending(document, before, work, amend=amend)

    def _send(self, wave: "Sequence[_Sending]") -> None:
        """Send the wave in as few requests as the ledger allows and write down every outcome."""
        if not wave:
            return
        try:
            outcomes = self._submit([each.submission for each in wave])
        except (ConfigurationFault, TransientFault) as fault:
            self._write_down([self._settled(each.task, NotExecuted(str(fault))) for each in wave])
            if isinstance(fault, ConfigurationFault):
                raise
            return
        told = [
            (each, outcomes.get(each.control_id, Unsure("no result came back"))) for each in wave
        ]
        # First what is clear, all at once; about the others Intacct is asked, which may take long.
        clear = [pair for pair in told if not _leads_to_a_question(pair[1])]
        self._write_down(
            [self._settled(each.task, said, exchange=said.exchange) for each, said in clear]
        )
        asked = [pair for pair in told if _leads_to_a_question(pair[1])]
        for each, said in sorted(asked, key=lambda pair: _is_of_period(pair[1])):
            adopted = executed = False
            outcome = said
            if isinstance(said, AlreadyThere):
                adopted = not said.by_control_id and isinstance(_document(each.task), Customer)
                executed = said.by_control_id
                outcome = self._confirm(each.submission, said)
            settled = self._settled(
                each.task, outcome, adopted=adopted, in_doubt=executed, exchange=said.exchange
            )
            self._write_down([settled])

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
                told = self._submit([submission])
            except (ConfigurationFault, TransientFault) as fault:
                told = {submission.control_id: NotExecuted(str(fault))}
            for control_id, said in told.items():
                # The first attempt may have been executed before it failed.
                outcomes[control_id] = Unsure(said.text) if isinstance(said, NotExecuted) else said
        return outcomes

    def _confirm(self, submission: Submission, claim: AlreadyThere) -> Outcome:
        """Look for what Intacct says it already has, and believe only what matches."""
        if submission.amend and submission.record_no is not None and claim.by_control_id:
            return Accepted(submission.record_no)
        try:
            found = ask(lambda: self._ledger.find(submission), self._metrics)
        except ConfigurationFault as fault:
            # The others of the request must be written down first; the next look-up will tell.
            found = Unsure(f"look-up: {fault}")
        if isinstance(found, Unsure):
            return Unsure(f"{claim.text}; {found.text}")
        if found is None:
            missing = Reason.RECORDED_BUT_NOT_FOUND if claim.by_control_id else Reason.NUMBER_TAKEN
            return NotAccepted(missing, claim.text)
        if not found.matches:
            return NotAccepted(Reason.NUMBER_TAKEN, found.text)
        return Accepted(found.record_no)

    def _look_up(self, task: Task, posting: Posting) -> Step:
        """Find out what became of an earlier send and return what is left to do."""
        submission = self._submission(_document(task), posting, amend=False)
        found = ask_or_wait(lambda: self._ledger.find(submission), self._metrics)
        if isinstance(found, Pending):
            self._records.verdicts[task.key] = found
            return Step.NOTHING
        if found is None:
            return Step.SEND
        if found.matches:
            if not posting.digest:
                # It was made by hand, so the posting never said what it holds.
                described = posting_states.described(posting, _document(task))
                self._records.postings[task.key] = described
            # Nothing shows whether a customer is ours or was there before: treat it as theirs.
            adopted = isinstance(task.planned, Customer)
            settled = self._settled(task, Accepted(found.record_no), adopted=adopted)
        else:
            # It may be ours, from before the policy changed: never send another one beside it.
            taken = NotAccepted(Reason.NUMBER_TAKEN, found.text)
            settled = self._settled(task, taken, in_doubt=True)
        self._write_down([settled])
        return Step.NOTHING

    def _settled(
        self,
        task: Task,
        outcome: Outcome,
        *,
        adopted: bool = False,
        in_doubt: bool = False,
        exchange: Exchange | None = None,
    ) -> "_Settled":
        """Return what is to be written down of a document that was sent.

        Args:
            task: the document.
            outcome: what the ledger said of it.
            adopted: what was accepted was there before us.
            in_doubt: what was not accepted may have been executed all the same.
            exchange: with Intacct; None if it was only looked up, or nothing was sent.
        """
        sending = self._records.postings[task.key]
        verdict: Verdict
        metric: str | None
        match outcome:
            case Accepted():
                after = posting_states.posted(
                    sending, task.work, outcome.record_no, adopted=adopted
                )
                verdict, metric = Settled(), metric_names.POSTED
            case NotAccepted() if self._is_to_be_dated_anew(task, sending, outcome):
                after = posting_states.not_executed(sending, task.work, outcome.text)
                verdict, metric = Pending(outcome.text, PERIOD_PAUSE_SECONDS), None
            case NotAccepted():
                after = posting_states.rejected(
                    sending, task.work, outcome.reason, outcome.text, in_doubt=in_doubt
                )
                verdict, metric = Parked(outcome.text), metric_names.PARKED
                if outcome.reason is Reason.PERMISSION_MISSING:
                    verdict = Pending(outcome.text, waits_for_person=True)
                    metric = metric_names.SESSION_FAILED
                if sending.record_no is not None and task.key != task.work.subject.key:
                    # The customer's change is on the exceptions list; its invoices can go on.
                    verdict = Settled()
            case NotExecuted():
                after = posting_states.not_executed(sending, task.work, outcome.text)
                verdict, metric = Pending(outcome.text, outcome.retry_after_seconds or 0), None
            case Unsure() | AlreadyThere():
                after = posting_states.unknown(sending, task.work, outcome.text)
                verdict = Pending(outcome.text, UNKNOWN_PAUSE_SECONDS)
                metric = metric_names.OUTCOME_UNKNOWN
        return _Settled(after, task.work.cause.after(exchange), verdict, metric)

    def _write_down(self, settled: "Sequence[_Settled]") -> None:
        """Write down what became of documents."""
        written = self._records.write_all([(each.after, each.cause) for each in settled])
        for each in settled:
            if each.after.key not in written:
                continue
            self._records.verdicts[each.after.key] = each.verdict
            if each.metric is not None:
                self._metrics.count(each.metric)

    def _is_to_be_dated_anew(self, task: Task, sending: Posting, refusal: NotAccepted) -> bool:
        """Whether a document was refused only because its period was closed in the meantime.

        One that may be booked keeps its date: under another it would be booked twice.
        """
        day = posting_date_of(_document(task))
        is_new = sending.record_no is None and not sending.in_doubt
        return (
            _is_of_period(refusal)
            and is_new
            and day is not None
            and self._closed_meanwhile(task.work.subject, day)
        )

    def _submission(self, document: Document, posting: Posting, *, amend: bool) -> Submission:
        numbers = {key: self._records.postings[key].record_no for key in dependencies(document)}
        return Submission(
            document=document,
            control_id=posting.control_id,
            amend=amend,
            record_no=posting.record_no,
            record_numbers={key: number for key, number in numbers.items() if number is not None},
        )


@dataclass(frozen=True, slots=True)
class _Sending:
    task: Task
    submission: Submission

    @property
    def control_id(self) -> str:
        return self.submission.control_id


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of a document that was sent: its posting, and what to answer and to count."""

    after: Posting
    cause: Cause
    verdict: Verdict
    metric: str | None


def _leads_to_a_question(outcome: Outcome) -> bool:
    return isinstance(outcome, AlreadyThere) or _is_of_period(outcome)


def _is_of_period(outcome: Outcome | None) -> bool:
    return isinstance(outcome, NotAccepted) and outcome.reason is Reason.PERIOD_CLOSED


def _waiting(task: Task, key: str, posting: Posting | None, why: str) -> Finding:
    """Return what is recorded of a task that waits for the document of a key.

    Args:
        task: what cannot be sent.
        key: of the document that it hangs on.
        posting: of that document.
        why: it is not to be had, if nothing else says so.
    """
    document = _document(task)
    disposition, reason, waits_for_day = Disposition.PARKED, Reason.WAITS_FOR_PARKED, None
    if posting is not None and posting.reason is Reason.BEFORE_BOOKS:
        reason, why = Reason.RECORD_NO_MISSING, f"is {posting.reason_text}"
    elif posting is not None and posting.reason is Reason.WAITS_FOR_PERIOD:
        disposition, reason = Disposition.NOT_BOOKED, Reason.WAITS_FOR_PERIOD
        why, waits_for_day = f"is {posting.reason_text}", date.fromisoformat(posting.waits_for_day)
    return Finding(
        task.key,
        disposition,
        reason,
        f"{task.key} waits for {key}, which {why}",
        *_amount(task),
        posting_date_of(document),
        waits_for_day,
        "" if isinstance(document, PaymentReversal) else written(document),
    )


def _document(task: Task) -> Document:
    assert not isinstance(task.planned, Finding)
    return task.planned


def _amount(task: Task) -> tuple[int | None, str | None]:
    return amount_of(_document(task)) or (None, None)
