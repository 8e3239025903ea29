"""Which entity's books a document is in.

A document is in one entity: that of the rule that answers, else the policy's own. What settles an
invoice or takes it back is where the invoice is, by the policy that the invoice was booked under;
what speaks of several entities' invoices is at the top level, where each line has its location.
Source: intacct-xml-api dossier sections 3 (entity sessions) and 7.9 (the top level sees them all).
"""

import dataclasses
from collections.abc import Callable

from tieout.domain.documents import Customer
from tieout.domain.keys import invoice_key
from tieout.domain.plans import Plan
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.planning.facts import charge_case, invoice_case
from tieout.planning.rules import Case, answer
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CreditNoteSnapshot,
    InvoiceSnapshot,
    RefundSnapshot,
    Snapshot,
)

PolicyOf = Callable[[str], Policy]


def in_entity(plan: Plan, snapshot: Snapshot, policy: Policy, policy_of: PolicyOf) -> Plan:
    """Return the plan with every document in its entity's books; customers are everybody's.

    Args:
        plan: as planned under `policy`.
        snapshot: what was planned.
        policy: the one it was planned under.
        policy_of: returns the policy under which the document of a key is, or would be, booked.
    """
    entity = _entity(snapshot, policy, policy_of)
    if entity is None:
        return plan
    return dataclasses.replace(
        plan,
        documents=tuple(
            each if isinstance(each, Customer) else dataclasses.replace(each, entity=entity)
            for each in plan.documents
        ),
    )


def _entity(snapshot: Snapshot, policy: Policy, policy_of: PolicyOf) -> str | None:
    match snapshot:
        case InvoiceSnapshot():
            return _of_invoice(snapshot, policy_of)
        case CreditNoteSnapshot():
            return _of_invoice(snapshot.invoice, policy_of)
        case RefundSnapshot(invoices=invoices) | ChargeSnapshot(paid_invoices=invoices) if invoices:
            entities = {_of_invoice(each, policy_of) for each in invoices}
            return entities.pop() if len(entities) == 1 else None
        case RefundSnapshot(sale=ChargeSnapshot() as sale):
            return _chosen(charge_case(sale, policy), policy)
        case ChargeSnapshot():
            return _chosen(charge_case(snapshot, policy), policy)
        case _:
            return policy.entity


def _of_invoice(invoice: InvoiceSnapshot, policy_of: PolicyOf) -> str | None:
    policy = policy_of(invoice_key(invoice.id))
    return _chosen(invoice_case(invoice, policy), policy)


def _chosen(case: Case, policy: Policy) -> str | None:
    return answer(Area.ENTITY, case, policy).settings.get("entity", policy.entity)
