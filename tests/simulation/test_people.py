"""Goal: what people do to our records in Intacct is all that differs, and what it stops is parked.

Method: a customer owes one invoice and has paid another; somebody deletes, voids or changes what we
booked, and then Stripe goes on. The judges know what was done, and must find nothing else wrong;
and they must find what was done behind their back.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.sandbox.intacct.books.documents import delete_document
from tests.sandbox.stripe import InvoiceSpec, LineSpec
from tests.simulation.checks import JudgedWorld, Wrong
from tests.simulation.faults import Faults
from tests.simulation.functions import simulated_time
from tests.simulation.world import Plan
from tieout.domain.keys import invoice_key, receipt_key, returned_receipt_key, void_key
from tieout.domain.reasons import Reason


class Office(JudgedWorld):
    """Two invoices, the first of them paid.

    Attributes:
        paid, open: their Stripe ids.
    """

    def open_it(self) -> "Office":
        self.begin()
        customer = self.business.sign_up()
        line = LineSpec("Service", amount_minor=9_000, metadata={"revenue_category": "services"})
        self.paid, self.open = (
            self.business.finalise(InvoiceSpec(customer, (line,), currency="usd")) for _ in range(2)
        )
        self.account.start_payment(self.paid)
        (charge,) = self.account.store.all("charge")
        self.account.finish_charge(charge["id"])
        self.calm(days=1)
        return self

    def record(self, key: str) -> Any:  # noqa: ANN401 - of any kind
        number = int(self.cloud.postings.items[key]["record_no"]["S"])
        return self.company.payments.get(number) or self.company.documents[number]

    def do(self, act: str, key: str) -> None:
        self.people.touch(self.record(key), getattr(self.people, act))
        assert self.people.have_acted

    @property
    def payment(self) -> Mapping[str, Any]:
        (payment,) = self.account.store.where("invoice_payment", "invoice", self.paid)
        return payment

    def end(self) -> Mapping[str, str]:
        """Let everything be worked on and judged; return why what is parked, by key."""
        self.calm(days=2)
        self.judge()
        return {
            key: each["reason"]["S"]
            for key, each in self.cloud.postings.items.items()
            if each["state"]["S"] in {"parked", "rejected"}
        }


def pay(office: Office) -> str:
    office.account.pay_invoice(office.open)
    (payment,) = office.account.store.where("invoice_payment", "invoice", office.open)
    return receipt_key(payment["id"])


def void(office: Office) -> str:
    office.account.void_invoice(office.open)
    return void_key(office.open)


@pytest.mark.parametrize("then", [pay, void])
@pytest.mark.parametrize("act", ["delete_document", "void_invoice"])
def test_what_needs_an_invoice_that_is_gone_is_parked(
    act: str, then: Callable[[Office], str]
) -> None:
    office = Office(Plan(1, 0, Faults()))
    with simulated_time(office.outside):
        office.open_it().do(act, invoice_key(office.open))
        needs_it = then(office)
        assert office.end() == {needs_it: Reason.INTACCT_REFUSED}


@pytest.mark.parametrize("then", [pay, void])
def test_an_invoice_with_another_amount_is_paid_and_voided_as_ever(
    then: Callable[[Office], str],
) -> None:
    """What it asks more stays open when it is paid, and goes with it when it is voided."""
    office = Office(Plan(1, 0, Faults()))
    with simulated_time(office.outside):
        office.open_it().do("change_document", invoice_key(office.open))
        then(office)
        assert office.end() == {}


def test_a_payment_that_a_person_voided_cannot_be_taken_back_again() -> None:
    office = Office(Plan(2, 0, Faults()))
    with simulated_time(office.outside):
        office.open_it().do("void_payment", receipt_key(office.payment["id"]))
        (charge,) = office.account.store.all("charge")
        office.account.fail_charge_late(charge["id"])
        parked = office.end()
        assert parked[returned_receipt_key(office.payment["id"])] == Reason.INTACCT_REFUSED


def test_the_judges_find_what_nobody_told_them() -> None:
    office = Office(Plan(1, 0, Faults()))
    with simulated_time(office.outside):
        office.open_it().do("void_payment", receipt_key(office.payment["id"]))
        delete_document(
            office.company, office.record(invoice_key(office.open)).record_no, "invoice"
        )
        office.company.log.commit()
        with pytest.raises(Wrong, match=r"Services \(4010\)"):
            office.end()
