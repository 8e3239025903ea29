"""Goal: what a person solves by hand in Intacct, Tieout never books again, and it books what waited
for it; a decision can be undone; and what the books lack is told to the cent.

Method: the operator's commands on the deployed product. One invoice's revenue category is unknown
to the policy; the bookkeeper enters it in Intacct by hand and says so.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.shop import Invoice, Shop
from tests.sandbox.chart import COMPANY_ZONE
from tests.sandbox.intacct import add_account
from tests.sandbox.intacct.books.company import Scope
from tests.sandbox.intacct.books.document_lines import NewLine
from tests.sandbox.intacct.books.documents import NewDocument, create_document
from tests.sandbox.intacct.books.records import Exchange
from tests.sandbox.policy import Additions

pytestmark = pytest.mark.emulator

WORKSHOPS, ACCOUNT = "workshops", "4060"


def tieout(shop: Shop, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    done = shop.running.tieout(*arguments, "--json", "--stack", shop.running.stack.name)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def retry(shop: Shop, *keys: str) -> Sequence[str]:
    """Run `tieout retry` and wait until all is worked on."""
    queued: Sequence[str] = tieout(shop, "retry", *keys)["queued"]
    shop.running.settle()
    return queued


def refunds_not_booked(shop: Shop) -> tuple[int, int]:
    """Return how many refunds the books lack, and over how much in dollars' cents."""
    for each in tieout(shop, "not-booked")["groups"]:
        if each["kind"] == "refund":
            return each["count"], each["totals_minor"]["usd"]
    return 0, 0


@dataclass(frozen=True)
class Solved:
    """An invoice that Tieout could not book, entered by hand, and its payment.

    Attributes:
        parked: what `tieout parked` listed before, by key.
        told: what `tieout close` said.
        record_no: of the invoice made by hand.
    """

    invoice: Invoice
    receipt: str
    parked: Mapping[str, Mapping[str, Any]]
    told: Mapping[str, Any]
    record_no: str


def enter_by_hand(shop: Shop, customer: str, invoice: Invoice) -> str:
    """Enter Stripe's invoice in Intacct as a bookkeeper does; return its RECORDNO."""
    facts = shop.running.account.retrieve("invoice", invoice.id)
    finalised = datetime.fromtimestamp(facts["status_transitions"]["finalized_at"], UTC)
    day = finalised.astimezone(COMPANY_ZONE).date()
    company = shop.running.company
    with shop.running.gateway.lock:
        add_account(company, ACCOUNT, "Workshops")
        made = create_document(
            company,
            Scope(),
            NewDocument(
                kind="invoice",
                customer_id=customer,
                created_on=day,
                due_on=day,
                exchange=Exchange("USD", Decimal(1)),
                lines=(NewLine(ACCOUNT, Decimal(facts["total"]).scaleb(-2), "Workshop"),),
                number=invoice.number,
            ),
        )
        company.log.commit()
    return str(made.record_no)


@pytest.fixture(scope="module")
def solved(shop: Shop) -> Solved:
    customer = shop.customer("Workshop Guests")
    invoice = shop.invoice(customer, category=WORKSHOPS)
    shop.pay(invoice)
    shop.running.settle()
    parked = shop.parked()
    (receipt,) = (key for key in parked if key.startswith("receipt/"))
    record_no = enter_by_hand(shop, customer, invoice)
    told = tieout(
        shop,
        "close",
        f"invoice/{invoice.id}",
        "--note",
        "entered by hand",
        "--record-no",
        record_no,
    )
    return Solved(invoice, receipt, parked, told, record_no)


def test_a_payment_is_booked_against_the_invoice_made_by_hand(shop: Shop, solved: Solved) -> None:
    key = f"invoice/{solved.invoice.id}"
    assert solved.parked.keys() == {key, solved.receipt}
    assert solved.told["waiting"] == [solved.receipt]
    assert shop.dead_letters() > 0

    assert retry(shop, solved.receipt) == [key]

    (by_hand,) = shop.books.invoices(solved.invoice.number)
    assert (str(by_hand.record_no), by_hand.due) == (solved.record_no, Decimal(0))
    (receipt,) = shop.books.receipts(solved.invoice.number)
    assert receipt.cash == by_hand.total
    assert shop.parked() == {}


def test_the_dead_letters_of_what_was_solved_book_nothing(shop: Shop, solved: Solved) -> None:
    before, meter = shop.books.everything(), shop.meter()
    assert shop.redrive() > 0
    assert shop.dead_letters() == 0
    # Now the policy could book it, too.
    shop.add_to_policy(Additions(categories={WORKSHOPS: ACCOUNT}))
    assert retry(shop, f"invoice/{solved.invoice.id}") == [f"invoice/{solved.invoice.id}"]
    assert (shop.books.everything(), shop.meter()) == (before, meter)
    assert shop.parked() == {}


def test_who_solved_it_and_how_can_be_read_afterwards(shop: Shop, solved: Solved) -> None:
    (told,) = tieout(shop, "show", f"invoice/{solved.invoice.id}")
    assert (told["state"], told["record_no"]) == ("closed", solved.record_no)
    assert told["reason_text"].startswith("entered by hand (closed by ")
    assert told["trigger"] in told["reason_text"]


@contextmanager
def reworded(shop: Shop, invoice: Invoice) -> Iterator[None]:
    """Let Stripe's invoice say something else for a while."""
    account = shop.running.account
    (line,) = account.store.lines[invoice.id]
    before = line["description"]
    with account.lock:
        line["description"] = "Something else"
    try:
        yield
    finally:
        with account.lock:
            line["description"] = before


def test_a_difference_is_accepted_put_back_and_gone_when_it_is_no_more(shop: Shop) -> None:
    invoice = shop.invoice(shop.customer("Picky Ltd"))
    shop.running.settle()
    key, before = f"invoice/{invoice.id}", shop.books.everything()
    with reworded(shop, invoice):
        retry(shop, key)
        assert shop.parked()[key]["reason"] == "drift"
        tieout(shop, "close", key, "--note", "only words")
        retry(shop, key)
        assert shop.parked() == {}
        tieout(shop, "reopen", key)
        assert shop.parked()[key]["reason"] == "drift"
        retry(shop, key)
        assert shop.parked()[key]["reason"] == "drift"
    retry(shop, "--all-parked")
    assert shop.parked() == {}
    assert shop.books.everything() == before


def test_what_cannot_be_closed_is_said_in_one_line(shop: Shop) -> None:
    invoice = shop.invoice(shop.customer("Tidy Ltd"))
    shop.running.settle()
    key, stack = f"invoice/{invoice.id}", ("--stack", shop.running.stack.name)
    for name, told in ((key, "there is nothing to close"), ("payout/po_none", "is no posting")):
        done = shop.running.tieout("close", name, "--note", "x", *stack)
        assert done.returncode == 2
        assert done.stderr.startswith("tieout: ")
        assert told in done.stderr
        assert done.stderr.count("\n") == 1


@contextmanager
def nameless(shop: Shop, refund: str) -> Iterator[None]:
    """Let Stripe not say for a while which charge a refund is of."""
    account = shop.running.account
    stored = account.store.get("refund", refund)
    named = {name: stored[name] for name in ("charge", "payment_intent")}
    with account.lock:
        stored.update(dict.fromkeys(named))
    try:
        yield
    finally:
        with account.lock:
            stored.update(named)


def test_what_the_books_lack_is_told_to_the_cent_until_it_is_booked(shop: Shop) -> None:
    charge = shop.pay(shop.invoice(shop.customer("Patient Ltd")))
    refund = shop.running.account.refund(charge, 1_999)["id"]
    key = f"refund/{refund}"
    with nameless(shop, refund):
        shop.running.settle()
        assert refunds_not_booked(shop) == (1, 1_999)
        tieout(shop, "close", key, "--note", "JE-310")
        assert refunds_not_booked(shop) == (0, 0)
        tieout(shop, "reopen", key)
        retry(shop, key)
        assert refunds_not_booked(shop) == (1, 1_999)
    retry(shop, key)
    assert refunds_not_booked(shop) == (0, 0)
    assert shop.parked() == {}
