"""Process: bring the subjects of a batch of messages up to date.

    messages -> subjects -> snapshots (Stripe, now) -> plans (pure) -> apply (postings, Intacct)

Messages of one subject are worked on once; documents of all subjects travel in the same requests.
Each message is answered for itself: one that fails does not take its followers along.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.errors import ConfigurationFault, Refused, TransientFault
from tieout.domain.plans import Disposition, Finding, Plan
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State, Work
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.snapshots import ChargeSnapshot
from tieout.services import metric_names
from tieout.services.apply import Applier, Parked, Pending, Settled, Task, Verdict
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

BACK_OFF_FIRST_SECONDS = 10
# Half the visibility that SQS allows would do too; a quarter of an hour keeps an outage's backlog
# moving soon after it ends.
BACK_OFF_MAX_SECONDS = 900
PARKED_PAUSE_SECONDS = 1
# An error nobody foresaw is parked after this many deliveries, so that it reaches the dead-letter
# queue with a record instead of a mere count.
UNEXPECTED_DELIVERIES_MAX = 3


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
    """A subject and the messages that ask for it."""

    subject: Subject
    messages: tuple[ReceivedMessage, ...]
    trigger: str

    @property
    def deliveries(self) -> int:
        return min(message.receive_count for message in self.messages)

    @property
    def sent_at_unix(self) -> int:
        return max(message.sent_at_unix for message in self.messages)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A job and what Stripe, read at this time, calls for."""

    job: _Job
    plan: Plan
    read_at_unix: int

    @property
    def keys(self) -> Sequence[str]:
        return [each.key for each in (*self.plan.documents, *self.plan.findings)]


class Processor:
    """The use case behind the processor function."""

    def __init__(
        self,
        stripe: StripeReader,
        ledger: Ledger,
        postings: Postings,
        policies: PolicySource,
        clock: Clock,
        metrics: Metrics,
        lease_seconds: int,
    ) -> None:
        self._stripe = stripe
        self._ledger = ledger
        self._postings = postings
        self._policies = policies
        self._clock = clock
        self._metrics = metrics
        self._lease_seconds = lease_seconds

    def process(
        self, messages: Sequence[ReceivedMessage], stop_reading_at_unix: int | None = None
    ) -> Mapping[str, Result]:
        """Bring the subjects of the messages up to date and answer for each message.

        Args:
            messages: a batch as the queue delivered it.
            stop_reading_at_unix: from when on no further subject is begun, so that what was begun
                can be finished before the function's time is over.
        """
        results: dict[str, Result] = {}
        try:
            policy = self._policies.current()
            jobs = self._jobs(messages, results)
            plans = list(self._plans(jobs, policy, results, stop_reading_at_unix))
            verdicts = self._apply(plans, policy)
        except ConfigurationFault as fault:
            self._metrics.count(metric_names.SESSION_FAILED)
            return {each.message_id: Retry(BACK_OFF_MAX_SECONDS, str(fault)) for each in messages}
        except TransientFault as fault:
            return {each.message_id: self._back_off(each, str(fault)) for each in messages}
        for planned in plans:
            self._answer(planned.job, results, _worst(verdicts[key] for key in planned.keys))
        return results

    def _jobs(
        self, messages: Sequence[ReceivedMessage], results: dict[str, Result]
    ) -> Sequence[_Job]:
        """Coalesce the messages by subject; unreadable ones are answered at once."""
        asked: dict[Subject, list[tuple[ReceivedMessage, WorkItem]]] = {}
        for message in messages:
            try:
                item = decode(message.body, message.group)
            except ValueError as unreadable:
                results[message.message_id] = self._back_off(message, str(unreadable))
            else:
                asked.setdefault(item.subject, []).append((message, item))
        return [
            _Job(subject, tuple(message for message, _ in pairs), pairs[-1][1].trigger)
            for subject, pairs in asked.items()
        ]

    def _plans(
        self,
        jobs: Iterable[_Job],
        policy: Policy,
        results: dict[str, Result],
        stop_reading_at_unix: int | None,
    ) -> Iterable[_Planned]:
        """Yield a plan for each job; jobs that cannot be planned now are answered at once."""
        waiting = list(jobs)
        known = {job.subject for job in waiting}
        while waiting:
            job = waiting.pop(0)
            if stop_reading_at_unix is not None and self._clock.now_unix() >= stop_reading_at_unix:
                self._answer(job, results, Pending("no time left in this invocation", 1))
            elif self._still_parked(job, policy):
                self._answer(job, results, Parked("parked before, nothing changed"))
            else:
                read_at_unix = self._clock.now_unix()
                try:
                    made, invoices = self._read_and_plan(job, policy)
                except TransientFault as fault:
                    pause_seconds = fault.retry_after_seconds or 0
                    self._answer(job, results, Pending(str(fault), pause_seconds))
                    continue
                except ConfigurationFault as fault:
                    # A key that lacks one permission must not stop what it may read.
                    self._metrics.count(metric_names.SESSION_FAILED)
                    self._answer(job, results, Pending(str(fault), BACK_OFF_MAX_SECONDS))
                    continue
                yield _Planned(job, made, read_at_unix)
                for subject in invoices:
                    if subject not in known:
                        known.add(subject)
                        waiting.append(dataclasses.replace(job, subject=subject))

    def _read_and_plan(self, job: _Job, policy: Policy) -> tuple[Plan, Sequence[Subject]]:
        """Return the plan of a job and the invoices that its subject, a charge, leads to."""
        reads_before = self._stripe.reads
        try:
            snapshot = self._stripe.snapshot(job.subject)
            made = plan(job.subject, snapshot, policy)
        except Refused as refusal:
            return _parked(job.subject, policy, refusal.reason, refusal.text), ()
        except (TransientFault, ConfigurationFault):
            raise
        except Exception as error:
            # One object that our code cannot handle must not stop the others of its batch.
            self._metrics.count(metric_names.UNEXPECTED_ERROR)
            text = f"{type(error).__name__} while planning {job.subject}"
            if job.deliveries < UNEXPECTED_DELIVERIES_MAX:
                raise TransientFault(text) from error
            return _parked(job.subject, policy, Reason.UNEXPECTED_ERROR, text), ()
        finally:
            self._metrics.count(metric_names.STRIPE_READS, self._stripe.reads - reads_before)
        if not isinstance(snapshot, ChargeSnapshot):
            return made, ()
        account = job.subject.account
        return made, [Subject(SubjectKind.INVOICE, each, account) for each in snapshot.invoices]

    def _still_parked(self, job: _Job, policy: Policy) -> bool:
        """Whether the subject was parked, under this policy, after these messages were queued.

        Then nothing that we could look at has changed, and they fail without a call to Stripe or
        Intacct. A redrive queues a message anew, which is how a person says "again".
        """
        if job.deliveries == 1:
            return False
        postings = self._postings.of_subject(job.subject)
        if any(_is_open(posting) or _waits_for_permission(posting) for posting in postings):
            return False
        return any(
            _is_parked(posting)
            and posting.policy_version == policy.version
            and posting.updated_at_unix > job.sent_at_unix
            for posting in postings
        )

    def _apply(self, plans: Sequence[_Planned], policy: Policy) -> Mapping[str, Verdict]:
        tasks: dict[str, Task] = {}
        for each in plans:
            job, made = each.job, each.plan
            work = Work(
                subject=job.subject,
                policy_version=policy.version,
                message_id=job.messages[-1].message_id,
                trigger=job.trigger,
                now_unix=self._clock.now_unix(),
                read_at_unix=each.read_at_unix,
                lease_seconds=self._lease_seconds,
            )
            own_work = dataclasses.replace(work, source_state=made.source_state)
            for planned in (*made.documents, *made.findings):
                own = planned.key == str(job.subject)
                task = Task(planned, own_work if own else work)
                known = tasks.get(task.key)
                if known is None or _weight(task) > _weight(known):
                    tasks[task.key] = task
        applier = Applier(self._ledger, self._postings, self._clock, self._metrics)
        return applier.apply(list(tasks.values()))

    def _answer(self, job: _Job, results: dict[str, Result], verdict: Verdict) -> None:
        for message in job.messages:
            results[message.message_id] = _worse(
                results.get(message.message_id, Done()), self._result(message, verdict)
            )

    def _result(self, message: ReceivedMessage, verdict: Verdict) -> Result:
        match verdict:
            case Settled():
                return Done()
            case Parked():
                return Retry(PARKED_PAUSE_SECONDS, verdict.text)
            case Pending():
                return self._back_off(message, verdict.text, verdict.after_seconds)

    @staticmethod
    def _back_off(message: ReceivedMessage, reason: str, at_least_seconds: int = 0) -> Retry:
        """Double the pause with each delivery; the queue's receive count is the memory."""
        doublings = min(message.receive_count - 1, 16)
        pause_seconds = min(BACK_OFF_FIRST_SECONDS * 2**doublings, BACK_OFF_MAX_SECONDS)
        return Retry(max(pause_seconds, at_least_seconds), reason)


def _parked(subject: Subject, policy: Policy, reason: Reason, text: str) -> Plan:
    finding = Finding(str(subject), Disposition.PARKED, reason, text)
    return Plan(subject, (), (finding,), policy.version)


def _weight(task: Task) -> tuple[bool, bool, int]:
    """Return which of two plans that speak of one key counts.

    A document before a finding, then the subject's own plan, then the newer reading of Stripe.
    """
    is_document = not isinstance(task.planned, Finding)
    return is_document, task.work.source_state != "", task.work.read_at_unix


def _is_parked(posting: Posting) -> bool:
    return posting.state in {State.PARKED, State.REJECTED}


def _is_open(posting: Posting) -> bool:
    return posting.state in {State.PLANNED, State.SENDING, State.UNKNOWN}


def _waits_for_permission(posting: Posting) -> bool:
    """Whether Intacct may take the document as it is, once a person gave the permission."""
    return posting.state is State.REJECTED and posting.reason is Reason.PERMISSION_MISSING


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    """A pending document needs the message again; a parked one only fails it."""
    worst: Verdict = Settled()
    for verdict in verdicts:
        if isinstance(verdict, Pending):
            return verdict
        if isinstance(verdict, Parked):
            worst = verdict
    return worst


def _worse(one: Result, other: Result) -> Result:
    """Return the result that keeps the message, and of two such the longer pause."""
    if isinstance(one, Retry) and isinstance(other, Retry):
        return max(one, other, key=lambda retry: retry.after_seconds)
    return one if isinstance(one, Retry) else other
