"""Goal: a sale that Intacct has, may have, or must not have is never free to be decided again.

Method: a table of postings, each as the record of a sale may be.
"""

import dataclasses
from typing import Any

import pytest

from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.sale_decisions import IN_THE_DAY, SaleDecision, recorded
from tieout.domain.subjects import Subject, SubjectKind

CHARGE = Subject(SubjectKind.CHARGE, "ch_1")
RECEIPT = SaleDecision("other_receipt")


def a_posting(state: State, **changes: Any) -> Posting:  # noqa: ANN401 - any field
    made = Posting("sale/pi_1", CHARGE, state, document_type="OtherReceipt")
    return dataclasses.replace(made, **changes)


@pytest.mark.parametrize("state", [State.POSTED, State.SENDING, State.UNKNOWN, State.CLOSED])
def test_what_may_be_there_is_what_was_sent(state: State) -> None:
    assert recorded(a_posting(state)) == RECEIPT
    assert recorded(a_posting(state, document_type="ArInvoice")) == SaleDecision("invoice")


@pytest.mark.parametrize("state", [State.PLANNED, State.PARKED, State.REJECTED, State.NOT_BOOKED])
def test_what_is_not_there_is_not_decided_unless_it_is_in_doubt(state: State) -> None:
    assert recorded(a_posting(state, reason=Reason.WITHDRAWN)) is None
    assert recorded(a_posting(state, reason=Reason.WITHDRAWN, in_doubt=True)) == RECEIPT


def test_a_decision_against_a_document_beats_one_that_was_refused_before() -> None:
    summed_up = a_posting(State.NOT_BOOKED, reason=Reason.IN_DAILY_SUMMARY)
    assert recorded(summed_up) == IN_THE_DAY
    told = "charge ch_1 is in the journal of 2026-11-02 in usd: above the budget: 9 of 9"
    above = dataclasses.replace(summed_up, reason_text=told)
    assert recorded(above) == SaleDecision("daily_summary", "above the budget: 9 of 9")
    text = "charge ch_1: the shop books them: all of them"
    ignored = a_posting(State.NOT_BOOKED, reason=Reason.IGNORED_BY_POLICY, reason_text=text)
    assert recorded(ignored) == SaleDecision("ignore", "the shop books them: all of them")


def test_a_posted_sale_that_differs_is_what_is_posted() -> None:
    assert recorded(a_posting(State.POSTED, reason=Reason.DRIFT)) == RECEIPT


def test_a_posting_that_was_never_sent_says_nothing() -> None:
    assert recorded(a_posting(State.CLOSED, document_type="")) is None
