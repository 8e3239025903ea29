"""Goal: wherever a function dies, once, nothing is booked twice and nothing is lost.

Method: one business day with an invoice, its payment, a refund, a credit note, a dispute, a payout
and the journal of the day. It is played once to count the outside calls (tables, queue, Stripe,
Intacct, key service), then once for each of them, and there the function at work dies. A crash
before a call is a crash after the one before it, so all points are covered.
"""

import pytest

from tests.sandbox.stripe import (
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
)
from tests.simulation.checks import JudgedWorld
from tests.simulation.faults import Faults
from tests.simulation.functions import simulated_time
from tests.simulation.world import Plan

POINTS_MIN = 200
# The points are dealt out to so many tests, which can run side by side.
PARTS = 8


class ReferenceDay(JudgedWorld):
    """One of each, told step by step."""

    def happen(self) -> None:
        """Play the day; the functions work after each step, and die where they are told to."""
        with simulated_time(self.outside):
            self.begin()
            account, customer = self.account, self.business.sign_up()
            first = self._billed(customer, 12_000)
            self._step()
            account.pay_invoice(first)
            self._step()
            account.refund(self._charge_of(first), 2_000)
            self._step()
            second = self._billed(customer, 9_000)
            line = account.store.lines[second][0]["id"]
            account.create_credit_note(CreditNoteSpec(second, (CreditLineSpec(line, 1_000),)))
            self._step()
            account.pay_invoice(second)
            dispute = account.create_dispute(self._charge_of(second))
            account.withdraw_dispute_funds(dispute["id"])
            self._step()
            account.create_payout(currency="usd")
            self._step()
            self.calm(days=2)
            self.judge()

    def _billed(self, customer: str, amount_minor: int) -> str:
        line = LineSpec(
            "Service", amount_minor=amount_minor, metadata={"revenue_category": "services"}
        )
        taxes = self.catalog.taxes[1]
        spec = InvoiceSpec(customer, (line,), currency="usd", tax_rates=taxes)
        return self.business.finalise(spec)

    def _charge_of(self, invoice: str) -> str:
        (payment,) = self.account.store.where("invoice_payment", "invoice", invoice)
        intent = payment["payment"]["payment_intent"]
        (charge,) = self.account.store.where("charge", "payment_intent", intent)
        return str(charge["id"])

    def _step(self) -> None:
        self._tell()
        self._bring_due()
        while self._work():
            pass
        self.time.advance(200)


def played(crash_at: int | None) -> ReferenceDay:
    day = ReferenceDay(Plan(0, 0, Faults()))
    day.outside.crash_at = crash_at
    day.happen()
    return day


def test_the_day_without_a_crash_has_every_kind_of_document() -> None:
    day = played(crash_at=None)
    kinds = {key.partition("/")[0] for key in day.cloud.postings.items}
    assert kinds >= {
        "customer", "invoice", "receipt", "refund", "credit_note", "dispute", "payout", "activity"
    }  # fmt: skip
    assert day.outside.calls > POINTS_MIN


@pytest.mark.simulation
@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_at_any_outside_call_is_survived(part: int) -> None:
    calls = played(crash_at=None).outside.calls
    for point in range(part, calls, PARTS):
        played(crash_at=point)
