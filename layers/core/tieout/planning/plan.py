"""Plan: from what Stripe says and what policy wants to the documents that should exist.

Pure: no clock, no network, no randomness. The same snapshot under the same policy always gives the
same plan; preview, dry run and replay are this function with another last step.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType

from tieout.domain.dates import accounting_date
from tieout.domain.documents import Document
from tieout.domain.plans import Plan, invoice_state
from tieout.domain.policy import Policy
from tieout.domain.reasons import DECISIONS, Reason
from tieout.domain.sale_decisions import SaleDecision
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.activity import plan_activity
from tieout.planning.credit_notes import plan_credit_note
from tieout.planning.customer_balance import add_changes_by_hand
from tieout.planning.customers import plan_customer
from tieout.planning.disputes import plan_dispute
from tieout.planning.draft import PlanDraft
from tieout.planning.entities import in_entity
from tieout.planning.invoices import add_invoice
from tieout.planning.others import plan_other
from tieout.planning.payouts import plan_payout, plan_topup
from tieout.planning.refunds import plan_refund
from tieout.planning.returned import add_returned_receipts
from tieout.planning.sale_modes import as_decided
from tieout.planning.sales import plan_charge
from tieout.planning.snapshots import (
    ActivitySnapshot,
    ChargeSnapshot,
    CreditNoteSnapshot,
    CustomerSnapshot,
    DisputeSnapshot,
    InvoiceSnapshot,
    OtherSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
    Snapshot,
    TopupSnapshot,
)

BookedUnder = Mapping[str, Policy]
NOTHING_BOOKED: BookedUnder = MappingProxyType({})
Decided = Mapping[str, SaleDecision]
NOTHING_DECIDED: Decided = MappingProxyType({})


def parts(subject: Subject, snapshot: Snapshot) -> tuple[tuple[Subject, Snapshot], ...]:
    """Return the subjects that a snapshot speaks of, what others hang on first.

    A refund is read with the invoices or the sale that it takes back, an invoice with its credit
    notes. They have plans of their own, so it does not matter which of the two subjects comes
    first, and each posting belongs to its own subject.
    """
    of = subject.account
    match snapshot:
        case InvoiceSnapshot():
            return _with_credit_notes(snapshot, of)
        case CreditNoteSnapshot():
            others = _with_credit_notes(snapshot.invoice, of)
            return (*(each for each in others if each[0] != subject), (subject, snapshot))
        case RefundSnapshot():
            invoices = [
                each for invoice in snapshot.invoices for each in _with_credit_notes(invoice, of)
            ]
            sale = [
                (Subject(SubjectKind.CHARGE, each.id, of), each)
                for each in (snapshot.sale,)
                if each
            ]
            return (*invoices, *sale, (subject, snapshot))
        case _:
            return ((subject, snapshot),)


def reversed_by(subject: Subject, snapshot: Snapshot) -> Iterator[tuple[Subject, Snapshot]]:
    """Yield what the subject's plan reverses and does not have: a failed charge's invoices."""
    if isinstance(snapshot, ChargeSnapshot):
        for invoice in snapshot.paid_invoices:
            yield Subject(SubjectKind.INVOICE, invoice.id, subject.account), invoice


def _with_credit_notes(
    invoice: InvoiceSnapshot, account: str | None
) -> tuple[tuple[Subject, Snapshot], ...]:
    notes = [
        (
            Subject(SubjectKind.CREDIT_NOTE, each.id, account),
            CreditNoteSnapshot(each, invoice),
        )
        for each in invoice.credit_notes
    ]
    return ((Subject(SubjectKind.INVOICE, invoice.id, account), invoice), *notes)


def plan(
    subject: Subject,
    snapshot: Snapshot,
    policy: Policy,
    booked_under: BookedUnder = NOTHING_BOOKED,
    decided: Decided = NOTHING_DECIDED,
) -> Plan:
    """Return the documents that the subject calls for, and what was found instead of documents.

    Never refuses as a whole: what cannot be planned is parked under its own key, with its reason,
    and everything else of the subject is planned.

    Args:
        subject: what to bring up to date.
        snapshot: what Stripe says of it.
        policy: the company's accounting policy today.
        booked_under: by key, the older policies under which documents of this subject, or those
            that it takes back, were booked. A document stays as it was booked, and what takes it
            back does so on its accounts.
        decided: by key, how sales are booked that are no longer for a policy or rule to decide.
    """
    own = policy.of_account(subject.account)
    if own is None:
        return _not_ours(subject, policy)
    policy = own
    booked_under = {
        key: of_account
        for key, each in booked_under.items()
        if (of_account := each.of_account(subject.account)) is not None
    }
    booked_under = as_decided(booked_under, decided, policy)

    def under(one: Policy) -> Plan:
        made = _plan(subject, snapshot, one, booked_under)
        return in_entity(made, snapshot, one, lambda key: booked_under.get(key, one))

    today = under(policy)
    as_booked: dict[str, tuple[Document, str]] = {}
    older_ones = [each for key in today.keys if (each := booked_under.get(key)) is not None]
    for older in {id(each): each for each in older_ones}.values():
        then = under(older)
        as_booked |= {
            each.key: (each, older.version)
            for each in then.documents
            if booked_under.get(each.key) is older
        }
    day = _first_day(snapshot, policy)
    planned = {each.key: each for each in today.documents}
    planned |= {key: each for key, (each, _) in as_booked.items() if key in today.keys}
    return dataclasses.replace(
        today,
        documents=tuple(planned.values()),
        findings=tuple(
            dataclasses.replace(each, day=each.day or day)
            for each in today.findings
            if each.key not in planned
        ),
        older_policies={
            **{key: version for key, (_, version) in as_booked.items()},
            **{
                each.key: booked_under[each.key].version
                for each in today.findings
                if each.reason in DECISIONS and each.key in booked_under
            },
        },
    )


def _not_ours(subject: Subject, policy: Policy) -> Plan:
    draft = PlanDraft()
    text = f"`stripe_accounts` does not name {subject.account}"
    draft.not_booked(str(subject), Reason.CONNECTED_ACCOUNT, text)
    return draft.finish(subject, policy)


def _plan(subject: Subject, snapshot: Snapshot, policy: Policy, booked_under: BookedUnder) -> Plan:
    draft = PlanDraft()
    match snapshot:
        case CustomerSnapshot():
            plan_customer(draft, snapshot, policy)
            add_changes_by_hand(draft, snapshot, policy)
        case InvoiceSnapshot():
            add_invoice(draft, snapshot, policy, booked_under)
        case RefundSnapshot():
            plan_refund(draft, snapshot, policy, booked_under)
        case ChargeSnapshot():
            plan_charge(draft, snapshot, policy, booked_under)
            add_returned_receipts(draft, snapshot, policy, booked_under)
        case CreditNoteSnapshot():
            plan_credit_note(draft, snapshot, policy, booked_under)
        case OtherSnapshot():
            plan_other(draft, snapshot)
        case ActivitySnapshot():
            plan_activity(draft, snapshot, policy, booked_under, subject.account)
        case DisputeSnapshot() | PayoutSnapshot() | TopupSnapshot():
            _add_balance_movements(draft, snapshot, policy)
    if not isinstance(snapshot, InvoiceSnapshot):
        return draft.finish(subject, policy)
    state = invoice_state(
        snapshot.status, snapshot.amount_paid_minor, snapshot.amount_remaining_minor
    )
    return draft.finish(subject, policy, state, snapshot.created_unix)


def _add_balance_movements(
    draft: PlanDraft, snapshot: DisputeSnapshot | PayoutSnapshot | TopupSnapshot, policy: Policy
) -> None:
    match snapshot:
        case DisputeSnapshot():
            plan_dispute(draft, snapshot, policy)
        case PayoutSnapshot():
            plan_payout(draft, snapshot, policy)
        case TopupSnapshot():
            plan_topup(draft, snapshot, policy)


def _first_day(snapshot: Snapshot, policy: Policy) -> date | None:
    """Return the first day on which anything of a snapshot could be dated; None if it tells none.

    Nothing happens to an object before it is created.
    """
    match snapshot:
        case CustomerSnapshot() | OtherSnapshot():
            return None
        case ActivitySnapshot():
            return snapshot.day
        case RefundSnapshot():
            created_unix = snapshot.refund.created_unix
        case CreditNoteSnapshot():
            created_unix = snapshot.note.created_unix
        case _:
            created_unix = snapshot.created_unix
    return accounting_date(created_unix, policy.zone)
