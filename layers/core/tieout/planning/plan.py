"""Plan: from what Stripe says and what policy wants to the documents that should exist.

Pure: no clock, no network, no randomness. The same snapshot under the same policy always gives the
same plan; preview, dry run and replay are this function with another last step.
"""

from tieout.domain.plans import Plan, invoice_state
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.customers import plan_customer
from tieout.planning.draft import PlanDraft
from tieout.planning.invoices import add_invoice
from tieout.planning.others import plan_charge, plan_other
from tieout.planning.refunds import plan_refund
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CustomerSnapshot,
    InvoiceSnapshot,
    OtherSnapshot,
    RefundSnapshot,
    Snapshot,
)


def plans(subject: Subject, snapshot: Snapshot, policy: Policy) -> tuple[Plan, ...]:
    """Return the plan of the subject after the plans of what it hangs on and was read with it.

    A refund is read with the invoices that it takes back. They have plans of their own, so it does
    not matter which of the two subjects comes first, and each posting belongs to its own subject.
    """
    own = plan(subject, snapshot, policy)
    if not isinstance(snapshot, RefundSnapshot) or subject.account is not None:
        return (own,)
    invoices = [
        plan(Subject(SubjectKind.INVOICE, each.id), each, policy) for each in snapshot.invoices
    ]
    return (*invoices, own)


def plan(subject: Subject, snapshot: Snapshot, policy: Policy) -> Plan:
    """Return the documents that the subject calls for, and what was found instead of documents.

    Never refuses as a whole: what cannot be planned is parked under its own key, with its reason,
    and everything else of the subject is planned.
    """
    draft = PlanDraft()
    if subject.account is not None:
        text = f"belongs to the connected account {subject.account}"
        draft.not_booked(str(subject), Reason.CONNECTED_ACCOUNT, text)
        return draft.finish(subject, policy)
    match snapshot:
        case CustomerSnapshot():
            plan_customer(draft, snapshot, policy)
        case InvoiceSnapshot():
            add_invoice(draft, snapshot, policy)
        case RefundSnapshot():
            plan_refund(draft, snapshot, policy)
        case ChargeSnapshot():
            plan_charge(draft, snapshot, policy)
        case OtherSnapshot():
            plan_other(draft, snapshot, policy)
    if not isinstance(snapshot, InvoiceSnapshot):
        return draft.finish(subject, policy)
    state = invoice_state(
        snapshot.status, snapshot.amount_paid_minor, snapshot.amount_remaining_minor
    )
    return draft.finish(subject, policy, state, snapshot.created_unix)
