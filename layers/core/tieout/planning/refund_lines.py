"""What a refund takes back: the lines of the credit notes that name it, and its share of the rest.

A payment has its fixed share of what credit notes leave of its invoice's lines, and a refund its
fixed share of that (see `planning.settlement` and `planning.refund_shares`). What is refunded
beyond that, the payment had brought for the customer's credit balance: it is taken from there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.documents import ArLine
from tieout.domain.errors import Refused
from tieout.domain.keys import excess_key, invoice_key
from tieout.domain.money import decimal_from_minor
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.credit_balance import CREDIT_WHY, credit_account
from tieout.planning.credit_note_lines import CreditedInvoice, CreditedLines, credited_invoice
from tieout.planning.customers import debtor_id
from tieout.planning.fields import amount_text
from tieout.planning.memos import plain_line
from tieout.planning.numbers import invoice_number
from tieout.planning.receivable import Settlement, receivable
from tieout.planning.refund_shares import has_failed, shares_until
from tieout.planning.settlement import Shares, add, receipt_key_of, subtract
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot, RefundFacts, RefundSnapshot
from tieout.planning.taking_back import Earned, as_booked

# The policy that a document was booked under, by its key.
PolicyOf = Callable[[str], Policy]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A part of an invoice's line, or of what was paid beyond it, that a refund takes back.

    Attributes:
        key: of the document that booked it.
    """

    key: str
    earned: Earned


@dataclass(frozen=True, slots=True)
class _Paid:
    """An invoice that the refunded charge paid, and how it was booked."""

    of: CreditedInvoice
    policy: Policy

    def taken(self, line: ArLine, place: int, amount_minor: int, by: str = "") -> TakenBack:
        """Return a part of the line at a place of the invoice; `by` says what divided it so."""
        invoice = self.of.invoice
        memo = f"Refund of {invoice_number(invoice, self.policy)}"
        customer, why = debtor_id(invoice, self.policy), as_booked(line, self.policy.version)
        share = f"{self._text(amount_minor)}{self._of_line(place)}{by}"
        earned = Earned(customer, memo, line, amount_minor, f"{share}: {why}")
        return TakenBack(invoice_key(invoice.id), earned)

    def _of_line(self, place: int) -> str:
        whole_minor = self.of.lines[place].amount_minor
        return f" of {self._text(whole_minor)} of line {place + 1}" if whole_minor else ""

    def _text(self, amount_minor: int) -> str:
        return f"{decimal_from_minor(amount_minor, self.of.invoice.currency):f}"


@dataclass(frozen=True, slots=True)
class _Beyond:
    """What the refunded charge brought beyond an invoice, for the customer's credit balance.

    Attributes:
        key, policy: of the document that booked it, and under which that was.
    """

    invoice: InvoiceSnapshot
    settlement: Settlement
    key: str
    policy: Policy

    def taken(self, amount_minor: int) -> TakenBack:
        """Return a part of it."""
        memo = f"Refund of what was paid beyond {invoice_number(self.invoice, self.policy)}"
        account = credit_account(self.policy)
        whole_minor = self.settlement.excess_minor
        line = plain_line(self.invoice, account, whole_minor, memo, CREDIT_WHY, self.policy)
        customer = debtor_id(self.invoice, self.policy)
        return TakenBack(self.key, Earned(customer, memo, line, amount_minor, CREDIT_WHY))


def taken_back(snapshot: RefundSnapshot, policy_of: PolicyOf) -> tuple[TakenBack, ...]:
    """Return the part of each line that the refund takes back; together the refund's amount.

    Args:
        snapshot: the refund, its siblings and its invoices with their credit notes.
        policy_of: the policy that an invoice was booked under, by the invoice's key.

    Raises:
        Refused: the refund is of more than its charge paid, or something contradicts itself.
    """
    refund = snapshot.refund
    paid = _paid_invoices(snapshot, policy_of)
    named = _of_credit_notes(refund, paid)
    rest_minor = refund.amount_minor - sum(each.earned.amount_minor for each in named)
    if rest_minor < 0:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            "credit notes say that more was refunded than the "
            f"{amount_text(refund.amount_minor, refund.currency)} of refund {refund.id}",
        )
    rest = _share_of_the_rest(snapshot, paid, rest_minor, policy_of) if rest_minor else ()
    return tuple(each for each in (*named, *rest) if each.earned.amount_minor)


def _paid_invoices(snapshot: RefundSnapshot, policy_of: PolicyOf) -> list[_Paid]:
    """Return the invoices that the refunded charge paid, in a fixed order."""
    refund, paid = snapshot.refund, []
    for invoice in sorted(snapshot.invoices, key=lambda each: (each.created_unix, each.id)):
        if not any(_is_of(refund, each.payment) for each in receivable(invoice).settlements):
            continue
        if invoice.currency != refund.currency:
            raise Refused(
                Reason.REFUND_OVER_PAYMENT,
                f"the refund is in {refund.currency}, invoice {invoice.id} in {invoice.currency}",
            )
        policy = policy_of(invoice_key(invoice.id))
        paid.append(_Paid(credited_invoice(invoice, policy), policy))
    return paid


def _of_credit_notes(refund: RefundFacts, paid: Sequence[_Paid]) -> list[TakenBack]:
    """Return the lines of the credit notes that name the refund."""
    return [
        each.taken(line, place, amount_minor, f", as {credited.note.id} says")
        for each in paid
        for credited in each.of.issued(None)
        if refund.id in credited.lines.refunds
        for line, place, amount_minor in zip(
            credited.lines.lines,
            credited.places,
            credited.lines.refunds[refund.id],
            strict=True,
        )
    ]


def _share_of_the_rest(
    snapshot: RefundSnapshot, paid: Sequence[_Paid], rest_minor: int, policy_of: PolicyOf
) -> list[TakenBack]:
    refund, beyond = snapshot.refund, _paid_beyond(snapshot.refund, paid, policy_of)
    of_charge = {each.id: each for each in (*snapshot.siblings, refund)}

    def unnamed_minor(each: RefundFacts) -> int:
        if each.id == refund.id:
            return rest_minor
        # What a later credit note says of an earlier refund must not change this one.
        return each.amount_minor - sum(
            sum(credited.lines.refunds.get(each.id, ()))
            for invoice in paid
            for credited in invoice.of.issued(refund.created_unix)
        )

    shares = shares_until(
        [each for each in of_charge.values() if _order(each) <= _order(refund)],
        lambda each: _paid_minor(refund, of_charge, paid, each.created_unix),
        unnamed_minor,
        tuple(each.settlement.excess_minor for each in beyond),
    )
    if refund.id not in shares:
        raise _over_payment(refund, paid)
    lines = [(each, place, line) for each in paid for place, line in enumerate(each.of.lines)]
    share = shares[refund.id]
    return [
        *(
            each.taken(line, place, amount_minor)
            for (each, place, line), amount_minor in zip(lines, share, strict=False)
        ),
        *(
            each.taken(amount_minor)
            for each, amount_minor in zip(beyond, share[len(lines) :], strict=True)
            if amount_minor
        ),
    ]


def _paid_beyond(
    refund: RefundFacts, paid: Sequence[_Paid], policy_of: PolicyOf
) -> Sequence[_Beyond]:
    return [
        _Beyond(each.of.invoice, settlement, key, policy_of(key))
        for each in paid
        for settlement in each.of.account.settlements
        if settlement.excess_minor and _is_of(refund, settlement.payment)
        for key in [excess_key(receipt_key_of(settlement.payment, each.of.invoice))]
    ]


def _over_payment(refund: RefundFacts, paid: Sequence[_Paid]) -> Refused:
    brought_minor = sum(
        settlement.amount_minor + settlement.excess_minor
        for each in paid
        for settlement in each.of.account.settlements
        if _is_of(refund, settlement.payment)
    )
    return Refused(
        Reason.REFUND_OVER_PAYMENT,
        f"a refund of {amount_text(refund.amount_minor, refund.currency)}, but the charge "
        f"settled {amount_text(brought_minor, refund.currency)} of its invoices, less what "
        "credit notes and other refunds took back",
    )


def _paid_minor(
    refund: RefundFacts,
    of_charge: Mapping[str, RefundFacts],
    paid: Sequence[_Paid],
    at_unix: int,
) -> Shares:
    """Return what the charge paid of each line, less what credit notes had given back of it.

    A credit note gives back what a payment paid: the one that its refund is of, else any other
    before this one.
    """
    own, failed = frozenset(of_charge), _failed_until(of_charge, at_unix)
    share: Shares = ()
    for each in paid:
        settled = _settled(refund, each.of, at_unix)
        given = [_given_back(credited.lines, own, failed) for credited in each.of.issued(at_unix)]
        settled = _less(settled, sum(by_own for by_own, _ in given), own_first=True)
        settled = _less(settled, sum(by_others for _, by_others in given), own_first=False)
        amounts = [amount_minor for _, amount_minor in settled]
        parts, _ = each.of.divided(amounts, at_unix, lambda lines: _all_parts(lines, failed))
        own_share = (0,) * len(each.of.lines)
        for (is_own, _), part in zip(settled, parts, strict=True):
            own_share = add(own_share, part) if is_own else own_share
        share += own_share
    return share


def _settled(refund: RefundFacts, of: CreditedInvoice, at_unix: int) -> list[tuple[bool, int]]:
    """Return what settled an invoice until a moment, in order, and whether the charge did."""
    own = [each for each in of.account.settlements if _is_of(refund, each.payment)]
    until_unix = max([at_unix, *(each.payment.paid_at_unix or 0 for each in own)])
    settled = [(False, of.account.credit_used_minor)]
    for each in of.account.settlements:
        is_own, paid_at_unix = each in own, each.payment.paid_at_unix or 0
        if is_own or (paid_at_unix <= until_unix and not _went_back(each.payment, at_unix)):
            settled.append((is_own, each.amount_minor))
    return settled


def _went_back(payment: InvoicePayment, at_unix: int) -> bool:
    """Return whether a payment's money had gone back by then; where nobody knows when, it had."""
    if payment.returned_at_unix is None:
        return payment.status == "canceled"
    return payment.returned_at_unix <= at_unix


def _given_back(
    lines: CreditedLines, own: frozenset[str], failed: frozenset[str]
) -> tuple[int, int]:
    """Return what a credit note gave back of the charge's money, and of other money."""
    by_own = sum(
        sum(share) for name, share in lines.refunds.items() if name in own and name not in failed
    )
    all_minor = sum(_all_parts(lines, failed)) - sum(lines.pre_payment)
    return by_own, all_minor - by_own


def _all_parts(lines: CreditedLines, failed: frozenset[str]) -> Shares:
    """Return what a credit note takes back of each line, but for refunds that had failed."""
    taken = tuple(line.amount_minor for line in lines.lines)
    for name, share in lines.refunds.items():
        taken = subtract(taken, share) if name in failed else taken
    return taken


def _failed_until(refunds: Mapping[str, RefundFacts], at_unix: int) -> frozenset[str]:
    return frozenset(
        each.id
        for each in refunds.values()
        if has_failed(each) and each.returned_at_unix is not None
        if each.returned_at_unix <= at_unix
    )


def _less(
    settled: Sequence[tuple[bool, int]], given_minor: int, *, own_first: bool
) -> list[tuple[bool, int]]:
    """Return what is left of each payment once an amount was given back."""
    left = [amount_minor for _, amount_minor in settled]
    for index in sorted(range(len(settled)), key=lambda each: settled[each][0] is not own_first):
        part_minor = min(left[index], given_minor)
        left[index] -= part_minor
        given_minor -= part_minor
    return [(is_own, amount_minor) for (is_own, _), amount_minor in zip(settled, left, strict=True)]


def _order(refund: RefundFacts) -> tuple[int, str]:
    return refund.created_unix, refund.id


def _is_of(refund: RefundFacts, payment: InvoicePayment) -> bool:
    if refund.payment_intent is not None and payment.payment_intent == refund.payment_intent:
        return True
    return refund.charge is not None and payment.charge == refund.charge
