"""Plans: what a snapshot calls for under a policy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tieout.domain.documents import Document, dependencies, posting_date_of
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject


class Disposition(StrEnum):
    """What becomes of something that is not a document."""

    PARKED = "parked"  # a person must look; the message fails until it is solved
    NOT_BOOKED = "not_booked"  # recognised and recorded; nothing to solve


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the plan found but will not book.

    Attributes:
        key: the document key it would have had.
        text: what exactly, for the controller; no e-mail addresses, no secrets.
        amount_minor: the amount concerned in minor units of `currency`, where there is one.
        day: the first day, as the company counts, on which it could be dated; None if unknown.
        waits_for_day: the day whose period must be open before anything changes; None if it does
            not wait for a period. Not `day` where something that it hangs on waits.
        effects: what booking it would do to accounts (see `domain.effects.written`); empty where
            nothing but the amount is known.
    """

    key: str
    disposition: Disposition
    reason: Reason
    text: str
    amount_minor: int | None = None
    currency: str | None = None
    day: date | None = None
    waits_for_day: date | None = None
    effects: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The documents that a subject calls for, and what was found instead of documents.

    Attributes:
        documents: in an order that respects their dependencies.
        policy_version: the version of the policy that was applied.
        source_state: a short fingerprint of the Stripe object's state (see `invoice_state`), kept
            with the postings so that the poller can see from a list whether the books are behind.
        source_created_unix: when an invoice was created in Stripe, kept with its state: Stripe's
            lists are in this order.
        supersedes: keys that other subjects may have recorded something under which the documents
            of this plan cover, as a receipt covers the charge that it was paid with.
        older_policies: by key, the version that a document was planned under because it was booked
            under it.
        tells_all: whether what earlier plans of the subject had and this one has not is called for
            no more. Of a customer that was deleted, Stripe tells nothing any more.
    """

    subject: Subject
    documents: tuple[Document, ...]
    findings: tuple[Finding, ...]
    policy_version: str
    source_state: str = ""
    source_created_unix: int = 0
    supersedes: tuple[str, ...] = ()
    older_policies: Mapping[str, str] = field(default_factory=dict)
    tells_all: bool = True

    @property
    def keys(self) -> frozenset[str]:
        """Keys of everything in the plan."""
        return frozenset(each.key for each in (*self.documents, *self.findings))


def in_order(planned: Iterable[Document | Finding]) -> Sequence[Document | Finding]:
    """Return what is planned by day, but what others hang on first, booked or not."""
    by_key = {each.key: each for each in planned}
    ordered: dict[str, Document | Finding] = {}

    def add(each: Document | Finding) -> None:
        if not isinstance(each, Finding):
            for key in dependencies(each):
                if key in by_key and key not in ordered:
                    add(by_key[key])
        ordered.setdefault(each.key, each)

    for each in sorted(by_key.values(), key=lambda each: _day_of(each) or date.min):
        add(each)
    return tuple(ordered.values())


def _day_of(planned: Document | Finding) -> date | None:
    return planned.day if isinstance(planned, Finding) else posting_date_of(planned)


def invoice_state(status: str, amount_paid: int, amount_remaining: int) -> str:
    """Return the fingerprint by which the poller compares an invoice with the books.

    Amounts in minor units.
    """
    return f"{status}:{amount_paid}:{amount_remaining}"
