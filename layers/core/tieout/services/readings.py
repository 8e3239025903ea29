"""Readings: what Stripe says of a subject now, and what that calls for.

Whatever happens to one subject stays with it: what cannot be read or planned is a plan of its own,
that only says so.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArAdjustment, JournalEntry, amount_of, dependencies
from tieout.domain.errors import ConfigurationFault, Refused, TransientFault
from tieout.domain.keys import (
    excess_key,
    invoice_key,
    receipt_key,
    sale_key,
    sales_summary_key,
    unread_key,
    write_off_key,
)
from tieout.domain.plans import Disposition, Finding, Plan
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.sale_decisions import IN_THE_DAY, SaleDecision, planned, recorded
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import (
    NOTHING_BOOKED,
    NOTHING_DECIDED,
    BookedUnder,
    Decided,
    parts,
    plan,
)
from tieout.planning.remembered import keys_to_remember, remembering
from tieout.planning.sale_lines import source_id
from tieout.planning.sales import is_sale, sale_keys, sales_journal_keys
from tieout.planning.snapshots import (
    ActivitySnapshot,
    ChargeSnapshot,
    CreditNoteSnapshot,
    RefundSnapshot,
    Snapshot,
)
from tieout.services import metric_names
from tieout.services.ahead import Ahead
from tieout.services.days import read_day
from tieout.services.ports import Clock, Metrics, PolicySource, StripeReader
from tieout.services.verdicts import Pending

# Stripe failed a subject so often (some five minutes) that the exceptions list should name it.
UNREAD_DELIVERIES_MAX = 6
# An error nobody foresaw is parked after this many deliveries, so that it reaches the dead-letter
# queue with a record instead of a mere count.
UNEXPECTED_DELIVERIES_MAX = 3
# For how long a charge without an invoice may get one.
SETTLING_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Part:
    """A plan and the snapshot it was made of.

    Attributes:
        snapshot: None if Stripe did not tell all, and the plan only records that.
    """

    plan: Plan
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a subject came to.

    Attributes:
        parts: of the subject and of what was read with it, what others hang on first.
        read_at_unix: when Stripe was asked.
        answer: for the messages, whatever becomes of the plans; None if those decide.
        leads_to: subjects that must be read too.
    """

    parts: Sequence[Part]
    read_at_unix: int
    answer: Pending | None = None
    leads_to: Sequence[Subject] = ()


class Readings:
    """Reads subjects and plans them."""

    def __init__(
        self,
        stripe: StripeReader,
        policies: PolicySource,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._stripe = stripe
        self._policies = policies
        self._clock = clock
        self._metrics = metrics
        self._reads_counted = stripe.reads

    def read(
        self, subject: Subject, policy: Policy, deliveries: int, ahead: Ahead | None = None
    ) -> Reading:
        """Read and plan a subject; if it cannot be read now, say so and what to answer.

        Args:
            subject: what to read.
            policy: today's.
            deliveries: how often the messages that ask for it have come.
            ahead: what is being read already.
        """
        known = ahead.take(subject) if ahead is not None else None
        read_at_unix, begun = known or (self._clock.now_unix(), None)
        try:
            snapshot = begun.result() if begun else self._snapshot(subject, policy, read_at_unix)
            settling = _settling(snapshot, read_at_unix)
            if settling is not None:
                return Reading([], read_at_unix, settling)
            made = [Part(plan(each, of, policy), of) for each, of in parts(subject, snapshot)]
        except Refused as refusal:
            parked = _parked(subject.key, subject, policy, refusal.reason, refusal.text)
            return Reading([parked], read_at_unix)
        except TransientFault as fault:
            answer = Pending(str(fault), fault.retry_after_seconds or 0)
            unread = _unread(subject, policy, Reason.NOT_READ, str(fault))
            listed = [unread] if deliveries >= UNREAD_DELIVERIES_MAX else []
            return Reading(listed, read_at_unix, answer)
        except ConfigurationFault as fault:
            # A key that lacks one permission must not stop what it may read.
            self._metrics.count(metric_names.SESSION_FAILED)
            unread = _unread(subject, policy, fault.reason, fault.text)
            return Reading([unread], read_at_unix, Pending(str(fault), waits_for_person=True))
        except Exception as error:  # noqa: BLE001 - one object must not stop its whole batch
            self._metrics.count(metric_names.UNEXPECTED_ERROR)
            text = f"{type(error).__name__} while planning {subject}"
            if deliveries < UNEXPECTED_DELIVERIES_MAX:
                return Reading([], read_at_unix, Pending(text))
            parked = _parked(subject.key, subject, policy, Reason.UNEXPECTED_ERROR, text)
            return Reading([parked], read_at_unix)
        finally:
            self._count_reads()
        if not isinstance(snapshot, ChargeSnapshot):
            return Reading(made, read_at_unix)
        # The invoices that a charge paid: their own subjects book the payment.
        return Reading(
            made,
            read_at_unix,
            leads_to=[
                Subject(SubjectKind.INVOICE, each, subject.account) for each in snapshot.invoices
            ],
        )

    def _count_reads(self) -> None:
        reads = self._stripe.reads
        self._metrics.count(metric_names.STRIPE_READS, reads - self._reads_counted)
        self._reads_counted = reads

    def _snapshot(self, subject: Subject, policy: Policy, now_unix: int) -> Snapshot:
        if subject.kind is SubjectKind.ACTIVITY:
            return read_day(self._stripe, subject, policy, now_unix)
        return self._stripe.snapshot(subject)

    def as_booked(
        self,
        part: Part,
        policy: Policy,
        postings: Mapping[str, Posting],
        decided: Decided = NOTHING_DECIDED,
    ) -> Part:
        """Plan again what keeps the policy that it was planned under, or hangs on what does.

        A customer has no part in it: it is brought up to today's policy. A day always has: which of
        its charges it books, their postings say.

        Args:
            part: planned under today's policy.
            policy: today's.
            postings: those of the plan and of what it depends on, by key.
            decided: by key, sales that are being decided now; their postings do not say so yet.

        Raises:
            TransientFault: a policy could not be read.
        """
        if part.snapshot is None:
            return part
        snapshot = remembering(part.snapshot, postings)
        if _comes_too_late(part, policy, postings):
            policy = policy.in_month("")
            part = self._planned(part, snapshot, policy)
        elif snapshot != part.snapshot:
            part = self._planned(part, snapshot, policy)
        if part.snapshot is None:
            return part
        subject, modes = part.plan.subject, _modes(part.snapshot, postings, decided)
        hung_on = _hung_on(part)
        if isinstance(part.snapshot, ActivitySnapshot):
            # It has no part in the sales that have documents of their own.
            hung_on = frozenset(modes)
        versions = dict.fromkeys(modes, policy.version) | {
            key: posting.policy_version
            for key in part.plan.keys | hung_on | _journals(part)
            if (posting := postings.get(key)) and posting.keeps_its_policy
        }
        is_planned_so = all(planned(key, part.plan) == mode for key, mode in modes.items())
        if set(versions.values()) <= {policy.version} and is_planned_so:
            return part
        # Today's is among them: what is planned as of before must still be taken back as of today.
        older = {version: self._policies.of(version) for version in set(versions.values())}
        older[policy.version] = policy
        unreadable = {key for key in versions if not older[versions[key]]}
        if gone := sorted(key for key in unreadable if not postings[key].may_be_booked):
            lost_text = f"{gone[0]} was decided under policy {versions[gone[0]]}"
            text = f"{lost_text}, which cannot be read now"
            return _unread(subject, policy, Reason.POLICY_INVALID, text)
        lost = {versions[key] for key in hung_on & unreadable}
        if lost:
            again = self._planned(part, part.snapshot, policy, decided=modes) if modes else part
            return _without_origin(again, postings, lost)
        booked_under = {key: found for key in versions if (found := older[versions[key]])}
        if not booked_under and not modes:
            return part
        return self._planned(part, part.snapshot, policy, booked_under, modes)

    def _planned(
        self,
        part: Part,
        snapshot: Snapshot,
        policy: Policy,
        booked_under: BookedUnder = NOTHING_BOOKED,
        decided: Decided = NOTHING_DECIDED,
    ) -> Part:
        subject = part.plan.subject
        try:
            return Part(plan(subject, snapshot, policy, booked_under, decided), snapshot)
        except Exception as error:  # noqa: BLE001 - one object must not stop its whole batch
            self._metrics.count(metric_names.UNEXPECTED_ERROR)
            text = f"{type(error).__name__} while planning {subject} as it is booked"
            return _parked(subject.key, subject, policy, Reason.UNEXPECTED_ERROR, text)


def decided_by(part: Part) -> Decided:
    """Return the sales that a plan decides, whether their postings say so yet or not."""
    modes = {key: planned(key, part.plan) for key in _sales(part.snapshot)}
    return {key: mode for key, mode in modes.items() if mode is not None}


def _modes(
    snapshot: Snapshot, postings: Mapping[str, Posting], decided: Decided
) -> dict[str, SaleDecision]:
    """Return how sales are booked that are decided; of a day, those that its journals sum up."""
    modes: dict[str, SaleDecision] = {}
    for key in _sales(snapshot):
        posting = postings.get(key)
        mode = (posting and recorded(posting)) or decided.get(key)
        if mode is not None:
            modes[key] = mode
    if isinstance(snapshot, ActivitySnapshot):
        return {key: IN_THE_DAY for key, mode in modes.items() if mode.mode == IN_THE_DAY.mode}
    return modes


def _comes_too_late(part: Part, policy: Policy, postings: Mapping[str, Posting]) -> bool:
    """Whether the journal that would sum a sale up above the budget is in the books already.

    A journal that is posted is never changed: a sale more would be a difference for a person to
    look at, only to save a transaction. So such a sale is booked in detail.
    """
    journal = postings.get(_summary_key(part, policy) or "")
    return journal is not None and (journal.may_be_booked or journal.state is State.CLOSED)


def _summary_key(part: Part, policy: Policy) -> str | None:
    """Return the key of the journal that sums the sale of a part up above the budget, if it is."""
    snapshot = part.snapshot
    sale = snapshot.sale if isinstance(snapshot, RefundSnapshot) else snapshot
    if not policy.budget_reached or not isinstance(sale, ChargeSnapshot) or sale.movement is None:
        return None
    day = accounting_date(sale.movement.created_unix, policy.zone)
    return sales_summary_key(day, sale.currency, part.plan.subject.account)


def _sales(snapshot: Snapshot | None) -> frozenset[str]:
    match snapshot:
        case ChargeSnapshot():
            return frozenset({sale_key(source_id(snapshot))})
        case RefundSnapshot(sale=ChargeSnapshot() as sale):
            return frozenset({sale_key(source_id(sale))})
        case ActivitySnapshot():
            return sale_keys(snapshot)
        case _:
            return frozenset()


def origins(part: Part, policy: Policy) -> frozenset[str]:
    """Return the keys of whatever a plan must be made again with, planned today or not.

    Args:
        part: planned under today's policy.
        policy: today's.
    """
    keys = _hung_on(part) | keys_to_remember(part.snapshot) | _journals(part)
    return keys | {key for key in [_summary_key(part, policy)] if key is not None}


def _journals(part: Part) -> frozenset[str]:
    """Return the keys of a day's journals that no plan has before the sales in them are decided."""
    if not isinstance(part.snapshot, ActivitySnapshot):
        return frozenset()
    return sales_journal_keys(part.snapshot, part.plan.subject.account)


def _hung_on(part: Part) -> frozenset[str]:
    """Return the keys of what a plan takes back or books together, planned today or not."""
    keys = {key for each in part.plan.documents for key in dependencies(each)}
    match part.snapshot:
        case RefundSnapshot():
            keys.update(invoice_key(each.id) for each in part.snapshot.invoices)
            payments = (pay for each in part.snapshot.invoices for pay in each.payments)
            keys.update(excess_key(receipt_key(each.id)) for each in payments)
            keys |= _sales(part.snapshot)
        case ChargeSnapshot():
            keys.update(invoice_key(each.id) for each in part.snapshot.paid_invoices)
        case CreditNoteSnapshot():
            keys.add(invoice_key(part.snapshot.invoice.id))
            keys.add(write_off_key(part.snapshot.invoice.id))
        case ActivitySnapshot():
            keys |= _sales(part.snapshot)
    return frozenset(keys)


def _settling(snapshot: Snapshot, read_at_unix: int) -> Pending | None:
    """Return that a charge is too young to be told from a sale; None if it is not.

    Stripe may show the InvoicePayment that names a charge's invoice after the charge itself.
    """
    charge = snapshot.sale if isinstance(snapshot, RefundSnapshot) else snapshot
    if not isinstance(charge, ChargeSnapshot) or not is_sale(charge):
        return None
    rest_seconds = charge.created_unix + SETTLING_SECONDS - read_at_unix
    if rest_seconds <= 0:
        return None
    return Pending(f"charge {charge.id} may still come to pay an invoice", rest_seconds)


def _without_origin(part: Part, postings: Mapping[str, Posting], versions: set[str]) -> Part:
    """Park what would take something back from accounts that nobody can tell any more."""
    text = f"what it takes back was booked under policy {min(versions)}, which cannot be read now"
    kept, findings = [], list(part.plan.findings)
    for each in part.plan.documents:
        posting = postings.get(each.key)
        is_booked = posting is not None and posting.may_be_booked
        if is_booked or not isinstance(each, JournalEntry | ArAdjustment):
            kept.append(each)
            continue
        amount = amount_of(each) or (None, None)
        findings.append(Finding(each.key, Disposition.PARKED, Reason.POLICY_INVALID, text, *amount))
    made = dataclasses.replace(part.plan, documents=tuple(kept), findings=tuple(findings))
    return dataclasses.replace(part, plan=made)


def _unread(subject: Subject, policy: Policy, reason: Reason, text: str) -> Part:
    return _parked(unread_key(str(subject)), subject, policy, reason, text)


def _parked(key: str, subject: Subject, policy: Policy, reason: Reason, text: str) -> Part:
    finding = Finding(key, Disposition.PARKED, reason, text)
    return Part(Plan(subject, (), (finding,), policy.version), None)
