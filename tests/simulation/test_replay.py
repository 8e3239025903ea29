"""Goal: on the whole product a replay says that the books are right exactly if they are, and what
it proposes puts them right.

Method: a small company is booked between the two doubles. Then its books, its postings and Stripe
are tampered with, each where the oracle sees it or must not; each is listed, the corrections are
entered in the ledger as proposed, and the oracle agrees again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

import pytest

from tests.oracle.verdict import differences, judge
from tests.sandbox.stripe import InvoiceSpec, LineSpec, SteppedClock, StripeAccount
from tests.year.business import Business, Catalog, set_up
from tests.year.company import CURRENCIES, Decision, chart, new_account, new_books, policy
from tests.year.product import Product
from tests.year.story import Dice
from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArLine,
    ArPayment,
    CashAccount,
    Document,
    JournalEntry,
    JournalLine,
    PaymentReversal,
    dependencies,
)
from tieout.domain.effects import RECEIVABLE, read_place
from tieout.domain.postings import described
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.corrections import Correction, Kind
from tieout.services.operate import Signature, close, retry
from tieout.services.ports import Accepted, Submission
from tieout.services.preview import Previewer
from tieout.services.replay import Outcome, Replayed

pytestmark = pytest.mark.simulation

FIRST = date(2026, 1, 5)
LAST = FIRST + timedelta(days=2)
LEDGER_ACCOUNTS = {"bank STRIPE-USD": "1205", "bank BANK-USD": "1000"}
NO_RECORDS: Mapping[str, str] = MappingProxyType({})
NOON_UNIX = 1_767_632_400  # of the first day in New York


class Company:
    """The product after two days of business, and who judges it.

    Attributes:
        paid, unpaid: invoices over a service; the first was paid by card.
    """

    def __init__(self) -> None:
        self.clock = SteppedClock(NOON_UNIX)
        self.stripe: StripeAccount = new_account(self.clock, "replay")
        self.catalog: Catalog = set_up(self.stripe, CURRENCIES)
        self.product = Product(self.stripe, new_books(self.clock), policy(self.catalog))
        self.product.poll()
        business = Business(self.stripe, self.catalog, Dice(1), CURRENCIES)
        self.paid, self.unpaid = (self._bill(business) for _ in range(2))
        self.stripe.pay_invoice(self.paid)
        for action in ("sell", "sell", "bill", "refund"):
            business.act(action)
        self.clock.advance(2 * 86_400)
        self.work()
        self.product.poll()
        self.work()

    def _bill(self, business: Business) -> str:
        line = LineSpec("Service", amount_minor=10_000, metadata={"revenue_category": "usage"})
        return business.finalise(InvoiceSpec(business.sign_up(), (line,), currency="usd"))

    def work(self) -> None:
        self.product.deliver()
        self.product.settle()

    def look_again(self, subjects: Sequence[Subject]) -> None:
        """Have the processor find out what differs."""
        queue = self.product.queue
        retry(queue, subjects, "ada", lambda: str(len(queue.items)), livemode=False)
        self.product.settle()

    @property
    def wrong(self) -> list[str]:
        checks = judge(self.stripe, self.product.company, chart(self.catalog))
        return [each.subject for each in differences(checks)]

    def replay(self) -> tuple[dict[str, Replayed], bool]:
        self.clock.advance(60)
        before = dict(self.product.postings.by_key), self.product.intacct.counters.paid_transactions
        told, tally = self.product.replay(FIRST, LAST)
        after = dict(self.product.postings.by_key), self.product.intacct.counters.paid_transactions
        assert after == before, "a replay posts and writes nothing"
        return {each.key: each for each in told}, tally.agrees

    def enter(self, key: str, correction: Correction) -> None:
        """Enter a correction in Intacct, as it is printed."""
        document = self._entered(key, correction)
        records = {
            key: posting.record_no
            for key in dependencies(document)
            if (posting := self.product.postings.by_key.get(key)) and posting.record_no
        }
        self._submit(document, records)

    def _entered(self, key: str, correction: Correction) -> Document:
        day = date.fromisoformat(correction.day)
        places = {read_place(place): each for place, each in correction.lines.items()}
        if correction.kind is Kind.JOURNAL:
            lines = tuple(
                JournalLine(
                    LEDGER_ACCOUNTS.get(account, account),
                    amount_minor,
                    "correction",
                    # A bank account names no location: the entry is made in the entity.
                    replace(dimensions, location=dimensions.location or correction.entity),
                )
                for (account, dimensions), amount_minor in places.items()
            )
            currency, title = correction.currency, f"Correction of {key}"
            return JournalEntry(f"by-hand/{key}", key, "GJ", day, currency, title, "by hand", lines)
        owed_minor = correction.lines[RECEIVABLE]
        if correction.kind is Kind.PAYMENT:
            ((account, _),) = (each for each in places if each[0] != RECEIVABLE)
            return self._payment(correction, account, -owed_minor)
        lines_of_memo = tuple(
            ArLine(account, -amount_minor, "correction", dimensions)
            for (account, dimensions), amount_minor in places.items()
            if account != RECEIVABLE
        )
        return self._memo(correction, owed_minor, lines_of_memo, f"HAND-{key[-8:]}")

    def _memo(
        self, on: Correction, owed_minor: int, lines: tuple[ArLine, ...], number: str
    ) -> ArAdjustment:
        invoice = self.stripe.store.get("invoice", on.receivable.removeprefix("invoice/"))
        day = date.fromisoformat(on.day)
        return ArAdjustment(
            key=f"by-hand/{number}",
            stripe_id=invoice["id"],
            customer_key=f"customer/{invoice['customer']}",
            customer_id=invoice["customer"],
            invoice_key=on.receivable,
            number=number,
            invoice_number=invoice["number"],
            adjustment_date=day,
            posting_date=day,
            currency=on.currency,
            description="by hand",
            lines=lines,
            total_minor=owed_minor,
            entity=on.entity,
        )

    def _payment(self, on: Correction, account: str, amount_minor: int) -> ArPayment:
        invoice = self.stripe.store.get("invoice", on.receivable.removeprefix("invoice/"))
        day = date.fromisoformat(on.day)
        return ArPayment(
            key="by-hand/payment",
            stripe_id=invoice["id"],
            customer_id=invoice["customer"],
            invoice_key=on.receivable,
            reference="BY-HAND",
            payment_date=day,
            posting_date=day,
            currency=on.currency,
            amount_minor=amount_minor,
            method="Credit Card",
            cash_account=CashAccount(LEDGER_ACCOUNTS[account], account.removeprefix("bank ")),
            description="by hand",
            entity=on.entity,
        )

    def _submit(self, document: Document, records: Mapping[str, str] = NO_RECORDS) -> None:
        control_id = f"by hand {document.key}"
        outcome = self.product.ledger.submit(
            [Submission(document, control_id, record_numbers=records)]
        )
        assert isinstance(outcome[control_id], Accepted), outcome

    def planned(self, subject: Subject, key: str) -> Document:
        product = self.product
        previewer = Previewer(product.stripe, product.postings, product.policies, product.clock)
        (preview,) = previewer.preview([subject])
        return preview.documents[key]

    def receive_elsewhere(self, invoice: str, lacking_minor: int) -> str:
        """Have the payment of an invoice in the books at another bank and over less."""
        subject = Subject(SubjectKind.INVOICE, invoice)
        by_key = self.product.postings.by_key
        key = next(
            key
            for key, each in by_key.items()
            if key.startswith("receipt/") and each.subject == subject
        )
        right, posting, owed = self.planned(subject, key), by_key[key], by_key[subject.key]
        assert isinstance(right, ArPayment)
        assert posting.record_no is not None
        assert owed.record_no is not None
        back = PaymentReversal(
            key="by-hand/back",
            receipt_key=key,
            reversal_date=right.posting_date,
            currency=right.currency,
            amount_minor=right.amount_minor,
            description="by hand",
        )
        wrong = replace(
            right,
            reference="WRONG",
            amount_minor=right.amount_minor - lacking_minor,
            cash_account=CashAccount(LEDGER_ACCOUNTS["bank BANK-USD"], "BANK-USD"),
        )
        records = {key: posting.record_no, subject.key: owed.record_no}
        self._submit(back, records)
        self._submit(wrong, records)
        by_key[key] = described(posting, wrong)
        return key

    def book_too_little(self, invoice: str, lacking_minor: int) -> None:
        """Have an invoice in the books, and on its posting, over less than Stripe's."""
        product, key = self.product, f"invoice/{invoice}"
        subject = Subject(SubjectKind.INVOICE, invoice)
        document = self.planned(subject, key)
        posting = product.postings.by_key[key]
        assert isinstance(document, ArInvoice)
        (line,) = document.lines
        less = replace(line, amount_minor=line.amount_minor - lacking_minor)
        wrong = replace(document, lines=(less,), total_minor=document.total_minor - lacking_minor)
        product.postings.by_key[key] = described(posting, wrong)
        day = posting.posting_date
        on = Correction(Kind.CREDIT_MEMO, day, "usd", document.entity, key, {})
        taken_off = replace(line, amount_minor=-lacking_minor)
        self._submit(self._memo(on, -lacking_minor, (taken_off,), "TOO-LITTLE"))


def test_what_is_tampered_with_is_listed_and_its_corrections_put_the_books_right() -> None:
    company = Company()
    assert company.wrong == []
    assert company.replay() == ({}, True)

    decision = Decision(subscriptions="4001", sales="other_receipt")
    company.product.publish(policy(company.catalog, decision))
    assert company.replay() == ({}, True), "a new policy speaks about the future"

    (line,) = company.stripe.store.lines[company.paid]
    line["metadata"] = {"revenue_category": "services"}
    company.book_too_little(company.unpaid, 500)
    receipt = next(key for key in company.product.postings.by_key if key.startswith("receipt/"))
    lost = company.product.postings.by_key.pop(receipt)
    assert company.wrong

    told, agrees = company.replay()
    assert not agrees
    paid, unpaid = (f"invoice/{each}" for each in (company.paid, company.unpaid))
    assert {key: each.outcome for key, each in told.items()} == {
        paid: Outcome.DIFFERS,
        unpaid: Outcome.DIFFERS,
        receipt: Outcome.NEW,
    }
    (entry,), (memo,) = told[paid].corrections, told[unpaid].corrections
    assert (entry.kind, memo.kind, memo.amount_minor) == (Kind.JOURNAL, Kind.DEBIT_MEMO, 500)
    for key in (paid, unpaid):
        for each in told[key].corrections:
            company.enter(key, each)
    assert company.wrong == []

    company.product.postings.by_key[receipt] = lost
    subjects = [Subject(SubjectKind.INVOICE, each) for each in (company.paid, company.unpaid)]
    company.look_again(subjects)
    signature = Signature("ada", company.clock.now())
    close(company.product.postings, [paid, unpaid], signature, "corrected by hand")
    told, agrees = company.replay()
    assert agrees
    assert {key: each.outcome for key, each in told.items()} == dict.fromkeys(
        (paid, unpaid), Outcome.ACCEPTED
    )
    assert all("corrected by hand (closed by ada" in each.text for each in told.values())
    assert company.wrong == []


def test_a_payment_over_less_and_at_another_bank_is_put_right_by_a_payment_and_an_entry() -> None:
    company = Company()
    key = company.receive_elsewhere(company.paid, 500)
    assert company.wrong
    told, _ = company.replay()
    assert {key: each.outcome for key, each in told.items()} == {key: Outcome.DIFFERS}
    payment, entry = told[key].corrections
    assert (payment.kind, entry.kind) == (Kind.PAYMENT, Kind.JOURNAL)
    for each in (payment, entry):
        company.enter(key, each)
    assert company.wrong == []
