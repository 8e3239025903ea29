"""Process: bring the subjects of a batch of messages up to date.

    messages -> subjects -> snapshots (Stripe, now) -> plans (pure) -> apply (postings, Intacct)

Messages of one subject are worked on once; documents of all subjects travel in the same requests.
Each message is answered for itself: one that fails does not take its followers along. While one
batch is at Intacct, Stripe is asked for the next.
"""

import dataclasses
from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from tieout.domain.causes import SourceEvent
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.keys import failure_key
from tieout.domain.plans import Finding
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State, Work
from tieout.domain.sale_decisions import SaleDecision
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import ActivitySnapshot, ChargeSnapshot
from tieout.services import metric_names
from tieout.services.ahead import Ahead
from tieout.services.apply import Applier, ClosedMeanwhile, Task
from tieout.services.causes import cause_of, source_event
from tieout.services.closed_periods import ClosedPeriods
from tieout.services.evidence import Evidence, unaccounted
from tieout.services.governor import Governor
from tieout.services.messages import decode
from tieout.services.ports import (
    Clock,
    Ledger,
    Metrics,
    PolicySource,
    Postings,
    StripeReader,
    WorkItem,
)
from tieout.services.readings import (
    SETTLING_SECONDS,
    UNEXPECTED_DELIVERIES_MAX,
    Part,
    Reading,
    Readings,
    decided_by,
    origins,
)
from tieout.services.records import Records
from tieout.services.transactions import TransactionMeter
from tieout.services.verdicts import Parked, Pending, Settled, Verdict, worst

BACK_OFF_FIRST_SECONDS = 10
# A quarter of an hour keeps an outage's backlog moving soon after it ends.
BACK_OFF_MAX_SECONDS = 900
# What waits for a person may wait over a long week-end. Doubling from a few seconds on, it comes
# again after no more than the trouble lasted, and within the hour.
BACK_OFF_FOR_PERSON_MAX_SECONDS = 3600
# Nothing is gained by waiting: the message is on its way to the dead-letter queue, and asks nobody.
PARKED_PAUSE_SECONDS = 0


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A queue message as it was received.

    Attributes:
        receive_count: how often it was delivered, this time included.
        sent_at_unix: when it was queued; a redrive queues it anew.
        group: its message group.
    """

    message_id: str
    body: str
    receive_count: int
    sent_at_unix: int
    group: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The message can be deleted."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The message goes back to the queue.

    Attributes:
        after_seconds: for how long it stays invisible.
        reason: for the log.
    """

    after_seconds: int
    reason: str


Result = Done | Retry


@dataclass(frozen=True, slots=True)
class _Job:
    """A subject and the messages that ask for it.

    Attributes:
        asked: the subject that the messages name; it may have led to this one.
        events: behind the messages.
    """

    subject: Subject
    messages: tuple[ReceivedMessage, ...]
    trigger: str
    asked: Subject
    events: tuple[SourceEvent, ...]

    @property
    def deliveries(self) -> int:
        return min(message.receive_count for message in self.messages)

    @property
    def is_first_delivery(self) -> bool:
        return all(message.receive_count == 1 for message in self.messages)

    @property
    def sent_at_unix(self) -> int:
        return max(message.sent_at_unix for message in self.messages)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A part of what was read for a job."""

    job: _Job
    part: Part
    reading: Reading

    @property
    def day(self) -> ActivitySnapshot | None:
        """The movements of a day, if it is one."""
        snapshot = self.part.snapshot
        return snapshot if isinstance(snapshot, ActivitySnapshot) else None


class Processor:
    """The use case behind the processor function."""

    def __init__(  # noqa: PLR0913 - a use case names everything it touches
        self,
        stripe: StripeReader,
        ledger: Ledger,
        postings: Postings,
        policies: PolicySource,
        clock: Clock,
        metrics: Metrics,
        lease_seconds: int,
        *,
        closed_periods: ClosedPeriods | None = None,
        transactions: TransactionMeter | None = None,
        pool: Executor | None = None,
        governor: Governor | None = None,
    ) -> None:
        metrics = transactions or metrics
        self._readings = Readings(stripe, policies, clock, metrics)
        self._ahead = partial(Ahead, stripe, clock, pool)
        self._evidence = Evidence(postings)
        self._ledger = ledger
        self._postings = postings
        self._policies = policies
        self._clock = clock
        self._metrics = metrics
        self._lease_seconds = lease_seconds
        self._closed_periods = closed_periods
        self._transactions = transactions
        self._governor = governor

    def process(
        self,
        messages: Sequence[ReceivedMessage],
        stop_reading_at_unix: int | None = None,
        stop_sending_at_unix: int | None = None,
    ) -> Mapping[str, Result]:
        """Bring the subjects of the messages up to date; the only batch `in_turn`."""
        (results,) = self.in_turn([messages], stop_reading_at_unix, stop_sending_at_unix)
        return results

    def in_turn(
        self,
        batches: Iterable[Sequence[ReceivedMessage]],
        stop_reading_at_unix: int | None = None,
        stop_sending_at_unix: int | None = None,
    ) -> Generator[Mapping[str, Result], None, None]:
        """Bring the subjects of one batch after the other up to date; answer for each message.

        Stripe is asked for a batch while the one before it is worked on, which is when `batches` is
        asked whether there is another.

        Args:
            batches: messages as the queue delivered them.
            stop_reading_at_unix: from when on no further subject is begun, so that what was begun
                can be finished before the function's time is over.
            stop_sending_at_unix: from when on no further request with documents is begun.

        Yields:
            For each batch what becomes of its messages, by message id.
        """
        if self._governor is not None and stop_sending_at_unix is not None:
            self._governor.wait_until(stop_sending_at_unix)
        coming = iter(batches)
        batch = self._begun(next(coming, None))
        following = None
        try:
            while batch is not None:
                following = self._begun(next(coming, None))
                yield self._worked_on(batch, stop_reading_at_unix, stop_sending_at_unix)
                batch = following
        finally:
            for each in (batch, following):
                if each is not None:
                    each.ahead.give_up()

    def _begun(self, messages: Sequence[ReceivedMessage] | None) -> "_Batch | None":
        """Decode a batch and have Stripe asked for it; None if there is none.

        What was delivered before is left for its turn: it may be parked. A fault is told then, too.
        """
        if messages is None:
            return None
        answers, ahead = _Answers(), self._ahead()
        jobs = self._jobs(messages, answers)
        with suppress(ConfigurationFault, TransientFault):
            to_read = self._to_read(jobs, answers)
            ahead.begin(job.subject for job in to_read if job.is_first_delivery)
        return _Batch(messages, jobs, answers, ahead)

    def _worked_on(
        self,
        batch: "_Batch",
        stop_reading_at_unix: int | None,
        stop_sending_at_unix: int | None,
    ) -> Mapping[str, Result]:
        try:
            return self._processed(batch, stop_reading_at_unix, stop_sending_at_unix)
        except ConfigurationFault as fault:
            self._metrics.count(metric_names.SESSION_FAILED)
            answer = Pending(str(fault), waits_for_person=True)
            return {each.message_id: _back_off(each, answer) for each in batch.messages}
        except TransientFault as fault:
            answer = Pending(str(fault))
            return {each.message_id: _back_off(each, answer) for each in batch.messages}
        finally:
            batch.ahead.give_up()
            if self._transactions is not None:
                self._transactions.write_down()

    def _processed(
        self,
        batch: "_Batch",
        stop_reading_at_unix: int | None,
        stop_sending_at_unix: int | None,
    ) -> Mapping[str, Result]:
        answers, policy = batch.answers, self._policies.current()
        plans = partial(self._plans, batch, policy, stop_reading_at_unix)
        planned = list(plans(batch.jobs))
        self._apply(_others(planned), policy, answers, stop_sending_at_unix)
        planned_late = list(plans(self._days_without(planned, policy)))
        self._apply(_others(planned_late), policy, answers, stop_sending_at_unix)
        # A day books what nothing else does, so all else of it must be decided before.
        days = [each for each in (*planned, *planned_late) if each.day is not None]
        ready = self._with_evidence(days, policy, answers)
        self._apply(ready, policy, answers, stop_sending_at_unix)
        return answers.results

    def _jobs(self, messages: Sequence[ReceivedMessage], answers: "_Answers") -> Sequence[_Job]:
        """Coalesce the messages by subject; unreadable ones are answered at once."""
        asked: dict[Subject, list[tuple[ReceivedMessage, WorkItem]]] = {}
        for message in messages:
            try:
                item = decode(message.body, message.group)
            except ValueError as unreadable:
                answers.results[message.message_id] = _back_off(message, Pending(str(unreadable)))
            else:
                asked.setdefault(item.subject, []).append((message, item))
        return [_job(subject, pairs) for subject, pairs in asked.items()]

    def _plans(
        self,
        batch: "_Batch",
        policy: Policy,
        stop_reading_at_unix: int | None,
        jobs: Iterable[_Job],
    ) -> Iterable[_Planned]:
        """Yield the plans of each job; jobs that cannot be planned now are answered at once."""
        answers, ahead = batch.answers, batch.ahead
        waiting = self._to_read(jobs, answers)
        known = {job.subject for job in waiting}
        parked = self._still_parked(waiting, policy)
        ahead.begin(job.subject for job in waiting if job.subject not in parked)
        while waiting:
            job = waiting.pop(0)
            if job.subject in parked:
                answers.add(job, Parked("parked before, nothing changed"))
            elif self._is_late(stop_reading_at_unix) and not ahead.has(job.subject):
                answers.add(job, Pending("no time left in this invocation", 1))
            else:
                reading = self._readings.read(job.subject, policy, job.deliveries, ahead)
                reading = self._evidence.led_to(job.subject, reading, policy)
                if reading.answer is not None:
                    answers.add(job, reading.answer)
                for part in reading.parts:
                    yield _Planned(job, part, reading)
                moved_on = _moved_on(job, reading, parked)
                parked -= moved_on
                known -= moved_on - {each.subject for each in waiting}
                led_to = [subject for subject in reading.leads_to if subject not in known]
                fresh = [dataclasses.replace(job, subject=each) for each in led_to]
                known.update(led_to)
                if job.subject.kind is not SubjectKind.ACTIVITY:
                    parked |= self._still_parked(fresh, policy)
                waiting += fresh

    def _to_read(self, jobs: Iterable[_Job], answers: "_Answers") -> list[_Job]:
        """Answer the jobs that need no reading; return the others."""
        jobs = list(jobs)
        read_since = self._read_since(jobs)
        for job in jobs:
            if job.subject in read_since:
                answers.add(job, Settled())
        return [job for job in jobs if job.subject not in read_since]

    def _is_late(self, stop_at_unix: int | None) -> bool:
        return stop_at_unix is not None and self._clock.now_unix() >= stop_at_unix

    def _days_without(self, planned: Sequence[_Planned], policy: Policy) -> Sequence[_Job]:
        """Return what is left to do for sales that came too late for the journal of their day.

        Raises:
            TransientFault: the postings could not be read.
        """
        now_unix, jobs = self._clock.now_unix(), dict[Subject, _Job]()
        for each in planned:
            charge, subject = each.part.snapshot, each.part.plan.subject
            if isinstance(charge, ChargeSnapshot):
                day = self._evidence.day_without(subject, charge, policy, now_unix)
                if day is not None:
                    jobs.setdefault(day, dataclasses.replace(each.job, subject=day))
        being_read = {each.job.subject for each in planned}
        return [job for day, job in jobs.items() if day not in being_read]

    def _with_evidence(
        self, days: Iterable[_Planned], policy: Policy, answers: "_Answers"
    ) -> Sequence[_Planned]:
        """Return the days that can be applied, and what has no evidence in spite of everything.

        Raises:
            TransientFault: the postings could not be read.
        """
        ready: list[_Planned] = []
        for each in days:
            assert each.day is not None
            if isinstance(answers.of(each.job.asked), Pending):
                continue
            missing: Mapping[str, Subject] = {}
            if each.reading.leads_to:
                missing = self._evidence.still_missing(each.job.subject, each.day, policy)
            is_coming = isinstance(worst(map(answers.of, missing.values())), Pending)
            if missing and (is_coming or each.job.deliveries < UNEXPECTED_DELIVERIES_MAX):
                answers.add(each.job, Pending(f"waits for {min(missing)}"))
                continue
            ready.append(each)
            ready += [
                dataclasses.replace(each, part=unaccounted(key, subject, policy))
                for key, subject in missing.items()
            ]
        return ready

    def _read_since(self, jobs: Iterable[_Job]) -> set[Subject]:
        """Return the invoices that were read well after their messages were sent, and dealt with.

        Behind a backlog that is the rule: the event of a payment names no customer, so that it
        stands in a message group of its own, and one reading tells of an invoice and its payments.
        The messages that led to that reading answer for what of it is still on its way; only if
        they are these very ones must they not rely on it, so one that came before never does.

        Raises:
            TransientFault: the postings could not be read.
        """
        first = {
            job.subject.key: job
            for job in jobs
            if job.subject.kind is SubjectKind.INVOICE and job.is_first_delivery
        }
        failed = {key: failure_key(str(job.subject)) for key, job in first.items()}
        found = self._postings.get_many([*first, *failed.values()]) if first else {}
        return {
            job.subject
            for key, job in first.items()
            if _is_dealt_with(found.get(key), found.get(failed[key]), job)
        }

    def _still_parked(self, jobs: Iterable[_Job], policy: Policy) -> set[Subject]:
        """Return the subjects of which all was dealt with and parked, as read after their messages.

        If that was under this policy, nothing that we could look at has changed, and they fail
        without a call to Stripe or Intacct. A redrive queues a message anew, which is how a person
        says "again".

        Raises:
            TransientFault: the postings could not be read.
        """
        again = {failure_key(str(job.subject)): job for job in jobs if job.deliveries > 1}
        failures = self._postings.get_many(again) if again else {}
        return {
            again[key].subject
            for key, failure in failures.items()
            if failure.policy_version == policy.version
            and failure.read_at_unix > again[key].sent_at_unix
        }

    def _apply(
        self,
        planned: Sequence[_Planned],
        policy: Policy,
        answers: "_Answers",
        stop_sending_at_unix: int | None,
    ) -> None:
        """Apply all plans together and answer each job."""
        now_unix = self._clock.now_unix()
        records = Records(self._postings, self._metrics)
        others = {failure_key(str(each.job.asked)) for each in planned}
        others.update(key for each in planned for key in origins(each.part, policy))
        records.read((each.part.plan for each in planned), others)
        planned = self._as_booked(planned, policy, records)
        # Older policies may call for what today's does not.
        records.read(each.part.plan for each in planned)
        works = [self._work(each, now_unix) for each in planned]
        applier = Applier(
            self._ledger, records, self._clock, self._metrics, self._closed_meanwhile(policy)
        )
        applier.apply(_tasks(planned, works), stop_sending_at_unix)
        for each, work in zip(planned, works, strict=True):
            if each.reading.answer is not None:
                continue
            plan, is_read = each.part.plan, each.part.snapshot is not None
            verdict = records.conclude(plan, work) if is_read else records.verdict(plan)
            answers.add(each.job, verdict)
        for each, work in zip(planned, works, strict=True):
            asked = each.job.asked
            if asked == work.subject and isinstance(answers.of(asked), Parked):
                records.remember_failure(asked, work)

    def _as_booked(
        self, planned: Sequence[_Planned], policy: Policy, records: Records
    ) -> Sequence[_Planned]:
        """Return the plans as of what is recorded, and of what those before them decide.

        A charge that was read twice, and edited in between, must not be a sale in two modes.
        """
        made: list[_Planned] = []
        decided: dict[str, SaleDecision] = {}
        for each in planned:
            part = self._readings.as_booked(each.part, policy, records.postings, decided)
            decided |= decided_by(part)
            made.append(each if part is each.part else dataclasses.replace(each, part=part))
        return made

    def _closed_meanwhile(self, policy: Policy) -> ClosedMeanwhile:
        """Return what asks Intacct, once for a batch, whether a closed period is why it refused.

        Without a way to ask, or with a policy that parks anyway, nothing is planned anew.
        """
        if self._closed_periods is None:
            return lambda _subject, _day: False
        closed_through = cache(self._closed_periods.ask)

        def closed_meanwhile(subject: Subject, day: date) -> bool:
            own = policy.of_account(subject.account)
            if own is None or own.periods.when_closed == "park":
                return False
            through = closed_through()
            return through is not None and day <= through

        return closed_meanwhile

    def _work(self, planned: _Planned, now_unix: int) -> Work:
        return Work(
            subject=planned.part.plan.subject,
            policy_version=planned.part.plan.policy_version,
            message_id=planned.job.messages[-1].message_id,
            trigger=planned.job.trigger,
            now_unix=now_unix,
            read_at_unix=planned.reading.read_at_unix,
            lease_seconds=self._lease_seconds,
            cause=cause_of(planned.part.snapshot, planned.job.events),
        )


def _is_dealt_with(posting: Posting | None, failure: Posting | None, job: _Job) -> bool:
    """Whether all that a reading well after the messages called for is done, nothing parked.

    What is parked keeps its message, which may be this very one, come again: a worker that was
    overtaken by it must not delete it.
    """
    # `source_state` is kept only once all that a reading called for was dealt with.
    if posting is None or posting.state is not State.POSTED or not posting.source_state:
        return False
    if failure is not None and failure.read_at_unix >= posting.read_at_unix:
        return False
    return posting.read_at_unix >= job.sent_at_unix + SETTLING_SECONDS


def _job(subject: Subject, asked: Sequence[tuple[ReceivedMessage, WorkItem]]) -> _Job:
    messages = tuple(message for message, _ in asked)
    events = (source_event(item) for _, item in asked)
    named = tuple(dict.fromkeys(each for each in events if each is not None))
    return _Job(subject, messages, asked[-1][1].trigger, subject, named)


def _moved_on(job: _Job, reading: Reading, parked: set[Subject]) -> set[Subject]:
    """Return what was parked and has moved money since that the books know nothing of.

    A day shows that; what else leads to a parked subject says nothing new about it.
    """
    return parked & set(reading.leads_to) if job.subject.kind is SubjectKind.ACTIVITY else set()


def _others(planned: Iterable[_Planned]) -> Sequence[_Planned]:
    return [each for each in planned if each.day is None]


class _Answers:
    """What each message gets: the worst of what became of everything that it led to.

    Attributes:
        results: by message id.
    """

    def __init__(self) -> None:
        self.results: dict[str, Result] = {}
        self._verdicts: dict[Subject, Verdict] = {}

    def of(self, subject: Subject) -> Verdict:
        """Return what became of a subject, and of all that its messages led to."""
        return self._verdicts.get(subject, Settled())

    def add(self, job: _Job, verdict: Verdict) -> None:
        """Answer the messages of a job, unless they got worse before."""
        for each in (job.asked, job.subject):
            self._verdicts[each] = worst((self.of(each), verdict))
        for message in job.messages:
            self.results[message.message_id] = _worse(
                self.results.get(message.message_id, Done()), _result(message, verdict)
            )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Messages that are worked on together.

    Attributes:
        jobs: what they ask for. answers: what becomes of them.
        ahead: what is being read for them.
    """

    messages: Sequence[ReceivedMessage]
    jobs: Sequence[_Job]
    answers: _Answers
    ahead: Ahead


def _result(message: ReceivedMessage, verdict: Verdict) -> Result:
    match verdict:
        case Settled():
            return Done()
        case Parked():
            return Retry(PARKED_PAUSE_SECONDS, verdict.text)
        case Pending():
            return _back_off(message, verdict)


def _back_off(message: ReceivedMessage, pending: Pending) -> Retry:
    """Double the pause with each delivery; the queue's receive count is the memory."""
    doublings = min(message.receive_count - 1, 16)
    longest_seconds = (
        BACK_OFF_FOR_PERSON_MAX_SECONDS if pending.waits_for_person else BACK_OFF_MAX_SECONDS
    )
    pause_seconds = min(BACK_OFF_FIRST_SECONDS * 2**doublings, longest_seconds)
    return Retry(max(pause_seconds, pending.after_seconds), pending.text)


def _tasks(planned: Sequence[_Planned], works: Sequence[Work]) -> Sequence[Task]:
    """Return one task for each key, on the strength of the plan that counts."""
    tasks: dict[str, Task] = {}
    for each, work in zip(planned, works, strict=True):
        plan = each.part.plan
        for item in (*plan.documents, *plan.findings):
            version = plan.older_policies.get(item.key)
            own = work if version is None else dataclasses.replace(work, policy_version=version)
            task = Task(item, own)
            known = tasks.get(task.key)
            if known is None or _weight(task) > _weight(known):
                tasks[task.key] = task
    return list(tasks.values())


def _weight(task: Task) -> tuple[bool, bool, int]:
    """Return which of two plans that speak of one key counts.

    A document before a finding, then the subject's own plan, then the newer reading of Stripe.
    """
    is_document = not isinstance(task.planned, Finding)
    return is_document, task.key == task.work.subject.key, task.work.read_at_unix


def _worse(one: Result, other: Result) -> Result:
    """Return the result that keeps the message, and of two such the longer pause."""
    if isinstance(one, Retry) and isinstance(other, Retry):
        return max(one, other, key=lambda retry: retry.after_seconds)
    return one if isinstance(one, Retry) else other
