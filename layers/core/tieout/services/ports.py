"""What the use cases need from the outside world.

Each port has one real adapter and one fake in `tests/fakes`, and both pass the same contract suite.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Protocol, TypeVar

from tieout.domain.causes import NO_CAUSE, Cause, Exchange
from tieout.domain.documents import ArAdjustment, ArInvoice, ArPayment, Document
from tieout.domain.master_data import MasterKind
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import TieOut
from tieout.planning.snapshots import BalanceTransaction, Snapshot

# --- Stripe -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventHint:
    """What is taken from an event: a hint that a subject changed.

    Attributes:
        group: what must stay in order: the customer's id, else the subject.
        api_version: the version the event was rendered in, kept as evidence.
    """

    event_id: str
    event_type: str
    subject: Subject
    group: str
    created_unix: int
    livemode: bool
    api_version: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as a list shows it, enough to compare it with the books.

    Attributes:
        state: fingerprint made by `domain.plans.invoice_state`.
        remaining_minor: what is open of the invoice's own sale, positive, in minor units of
            `currency`. What Stripe adds of the customer's debts from before is left out: it is no
            part of the sale. 0 if it cannot be read.
        currency: three lower-case letters; empty if it cannot be read.
    """

    invoice: str
    customer: str | None
    status: str
    state: str
    created_unix: int
    remaining_minor: int = 0
    currency: str = ""


Row = TypeVar("Row", EventHint, InvoiceRow)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Row]):
    """What one reading of a list showed: its newest rows, without a gap.

    Attributes:
        rows: newest first.
        reached_unix: every row created at this moment or later is here (and not later than was
            asked for). Always whole seconds, so that reading on from the second before misses none.
            The list is at its end when this is the `since_unix` that was asked for.
    """

    rows: Sequence[Row]
    reached_unix: int


class StripeReader(Protocol):
    """Reads Stripe objects, now, at the pinned version.

    A list is read in stretches, both ends included, `until_unix` None for no end. A stretch takes
    as few requests as show at least one whole second of the list. `account` is the further or
    connected account whose list it is; None for the company's main one.

    Every method raises `TransientFault` (rate limit, connection, 5xx), `ConfigurationFault` (key
    wrong or lacking a permission, which the text names) or `Refused` (object missing, unreadable,
    too large).
    """

    def snapshot(self, subject: Subject) -> Snapshot:
        """Return the subject with everything that hangs on it."""
        ...

    def events(
        self,
        types: Sequence[str],
        since_unix: int,
        until_unix: int | None,
        account: str | None = None,
    ) -> Stretch[EventHint]:
        """Return the newest events of the types, of those created from `since` to `until`."""
        ...

    def invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        """Return the newest invoices created from `since` to `until`, drafts included."""
        ...

    def open_invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        """Return the newest open invoices of those created from `since` to `until`."""
        ...

    def listed(
        self, kind: SubjectKind, since_unix: int, until_unix: int, account: str | None = None
    ) -> Iterator[Subject]:
        """Yield the subjects of a kind created from `since` to `until`, newest first."""
        ...

    def charge_of(self, payment_intent: str, account: str | None = None) -> Subject | None:
        """Return the newest charge of a payment intent; None without one."""
        ...

    def movements(
        self, since_unix: int, until_unix: int, account: str | None = None
    ) -> Sequence[BalanceTransaction]:
        """Return every movement of the balance created from `since` to `until`, with its origin.

        Args:
            since_unix: the first second.
            until_unix: the last second.
            account: the connected account whose balance it is; None for the company's own.

        Returns: movements of all currencies, by (created, id).
        """
        ...

    def movement(self, identifier: str, account: str | None = None) -> BalanceTransaction:
        """Return one movement of the balance, with its origin.

        Args:
            identifier: of the balance transaction.
            account: the further or connected account whose balance it moved; None for the main one.
        """
        ...

    def balance(self, account: str | None = None) -> Mapping[str, int]:
        """Return what the balance holds now: what all its movements sum to.

        Args:
            account: the connected account whose balance it is; None for the company's own.

        Returns: minor units by currency; negative is owed to Stripe.
        """
        ...

    @property
    def reads(self) -> int:
        """How many GET requests this reader has sent, for the read budget."""
        ...


# --- Intacct ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Submission:
    """One document to write.

    Attributes:
        amend: update the record `record_no` instead of creating it.
        record_numbers: RECORDNO of each document that this one refers to, by key.
    """

    document: Document
    control_id: str
    amend: bool = False
    record_no: str | None = None
    record_numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Intacct wrote the document."""

    record_no: str
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """Intacct says that it has this already: look it up and compare before believing it.

    Attributes:
        by_control_id: it remembers this very write; otherwise the number or id is taken.
    """

    by_control_id: bool
    text: str
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Intacct refused the document; nothing was written."""

    reason: Reason
    text: str
    error_number: str = ""
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NotExecuted:
    """The document was not looked at (throttled, concurrent, rolled back): send it again later."""

    text: str
    retry_after_seconds: int | None = None
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unsure:
    """The document was sent and nobody knows what became of it."""

    text: str
    exchange: Exchange | None = field(default=None, compare=False, repr=False)


Outcome = Accepted | AlreadyThere | NotAccepted | NotExecuted | Unsure
"""What became of a submission; `exchange` is what was said about it, where it was sent at all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record found by its natural key, or by its RECORDNO.

    Attributes:
        matches: whether customer, amount and reference are those of the document.
        text: what differs, when it does not match.
    """

    record_no: str
    matches: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record that a person named, and what it should be.

    Attributes:
        kind: what it is in Intacct.
        amount_minor: its total in minor units of `currency`; None if nothing says so, as with the
            currency.
        customer_id: CUSTOMERID of who owes it; None if nothing says so.
        stripe_id: of the invoice that it stands for; another's own AR invoice is not this one's.
    """

    record_no: str
    kind: type[ArInvoice | ArAdjustment | ArPayment]
    amount_minor: int | None = None
    currency: str | None = None
    customer_id: str | None = None
    stripe_id: str | None = None


class Ledger(Protocol):
    """Writes documents to Intacct and finds them again."""

    def submit(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        """Send the submissions, many in one request, and return an outcome for each control id.

        Raises:
            ConfigurationFault: sign-in, sender or permission; nothing was executed.
            TransientFault: no session could be had; nothing was executed.
        """
        ...

    def find(self, submission: Submission) -> Found | None:
        """Look a document up by its natural key; costs a read.

        Raises:
            TransientFault: no answer. ConfigurationFault: as for `submit`.
        """
        ...

    def check(self, named: NamedRecord) -> Found | None:
        """Compare a record with what it should be; None if there is none. Costs a read.

        Raises:
            TransientFault: no answer. ConfigurationFault: as for `submit`.
        """
        ...


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A line on an account of the general ledger.

    Attributes:
        amount_minor: in the line's own currency; positive debit, negative credit.
        document: the reference that the entry carries; empty where there is none.
        entry: what a person looks up in Intacct.
        of_ledger: whether it is a journal entry, and not what a receivable or a payment posted.
    """

    account: str
    currency: str
    day: date
    amount_minor: int
    document: str
    text: str
    entry: str
    of_ledger: bool


@dataclass(frozen=True, slots=True)
class OpenReceivable:
    """An invoice, or an adjustment, that Intacct shows as not settled.

    Attributes:
        reference: as Tieout gave it; others' invoices have their own or none, adjustments none.
        due_minor: what is still owed, in its own currency; of an adjustment, without a sign.
    """

    record_no: str
    number: str
    reference: str
    customer_id: str
    currency: str
    due_minor: int


class Books(Protocol):
    """Reads what Intacct's books show, for comparing them with Stripe.

    Every method raises `TransientFault` (no answer) or `ConfigurationFault` (sign-in, permission).
    """

    def balances(self, accounts: Collection[str], through: date) -> Mapping[tuple[str, str], int]:
        """Return the balance of each account and currency at the end of a day; debit positive."""
        ...

    def rows(
        self, accounts: Collection[str], since: date, until: date, *, journals_only: bool = False
    ) -> Iterable[LedgerRow]:
        """Yield every line on the accounts from one day to another, both included.

        Those of journal entries alone are few where receivables post many.
        """
        ...

    def open_receivables(self) -> Iterable[OpenReceivable]:
        """Yield every invoice and adjustment that is not settled."""
        ...

    def owed_by_customers(self) -> Mapping[str, int]:
        """Return what all customers owe, by currency: the sum of what is open, whoever made it.

        Invoices and adjustments less payments that are not applied, in minor units.
        """
        ...

    def closed_through(self, entity: str | None) -> date | None:
        """Return through which day an entity's books are closed; None if nothing says so.

        Args:
            entity: None for the company's top level.
        """
        ...


@dataclass(frozen=True, slots=True)
class MasterRecord:
    """A record of Intacct's master data that a policy can name.

    Attributes:
        requires: dimensions that each line on it must carry, by their names in the policy; of
            accounts only.
        account: the ledger account behind a bank account.
        currency: of a bank account; three lower-case letters, empty where Intacct names none.
    """

    identifier: str
    active: bool = True
    requires: frozenset[str] = frozenset()
    account: str = ""
    currency: str = ""


class MasterData(Protocol):
    """Reads what documents refer to, for checking a policy before it goes live."""

    def found(self, kind: MasterKind, identifiers: Collection[str]) -> Mapping[str, MasterRecord]:
        """Return those of the identifiers that exist; many cost one read.

        Raises:
            TransientFault: no answer. ConfigurationFault: sign-in, or a permission is missing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """An Intacct API session, shared by every invocation.

    Attributes:
        endpoint: where this session's requests go.
        expires_at_unix: as Intacct last said; each call moves it on.
        signed_in_as: fingerprint of company, user and entity; a session of others than the
            secret now names would go on writing into their books.
    """

    session_id: str = field(repr=False)
    endpoint: str
    expires_at_unix: int
    signed_in_as: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nobody signs in to Intacct for a while.

    Attributes:
        until_unix: when it ends by itself.
        credentials_version: of the credentials that were refused; others may be tried at once.
    """

    until_unix: int
    reason: Reason
    text: str
    credentials_version: str


class Sessions(Protocol):
    """The shared session, and the lease under which one worker renews it.

    A lease hands out a fencing token that only grows; a write with an older token is refused, so a
    worker that slept through its lease cannot put an old session over a new one.
    """

    def current(self) -> Session | None:
        """Return the stored session, whatever its age; None if there is none."""
        ...

    def lease(self, now_unix: int, lease_seconds: int) -> int:
        """Take the lease and return its fencing token.

        Raises:
            LeaseHeld: another worker has it.
        """
        ...

    def save(self, session: Session, token: int) -> None:
        """Store the session and give the lease back.

        Raises:
            LeaseHeld: the token is not the newest.
        """
        ...

    def hold(self, hold: Hold, token: int) -> None:
        """Remember that signing in failed, so that nobody tries that again before the hold ends.

        Gives the lease back; the stored session stays.

        Raises:
            LeaseHeld: the token is not the newest.
        """
        ...

    def held(self, now_unix: int) -> Hold | None:
        """Return why signing in is on hold, None if it is not."""
        ...


@dataclass(frozen=True, slots=True)
class IntacctCredentials:
    """What the Intacct secret holds; kept out of every repr.

    Attributes:
        entity_id: entity to sign in to; None for the top level.
        version: which writing of the secret this is. It tells nothing about what is written, so
            it may be stored where a hash of a password, open to guessing, may not.
    """

    sender_id: str = field(repr=False)
    sender_password: str = field(repr=False)
    company_id: str = field(repr=False)
    user_id: str = field(repr=False)
    user_password: str = field(repr=False)
    entity_id: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class StripeCredentials:
    """What the Stripe secret holds; kept out of every repr.

    Attributes:
        signing_secrets: every secret that may sign a delivery; several while one is rolled.
        accounts: the same of further Stripe accounts of the company, by their ids.
    """

    api_key: str = field(repr=False)
    signing_secrets: tuple[str, ...] = field(repr=False)
    accounts: Mapping[str, "StripeCredentials"] = field(default_factory=dict, repr=False)

    def key_of(self, account: str) -> str | None:
        """Return the key of a further account of the company; None for connected accounts."""
        return self.accounts[account].api_key if account in self.accounts else None


# --- What Tieout remembers --------------------------------------------------------------------


class Postings(Protocol):
    """The postings table."""

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Posting]:
        """Return the postings that exist, read consistently."""
        ...

    def put(self, posting: Posting, cause: Cause = NO_CAUSE) -> None:
        """Write the posting if its predecessor (`version - 1`) is still what is stored.

        Its entry in the audit trail is written with it: there is both or neither.

        Args:
            posting: as it should be.
            cause: what led to it.

        Raises:
            StalePosting: someone else wrote in between.
        """
        ...

    def put_all(self, writes: Sequence[tuple[Posting, Cause]]) -> frozenset[str]:
        """Write postings of different keys, each as `put` does, in few requests.

        Returns:
            The keys of those that someone else wrote in between; they are not written.
        """
        ...

    def on_worklist(self, worklist: Worklist) -> Iterable[Posting]:
        """Yield the postings on a list, oldest change first."""
        ...

    def open_invoices(self, since_unix: int, until_unix: int | None) -> Iterable[str]:
        """Yield the ids of invoices that are open in our books (eventually consistent).

        Only of those created in Stripe from `since` to `until`, None for no end.
        """
        ...

    def of_subject(self, subject: Subject) -> Sequence[Posting]:
        """Return the postings first written on behalf of the subject (eventually consistent)."""
        ...


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as evidence.

    Attributes:
        raw: the body exactly as Stripe signed it; None for an event found by the poller.
        source: `webhook` or `poll`.
    """

    hint: EventHint
    received_at_unix: int
    source: str
    raw: bytes | None = None


class Inbox(Protocol):
    """The events Tieout has seen."""

    def store(self, event: StoredEvent) -> bool:
        """Store the event once; False if it was there already."""
        ...

    def seen(self, event_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ids that are stored."""
        ...


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A message of the queue: bring this subject up to date.

    Attributes:
        trigger: event id, or `poll`.
        group: the message group. deduplication_id: what makes a second send a no-op for 5 minutes.
        event_sha256: of the body of the event, where Stripe delivered it; empty for all others.
    """

    subject: Subject
    trigger: str
    group: str
    deduplication_id: str
    livemode: bool
    event_sha256: str = ""


class WorkQueue(Protocol):
    """The FIFO queue, seen by those who send to it."""

    def send(self, item: WorkItem) -> None:
        """Queue the item.

        Raises:
            TransientFault: the queue did not take it. ConfigurationFault: it never will.
        """
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one pass of the poller has come. Every record is true whatever happened since.

    Attributes:
        complete_unix: when the last pass that came to its end had begun; None if none ever did.
        began_at_unix: when the pass under way began; None between two passes.
        until_unix: the pass under way has handled what was created later; None for nothing yet.
    """

    complete_unix: int | None = None
    began_at_unix: int | None = None
    until_unix: int | None = None


class Cursors(Protocol):
    """How far each pass of the poller has come.

    Of two runs at once the later writer wins: either record is true, so the loser's work is at
    worst done again.
    """

    def get(self, name: str) -> Progress:
        """Return the progress of the pass; of one that never began, an empty one."""
        ...

    def put(self, name: str, progress: Progress) -> None:
        """Store the progress of the pass."""
        ...


@dataclass(frozen=True, slots=True)
class ClosedDates:
    """Through which days Intacct's books were closed when it was last asked.

    Attributes:
        by_entity: of those entities whose books are closed at all; None is the top level.
        asked_at_unix: None if it never was.
    """

    by_entity: Mapping[str | None, date] = field(default_factory=dict)
    asked_at_unix: int | None = None

    @property
    def latest(self) -> date | None:
        """The last day on which any of the books is closed."""
        return max(self.by_entity.values(), default=None)


class ClosedBooks(Protocol):
    """What Intacct said about closed books."""

    def dates(self) -> ClosedDates:
        """Return what was stored last."""
        ...

    def save(self, dates: ClosedDates) -> None:
        """Store it, in place of what was there before."""
        ...


class TieOutStore(Protocol):
    """What was tied out, by day."""

    def save(self, day: date, made: Sequence[TieOut]) -> None:
        """Store the tie-outs of a day, in place of any that were made of it before."""
        ...

    def of_days(self, days: Iterable[date]) -> Mapping[date, Sequence[TieOut]]:
        """Return the tie-outs of those days of which there are any."""
        ...


class PolicySource(Protocol):
    """Where the published policy is kept.

    In force is the published policy with what Intacct has closed (`domain.closed_periods`); that
    is a version of its own.
    """

    def current(self) -> Policy:
        """Return the policy in force.

        Raises:
            ConfigurationFault: none is published, or it is invalid (the text lists every error).
        """
        ...

    def of(self, version: str) -> Policy | None:
        """Return a policy that was in force once; None if it can no longer be read.

        Raises:
            TransientFault: the table could not be read.
        """
        ...


class Clock(Protocol):
    """The only way to learn the time outside the adapters."""

    def now_unix(self) -> int:
        """Return unix seconds."""
        ...


class Metrics(Protocol):
    """Counters that alarms watch; names are in `tieout.observability`."""

    def count(self, name: str, value: int = 1) -> None:
        """Add to a counter."""
        ...
