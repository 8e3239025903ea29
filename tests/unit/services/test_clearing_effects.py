"""Goal: what is parked explains exactly as much of the residual as booking it would take away.

Method: everything that moves clearing is planned under an open policy, whose documents say what
they do to clearing, and under one that closed the period, which parks all of them with an amount.
"""

import dataclasses
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import pytest

from tests.factories import (
    NOON,
    a_charge,
    a_credit_note,
    a_credit_note_of,
    a_day,
    a_dispute,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_payout,
    a_refund,
    a_refund_of,
    a_refund_of_sale,
    a_sale,
    a_topup,
    an_invoice,
    an_origin,
    moving,
    planned,
    selling,
)
from tieout.domain.documents import CashAccount, Document
from tieout.domain.effects import effects
from tieout.domain.plans import Finding
from tieout.domain.policy import Periods, Policy
from tieout.domain.postings import Posting, Work, begin_sending, from_finding
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import BalanceTransaction, Snapshot
from tieout.services.clearing_effects import clearing_effect

CLEARING = {"1200", "1210", "bank STRIPE-EUR"}
WORK = Work(Subject(SubjectKind.CHARGE, "ch_1"), "policy-1", "", "", NOON, NOON, 0)
CLOSED = Periods(closed_through=date(2027, 1, 1), when_closed="park")
FAILED = a_movement(-10_000, id="txn_9", type="payment_failure_refund", source="ch_1")


def open_policy(mode: SaleMode = "ignore") -> Policy:
    named = {"usd": CashAccount("1200"), "eur": CashAccount("1210", "STRIPE-EUR")}
    base = moving(disputes_lost_account="6999")
    return selling(mode, movements=base.movements, clearing=named)


def of_type(kind: str, amount_minor: int, number: int = 1, **changes: Any) -> BalanceTransaction:  # noqa: ANN401 - as the factory
    return a_movement(amount_minor, id=f"txn_{number}", type=kind, **changes)


CONVERTED = a_movement(12_000, 400, source="ch_1", origin=an_origin(10_000, currency="eur"))
CONVERTED_BACK = of_type(
    "refund", -6_000, 2, source="re_1", origin=an_origin(15_000, kind="refund", currency="eur")
)
INVOICE = a_paid_invoice()
OVERPAID = a_paid_invoice(payments=(a_payment(12_000),), amount_overpaid_minor=2_000)
OUT_OF_BAND = a_paid_invoice(payments=())
RECORDED_OUT_OF_BAND = a_paid_invoice(
    payments=(a_payment(12_000, out_of_band=True, payment_intent=None),),
    amount_overpaid_minor=2_000,
)
RECOVERED = a_paid_invoice(marked_uncollectible_at_unix=NOON - 60)
DISPUTED = of_type("adjustment", -10_000, reporting_category="dispute", fee_minor=1_500)
CASES: list[tuple[str, Snapshot, SaleMode]] = [
    ("sale", a_sale(failure=FAILED), "other_receipt"),
    ("sale as invoice", a_sale(failure=FAILED), "invoice"),
    ("sale's refund", a_refund_of_sale(a_refund(4_000, moved_at_unix=NOON), a_sale()), "invoice"),
    ("invoice", INVOICE, "ignore"),
    ("overpaid", OVERPAID, "ignore"),
    ("out of band", OUT_OF_BAND, "ignore"),
    ("out of band, recorded", RECORDED_OUT_OF_BAND, "ignore"),
    ("recovered", RECOVERED, "ignore"),
    (
        "late failure",
        a_charge(
            payment_intent="pi_1", invoices=("in_1",), payments=(a_payment(),), failure=FAILED
        ),
        "ignore",
    ),
    ("credit note", a_credit_note_of(an_invoice(credit_notes=(a_credit_note(),))), "ignore"),
    (
        "refund",
        a_refund_of(
            a_refund(2_500, moved_at_unix=NOON, returned_at_unix=NOON, status="failed"), INVOICE
        ),
        "ignore",
    ),
    ("day", a_day(CONVERTED, of_type("stripe_fee", -700, 3)), "ignore"),
    ("day of refunds", a_day(CONVERTED, CONVERTED_BACK), "ignore"),
    ("rare movement", a_day(of_type("tax_fund", 900, 3, fee_minor=20)), "ignore"),
    ("dispute", a_dispute(DISPUTED, status="lost"), "ignore"),
    (
        "payout",
        a_payout(
            of_type("payout", -10_000, fee_minor=100, source="po_1", currency="eur"),
            of_type("payout_failure", 10_000, 2, source="po_1", currency="eur"),
            status="failed",
            currency="eur",
        ),
        "ignore",
    ),
    (
        "top-up",
        a_topup(of_type("topup", 5_000), of_type("topup_reversal", -5_000, 2), status="reversed"),
        "ignore",
    ),
]


def as_parked(finding: Finding) -> Posting:
    return from_finding(finding, None, WORK)


def as_sent(document: Document) -> Posting:
    return begin_sending(document, None, WORK, amend=False)


def told(posting: Posting, listed: Collection[str]) -> int:
    return sum(clearing_effect(posting, open_policy(), listed).values())


def moved(document: Document, documents: Mapping[str, Document]) -> int:
    lines = effects(document, documents)
    return sum(each.amount_minor for each in lines if each.account in CLEARING)


@pytest.mark.parametrize(
    ("snapshot", "mode"), [each[1:] for each in CASES], ids=[each[0] for each in CASES]
)
def test_what_is_parked_or_under_way_counts_as_what_is_booked_would(
    snapshot: Snapshot, mode: SaleMode
) -> None:
    policy = open_policy(mode)
    others = planned(INVOICE, policy).documents
    documents = {each.key: each for each in (*others, *planned(snapshot, policy).documents)}
    closed = dataclasses.replace(policy, periods=CLOSED)
    parked = [each for each in planned(snapshot, closed).findings if each.key in documents]
    assert parked
    for finding in parked:
        document = documents[finding.key]
        truth = moved(document, documents)
        assert (finding.key, told(as_parked(finding), documents)) == (finding.key, truth)
        assert (finding.key, told(as_sent(document), documents)) == (finding.key, truth)
