"""Refunds: a journal entry against the accounts that the refunded invoice earned on.

A payment has its fixed share of the invoice's lines (see `planning.settlement`) and a refund its
fixed share of that (see `planning.refund_shares`).
"""

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArLine, Dimensions, JournalEntry, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import invoice_key, reference, refund_failure_key, refund_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.customers import debtor_id
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.lines import invoice_lines
from tieout.planning.numbers import invoice_number
from tieout.planning.others import note_fees, reason_not_planned
from tieout.planning.periods import posting_date
from tieout.planning.refund_shares import has_failed, refund_shares
from tieout.planning.sale_refunds import add_sale_refund
from tieout.planning.settlement import divide, settlements
from tieout.planning.snapshots import InvoicePayment, RefundFacts, RefundSnapshot


@dataclass(frozen=True, slots=True)
class _PaidLine:
    """What the refunded charge paid of one line of an invoice, and where that was booked."""

    invoice_id: str
    invoice_number: str
    customer_id: str
    line: ArLine
    amount_minor: int


@dataclass(frozen=True, slots=True)
class _Rules:
    """The policy for what is new, and the older ones that something was booked under."""

    today: Policy
    booked_under: Mapping[str, Policy]

    def of(self, key: str) -> Policy:
        return self.booked_under.get(key, self.today)


def plan_refund(
    draft: PlanDraft,
    snapshot: RefundSnapshot,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan a refund, and its failure if it failed; the invoices it takes back are planned apart.

    Args:
        draft: where the documents go.
        snapshot: the refund, its siblings and its invoices.
        policy: today's.
        booked_under: by key, the older policies of what is booked: a refund takes back from the
            accounts that its invoices earned on, a failure gives back what the refund took.
    """
    refund = snapshot.refund
    rules = _Rules(policy, booked_under)
    last_moved_at_unix = refund.returned_at_unix or _moved_at_unix(refund)
    note_fees(draft, refund.fees, f"refund {refund.id}", last_moved_at_unix, policy)
    if not _has_moved_money(refund):
        reason = Reason.NOTHING_TO_BOOK if has_failed(refund) else Reason.WAITS_FOR_STRIPE
        _not_booked(draft, refund, reason, f"{refund.status}; no money has moved")
    elif snapshot.sale is not None:
        add_sale_refund(draft, snapshot, snapshot.sale, policy, booked_under)
    elif not snapshot.invoices:
        text = f"{refund.status}; the charge paid no invoice"
        _not_booked(draft, refund, reason_not_planned(last_moved_at_unix, policy), text)
    else:
        draft.document(
            refund_key(refund.id),
            lambda: _refund_entry(snapshot, rules),
            refund.amount_minor,
            refund.currency,
        )
        if has_failed(refund):
            _add_failure(draft, snapshot, rules)


def _has_moved_money(refund: RefundFacts) -> bool:
    moved = refund.moved_at_unix is not None or refund.status == "succeeded"
    return moved and refund.amount_minor > 0


def _moved_at_unix(refund: RefundFacts) -> int:
    return refund.created_unix if refund.moved_at_unix is None else refund.moved_at_unix


def _not_booked(draft: PlanDraft, refund: RefundFacts, reason: Reason, text: str) -> None:
    draft.not_booked(refund_key(refund.id), reason, text, refund.amount_minor, refund.currency)


def _add_failure(draft: PlanDraft, snapshot: RefundSnapshot, rules: _Rules) -> None:
    refund = snapshot.refund
    key = refund_failure_key(refund.id)
    if refund.returned_at_unix is None:
        text = f"{refund.status}, but the money is not back in Stripe's balance yet"
        draft.not_booked(key, Reason.WAITS_FOR_STRIPE, text, refund.amount_minor, refund.currency)
        return
    returned_at_unix = refund.returned_at_unix
    draft.document(
        key,
        lambda: _failure_entry(snapshot, returned_at_unix, rules),
        refund.amount_minor,
        refund.currency,
    )


def _refund_entry(snapshot: RefundSnapshot, rules: _Rules) -> JournalEntry:
    refund, policy = snapshot.refund, rules.today
    posted = posting_date(accounting_date(_moved_at_unix(refund), policy.zone), policy)
    taken_back = _taken_back(snapshot, rules)
    return JournalEntry(
        key=refund_key(refund.id),
        stripe_id=refund.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=refund.currency,
        title=clean(f"Stripe refund {refund.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(refund.id),
        lines=_journal_lines(taken_back, refund, policy),
        after=tuple(dict.fromkeys(invoice_key(each.invoice_id) for each in taken_back)),
    )


def _failure_entry(snapshot: RefundSnapshot, returned_at_unix: int, rules: _Rules) -> JournalEntry:
    """Return the exact mirror of the refund, on the day its money came back."""
    refund, policy = snapshot.refund, rules.today
    posted = posting_date(accounting_date(returned_at_unix, policy.zone), policy)
    as_refunded = rules.of(refund_key(refund.id))
    lines = _journal_lines(_taken_back(snapshot, rules), refund, as_refunded, sign=-1)
    return JournalEntry(
        key=refund_failure_key(refund.id),
        stripe_id=refund.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=refund.currency,
        title=clean(f"Stripe refund {refund.id} failed{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{refund.id}-failed"),
        lines=lines,
        after=(refund_key(refund.id),),
    )


def _taken_back(snapshot: RefundSnapshot, rules: _Rules) -> list[_PaidLine]:
    """Return the part of each line that the refund takes back; together the refund's amount."""
    refund = snapshot.refund
    paid = _paid_lines(snapshot, rules)
    refunds = {each.id: each for each in (*snapshot.siblings, refund)}
    shares = refund_shares([each.amount_minor for each in paid], tuple(refunds.values()))
    if refund.id not in shares:
        settled_minor = sum(each.amount_minor for each in paid)
        raise Refused(
            Reason.REFUND_OVER_PAYMENT,
            f"a refund of {amount_text(refund.amount_minor, refund.currency)}, but the charge "
            f"settled {amount_text(settled_minor, refund.currency)} of its invoices, less what "
            "other refunds took back",
        )
    return [
        dataclasses.replace(each, amount_minor=amount_minor)
        for each, amount_minor in zip(paid, shares[refund.id], strict=True)
        if amount_minor
    ]


def _paid_lines(snapshot: RefundSnapshot, rules: _Rules) -> list[_PaidLine]:
    """Return what the refunded charge paid of each line of each invoice, in a fixed order."""
    paid = []
    for invoice in sorted(snapshot.invoices, key=lambda each: (each.created_unix, each.id)):
        settled = settlements(invoice)
        if not any(_is_of(snapshot.refund, each.payment) for each in settled):
            continue
        if invoice.currency != snapshot.refund.currency:
            raise Refused(
                Reason.REFUND_OVER_PAYMENT,
                f"the refund is in {snapshot.refund.currency}, invoice {invoice.id} in "
                f"{invoice.currency}",
            )
        original = rules.of(invoice_key(invoice.id))
        lines = invoice_lines(invoice, original)
        shares, _ = divide(
            [each.amount_minor for each in settled], [line.amount_minor for line in lines]
        )
        paid += [
            _PaidLine(
                invoice.id,
                invoice_number(invoice, original),
                debtor_id(invoice, original),
                line,
                amount_minor,
            )
            for settlement, share in zip(settled, shares, strict=True)
            if _is_of(snapshot.refund, settlement.payment)
            for line, amount_minor in zip(lines, share, strict=True)
        ]
    return paid


def _is_of(refund: RefundFacts, payment: InvoicePayment) -> bool:
    if refund.payment_intent is not None and payment.payment_intent == refund.payment_intent:
        return True
    return refund.charge is not None and payment.charge == refund.charge


def _journal_lines(
    taken_back: list[_PaidLine], refund: RefundFacts, policy: Policy, sign: int = 1
) -> tuple[JournalLine, ...]:
    """Return debits of what was earned and credits of clearing; the reverse for sign -1.

    Clearing is credited in the location of what it pays for: in a company of several entities the
    entry must balance in each of them.

    Source: intacct-xml-api dossier section 7.6 (debits must equal credits per entity).
    """
    earned: dict[_Earned, int] = defaultdict(int)
    for each in taken_back:
        of = (each.customer_id, each.invoice_number, each.line.account, each.line.dimensions)
        earned[of] += each.amount_minor
    cash: dict[tuple[str, str | None, _Earned | None], int] = defaultdict(int)
    for of, amount in earned.items():
        customer, _, _, dimensions = of
        # Converted line by line, what is rounded on one side must be rounded on the other.
        apart = of if refund.currency != policy.base_currency else None
        cash[customer, dimensions.location, apart] -= amount
    clearing_account = clearing(refund.currency, policy).account
    defaults = policy.dimensions.defaults
    lines = [
        JournalLine(
            account, sign * amount, f"Refund of {number}", dimensions, customer, "as booked"
        )
        for (customer, number, account, dimensions), amount in earned.items()
    ] + [
        JournalLine(
            clearing_account,
            sign * amount,
            f"Stripe refund {refund.id}",
            defaults.overlaid(Dimensions(location=location)),
            customer,
            "clearing account",
        )
        for (customer, location, _), amount in cash.items()
    ]
    return tuple(line for line in lines if line.amount_minor)


# Customer, invoice number, account and dimensions.
_Earned = tuple[str, str, str, Dimensions]
