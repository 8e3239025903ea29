"""The lines of a credit note: what it takes back, on the accounts on which its invoice was booked.

A credit note has parts: what it took off before payment, each refund, what went to the credit
balance, what was given back outside Stripe. Each part has its share of each line, and all parts
together take every line exactly once.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from tieout.domain.documents import ArLine
from tieout.domain.errors import Refused
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.lines import invoice_lines
from tieout.planning.receivable import Receivable, receivable
from tieout.planning.settlement import Shares, divide, not_below_zero, subtract
from tieout.planning.snapshots import CreditNote, CreditNoteLine, InvoiceLine, InvoiceSnapshot


@dataclass(frozen=True, slots=True)
class CreditedLines:
    """What the parts of a credit note take back of each line; positive gives back.

    Attributes:
        refunds: by the refund's id.
        out_of_band: what was given back outside Stripe, recorded there as a refund or not.
    """

    lines: tuple[ArLine, ...]
    pre_payment: Shares
    refunds: Mapping[str, Shares]
    balance: Shares
    out_of_band: Shares


def credited_lines(note: CreditNote, invoice: InvoiceSnapshot, policy: Policy) -> CreditedLines:
    """Return what a credit note takes back.

    Args:
        note: as Stripe has it.
        invoice: that it takes back.
        policy: under which the invoice was booked.

    Raises:
        Refused: policy does not say where a line goes, or the amounts contradict each other.

    Source: stripe-api dossier section 4.3.
    """
    lines = invoice_lines(_as_invoice(note, invoice), policy)
    shares, _ = divide(credited_parts(note), [line.amount_minor for line in lines])
    return CreditedLines(
        lines=lines,
        pre_payment=shares[0],
        refunds=dict(zip(note.refunded_minor, shares[1:-2], strict=True)),
        balance=shares[-2],
        out_of_band=shares[-1],
    )


def credited_parts(note: CreditNote) -> Sequence[int]:
    """Return what it took off before payment, each refund, to the balance, outside Stripe.

    Raises:
        Refused: they do not sum to the note's total.
    """
    parts = [
        note.pre_payment_minor,
        *note.refunded_minor.values(),
        note.balance_credit_minor,
        note.outside_minor,
    ]
    if sum(parts) != note.total_minor or min(parts) < 0:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"the parts of credit note {note.id} (before payment, refunds, credit balance, outside "
            f"Stripe) are {parts}, its total is {note.total_minor} (minor units of "
            f"{note.currency})",
        )
    return parts


def _as_invoice(note: CreditNote, invoice: InvoiceSnapshot) -> InvoiceSnapshot:
    """Return an invoice over just what the note takes back: its lines follow the same rules."""
    if note.currency != invoice.currency:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"credit note {note.id} is in {note.currency}, its invoice in {invoice.currency}",
        )
    known = {line.id: line for line in invoice.lines}
    return dataclasses.replace(
        invoice,
        lines=tuple(
            _as_invoice_line(each, known.get(each.invoice_line or "")) for each in note.lines
        ),
        taxes=note.taxes,
        shipping=note.shipping,
        total_minor=note.total_minor,
    )


def _as_invoice_line(line: CreditNoteLine, origin: InvoiceLine | None) -> InvoiceLine:
    if origin is None:
        origin = InvoiceLine(line.id, 0, line.description)
    return dataclasses.replace(
        origin,
        amount_minor=line.amount_minor,
        discount_minor=line.discount_minor,
        taxes=line.taxes,
        billing_credit_minor=0,
    )


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit note that fitted into its invoice.

    Attributes:
        places: for each of its lines, the index of the invoice's line that it takes back.
    """

    note: CreditNote
    lines: CreditedLines
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CreditedInvoice:
    """An invoice's lines, and what its credit notes take back of them.

    Attributes:
        lines: the invoice's, then those over nothing that credit notes have on other accounts.
    """

    invoice: InvoiceSnapshot
    account: Receivable
    lines: tuple[ArLine, ...]
    credited: tuple[Credited, ...]

    def issued(self, at_unix: int | None) -> Iterator[Credited]:
        """Yield the credit notes that counted at a moment; None for now."""
        return (each for each in self.credited if _is_issued(each.note, at_unix))

    def divided(
        self,
        payments_minor: Sequence[int],
        at_unix: int | None,
        given: Callable[[CreditedLines], Shares],
    ) -> tuple[list[Shares], Shares]:
        """Return what each payment paid of each line, and what neither these nor notes took.

        No payment paid anything of what notes gave on no line of the invoice.

        Args:
            payments_minor: in the order in which they came.
            at_unix: the moment whose credit notes count; None for now.
            given: which part of a credit note counts.
        """
        left = self.left(at_unix, given)
        lines = [line.amount_minor for line in self.lines]
        shares, _ = divide(payments_minor, not_below_zero(left, lines))
        return shares, reduce(subtract, shares, left)

    def left(self, at_unix: int | None, given: Callable[[CreditedLines], Shares]) -> Shares:
        """Return what credit notes left of each line at a moment, with arguments as above.

        What they gave on no line of the invoice is below zero.
        """
        left = [line.amount_minor for line in self.lines]
        for each in self.issued(at_unix):
            for place, amount_minor in zip(each.places, given(each.lines), strict=True):
                left[place] -= amount_minor
        return tuple(left)


def credited_invoice(invoice: InvoiceSnapshot, policy: Policy) -> CreditedInvoice:
    """Return an invoice with what its credit notes take back.

    Raises:
        Refused: policy does not say where a line goes, or the amounts contradict each other.
    """
    account = receivable(invoice)
    lines = list(invoice_lines(invoice, policy))
    found = []
    for note in invoice.credit_notes:
        if note.id not in account.notes:
            continue
        credited = credited_lines(note, invoice, policy)
        places = tuple(_place(line, lines) for line in credited.lines)
        found.append(Credited(note, credited, places))
    return CreditedInvoice(invoice, account, tuple(lines), tuple(found))


def _is_issued(note: CreditNote, at_unix: int | None) -> bool:
    if note.status != "void":
        return at_unix is None or note.created_unix <= at_unix
    voided_at_unix = note.created_unix if note.voided_at_unix is None else note.voided_at_unix
    return at_unix is not None and note.created_unix <= at_unix < voided_at_unix


def _place(line: ArLine, lines: list[ArLine]) -> int:
    """Return which line a note's line takes back: its own, one booked alike, or a new one."""
    alike = [
        index
        for index, each in enumerate(lines)
        if (each.account, each.dimensions) == (line.account, line.dimensions)
    ]
    same = [index for index in alike if lines[index].memo == line.memo]
    own = [index for index in same if lines[index].stripe_line == line.stripe_line]
    if not alike:
        lines.append(dataclasses.replace(line, amount_minor=0))
    return next(iter([*own, *same, *alike]), len(lines) - 1)


def with_amounts(lines: Iterable[ArLine], amounts_minor: Iterable[int]) -> tuple[ArLine, ...]:
    """Return the lines over these amounts; those over nothing are left out."""
    return tuple(
        dataclasses.replace(line, amount_minor=amount_minor)
        for line, amount_minor in zip(lines, amounts_minor, strict=True)
        if amount_minor
    )
