"""Records: what one batch knows of the postings, and what it writes down about them.

Every write names the version it replaces. One that comes too late changes nothing: the document is
left to the worker that was first, and its message comes again.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from tieout.domain import effects
from tieout.domain import postings as posting_states
from tieout.domain.causes import Cause
from tieout.domain.documents import Document, amount_of, dependencies, digest, number_of
from tieout.domain.keys import failure_key, unread_key
from tieout.domain.money import decimal_from_minor
from tieout.domain.plans import Disposition, Finding, Plan
from tieout.domain.postings import Posting, State, Work
from tieout.domain.reasons import Reason
from tieout.domain.steps import is_renumbered
from tieout.domain.subjects import Subject
from tieout.services import metric_names
from tieout.services.clearing_effects import would_do
from tieout.services.ports import Metrics, Postings
from tieout.services.verdicts import Parked, Pending, Settled, Verdict, worst

LEASE_PAUSE_SECONDS = 15
# An outcome that is unknown now may be known when the server has finished working on it.
UNKNOWN_PAUSE_SECONDS = 30

# Why a subject could not even be looked at; planning refuses for other reasons.
_SUBJECT_NOT_READ = frozenset(
    {
        Reason.UNREADABLE_OBJECT,
        Reason.OBJECT_MISSING_IN_STRIPE,
        Reason.SNAPSHOT_TOO_LARGE,
        Reason.UNEXPECTED_ERROR,
    }
)
# What is parked for these reasons is asked again and again, for days: once written is enough.
_PASSES_AS_IT_IS = frozenset(
    {
        Reason.PERMISSION_MISSING,
        Reason.STRIPE_PERMISSION,
        Reason.STRIPE_KEY,
        Reason.NOT_READ,
    }
)


class Records:
    """The postings and verdicts of one batch, by document key."""

    def __init__(self, postings: Postings, metrics: Metrics) -> None:
        self._store = postings
        self._metrics = metrics
        self.postings: dict[str, Posting] = {}
        self.verdicts: dict[str, Verdict] = {}
        self._known: set[str] = set()

    def read(self, plans: Iterable[Plan], others: Iterable[str] = ()) -> None:
        """Read the postings of everything that the plans have, need or cover, and of other keys.

        What was read before is not read again.

        Raises:
            TransientFault: the table could not be read.
        """
        keys = set(others)
        for plan in plans:
            keys.update(plan.keys, plan.supersedes, [unread_key(str(plan.subject))])
            keys.update(key for each in plan.documents for key in dependencies(each))
        keys -= self._known
        self._known |= keys
        if keys:
            self.postings |= self._store.get_many(keys)

    def write(self, posting: Posting, cause: Cause) -> bool:
        """Write the posting; if another worker was first, leave the document to it.

        Args:
            posting: as it should be.
            cause: what led to it.

        Raises:
            TransientFault: the table could not be written.
        """
        return bool(self.write_all([(posting, cause)]))

    def write_all(self, writes: Sequence[tuple[Posting, Cause]]) -> frozenset[str]:
        """Write postings of different keys; return the keys of those that were written.

        Where another worker was first, the document is left to it, as in `write`.

        Raises:
            TransientFault: the table could not be written.
        """
        stale = self._store.put_all(writes) if writes else frozenset()
        for posting, _ in writes:
            if posting.key in stale:
                overtaken = Pending("another worker was first", LEASE_PAUSE_SECONDS)
                self.verdicts[posting.key] = overtaken
            else:
                self.postings[posting.key] = posting
        return frozenset(posting.key for posting, _ in writes) - stale

    def record_finding(self, finding: Finding, work: Work) -> None:
        """Record what planning did not turn into a document, unless it is posted or closed."""
        before = self.postings.get(finding.key)
        if before is not None and _is_overtaken(before, work):
            newer = Pending("another worker read Stripe later", LEASE_PAUSE_SECONDS)
            self.verdicts[finding.key] = newer
            return
        match before.state if before else None:
            case State.POSTED if finding.reason in _SUBJECT_NOT_READ:
                self._record_unread(finding, work)
            case State.POSTED if before and _says_otherwise(before, work):
                self._record_contradiction(finding, before, work)
            case State.POSTED | State.CLOSED:
                self.verdicts[finding.key] = Settled()
            case State.SENDING | State.UNKNOWN:
                text = f"an earlier send is in doubt, and now: {finding.text}"
                self.verdicts[finding.key] = Pending(text, UNKNOWN_PAUSE_SECONDS)
            case State.REJECTED if before and before.may_be_booked:
                self.verdicts[finding.key] = Parked(before.reason_text)
            case _:
                self._record(finding, before, work)

    def _record(self, finding: Finding, before: Posting | None, work: Work) -> None:
        parked = finding.disposition is Disposition.PARKED
        self.verdicts[finding.key] = Parked(finding.text) if parked else Settled()
        after = posting_states.from_finding(finding, before, work)
        if not _is_recorded(before, after) and self.write(after, work.cause):
            self._metrics.count(metric_names.PARKED if parked else metric_names.NOT_BOOKED)

    def _record_unread(self, finding: Finding, work: Work) -> None:
        """Park a posted subject that could not be read: what hangs on it is not known.

        The document's own posting must stay, so the exception has a key of its own.
        """
        key = unread_key(finding.key)
        self.record_finding(dataclasses.replace(finding, key=key), work)
        self.verdicts[finding.key] = self.verdicts[key]

    def _record_contradiction(self, finding: Finding, posting: Posting, work: Work) -> None:
        """Put a posted document that Stripe no longer calls for as such on the exceptions list."""
        self.verdicts[finding.key] = Settled()
        content = f"{finding.reason}: {finding.text}"
        if posting.drift_digest == content:
            return
        text = f"posted, but now: {finding.text}"
        after = posting_states.drifted(
            posting, work, content, text, planned=would_do(finding, work.subject)
        )
        if self.write(after, work.cause):
            self._metrics.count(metric_names.DRIFT)

    def record_difference(self, document: Document, work: Work) -> None:
        """Put a posted document that Stripe now contradicts on the exceptions list, once."""
        posting = self.postings[document.key]
        if is_renumbered(document, posting):
            reason = Reason.CUSTOMER_RENUMBERED
            text = f"booked as customer {posting.number}, now planned as {number_of(document)}"
            self.verdicts[document.key] = Parked(text)
        else:
            reason = Reason.DRIFT
            said = _amount_text(posting.amount_minor, posting.currency)
            now = _amount_text(*(amount_of(document) or (None, None)))
            text = (
                f"{posting.state} as {said} ({posting.digest[:12] or 'by hand'}), "
                f"now planned as {now} ({digest(document)[:12]})"
            )
            self.verdicts[document.key] = Settled()
        if (posting.reason, posting.reason_text) == (reason, text):
            return
        planned = effects.written(document)
        after = posting_states.drifted(
            posting, work, digest(document), text, reason, planned=planned
        )
        if self.write(after, work.cause):
            self._metrics.count(metric_names.DRIFT)

    def record_agreement(self, document: Document, work: Work) -> None:
        """Take a difference that is no more off the exceptions list."""
        self.verdicts[document.key] = Settled()
        self.write(posting_states.agreed(self.postings[document.key], work), work.cause)

    def remember_failure(self, subject: Subject, work: Work) -> None:
        """Record that a subject's messages fail, so that they do so cheaply when they come again.

        If another worker writes it first, that is as good.
        """
        key = failure_key(str(subject))
        self.write(posting_states.failure(subject, self.postings.get(key), work), work.cause)

    def verdict(self, plan: Plan) -> Verdict:
        """Return what became of a plan as a whole: of what is pending the first, in its order."""
        return worst(self.verdicts[each.key] for each in (*plan.documents, *plan.findings))

    def conclude(self, plan: Plan, work: Work) -> Verdict:
        """Return what became of a subject's plan, and close its reading if all was dealt with.

        Then what earlier plans recorded and this one no longer has is withdrawn, and the state of
        the Stripe object is kept with its document for the poller to compare: never before, or the
        poller would take half of the work for the whole.

        Raises:
            TransientFault: a table could not be used.
        """
        verdict = self.verdict(plan)
        if isinstance(verdict, Pending):
            return verdict
        covered = plan.supersedes if isinstance(verdict, Settled) else ()
        for posting in self._left_over(plan, work, covered):
            after = posting_states.no_longer_planned(posting, work)
            if after is not None and not self.write(after, work.cause):
                return self.verdicts[posting.key]
        own = self.postings.get(plan.subject.key)
        if own is not None and _is_news(plan.source_state, own, work):
            state, created_unix = plan.source_state, plan.source_created_unix
            noted = posting_states.noted(own, work, state, created_unix)
            return verdict if self.write(noted, work.cause) else self.verdicts[own.key]
        return verdict

    def _left_over(self, plan: Plan, work: Work, covered: Iterable[str]) -> Sequence[Posting]:
        """Return what earlier, not later, readings of the subject recorded and this plan has not.

        What the plan covers may have been read at any time: it is covered all the same.
        """
        of_subject = [
            self.postings.get(each.key, each)
            for each in (self._store.of_subject(plan.subject) if plan.tells_all else ())
            if each.key not in plan.keys
            and each.key != failure_key(str(plan.subject))
            and each.read_at_unix < work.read_at_unix
        ]
        # Evidence that a charge pays an invoice agrees with the receipt, and need not go.
        superseded = [
            posting
            for key in covered
            if (posting := self.postings.get(key)) and posting.reason is not Reason.NOTHING_TO_BOOK
        ]
        return [*superseded, *of_subject]


def _is_overtaken(posting: Posting, work: Work) -> bool:
    """Whether what is recorded was read later; what is posted or closed stays anyway."""
    settled = posting.state in {State.POSTED, State.CLOSED}
    return not settled and posting.read_at_unix > work.read_at_unix


def _says_otherwise(posting: Posting, work: Work) -> bool:
    """Whether Stripe, not a newer policy, is what turned a posted document into a finding."""
    same_policy = posting.policy_version == work.policy_version
    return same_policy and not posting.is_customer and work.read_at_unix >= posting.read_at_unix


def _is_news(source_state: str, own: Posting, work: Work) -> bool:
    return source_state not in {"", own.source_state} and work.read_at_unix >= own.read_at_unix


def _amount_text(amount_minor: int | None, currency: str | None) -> str:
    if amount_minor is None or currency is None:
        return "no amount"
    return f"{decimal_from_minor(amount_minor, currency)} {currency.upper()}"


_FINDING_FIELDS = (
    "state",
    "reason",
    "reason_text",
    "amount_minor",
    "currency",
    "waits_for_day",
)


def _is_recorded(before: Posting | None, after: Posting) -> bool:
    """Whether writing would change nothing that anybody asks for.

    A parked posting is written again: the lists tell policy and time of the last attempt.
    """
    if before is None or (after.state is State.PARKED and after.reason not in _PASSES_AS_IT_IS):
        return False
    return all(getattr(before, name) == getattr(after, name) for name in _FINDING_FIELDS)
