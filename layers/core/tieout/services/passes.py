"""What the poller compares: a list of Stripe's with what we have of it.

    events    with the inbox: what no webhook brought
    invoices  of the last weeks, with their postings: whose state was not brought up to date
    open      all that are open, with their postings and with those that only our books show open:
              old ones whose change, or which themselves, nothing else shows

Besides, it queues each day of the balance in its time (`tieout.services.day_pass`), and what waited
for a period once that is open (`tieout.services.period_pass`).

Each Stripe account whose books are kept has its own lists, and passes of its own over them.

Each list is read from the newest to the oldest, a stretch at a time; the poller keeps how far it
came. Whatever changes between two readings, or between reading Stripe and our tables, queues at
worst a subject that needs nothing, and is seen by the next pass.
Source: stripe-api dossier section 6.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.keys import invoice_key
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import (
    Clock,
    Inbox,
    InvoiceRow,
    Postings,
    StoredEvent,
    StripeReader,
    WorkItem,
    WorkQueue,
)
from tieout.services.receive import work_item

DAY_SECONDS = 86_400
# Stripe lists an event for 30 days. Source: stripe-api dossier section 6.1.
EVENT_HORIZON_SECONDS = 30 * DAY_SECONDS
# Stripe itself retries a delivery for three days, so a new installation has missed no more.
FIRST_LOOK_BACK_SECONDS = 3 * DAY_SECONDS
_SET_ASIDE = frozenset({State.PARKED, State.REJECTED, State.NOT_BOOKED, State.CLOSED})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of one stretch.

    Attributes:
        seen: how many rows Stripe showed.
        missed: how many subjects were queued.
        reached_unix: as `Stretch.reached_unix`; what the stretch covers is compared.
    """

    seen: int
    missed: int
    reached_unix: int


class Pass(Protocol):
    """One comparison, from the newest to the oldest.

    Attributes:
        name: of the pass and its cursor.
        every_seconds: how long after the beginning of one the next is due; 0 for every run.
    """

    name: str
    every_seconds: int

    def since_unix(self, began_at_unix: int, complete_unix: int | None, /) -> int:
        """Return how far back a pass goes, given when it and the last complete one began."""
        ...

    def compare(self, since_unix: int, until_unix: int | None) -> Compared:
        """Queue what is missed in the newest stretch of this time; None for no end."""
        ...


EVENTS, INVOICES, OPEN_INVOICES = "events", "invoices", "open"
_SEPARATOR = "#"


def pass_name(kind: str, account: str | None) -> str:
    """Return the name of a pass over the lists of an account; None is the main one."""
    return kind if account is None else f"{kind}{_SEPARATOR}{account}"


def kind_of(name: str) -> str:
    """Return which kind of pass has a name."""
    return name.partition(_SEPARATOR)[0]


class EventsPass:
    """Queues events that the webhook never received."""

    every_seconds = 0

    def __init__(
        self,
        stripe: StripeReader,
        inbox: Inbox,
        queue: WorkQueue,
        clock: Clock,
        overlap_seconds: int,
        account: str | None = None,
    ) -> None:
        self.name = pass_name(EVENTS, account)
        self._account = account
        self._stripe = stripe
        self._inbox = inbox
        self._queue = queue
        self._clock = clock
        self._overlap_seconds = overlap_seconds

    def since_unix(self, began_at_unix: int, complete_unix: int | None, /) -> int:
        """Return a little before the last complete pass began: rows can become listed late."""
        if complete_unix is None:
            return began_at_unix - FIRST_LOOK_BACK_SECONDS
        return max(complete_unix - self._overlap_seconds, began_at_unix - EVENT_HORIZON_SECONDS)

    def compare(self, since_unix: int, until_unix: int | None) -> Compared:
        """Queue, then store, what the inbox does not hold: what it holds was surely queued."""
        types = sorted(SUBSCRIPTIONS)
        stretch = self._stripe.events(types, since_unix, until_unix, self._account)
        known = self._inbox.seen(hint.event_id for hint in stretch.rows)
        missed = [hint for hint in reversed(stretch.rows) if hint.event_id not in known]
        for hint in missed:
            self._queue.send(work_item(hint))
            self._inbox.store(StoredEvent(hint, self._clock.now_unix(), source="poll"))
            logger.info(
                "missed event queued",
                extra={"event_id": hint.event_id, "event_type": hint.event_type},
            )
        return Compared(len(stretch.rows), len(missed), stretch.reached_unix)


class InvoicesPass:
    """Queues recently created invoices that the books are behind on."""

    every_seconds = 0

    def __init__(self, stripe: StripeReader, books: "Books", look_back_seconds: int) -> None:
        self.name = pass_name(INVOICES, books.account)
        self._stripe = stripe
        self._books = books
        self._look_back_seconds = look_back_seconds

    def since_unix(self, began_at_unix: int, _complete_unix: int | None, /) -> int:
        """Return the look-back: an invoice may be finalised long after it was created."""
        return began_at_unix - self._look_back_seconds

    def compare(self, since_unix: int, until_unix: int | None) -> Compared:
        """Queue the invoices whose state is not the one last brought up to date."""
        stretch = self._stripe.invoices(since_unix, until_unix, self._books.account)
        missed = self._books.queue_behind(stretch.rows)
        return Compared(len(stretch.rows), missed, stretch.reached_unix)


class OpenInvoicesPass:
    """Queues invoices, however old, that are open in one place only or differently.

    Stripe's list and our index are compared over the same time of creation, so that a part of the
    list is enough to say what is absent from it.
    """

    every_seconds = DAY_SECONDS

    def __init__(self, stripe: StripeReader, postings: Postings, books: "Books") -> None:
        self.name = pass_name(OPEN_INVOICES, books.account)
        self._stripe = stripe
        self._postings = postings
        self._books = books

    def since_unix(self, _began_at_unix: int, _complete_unix: int | None, /) -> int:
        """Return the beginning of time: an invoice may stay open for years."""
        return 0

    def compare(self, since_unix: int, until_unix: int | None) -> Compared:
        """Queue what is open in one place only or differently."""
        stretch = self._stripe.open_invoices(since_unix, until_unix, self._books.account)
        open_in_books = self._postings.open_invoices(stretch.reached_unix, until_unix)
        missed = self._books.queue_behind(stretch.rows, open_in_books)
        return Compared(len(stretch.rows), missed, stretch.reached_unix)


class Books:
    """What our books say of an account's invoices, and the way to bring them up to date.

    Attributes:
        account: the Stripe account; None for the main one.
    """

    def __init__(
        self,
        postings: Postings,
        queue: WorkQueue,
        *,
        livemode: bool,
        account: str | None = None,
    ) -> None:
        self.account = account
        self._postings = postings
        self._queue = queue
        self._livemode = livemode

    def queue_behind(self, rows: Iterable[InvoiceRow], open_in_books: Iterable[str] = ()) -> int:
        """Queue the invoices that the books are behind on; return how many.

        Args:
            rows: as Stripe shows them. Drafts are not for the books.
            open_in_books: ids of invoices of which there would be a row if they were still open and
                of this account; those of others are none of ours.
        """
        listed = {row.invoice: row for row in rows if row.status != "draft"}
        invoices = dict.fromkeys([*listed, *open_in_books])
        postings = self._postings.get_many(map(invoice_key, invoices))
        missed = 0
        for invoice in invoices:
            row, posting = listed.get(invoice), postings.get(invoice_key(invoice))
            if row is not None and _is_behind(posting, row):
                self._queue_invoice(invoice, row.state, row.customer)
                missed += 1
            # The index may be older than the posting itself.
            elif row is None and posting is not None and self._has_open(posting):
                self._queue_invoice(invoice, f"not-{posting.source_state}", None)
                missed += 1
        return missed

    def _has_open(self, posting: Posting) -> bool:
        return posting.is_open_invoice and posting.subject.account == self.account

    def _queue_invoice(self, invoice: str, state: str, customer: str | None) -> None:
        subject = Subject(SubjectKind.INVOICE, invoice, self.account)
        self._queue.send(
            WorkItem(
                subject=subject,
                trigger="poll",
                group=customer or str(subject),
                deduplication_id=f"poll:{invoice}:{state}",
                livemode=self._livemode,
            )
        )
        logger.info("missed invoice queued", extra={"subject": str(subject)})


def _is_behind(posting: Posting | None, row: InvoiceRow) -> bool:
    """Whether the books have not yet been brought up to the row's state.

    What was parked, rejected, not booked or closed in this very state is not asked for again on
    every run; nor is what was refused before its state could be read: a person redrives it, or
    Stripe's next event does.
    """
    if posting is None:
        return True
    if not posting.source_state and posting.state in _SET_ASIDE:
        return False
    return posting.source_state != row.state
