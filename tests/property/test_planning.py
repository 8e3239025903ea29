"""Planning: what is booked is exactly what Stripe says, in every order and at every moment.

Method: hypothesis draws invoices whose amounts add up as Stripe's do, pays, voids and refunds them
in parts, and reads the plans as a ledger: account and dimensions to balance, debits positive.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    planned,
    the,
)
from tests.property.invoices import (
    contradictory_invoices,
    contradictory_refunds,
    invoices,
    paid_by,
    part_paid_invoices,
    refunds_of,
)
from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArPayment,
    CreditApplication,
    Dimensions,
    Document,
    InvoiceReversal,
    JournalEntry,
    dependencies,
    digest,
)
from tieout.domain.plans import Disposition, Plan
from tieout.domain.policy import Periods, Policy
from tieout.planning.snapshots import InvoiceSnapshot, RefundFacts

Place = tuple[str, Dimensions]
POLICIES = st.sampled_from([a_policy(), a_policy(discount_account="4090")])
DATES = (
    "invoice_date",
    "payment_date",
    "adjustment_date",
    "application_date",
    "reversal_date",
    "posting_date",
)


def earned(documents: Iterable[Document], policy: Policy) -> Mapping[Place, int]:
    """What the documents leave on revenue, discount, shipping and tax; credits positive."""
    clearing = {account.account for account in policy.clearing.values()}
    places: dict[Place, int] = defaultdict(int)
    for document in documents:
        if isinstance(document, ArInvoice | ArAdjustment):
            for line in document.lines:
                places[line.account, line.dimensions] += line.amount_minor
        if isinstance(document, JournalEntry):
            for entry in document.lines:
                if entry.account not in clearing:
                    places[entry.account, entry.dimensions] -= entry.amount_minor
    return {place: amount for place, amount in places.items() if amount}


def by_dimensions(invoice: ArInvoice, discount_accounts: set[str]) -> Mapping[Dimensions, int]:
    """Revenue after discounts, by dimensions."""
    revenue: dict[Dimensions, int] = defaultdict(int)
    for line in invoice.lines:
        if line.account.startswith("40") or line.account in discount_accounts:
            revenue[line.dimensions] += line.amount_minor
    return {dimensions: amount for dimensions, amount in revenue.items() if amount}


def receivable(documents: Iterable[Document]) -> int:
    """What the documents leave open."""
    open_minor = 0
    for document in documents:
        match document:
            case ArInvoice():
                open_minor += document.total_minor
            case ArPayment() | CreditApplication() | InvoiceReversal():
                open_minor -= document.amount_minor
            case _:
                pass
    return open_minor


def digests(made: Plan) -> dict[str, str]:
    return {document.key: digest(document) for document in made.documents}


def refund_entry(
    refund: RefundFacts, siblings: tuple[RefundFacts, ...], invoice: InvoiceSnapshot, policy: Policy
) -> JournalEntry:
    made = planned(a_refund_of(refund, invoice, siblings=siblings), policy)
    return the(made, f"refund/{refund.id}", JournalEntry)


@given(invoices(), POLICIES)
def test_every_invoice_of_stripe_is_booked_to_the_last_unit(
    invoice: InvoiceSnapshot, policy: Policy
) -> None:
    made = planned(invoice, policy)
    assert made.findings == ()
    booked = the(made, "invoice/in_1", ArInvoice)
    assert sum(line.amount_minor for line in booked.lines) == invoice.total_minor
    taxes = {"2210": 0, "2200": 0}
    for line in booked.lines:
        if line.account in taxes:
            taxes[line.account] += line.amount_minor
    for account, rate in (("2210", "txr_vat"), ("2200", "txr_state")):
        assert taxes[account] == sum(t.amount_minor for t in invoice.taxes if t.tax_rate == rate)


@given(invoices())
def test_a_discount_account_moves_nothing_but_discounts(invoice: InvoiceSnapshot) -> None:
    net = the(planned(invoice), "invoice/in_1", ArInvoice)
    gross = the(planned(invoice, a_policy(discount_account="4090")), "invoice/in_1", ArInvoice)
    assert by_dimensions(gross, {"4090"}) == by_dimensions(net, set())
    discounts = [line.amount_minor for line in gross.lines if line.account == "4090"]
    assert all(amount < 0 for amount in discounts)


@given(part_paid_invoices())
def test_receipts_are_what_was_paid_and_the_rest_stays_open(invoice: InvoiceSnapshot) -> None:
    made = planned(invoice)
    assert made.findings == ()
    assert receivable(made.documents) == invoice.amount_remaining_minor


@given(invoices(), st.lists(st.integers(1, 60_000), max_size=5))
def test_receipts_never_exceed_the_invoice_and_no_payment_is_lost(
    invoice: InvoiceSnapshot, amounts: list[int]
) -> None:
    payments = tuple(
        a_payment(amount, id=f"inpay_{index}", currency=invoice.currency)
        for index, amount in enumerate(amounts)
    )
    made = planned(dataclasses.replace(invoice, payments=payments))
    receipts = sum(each.amount_minor for each in made.documents if isinstance(each, ArPayment))
    named = sum(finding.amount_minor or 0 for finding in made.findings)
    assert receipts == min(sum(amounts), invoice.total_minor)
    assert receipts + named == sum(amounts)


@given(part_paid_invoices(), POLICIES)
def test_payments_and_void_together_take_back_the_invoice_line_by_line(
    invoice: InvoiceSnapshot, policy: Policy
) -> None:
    voided = dataclasses.replace(
        invoice, status="void", voided_at_unix=NOON + 9 * DAY_SECONDS, paid_at_unix=None
    )
    made = planned(voided, policy)
    assert receivable(made.documents) == 0
    refunds = tuple(_full_refund(voided, index) for index in range(len(invoice.payments)))
    entries = [refund_entry(refund, (refund,), voided, policy) for refund in refunds]
    reversed_whole = any(isinstance(each, InvoiceReversal) for each in made.documents)
    everything = [] if reversed_whole else [*made.documents, *entries]
    assert earned(everything, policy) == {}


@given(part_paid_invoices(), POLICIES, st.data())
def test_refunding_every_payment_in_any_parts_takes_back_every_line(
    invoice: InvoiceSnapshot, policy: Policy, data: st.DataObject
) -> None:
    paid = paid_by(invoice, invoice.payments)
    documents: list[Document] = [*planned(paid, policy).documents]
    moved = 0
    for payment in paid.payments:
        siblings = data.draw(refunds_of(payment))
        for refund in siblings:
            entry = refund_entry(refund, siblings, paid, policy)
            assert entry.amount_minor >= refund.amount_minor
            documents.append(entry)
            moved += refund.amount_minor
    assert moved == paid.amount_paid_minor
    left = sum(earned(documents, policy).values())
    assert left == paid.amount_remaining_minor
    if paid.amount_remaining_minor == 0:
        assert earned(documents, policy) == {}


@given(part_paid_invoices(), st.data())
def test_a_refund_does_not_change_when_later_ones_come_or_earlier_ones_fail(
    invoice: InvoiceSnapshot, data: st.DataObject
) -> None:
    if not invoice.payments:
        return
    siblings = data.draw(refunds_of(invoice.payments[0]))
    in_order = sorted(siblings, key=lambda each: (each.created_unix, each.id))
    for index, refund in enumerate(in_order):
        so_far = tuple(in_order[: index + 1])
        first_seen = digest(refund_entry(refund, so_far, invoice, a_policy()))
        failed = data.draw(st.sets(st.sampled_from(range(len(in_order)))))
        later = tuple(
            dataclasses.replace(
                each,
                status="failed",
                returned_at_unix=data.draw(
                    st.sampled_from([None, in_order[-1].created_unix + DAY_SECONDS])
                ),
            )
            if position in failed
            else each
            for position, each in enumerate(in_order)
        )
        again = refund_entry(later[index], later, invoice, a_policy())
        assert digest(again) == first_seen


@given(part_paid_invoices(), st.randoms())
def test_the_order_in_which_stripe_lists_payments_does_not_matter(
    invoice: InvoiceSnapshot, shuffler: object
) -> None:
    payments = list(invoice.payments)
    shuffler.shuffle(payments)  # type: ignore[attr-defined]
    shuffled = dataclasses.replace(invoice, payments=tuple(payments))
    assert digests(planned(shuffled)) == digests(planned(invoice))


@given(part_paid_invoices(), st.data())
def test_the_order_in_which_stripe_lists_refunds_and_invoices_does_not_matter(
    invoice: InvoiceSnapshot, data: st.DataObject
) -> None:
    if not invoice.payments:
        return
    payment = invoice.payments[0]
    other = dataclasses.replace(
        invoice,
        id="in_2",
        number="ACME-0002",
        payments=(dataclasses.replace(payment, id="inpay_other", invoice="in_2"),),
    )
    siblings = data.draw(refunds_of(payment))
    shuffled = tuple(data.draw(st.permutations(siblings)))
    for refund in siblings:
        one = planned(a_refund_of(refund, invoice, other, siblings=siblings))
        same = planned(a_refund_of(refund, other, invoice, siblings=shuffled))
        assert digests(one) == digests(same)


@given(part_paid_invoices(), POLICIES)
def test_planning_twice_gives_the_same_plan(invoice: InvoiceSnapshot, policy: Policy) -> None:
    assert planned(invoice, policy) == planned(invoice, policy)


@given(part_paid_invoices())
def test_nothing_is_parked_that_stripe_could_have_issued(invoice: InvoiceSnapshot) -> None:
    parked = [each for each in planned(invoice).findings if each.disposition is Disposition.PARKED]
    assert parked == []


@given(part_paid_invoices(), st.booleans(), st.integers(-1, 10), st.sampled_from([None, -3, 3]))
def test_nothing_is_dated_before_the_books_begin_and_everything_since_is_planned_or_parked(
    invoice: InvoiceSnapshot, is_void: bool, first: int, closed: int | None
) -> None:
    """Days count from that of the invoice; some are closed, and move documents forward."""
    first_day = NOON_DAY + timedelta(first)
    voided_at_unix = NOON + 5 * DAY_SECONDS
    if is_void:
        invoice = dataclasses.replace(invoice, status="void", voided_at_unix=voided_at_unix)
    closed_through = None if closed is None else NOON_DAY + timedelta(closed)
    periods = Periods(closed_through=closed_through, when_closed="next_open_date")
    made = planned(invoice, a_policy(books_from=first_day, periods=periods))
    for document in made.documents:
        days = [getattr(document, field, first_day) for field in DATES]
        assert min(days) >= first_day, document.key
    moments = {f"receipt/{each.id}": each.paid_at_unix or 0 for each in invoice.payments}
    since = {key for key, at in moments.items() if NOON + first * DAY_SECONDS <= at}
    parked = {each.key for each in made.findings if each.disposition is Disposition.PARKED}
    planned_keys = {each.key for each in made.documents}
    assert {each for each in planned_keys if each.startswith("receipt/")} == since
    everything = planned(invoice, a_policy(periods=periods))
    voids = {each.key for each in everything.documents if "/void" in each.key}
    assert {each for each in planned_keys if "/void" in each} == (voids if first <= 5 else set())
    is_needed = first > 0 and any("customer/" not in each for each in planned_keys)
    assert parked == ({"invoice/in_1"} if is_needed else set())
    assert made.keys - {"customer/cus_1"} == everything.keys - {"customer/cus_1"}


@given(contradictory_invoices(), contradictory_refunds(), POLICIES)
def test_whatever_stripe_says_planning_parks_and_never_raises(
    invoice: InvoiceSnapshot, refunds: tuple[RefundFacts, ...], policy: Policy
) -> None:
    made = planned(a_refund_of(refunds[0], invoice, siblings=refunds), policy)
    for finding in made.findings:
        assert finding.text
    for document in made.documents:
        assert dependencies(document) is not None
        assert digest(document)


def _full_refund(invoice: InvoiceSnapshot, index: int) -> RefundFacts:
    payment = invoice.payments[index]
    return a_refund(
        payment.amount_paid_minor,
        id=f"re_{index}",
        currency=payment.currency,
        payment_intent=payment.payment_intent,
        charge=f"ch_{index}",
    )
