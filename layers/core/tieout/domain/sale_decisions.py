"""Decisions about sales: what their records say of how they are booked.

What a rule asks of a charge can be edited in Stripe later. So of a sale that is booked, or decided
to be booked elsewhere or nowhere, only the record is asked: in another mode it would be booked
twice, or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tieout.domain.documents import ArInvoice, OtherReceipt
from tieout.domain.plans import Plan
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleMode

_BY_TYPE: Mapping[str, SaleMode] = {
    OtherReceipt.__name__: "other_receipt",
    ArInvoice.__name__: "invoice",
}


@dataclass(frozen=True, slots=True)
class SaleDecision:
    """How a sale is booked, once and for all.

    Attributes:
        why: of one without a document: why the books do not need it, or what put it into the
            journal of its day, if it was a rule or the budget.
    """

    mode: SaleMode
    why: str = ""


IN_THE_DAY = SaleDecision("daily_summary")


def recorded(posting: Posting) -> SaleDecision | None:
    """Return what the posting under a sale's key says; None if nothing was decided yet.

    What Intacct has, may have, or got by hand is decided by the document that was last sent, even
    where the posting does not keep its policy: what hangs on it must still find it as it is.
    """
    if posting.state is State.NOT_BOOKED and posting.reason is not None:
        decision = _without_document(posting.reason, posting.reason_text)
        if decision is not None:
            return decision
    mode = _BY_TYPE.get(posting.document_type)
    is_there = posting.may_be_booked or posting.in_doubt or posting.state is State.CLOSED
    return SaleDecision(mode) if mode is not None and is_there else None


def planned(key: str, plan: Plan) -> SaleDecision | None:
    """Return how a plan books the sale of a key; None if it does not have it, or parks it."""
    for document in plan.documents:
        if document.key == key and (mode := _BY_TYPE.get(type(document).__name__)):
            return SaleDecision(mode)
    for finding in plan.findings:
        if finding.key == key:
            return _without_document(finding.reason, finding.text)
    return None


def _without_document(reason: Reason, text: str) -> SaleDecision | None:
    # The text names the charge, then says why.
    why = text.partition(": ")[2]
    match reason:
        case Reason.IN_DAILY_SUMMARY:
            return SaleDecision("daily_summary", why)
        case Reason.IGNORED_BY_POLICY:
            return SaleDecision("ignore", why)
        case _:
            return None
