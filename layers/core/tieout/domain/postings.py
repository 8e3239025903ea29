"""Postings: the durable record of one document, and the only ways its state may change.

        planned ──> sending ──> posted ──> sending (an amendment)
                       │  ├───> rejected ──> sending (after a person's fix)
                       │  └───> unknown ──> posted (found) or sending (absent, same control id)
                       └──────> planned (refused before it was executed)

`parked` and `not_booked` record what planning did not turn into a document; `closed` is what a
person solved by hand. A posting is written with the version it was read at, so of two workers one
loses before anything is sent, and a worker that outlived its lease cannot overwrite what came after
it.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain import effects
from tieout.domain.causes import NO_CAUSE, Cause
from tieout.domain.documents import (
    Customer,
    Document,
    amount_of,
    digest,
    happened_at_unix_of,
    number_of,
    posting_date_of,
)
from tieout.domain.keys import control_id, customer_of, failure_key, invoice_owed_again
from tieout.domain.plans import Disposition, Finding
from tieout.domain.reasons import DECISIONS, Reason
from tieout.domain.subjects import Subject


class State(StrEnum):
    """States of a posting."""

    PLANNED = "planned"
    SENDING = "sending"
    POSTED = "posted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    PARKED = "parked"
    NOT_BOOKED = "not_booked"
    CLOSED = "closed"


class Worklist(StrEnum):
    """The lists that people read; a posting is on one of them or on none."""

    ATTENTION = "attention"  # a person must look
    IN_FLIGHT = "in_flight"  # a message is due to finish it; if it is old, nobody will
    NOT_BOOKED = "not_booked"  # a movement that the books do not show yet
    ACCEPTED = "accepted"  # the books differ from Stripe, and a person let that stand


@dataclass(frozen=True, slots=True)
class Posting:
    """One document's record.

    Attributes:
        key: the document's key.
        subject: on whose behalf it was first written; a customer is always its own.
        number: the document's natural number in Intacct, once it was sent.
        posting_date: ISO day on which it is dated; of what is no document, the first on which it
            could be. Empty if unknown.
        happened_at_unix: when what was last sent happened in Stripe, where Stripe may forget it.
        waits_for_day: ISO day whose period must be open before it is tried again; empty if it does
            not wait for a period.
        effects: what the content last sent does to accounts (see `domain.effects.written`).
        chosen_by: which rule chose each line of it (see `domain.effects.written_reasons`).
        version: counts the writes of this record; a write names the version it replaces.
        digest: content last sent or about to be sent.
        revision: counts deliberate amendments of a posted document, from 0.
        control_id: the function control id of the last send.
        record_no: Intacct's RECORDNO, once known.
        policy_version: under which policy the content was planned.
        lease_expires_at_unix: until when a `sending` posting belongs to the worker that wrote it.
        message_id: the queue message that last worked on it.
        adopted: the record existed in Intacct before us, and Intacct showed it; or it is not quite
            what was expected, and a person insists on it.
        in_doubt: a send of it once got no answer. Until Intacct shows the document, nothing is sent
            without a look-up, and never under another control id.
        planned_effects: what was planned last and not sent would do to accounts, as far as that is
            known: of what differs from what is posted, and of what is no document.
        drift_digest: the content that Stripe called for when it was last found to differ from what
            is posted; with no reason `drift`, a person has accepted the difference. With the reason
            `record_no_differs`, the record that differs.
        decision: what persons decided about it, one line each: why, who, when and what it was then.
            Nothing else changes it.
        source_state: see `domain.plans.Plan`; only on the subject's own document, and only once
            everything that the subject called for in that state was dealt with.
        source_created_unix: see `domain.plans.Plan`; there when `source_state` is.
        read_at_unix: when Stripe was read for what the posting says.
        trigger: what led to the last change: an event id, `poll` or a message id.
    """

    key: str
    subject: Subject
    state: State
    version: int = 0
    document_type: str = ""
    number: str = ""
    posting_date: str = ""
    happened_at_unix: int = 0
    waits_for_day: str = ""
    effects: str = ""
    chosen_by: str = ""
    digest: str = ""
    revision: int = 0
    control_id: str = ""
    record_no: str | None = None
    policy_version: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    reason: Reason | None = None
    reason_text: str = ""
    attempts: int = 0
    lease_expires_at_unix: int = 0
    message_id: str = ""
    trigger: str = ""
    adopted: bool = False
    in_doubt: bool = False
    planned_effects: str = ""
    drift_digest: str = ""
    decision: str = ""
    source_state: str = ""
    source_created_unix: int = 0
    read_at_unix: int = 0
    created_at_unix: int = 0
    updated_at_unix: int = 0

    @property
    def worklist(self) -> Worklist | None:
        """Which list shows the posting."""
        if self.state in _ATTENTION_STATES or self.reason in _ATTENTION_REASONS:
            return Worklist.ATTENTION
        if self.state in _IN_FLIGHT_STATES:
            return Worklist.IN_FLIGHT
        if self.state is State.NOT_BOOKED and self.reason not in _NOTHING_OWED:
            return Worklist.NOT_BOOKED
        return Worklist.ACCEPTED if self.is_accepted or self.lets_invoice_stand else None

    @property
    def needs_attention(self) -> bool:
        """Whether a person must look at it."""
        return self.worklist is Worklist.ATTENTION

    @property
    def is_customer(self) -> bool:
        """Whether it is of a customer, which stands for more than one subject."""
        return self.document_type == Customer.__name__

    @property
    def may_be_booked(self) -> bool:
        """Whether Intacct has, or may have, the content that was last sent.

        What it refused is not: a new policy may be what makes it pass.
        """
        if self.state in {State.POSTED, State.SENDING, State.UNKNOWN}:
            return True
        found_something = self.reason in {Reason.NUMBER_TAKEN, Reason.RECORDED_BUT_NOT_FOUND}
        return self.in_doubt and (self.state is State.PLANNED or found_something)

    @property
    def keeps_its_policy(self) -> bool:
        """Whether it stays as the policy wanted that it was planned under.

        What may be booked does, and the decision that something is booked elsewhere, or nowhere:
        under another policy it would be booked twice.
        """
        if self.is_customer:
            return False
        is_decided = self.state is State.NOT_BOOKED and self.reason in DECISIONS
        return is_decided or self.may_be_booked

    @property
    def differs(self) -> bool:
        """Whether what is posted or closed was found to differ from what Stripe calls for."""
        return self.reason in _DIFFERENCES

    @property
    def is_accepted(self) -> bool:
        """Whether what is posted differs from what Stripe calls for, and a person let it stand."""
        return self.state is State.POSTED and self.drift_digest != "" and not self.differs

    @property
    def may_be_corrected(self) -> bool:
        """Whether a person let a difference stand, and may have entered its correction by hand.

        It may be so though Stripe has changed since, until a person closes it once it is as Stripe
        calls for it.
        """
        if self.state is not State.POSTED or self.is_customer:
            return False
        had_difference = _WAS_DIFFERENT in self.decision or self.decision == ERASED
        is_settled = self.decision.endswith(_AS_CALLED_FOR)
        return self.is_accepted or (had_difference and not is_settled)

    @property
    def lets_invoice_stand(self) -> bool:
        """Whether by it a person let an invoice stand that is open in the books alone."""
        return self.state is State.CLOSED and invoice_owed_again(self.key) is not None

    @property
    def names_unseen_record(self) -> bool:
        """Whether a person named a record for it that was not yet looked at in Intacct."""
        return self.state is State.CLOSED and self.record_no is not None and not self.adopted

    @property
    def is_open_invoice(self) -> bool:
        """Whether it is an AR invoice that our books show as open."""
        booked = self.state is State.POSTED and self.document_type == "ArInvoice"
        return booked and self.source_state.startswith("open:")


_ATTENTION_STATES = frozenset({State.REJECTED, State.UNKNOWN, State.PARKED})
_IN_FLIGHT_STATES = frozenset({State.PLANNED, State.SENDING})
# How lines of decisions end.
_WAS_DIFFERENT = f"; it was {State.POSTED} ("
_AS_CALLED_FOR = f"; it was {State.POSTED} as Stripe calls for it"
_DIFFERENCES = frozenset({Reason.DRIFT, Reason.CUSTOMER_RENUMBERED})
_ATTENTION_REASONS = _DIFFERENCES | {Reason.RECORD_NO_DIFFERS}
_NOTHING_OWED = frozenset(
    {
        Reason.NOTHING_TO_BOOK,
        Reason.WAITS_FOR_STRIPE,
        Reason.WITHDRAWN,
        Reason.BEFORE_BOOKS,
        Reason.IN_DAILY_SUMMARY,
        Reason.IGNORED_BY_POLICY,
    }
)


@dataclass(frozen=True, slots=True)
class Work:
    """Who is changing postings, when and why; stamped on every change.

    Attributes:
        now_unix: when the work began.
        read_at_unix: when Stripe was read; what was read later is newer.
        lease_seconds: how long a send may take before others may ask what became of it.
        cause: what led to it, for the audit trail.
    """

    subject: Subject
    policy_version: str
    message_id: str
    trigger: str
    now_unix: int
    read_at_unix: int
    lease_seconds: int
    cause: Cause = NO_CAUSE


def begin_sending(
    document: Document, posting: Posting | None, work: Work, *, amend: bool
) -> Posting:
    """Return the record to write *before* the document is sent.

    While the outcome of a first send is unknown its control id stays, whatever the content: Intacct
    must be able to recognise the earlier send. Only an amendment gets a new revision, one for each
    new content.
    """
    base = posting or _first(document.key, work)
    sent = described(_stamped(base, work), document)
    revision = base.revision + 1 if amend and sent.digest != base.digest else base.revision
    in_doubt = base.in_doubt or base.state in {State.UNKNOWN, State.SENDING}
    same_send = in_doubt and not amend and base.control_id != ""
    return dataclasses.replace(
        sent,
        state=State.SENDING,
        revision=revision,
        control_id=base.control_id if same_send else control_id(sent.key, revision, sent.digest),
        reason=None,
        reason_text="",
        attempts=base.attempts + 1,
        in_doubt=in_doubt,
        lease_expires_at_unix=work.now_unix + work.lease_seconds,
    )


def described(posting: Posting, document: Document) -> Posting:
    """Return the record saying what the document says; it is yet to be written."""
    amount_minor, currency = amount_of(document) or (None, None)
    day = posting_date_of(document)
    return dataclasses.replace(
        posting,
        document_type=type(document).__name__,
        number=number_of(document),
        posting_date=day.isoformat() if day else "",
        happened_at_unix=happened_at_unix_of(document),
        waits_for_day="",
        effects=effects.written(document),
        planned_effects="",
        chosen_by=effects.written_reasons(document),
        digest=digest(document),
        amount_minor=amount_minor,
        currency=currency,
    )


def posted(posting: Posting, work: Work, record_no: str, *, adopted: bool = False) -> Posting:
    """Return the record of a document that Intacct has.

    The policy version stays the one that it was sent under, though it may be found under another.
    """
    return dataclasses.replace(
        _stamped(posting, work),
        policy_version=posting.policy_version,
        state=State.POSTED,
        record_no=record_no,
        adopted=adopted or posting.adopted,
        in_doubt=False,
        reason=None,
        reason_text="",
        lease_expires_at_unix=0,
    )


def rejected(
    posting: Posting, work: Work, reason: Reason, text: str, *, in_doubt: bool = False
) -> Posting:
    """Return the record of a document that Intacct refused, if need be with a doubt that it did."""
    return dataclasses.replace(
        _stamped(posting, work),
        state=State.REJECTED,
        reason=reason,
        reason_text=text,
        in_doubt=in_doubt or posting.in_doubt,
        lease_expires_at_unix=0,
    )


def unknown(posting: Posting, work: Work, text: str) -> Posting:
    """Return the record of a send whose answer never came."""
    return dataclasses.replace(
        _stamped(posting, work),
        state=State.UNKNOWN,
        in_doubt=True,
        reason_text=text,
        lease_expires_at_unix=0,
    )


def not_executed(posting: Posting, work: Work, text: str) -> Posting:
    """Return the record of a send that was refused before anything was executed."""
    return dataclasses.replace(
        _stamped(posting, work), state=State.PLANNED, reason_text=text, lease_expires_at_unix=0
    )


def noted(posting: Posting, work: Work, source_state: str, source_created_unix: int) -> Posting:
    """Return the record with the Stripe object's new state; the document itself is as it was.

    The policy version stays the one that the document was planned under.
    """
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        source_state=source_state,
        source_created_unix=source_created_unix,
        read_at_unix=work.read_at_unix,
        updated_at_unix=work.now_unix,
    )


def drifted(
    posting: Posting,
    work: Work,
    content: str,
    text: str,
    reason: Reason = Reason.DRIFT,
    *,
    planned: str = "",
) -> Posting:
    """Return the record of a posted document that Stripe no longer agrees with.

    The policy version stays the one that the document was planned under.

    Args:
        posting: what is posted, or was closed by a person.
        work: who found out.
        content: digest of what Stripe calls for now; `NO_LONGER_PLANNED` if for nothing.
        text: what differs, for the controller.
        reason: which difference it is.
        planned: what that content does to accounts, as far as it is known.
    """
    after = dataclasses.replace(
        _stamped(posting, work),
        reason=reason,
        reason_text=text,
        drift_digest=content,
        planned_effects=planned,
    )
    return dataclasses.replace(after, policy_version=posting.policy_version)


def agreed(posting: Posting, work: Work) -> Posting:
    """Return the record of a posted document that Stripe agrees with again."""
    after = dataclasses.replace(
        _stamped(posting, work), reason=None, reason_text="", drift_digest="", planned_effects=""
    )
    return dataclasses.replace(after, policy_version=posting.policy_version)


NO_LONGER_PLANNED = "-"


def no_longer_planned(posting: Posting, work: Work) -> Posting | None:
    """Return what becomes of a posting that the newest plan of its subject does not have.

    What was only recorded is withdrawn. What is posted stays posted, as a difference that a person
    must look at. What is in doubt stays on its list until it is looked up, and a customer is left
    alone: it stands for more than one subject. What a person decided stands, but for an invoice
    that nobody asks for any more. None if there is nothing to change.
    """
    undecided = posting.in_doubt or posting.state in {State.SENDING, State.UNKNOWN}
    decided = posting.state is State.CLOSED and not posting.lets_invoice_stand
    if undecided or decided or posting.is_customer or posting.reason is Reason.WITHDRAWN:
        return None
    if posting.record_no is not None and not posting.lets_invoice_stand:
        if posting.drift_digest == NO_LONGER_PLANNED:
            return None
        return drifted(posting, work, NO_LONGER_PLANNED, "posted, but Stripe calls for it no more")
    return dataclasses.replace(
        _stamped(posting, work),
        state=State.NOT_BOOKED,
        amount_minor=None,
        currency=None,
        reason=Reason.WITHDRAWN,
        reason_text=f"it was {posting.state}: {posting.reason_text}",
    )


def closed(
    posting: Posting, now_unix: int, who: str, note: str, record_no: str | None = None
) -> Posting:
    """Return the record of something that a person solved by hand: it is never sent any more.

    A posted document that differs from what Stripe calls for stays posted; the difference is
    accepted, and only another one is reported again. So is a posted customer whose change Intacct
    refused: the next change is sent.

    What is posted as Stripe calls for it again, after a difference was accepted, is closed to say
    that nothing else stands in the books for it.

    A record is believed once Intacct has shown it, or when it is named again after it was found to
    differ: an opening balance may be over less than Stripe's invoice.

    Args:
        posting: what is on a list.
        now_unix: when it was solved.
        who: who says so.
        note: how it was solved.
        record_no: RECORDNO of the record that was made by hand, so that what depends on it can be
            booked.
    """
    keeps_state = posting.record_no is not None and posting.state is not State.CLOSED
    as_called_for = posting.state is State.POSTED and posting.drift_digest == ""
    why = _AS_CALLED_FOR if as_called_for else f"; it was {posting.state}{_why(posting)}"
    insists = record_no is not None and posting.drift_digest == _differing(record_no)
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        state=State.POSTED if keeps_state else State.CLOSED,
        record_no=record_no or posting.record_no,
        adopted=posting.adopted if record_no is None else insists,
        reason=None,
        reason_text=note,
        decision=_with_line(posting.decision, f"{note}{why}"),
        trigger=who,
        in_doubt=False,
        lease_expires_at_unix=0,
        updated_at_unix=now_unix,
    )


def confirmed(posting: Posting, now_unix: int) -> Posting:
    """Return the record of something solved by hand whose record Intacct showed."""
    return dataclasses.replace(
        posting, version=posting.version + 1, adopted=True, updated_at_unix=now_unix
    )


def record_differs(posting: Posting, now_unix: int, text: str, *, exists: bool) -> Posting:
    """Return the record of something solved by hand whose record is another's, or nobody's.

    It stays closed, so it is never sent beside what was made by hand; but it names no record any
    more, so what depends on it waits.

    Args:
        posting: what was closed.
        now_unix: when Intacct was asked.
        text: what Intacct shows and what was expected, for the controller.
        exists: whether there is such a record at all; only then can a person insist on it.
    """
    assert posting.record_no is not None
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        record_no=None,
        reason=Reason.RECORD_NO_DIFFERS,
        reason_text=text,
        drift_digest=_differing(posting.record_no) if exists else "",
        updated_at_unix=now_unix,
    )


def _differing(record_no: str) -> str:
    return f"record {record_no}"


def reopened(posting: Posting, now_unix: int, who: str, note: str) -> Posting:
    """Return the record of something that was closed by mistake: the next plan decides anew.

    It counts as in doubt, so that what was made by hand meanwhile is looked up before a send.
    """
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        state=State.PLANNED,
        record_no=None,
        adopted=False,
        reason=None,
        reason_text="",
        drift_digest="",
        decision=_with_line(posting.decision, note),
        trigger=who,
        in_doubt=True,
        updated_at_unix=now_unix,
    )


# What takes the place of a text that had to be forgotten.
ERASED = "erased on request"


def tells(posting: Posting) -> bool:
    """Whether the record has texts that may name somebody."""
    return not {posting.reason_text, posting.decision} <= {"", ERASED}


def forgotten(posting: Posting, now_unix: int, who: str) -> Posting:
    """Return the record without the texts that persons or Intacct wrote; all else is as it was."""
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        reason_text=ERASED if posting.reason_text else "",
        decision=ERASED if posting.decision else "",
        trigger=who,
        updated_at_unix=now_unix,
    )


def failure(subject: Subject, before: Posting | None, work: Work) -> Posting:
    """Return the record that a message of the subject failed; it is on no list.

    What is parked has postings of its own. This one tells later deliveries of older messages that
    there is nothing new to find.
    """
    base = before or Posting(
        failure_key(str(subject)), subject, State.NOT_BOOKED, created_at_unix=work.now_unix
    )
    return dataclasses.replace(
        _stamped(base, work),
        state=State.NOT_BOOKED,
        reason=Reason.NOTHING_TO_BOOK,
        reason_text="when a message failed, something of the subject was parked",
    )


def from_finding(finding: Finding, posting: Posting | None, work: Work) -> Posting:
    """Return the record of something that planning did not turn into a document."""
    base = posting or _first(finding.key, work)
    parked = finding.disposition is Disposition.PARKED
    return dataclasses.replace(
        _stamped(base, work),
        state=State.PARKED if parked else State.NOT_BOOKED,
        posting_date=finding.day.isoformat() if finding.day else "",
        waits_for_day=finding.waits_for_day.isoformat() if finding.waits_for_day else "",
        amount_minor=finding.amount_minor,
        currency=finding.currency,
        planned_effects=finding.effects,
        reason=finding.reason,
        reason_text=finding.text,
    )


def _why(posting: Posting) -> str:
    reason = "" if posting.reason is None else f" ({posting.reason}: {posting.reason_text})"
    return " ".join(reason.split("\n"))


def _with_line(text: str, line: str) -> str:
    return f"{text}\n{line}" if text else line


def _first(key: str, work: Work) -> Posting:
    """Return a posting that was never written.

    A customer comes up with every invoice, but must not depend on the first of them.
    """
    customer = customer_of(key)
    subject = work.subject
    if customer is not None:
        subject = dataclasses.replace(customer, account=work.subject.account)
    return Posting(key, subject, State.PLANNED, created_at_unix=work.now_unix)


def _stamped(posting: Posting, work: Work) -> Posting:
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        policy_version=work.policy_version,
        message_id=work.message_id,
        trigger=work.trigger,
        read_at_unix=work.read_at_unix,
        updated_at_unix=work.now_unix,
    )
