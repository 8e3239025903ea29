"""Corrections: the smallest entry that makes the books say what they should.

Nothing is taken back to be booked anew: in each month each place (account and dimensions) gets once
what it lacks. A place that differs must be moved and any other need not be, so no entry has fewer
lines.

What customers owe is kept by documents, and the account behind it must equal them: where it
differs, the entry is a memo or a payment on the receivable, never a journal entry. A payment knows
one bank account and the receivable: what else lacks is a journal entry beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.documents import ArPayment, Document, amount_of, entity_of, posting_date_of
from tieout.domain.effects import RECEIVABLE, by_place, cash_text, effects, read, taken_back
from tieout.domain.plans import Finding
from tieout.domain.postings import Posting
from tieout.domain.subjects import SubjectKind

Sums = Mapping[str, int]
Documents = Mapping[str, Document]


class Kind(StrEnum):
    """As what a correction is entered in Intacct."""

    JOURNAL = "journal entry"
    CREDIT_MEMO = "credit memo"
    DEBIT_MEMO = "debit memo"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Correction:
    """One entry, in one entity and one currency.

    Attributes:
        day: ISO day on which what it corrects is dated, or should be.
        entity: in whose books; None for the company's top level, or if nobody knows.
        receivable: key of what a memo or payment is about; empty for a journal entry.
        lines: by place, what is to be booked; minor units, debit positive. They sum to zero; of a
            memo or payment, what the customer owes is one of them.
    """

    kind: Kind
    day: str
    currency: str
    entity: str | None
    receivable: str
    lines: Sums

    @property
    def amount_minor(self) -> int:
        """Its debits; of a memo or payment, by how much it changes what is owed."""
        owed_minor = abs(self.lines.get(RECEIVABLE, 0))
        return owed_minor or sum(each for each in self.lines.values() if each > 0)


def lacking(booked: Sums, wanted: Sums) -> dict[str, int]:
    """Return what each place lacks, by place, in the order of their names.

    Args:
        booked: sums by place, in minor units, debit positive.
        wanted: the same, as it should be.
    """
    net = {
        place: wanted.get(place, 0) - booked.get(place, 0) for place in sorted({*booked, *wanted})
    }
    return {place: amount_minor for place, amount_minor in net.items() if amount_minor}


def corrections(
    posting: Posting,
    planned: Document | Finding | None,
    documents: Documents,
    origin: Posting | None = None,
) -> tuple[Correction, ...]:
    """Return what makes the books say what is planned, an entry for each currency and month.

    Nothing, if the same is on the same places in the same month, or if the posting does not tell
    its own.

    Args:
        posting: of what is booked.
        planned: what should be; a finding, or None, calls for nothing.
        documents: by key, what else is planned: what a reversal takes back.
        origin: the posting of what the posted reversal takes back, if it is one.
    """
    if not posting.effects or posting.currency is None:
        return ()
    document = None if isinstance(planned, Finding) else planned
    booked, wanted = read(posting.effects), dict[str, int]()
    day, currency = posting.posting_date, posting.currency
    if document is not None:
        # What is taken back is named on both sides, or on none.
        wanted = by_place(effects(document, documents if origin is not None else {}))
        day = str(posting_date_of(document) or day)
        _, currency = amount_of(document) or (0, currency)
    if origin is not None and origin.effects and not any(map(taken_back, wanted)):
        there = read(origin.effects)
        booked = {place: -amount_minor for place, amount_minor in there.items()}
    posted_day = posting.posting_date or day
    sides: tuple[tuple[str, str, Sums, Sums], ...] = ((day, currency, booked, wanted),)
    if currency != posting.currency or month_of(day) != month_of(posted_day):
        sides = (posted_day, posting.currency, booked, {}), (day, currency, {}, wanted)
    return tuple(
        Correction(
            kind,
            dated,
            unit,
            None if document is None else entity_of(document),
            _receivable(posting, document) if RECEIVABLE in lines else "",
            lines,
        )
        for dated, unit, there, here in sides
        for kind, lines in _entries(lacking(there, here), document)
    )


def month_of(day: str) -> str:
    """Return year and month of an ISO day."""
    return day[: len("2026-11")]


def _entries(lines: Sums, document: Document | None) -> Iterator[tuple[Kind, Sums]]:
    """Yield what lacks as Intacct takes it."""
    owed_minor = lines.get(RECEIVABLE, 0)
    if owed_minor < 0 and isinstance(document, ArPayment):
        payment = {cash_text(document.cash_account): -owed_minor, RECEIVABLE: owed_minor}
        yield Kind.PAYMENT, payment
        owed_minor, lines = 0, lacking(payment, lines)
    if lines:
        memo = Kind.DEBIT_MEMO if owed_minor > 0 else Kind.CREDIT_MEMO
        yield memo if owed_minor else Kind.JOURNAL, lines


def _receivable(posting: Posting, document: Document | None) -> str:
    """Return the key of the invoice behind, as far as it is known."""
    named: str = getattr(document, "invoice_key", "")
    is_of_invoice = posting.subject.kind is SubjectKind.INVOICE
    return named or (posting.subject.key if is_of_invoice else posting.key)
