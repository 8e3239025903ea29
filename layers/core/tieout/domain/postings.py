"""Postings: the durable record of one document, and the only ways its state may change.

        planned ──> sending ──> posted ──> sending (an amendment)
                       │  ├───> rejected ──> sending (after a person's fix)
                       │  └───> unknown ──> posted (found) or sending (absent, same control id)
                       └──────> planned (refused before it was executed)

`parked` and `not_booked` record what planning did not turn into a document. A posting is written
with the version it was read at, so of two workers one loses before anything is sent, and a worker
that outlived its lease cannot overwrite what came after it.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.documents import Customer, Document, amount_of, digest
from tieout.domain.keys import control_id
from tieout.domain.plans import Disposition, Finding
from tieout.domain.reasons import Reason
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


@dataclass(frozen=True, slots=True)
class Posting:
    """One document's record.

    Attributes:
        key: the document's key.
        version: counts the writes of this record; a write names the version it replaces.
        digest: content last sent or about to be sent.
        revision: counts deliberate amendments of a posted document, from 0.
        control_id: the function control id of the last send.
        record_no: Intacct's RECORDNO, once known.
        policy_version: under which policy the content was planned.
        lease_expires_at_unix: until when a `sending` posting belongs to the worker that wrote it.
        message_id: the queue message that last worked on it.
        adopted: the record existed in Intacct before us.
        in_doubt: a send of it once got no answer. Until Intacct shows the document, nothing is sent
            without a look-up, and never under another control id.
        source_state: see `domain.plans.Plan`; only on the subject's own document.
        read_at_unix: when Stripe was read for what the posting says.
        trigger: what led to the last change: an event id, `poll` or a message id.
    """

    key: str
    subject: Subject
    state: State
    version: int = 0
    document_type: str = ""
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
    source_state: str = ""
    read_at_unix: int = 0
    created_at_unix: int = 0
    updated_at_unix: int = 0

    @property
    def needs_attention(self) -> bool:
        """Whether the posting belongs on the exceptions list."""
        return self.state in _ATTENTION_STATES or self.reason is Reason.DRIFT


_ATTENTION_STATES = frozenset({State.REJECTED, State.UNKNOWN, State.PARKED})


class Step(StrEnum):
    """What to do next about one planned document."""

    NOTHING = "nothing"
    SEND = "send"
    AMEND = "amend"
    LOOK_UP = "look_up"  # an earlier send's outcome is unknown
    WAIT = "wait"  # another worker is sending it right now
    DRIFT = "drift"  # posted, but Stripe now says something else


def next_step(document: Document, posting: Posting | None, work: "Work", now_unix: int) -> Step:
    """Compare a planned document with its posting.

    A posted document whose content differs only because the policy changed since stays as it was
    posted: a new policy speaks about the future.
    """
    if posting is None:
        return Step.SEND
    match posting.state:
        case State.PLANNED | State.REJECTED | State.PARKED | State.NOT_BOOKED:
            # A record number means that an amendment failed, not the first posting.
            if posting.record_no is not None:
                return Step.AMEND
            return Step.LOOK_UP if posting.in_doubt else Step.SEND
        case State.SENDING if posting.lease_expires_at_unix > now_unix:
            return Step.WAIT
        case State.UNKNOWN | State.SENDING:
            # An amendment overwrites, so sending it again is safe and needs no look-up.
            return Step.LOOK_UP if posting.record_no is None else Step.AMEND
        case State.POSTED:
            return _step_when_posted(document, posting, work)


def _step_when_posted(document: Document, posting: Posting, work: "Work") -> Step:
    overtaken = posting.read_at_unix > work.read_at_unix
    if overtaken or posting.digest == digest(document):
        return Step.NOTHING
    if isinstance(document, Customer):
        kept = document.amend == "never" or (document.amend == "if_created" and posting.adopted)
        return Step.NOTHING if kept else Step.AMEND
    same_money = amount_of(document) == (posting.amount_minor, posting.currency)
    if same_money and posting.policy_version != work.policy_version:
        return Step.NOTHING
    return Step.DRIFT


@dataclass(frozen=True, slots=True)
class Work:
    """Who is changing postings, when and why; stamped on every change.

    Attributes:
        now_unix: when the work began.
        read_at_unix: when Stripe was read; what was read later is newer.
        lease_seconds: how long a send may take before others may ask what became of it.
    """

    subject: Subject
    policy_version: str
    message_id: str
    trigger: str
    now_unix: int
    read_at_unix: int
    lease_seconds: int
    source_state: str = ""


def begin_sending(
    document: Document, posting: Posting | None, work: Work, *, amend: bool
) -> Posting:
    """Return the record to write *before* the document is sent.

    While the outcome of a first send is unknown its control id stays, whatever the content: Intacct
    must be able to recognise the earlier send. Only an amendment gets a new revision, one for each
    new content.
    """
    base = posting or Posting(
        document.key, work.subject, State.PLANNED, created_at_unix=work.now_unix
    )
    content = digest(document)
    revision = base.revision + 1 if amend and content != base.digest else base.revision
    in_doubt = base.in_doubt or base.state in {State.UNKNOWN, State.SENDING}
    same_send = in_doubt and not amend
    amount = amount_of(document)
    return dataclasses.replace(
        _stamped(base, work),
        state=State.SENDING,
        document_type=type(document).__name__,
        digest=content,
        revision=revision,
        control_id=base.control_id if same_send else control_id(document.key, revision, content),
        amount_minor=amount[0] if amount else None,
        currency=amount[1] if amount else None,
        reason=None,
        reason_text="",
        attempts=base.attempts + 1,
        in_doubt=in_doubt,
        lease_expires_at_unix=work.now_unix + work.lease_seconds,
    )


def posted(posting: Posting, work: Work, record_no: str, *, adopted: bool = False) -> Posting:
    """Return the record of a document that Intacct has."""
    return dataclasses.replace(
        _stamped(posting, work),
        state=State.POSTED,
        record_no=record_no,
        adopted=adopted or posting.adopted,
        in_doubt=False,
        reason=None,
        reason_text="",
        lease_expires_at_unix=0,
    )


def rejected(posting: Posting, work: Work, reason: Reason, text: str) -> Posting:
    """Return the record of a document that Intacct refused."""
    return dataclasses.replace(
        _stamped(posting, work),
        state=State.REJECTED,
        reason=reason,
        reason_text=text,
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


def not_executed(posting: Posting, work: Work) -> Posting:
    """Return the record of a send that was refused before anything was executed."""
    return dataclasses.replace(
        _stamped(posting, work), state=State.PLANNED, reason_text="", lease_expires_at_unix=0
    )


def noted(posting: Posting, work: Work) -> Posting:
    """Return the record with the Stripe object's new state; the document itself is as it was.

    The policy version stays the one that the document was planned under.
    """
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        source_state=work.source_state,
        read_at_unix=work.read_at_unix,
        updated_at_unix=work.now_unix,
    )


def drifted(posting: Posting, work: Work, text: str) -> Posting:
    """Return the record of a posted document that Stripe no longer agrees with."""
    return dataclasses.replace(_stamped(posting, work), reason=Reason.DRIFT, reason_text=text)


def from_finding(finding: Finding, posting: Posting | None, work: Work) -> Posting:
    """Return the record of something that planning did not turn into a document."""
    base = posting or Posting(
        finding.key, work.subject, State.PLANNED, created_at_unix=work.now_unix
    )
    parked = finding.disposition is Disposition.PARKED
    return dataclasses.replace(
        _stamped(base, work),
        state=State.PARKED if parked else State.NOT_BOOKED,
        amount_minor=finding.amount_minor,
        currency=finding.currency,
        reason=finding.reason,
        reason_text=finding.text,
    )


def _stamped(posting: Posting, work: Work) -> Posting:
    return dataclasses.replace(
        posting,
        version=posting.version + 1,
        policy_version=work.policy_version,
        message_id=work.message_id,
        trigger=work.trigger,
        source_state=work.source_state or posting.source_state,
        read_at_unix=work.read_at_unix,
        updated_at_unix=work.now_unix,
    )
