"""Whatever happens to an invoice, in whatever order: the books say what Stripe says, line by line.

Method: hypothesis plays payments, their late failures, credit notes of every kind, their voids,
refunds, a write-off and a void on one invoice, one event a day. After each day every subject is
planned anew, and the documents of all of them are read as a ledger.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_charge,
    a_credit_note,
    a_credit_note_of,
    a_line,
    a_movement,
    a_payment,
    a_refund,
    a_refund_of,
    an_invoice,
    planned,
)
from tieout.domain.documents import Document, InvoiceReversal, JournalEntry, digest
from tieout.domain.effects import RECEIVABLE, effects
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CreditNote,
    CreditNoteLine,
    CreditNoteRefund,
    InvoiceSnapshot,
    RefundFacts,
    Snapshot,
)

PRICES = (None, "price_setup")


@dataclass
class Story:
    """An invoice and what happened to it; all amounts positive.

    Attributes:
        lines_left: by line, what no credit note took yet.
        open_minor, paid_minor: what Stripe would still ask for; what can still be given back.
    """

    draw: st.DataObject
    invoice: InvoiceSnapshot
    lines_left: dict[str, int]
    open_minor: int
    paid_minor: int = 0
    clearing_minor: int = 0
    balance_minor: int = 0
    earned_minor: int = 0
    written_off_minor: int = 0
    refunds: dict[str, tuple[RefundFacts, ...]] = field(default_factory=dict)
    given_back: dict[str, int] = field(default_factory=dict)
    failed: list[ChargeSnapshot] = field(default_factory=list)
    day: int = 1

    @property
    def now_unix(self) -> int:
        return NOON + self.day * DAY_SECONDS

    def amount(self, most_minor: int) -> int:
        return self.draw.draw(st.integers(1, most_minor))

    def change(self, **changes: object) -> None:
        self.invoice = dataclasses.replace(self.invoice, **changes)  # type: ignore[arg-type]

    def pay(self) -> None:
        if not (self.open_minor + self.written_off_minor):
            return
        amount_minor = self.amount(self.open_minor + self.written_off_minor)
        intent = f"pi_{self.day}"
        payment = a_payment(
            amount_minor, id=f"inpay_{self.day}", payment_intent=intent, paid_at_unix=self.now_unix
        )
        self.change(
            payments=(*self.invoice.payments, payment),
            amount_paid_minor=self.invoice.amount_paid_minor + amount_minor,
        )
        self.refunds[intent], self.given_back[intent] = (), amount_minor
        recovered_minor = max(amount_minor - self.open_minor, 0)
        self.written_off_minor -= recovered_minor
        self.open_minor -= amount_minor - recovered_minor
        self.paid_minor += amount_minor
        self.clearing_minor += amount_minor
        if not self.open_minor + self.written_off_minor:
            self.change(status="paid", paid_at_unix=self.now_unix)

    def bounce(self) -> None:
        """The money of a payment goes back that nothing was given back of."""
        whole = [
            each
            for each in self.invoice.payments
            if self.given_back.get(each.payment_intent or "") == each.amount_paid_minor
            if each.amount_paid_minor <= self.paid_minor
        ]
        if not whole:
            return
        payment = self.draw.draw(st.sampled_from(whole))
        intent, amount_minor = payment.payment_intent or "", payment.amount_paid_minor
        returned = dataclasses.replace(payment, status="canceled", returned_at_unix=self.now_unix)
        failure = a_movement(
            -amount_minor, type="payment_failure_refund", created_unix=self.now_unix
        )
        self.failed.append(
            a_charge(
                id=f"ch_of_{intent}",
                status="failed",
                payment_intent=intent,
                invoices=("in_1",),
                payments=(returned,),
                failure=failure,
            )
        )
        self.change(
            payments=tuple(returned if each is payment else each for each in self.invoice.payments),
            amount_paid_minor=self.invoice.amount_paid_minor - amount_minor,
        )
        del self.given_back[intent]
        self.paid_minor -= amount_minor
        self.clearing_minor -= amount_minor
        if self.invoice.status == "uncollectible":
            self.written_off_minor += amount_minor
        elif self.invoice.status == "void":
            self.earned_minor -= amount_minor
        else:
            self.change(status="open", paid_at_unix=None)
            self.open_minor += amount_minor

    def note(self, pre_minor: int, post_minor: int, **changes: object) -> None:
        line_id = max(self.lines_left, key=lambda each: self.lines_left[each])
        total_minor = pre_minor + post_minor
        line = CreditNoteLine(f"cnli_{self.day}", total_minor, invoice_line=line_id)
        note = a_credit_note(
            total_minor,
            id=f"cn_{self.day}",
            number=f"CN-{self.day}",
            created_unix=self.now_unix,
            effective_at_unix=self.now_unix,
            pre_payment_minor=pre_minor,
            lines=(line,),
            **changes,
        )
        self.change(credit_notes=(*self.invoice.credit_notes, note))
        self.lines_left[line_id] -= total_minor
        self.earned_minor -= total_minor

    def credit_before_payment(self) -> None:
        most_minor = min(self.open_minor, max(self.lines_left.values()))
        if most_minor > 0:
            amount_minor = self.amount(most_minor)
            self.note(amount_minor, 0)
            self.open_minor -= amount_minor

    def credit_to_balance(self) -> None:
        most_minor = min(self._spare_minor(), max(self.lines_left.values()))
        if most_minor > 0:
            amount_minor = self.amount(most_minor)
            self.note(0, amount_minor, balance_credit_minor=amount_minor)
            self.paid_minor -= amount_minor
            self.balance_minor += amount_minor

    def credit_by_refund(self) -> None:
        intent = self._refundable()
        if intent is None:
            return
        most_minor = min(
            self.given_back[intent], self._spare_minor(), max(self.lines_left.values())
        )
        if most_minor > 0:
            amount_minor = self.amount(most_minor)
            refund = self._refund(intent, amount_minor)
            self.note(0, amount_minor, refunds=(CreditNoteRefund(refund.id, amount_minor),))

    def refund(self) -> None:
        intent = self._refundable()
        if intent is None or self._spare_minor() <= 0:
            return
        amount_minor = self.amount(min(self.given_back[intent], self._spare_minor()))
        self._refund(intent, amount_minor)
        self.earned_minor -= amount_minor

    def void_a_note(self) -> None:
        """Stripe lets a note be voided only while it has given nothing back."""
        open_notes = [
            each
            for each in self.invoice.credit_notes
            if each.status == "issued" and each.pre_payment_minor == each.total_minor
        ]
        if not open_notes or self.invoice.marked_uncollectible_at_unix is not None:
            return
        note = self.draw.draw(st.sampled_from(open_notes))
        void = dataclasses.replace(note, status="void", voided_at_unix=self.now_unix)
        self._replace(note, void)
        self.lines_left[note.lines[0].invoice_line or ""] += note.total_minor
        self.earned_minor += note.total_minor
        self.open_minor += note.total_minor

    def write_off(self) -> None:
        """Stripe forgets that the invoice had been given up before; the postings do not."""
        if not self.open_minor or self.invoice.status != "open":
            return
        marked_at = self.invoice.marked_uncollectible_at_unix
        if marked_at is not None:
            before = (*self.invoice.written_off_before_unix, marked_at)
            self.change(written_off_before_unix=before)
        self.change(status="uncollectible", marked_uncollectible_at_unix=self.now_unix)
        self.written_off_minor, self.open_minor = self.written_off_minor + self.open_minor, 0

    def _refund(self, intent: str, amount_minor: int) -> RefundFacts:
        refund = a_refund(
            amount_minor,
            id=f"re_{self.day}",
            created_unix=self.now_unix,
            moved_at_unix=self.now_unix,
            payment_intent=intent,
            charge=f"ch_of_{intent}",
        )
        self.refunds[intent] += (refund,)
        self.given_back[intent] -= amount_minor
        self.paid_minor -= amount_minor
        self.clearing_minor -= amount_minor
        return refund

    def _refundable(self) -> str | None:
        intents = [each for each, left in self.given_back.items() if left > 0]
        return self.draw.draw(st.sampled_from(intents)) if intents else None

    def _spare_minor(self) -> int:
        return self.paid_minor

    def _replace(self, note: CreditNote, by: CreditNote) -> None:
        notes = tuple(by if each is note else each for each in self.invoice.credit_notes)
        self.change(credit_notes=notes)

    def documents(self) -> Mapping[str, Document]:
        snapshots: list[Snapshot] = [
            self.invoice,
            *self.failed,
            *(a_credit_note_of(self.invoice, each.id) for each in self.invoice.credit_notes),
            *(
                a_refund_of(refund, self.invoice, siblings=siblings)
                for siblings in self.refunds.values()
                for refund in siblings
            ),
        ]
        plans = [planned(each) for each in snapshots]
        parked = [each for made in plans for each in made.findings if "parked" in each.disposition]
        assert parked == []
        return {each.key: each for made in plans for each in made.documents}


ACTS = st.lists(
    st.sampled_from(
        [
            Story.pay,
            Story.pay,
            Story.bounce,
            Story.credit_before_payment,
            Story.credit_to_balance,
            Story.credit_by_refund,
            Story.refund,
            Story.void_a_note,
            Story.write_off,
        ]
    ),
    min_size=1,
    max_size=7,
)


def a_story(data: st.DataObject) -> Story:
    amounts = data.draw(st.lists(st.integers(1, 9_999), min_size=1, max_size=3))
    lines = tuple(
        a_line(amount, id=f"il_{place}", price=PRICES[place % 2])
        for place, amount in enumerate(amounts)
    )
    left = {line.id: line.amount_minor for line in lines}
    total = sum(amounts)
    return Story(data, an_invoice(lines=lines), left, total, earned_minor=total)


def balances(documents: Mapping[str, Document]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for document in documents.values():
        for effect in effects(document, documents):
            found[effect.account] = found.get(effect.account, 0) + effect.amount_minor
    return found


@given(st.data(), ACTS)
def test_after_every_day_the_books_say_what_stripe_says(
    data: st.DataObject, acts: list[object]
) -> None:
    story = a_story(data)
    before: dict[str, str] = {}
    for act in acts:
        act(story)  # type: ignore[operator]
        story.day += 1
        documents = story.documents()
        found = balances(documents)
        assert found.get(RECEIVABLE, 0) == story.open_minor
        assert found.get("1200", 0) == story.clearing_minor
        assert found.get("2400", 0) == -story.balance_minor
        assert found.get("6800", 0) == story.written_off_minor
        assert -found.get("4000", 0) - found.get("4010", 0) == story.earned_minor
        digests = {key: digest(each) for key, each in documents.items()}
        assert before.items() <= digests.items(), "something booked was changed"
        before = digests
    for key, amount_minor in refunded(story).items():
        entry = documents[key]
        assert isinstance(entry, JournalEntry)
        taken = [line.amount_minor for line in entry.lines if line.account != "1200"]
        assert sum(taken) == amount_minor
        assert min(taken) > 0, "a refund gives nothing back to a line"


def refunded(story: Story) -> Mapping[str, int]:
    return {
        f"refund/{each.id}": each.amount_minor
        for siblings in story.refunds.values()
        for each in siblings
    }


@given(st.data(), ACTS)
def test_the_void_of_what_is_left_leaves_nothing_that_is_owed(
    data: st.DataObject, acts: list[object]
) -> None:
    story = a_story(data)
    for act in acts:
        act(story)  # type: ignore[operator]
        story.day += 1
    if not story.open_minor + story.written_off_minor:
        return
    story.change(status="void", voided_at_unix=story.now_unix)
    story.earned_minor -= story.open_minor + story.written_off_minor
    documents = story.documents()
    found = balances(documents)
    assert found.get("6800", 0) == 0
    if isinstance(documents.get("invoice/in_1/void"), InvoiceReversal):
        # It has no lines of its own: nothing of the invoice is left.
        return
    assert found.get(RECEIVABLE, 0) == 0
    assert -found.get("4000", 0) - found.get("4010", 0) == story.earned_minor
    story.day += 1
    story.bounce()
    found = balances(story.documents())
    assert found.get(RECEIVABLE, 0) == 0
    assert -found.get("4000", 0) - found.get("4010", 0) == story.earned_minor
