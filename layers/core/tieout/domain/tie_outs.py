"""Tie-outs: Stripe's balance beside the clearing account, and what stands between the two.

All amounts are minor units of the tie-out's currency. A residual is what the books show more than
Stripe has; a residue is a part of it that somebody can look up, by its id and its cause.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tieout.domain.keys import invoice_key


class Cause(StrEnum):
    """Why the books show something else than Stripe."""

    IN_TRANSIT = "in_transit"  # queued or being sent; it is booked without anybody's help
    STUCK = "stuck"  # was under way, and nobody works on it any more; `tieout parked` lists it
    DAY_OPEN = "day_open"  # booked with the day's journal, once the day is over
    PARKED = "parked"  # a person must look; `tieout parked` has the way out
    DRIFT = "drift"  # posted otherwise than Stripe calls for now; parked, or accepted by a person
    NOT_BOOKED = "not_booked"  # recorded, and by policy or by kind not booked
    IGNORED = "ignored"  # a sale that policy leaves out, or what happened to it since
    BY_HAND = "by_hand"  # somebody's own entry on the clearing account
    NOT_READ = "not_read"  # Stripe moved it and Tieout has not seen it
    UNKNOWN = "unknown"


# What needs nobody, since it goes away by itself or was decided.
EXPLAINED = frozenset(
    {
        Cause.IN_TRANSIT,
        Cause.DAY_OPEN,
        Cause.PARKED,
        Cause.DRIFT,
        Cause.NOT_BOOKED,
        Cause.IGNORED,
    }
)
# What may be there, and does not count where the two agree without it.
_OPTIONAL = (
    frozenset({Cause.BY_HAND, Cause.IGNORED, Cause.DRIFT}),
    frozenset({Cause.BY_HAND, Cause.DRIFT}),
    frozenset({Cause.BY_HAND, Cause.IGNORED}),
    frozenset({Cause.BY_HAND}),
)


@dataclass(frozen=True, slots=True, order=True)
class Residue:
    """A part of a residual.

    Attributes:
        id: document key, balance transaction or Intacct's entry.
        amount_minor: what the books show more than Stripe because of it; negative is less.
        since: ISO day on which it began, for its age.
        text: for the controller.
    """

    id: str
    cause: Cause
    amount_minor: int
    since: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice of which Stripe and the books do not ask for the same.

    Attributes:
        invoice: Stripe's id; its reference in Intacct if Tieout cannot tell of which invoice it is.
        stripe_minor, books_minor: what is still owed according to each.
        explained: something of the invoice is parked, or under way, or it is accepted.
        accepted: a person let it stand.
        subject: the invoice as `tieout retry` takes it; empty if Tieout cannot tell.
    """

    invoice: str
    currency: str
    stripe_minor: int
    books_minor: int
    text: str = ""
    explained: bool = False
    accepted: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True)
class TieOut:
    """One Stripe account's balance in one currency at the end of a day, beside the books.

    Attributes:
        account: the connected account; empty for the company's own.
        day: ISO day of the company's.
        opening_minor, closing_minor: Stripe's balance, as Stripe itself counts back from now.
        moved_minor: sum of the day's balance transactions, net of fees.
        ledger_account: the clearing account in Intacct; empty if policy names none.
        books_minor: its balance at the end of the day, debit positive.
        residues: what explains the residual, an unknown rest included, so that they sum to it.
        open_items: invoices on which the two disagree, of this currency, when it was made: of open
            invoices neither side tells what was open on a day before. Those of all Stripe accounts
            are with the company's own.
        receivable_stripe_minor, receivable_books_minor: sums of all invoices open at that time.
        control_account: the receivables' control account in Intacct, of the company's own account;
            empty if policy names none, or it never stood still while it was read.
        control_minor: what that showed at that time, debit positive.
        subledger_minor: what customers owed at that time by Intacct's own invoices, adjustments and
            payments, whoever made them.
        made_at_unix: when Stripe and Intacct were read.
    """

    account: str
    currency: str
    day: str
    opening_minor: int
    moved_minor: int
    closing_minor: int
    ledger_account: str
    books_minor: int
    residues: tuple[Residue, ...] = ()
    open_items: tuple[OpenItem, ...] = ()
    receivable_stripe_minor: int = 0
    receivable_books_minor: int = 0
    made_at_unix: int = 0
    control_account: str = ""
    control_minor: int = 0
    subledger_minor: int = 0

    @property
    def control_difference_minor(self) -> int:
        """What the control account shows more than customers owe: entries made on it by hand."""
        return self.control_minor - self.subledger_minor

    @property
    def residual_minor(self) -> int:
        """What the books show more than Stripe has."""
        return self.books_minor - self.closing_minor

    @property
    def unexplained_minor(self) -> int:
        """The part of the residual, by amount, that nobody can explain yet; never negative."""
        return sum(abs(each.amount_minor) for each in self.residues if each.cause not in EXPLAINED)

    @property
    def is_explained(self) -> bool:
        """Whether nothing of it calls anybody: no residue, open invoice or control account."""
        nothing_lacks = not self.unexplained_minor and not self.control_difference_minor
        return nothing_lacks and all(each.explained for each in self.open_items)

    @property
    def differs(self) -> bool:
        """Whether anything differs, explained or not."""
        return bool(self.residual_minor or self.open_items or self.control_difference_minor)

    def by_cause(self) -> Mapping[Cause, int]:
        """Return the residual divided by cause, in the order of `Cause`."""
        sums = dict.fromkeys(Cause, 0)
        for each in self.residues:
            sums[each.cause] += each.amount_minor
        present = {each.cause for each in self.residues}
        return {cause: amount for cause, amount in sums.items() if cause in present}


def with_rest(
    residual_minor: int, residues: Iterable[Residue], day: date, before: Sequence[Residue]
) -> tuple[Residue, ...]:
    """Return the residues, oldest first, and what they leave of the residual as an unknown one.

    Args:
        residual_minor: books less Stripe.
        residues: what is explained.
        day: the tie-out's.
        before: residues of the day before: what was there keeps its age.

    An entry by hand explains only what is there to explain: a company's opening balance is one, and
    with it the two agree, and so they do with one that corrects a drift. So does an ignored sale:
    somebody else may have booked it.
    """
    known = {(each.id, each.cause): each.since for each in before}
    named = [each for each in residues if each.amount_minor]
    for causes in _OPTIONAL:
        without = [each for each in named if each.cause not in causes]
        if sum(each.amount_minor for each in without) == residual_minor:
            named = without
            break
    rest_minor = residual_minor - sum(each.amount_minor for each in named)
    if rest_minor:
        text = "no document, no movement and no entry explains it"
        named.append(Residue("rest", Cause.UNKNOWN, rest_minor, day.isoformat(), text))
    aged = [
        Residue(
            each.id,
            each.cause,
            each.amount_minor,
            min(each.since, known.get((each.id, each.cause), each.since)),
            each.text,
        )
        for each in named
    ]
    return tuple(sorted(aged, key=lambda each: (each.since, each.id)))


def without_texts(tie_out: TieOut, keys: Collection[str], instead: str) -> TieOut:
    """Return a tie-out without what it quotes of some postings.

    Args:
        tie_out: of any day.
        keys: of the postings.
        instead: takes the place of each text.
    """
    return dataclasses.replace(
        tie_out,
        residues=tuple(
            dataclasses.replace(each, text=instead) if each.text and each.id in keys else each
            for each in tie_out.residues
        ),
        open_items=tuple(
            dataclasses.replace(each, text=instead) if invoice_key(each.invoice) in keys else each
            for each in tie_out.open_items
        ),
    )
