"""Goal: whatever moves Stripe's balance is read whole from Stripe's own answers.

Method: histories in the Stripe double, read by the real reader (the `stripe` library over
loopback). What the port promises of movements and of the balance is tried on the fake as well,
filled from the same history.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from tests.fakes.stripe import FakeStripe
from tests.sandbox.stripe import (
    FULL_KEY,
    AccountOptions,
    ChargeSpec,
    CreditLineSpec,
    CreditNoteSpec,
    Settlement,
    SteppedClock,
    StripeAccount,
    StripeServer,
)
from tests.sandbox.stripe.expanding import Expander
from tests.unit.sandbox.stripe.business import busy_account, invoice_of
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CreditNoteSnapshot,
    CustomerSnapshot,
    DisputeSnapshot,
    InvoiceSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
    Snapshot,
    TopupSnapshot,
)
from tieout.services.ports import StripeReader
from tieout.stripe import decode
from tieout.stripe.api import StripeApi
from tieout.stripe.reader import StripeApiReader

DAY = 86_400


def reader_of(server: StripeServer) -> StripeApiReader:
    api = StripeApi(stripe.RequestsClient(timeout=30), lambda: FULL_KEY, server.url)
    return StripeApiReader(api, livemode=False)


def read(account: StripeAccount, kind: SubjectKind, identifier: str) -> Snapshot:
    with StripeServer(account) as server:
        return reader_of(server).snapshot(Subject(kind, identifier))


def an_account(**options: Any) -> StripeAccount:  # noqa: ANN401 - any option
    return StripeAccount(AccountOptions(**options), SteppedClock())


def later(account: StripeAccount, seconds: int) -> None:
    assert isinstance(account.clock, SteppedClock)
    account.clock.advance(seconds)


# --- what the port promises of the balance -------------------------------------------------------


@pytest.fixture(scope="module")
def busy() -> Iterator[StripeServer]:
    with StripeServer(busy_account()) as running:
        yield running


def fake_of(account: StripeAccount) -> FakeStripe:
    fake = FakeStripe()
    fake.moved[None] = []
    expander = Expander(account.store, account.show, lambda _kind: None)
    for stored in account.store.all("balance_transaction"):
        shown = account.show(stored)
        expander.expand(shown, ["source"])
        fake.moved[None].append(decode.movement(shown))
    return fake


@pytest.fixture(params=["api", "fake"])
def reader(request: pytest.FixtureRequest, busy: StripeServer) -> StripeReader:
    makers: dict[str, Callable[[], StripeReader]] = {
        "api": lambda: reader_of(busy),
        "fake": lambda: fake_of(busy.account),
    }
    return makers[request.param]()


def test_the_balance_is_what_all_its_movements_sum_to(
    reader: StripeReader, busy: StripeServer
) -> None:
    sums: dict[str, int] = {}
    for each in reader.movements(0, busy.account.clock.now()):
        sums[each.currency] = sums.get(each.currency, 0) + each.net_minor

    assert sums
    assert dict(reader.balance()) == sums == busy.account.balance_after_fees()


def test_movements_are_those_of_the_time_both_ends_included_in_order(
    reader: StripeReader, busy: StripeServer
) -> None:
    everything = reader.movements(0, busy.account.clock.now())
    moments = sorted({each.created_unix for each in everything})
    middle = moments[len(moments) // 2]

    until, since = reader.movements(0, middle - 1), reader.movements(middle, moments[-1])

    order = [(each.created_unix, each.id) for each in everything]
    assert order == sorted(order)
    assert [*until, *since] == list(everything)
    assert since[0].created_unix == middle
    assert [each.id for each in reader.movements(middle, middle)] == [
        each.id for each in everything if each.created_unix == middle
    ]


def test_each_movement_brings_what_is_behind_it(reader: StripeReader, busy: StripeServer) -> None:
    found = reader.movements(0, busy.account.clock.now())

    with_source = [each for each in found if each.source is not None]
    assert with_source
    for each in with_source:
        assert each.origin is not None
        assert each.origin.id == each.source


def test_a_single_movement_is_as_the_list_shows_it(
    reader: StripeReader, busy: StripeServer
) -> None:
    for each in reader.movements(0, busy.account.clock.now()):
        assert reader.movement(each.id) == each
    with pytest.raises(Refused) as refused:
        reader.movement("txn_none")
    assert refused.value.reason is Reason.OBJECT_MISSING_IN_STRIPE


# --- subjects ------------------------------------------------------------------------------------


def test_a_charge_settled_in_another_currency_keeps_both_integer_amounts() -> None:
    account = an_account(settlements={"eur": Settlement("usd", "1.25")})
    charge = account.charge(ChargeSpec(8_000, "eur", description="Seat"))["id"]
    with StripeServer(account) as server:
        (movement,) = reader_of(server).movements(0, account.clock.now())
        paid = reader_of(server).snapshot(Subject(SubjectKind.CHARGE, charge))

    assert isinstance(paid, ChargeSnapshot)
    assert paid.movement is not None
    assert (movement.amount_minor, movement.currency) == (10_000, "usd")
    assert movement.origin is not None
    assert (movement.origin.amount_minor, movement.origin.currency) == (8_000, "eur")
    assert movement.origin.description == paid.description == "Seat"
    assert paid.movement.id == movement.id
    assert sum(each.amount_minor for each in movement.fees) == movement.fee_minor > 0


def test_a_refund_of_a_sale_brings_the_charge_with_its_movement() -> None:
    account = an_account()
    charge = account.charge(ChargeSpec(900))["id"]
    refund = account.refund(charge, 100)["id"]

    found = read(account, SubjectKind.REFUND, refund)

    assert isinstance(found, RefundSnapshot)
    assert found.sale is not None
    assert (found.sale.id, found.sale.amount_minor) == (charge, 900)
    assert found.sale.movement is not None


def test_a_credit_note_comes_with_the_invoice_and_all_its_credit_notes() -> None:
    account = an_account()
    customer = account.create_customer("Acme Ltd")["id"]
    invoice = invoice_of(account, customer, 9_000)["id"]
    (line,) = account.store.lines[invoice]
    taken = [
        account.create_credit_note(CreditNoteSpec(invoice, (CreditLineSpec(line["id"], amount),)))[
            "id"
        ]
        for amount in (1_000, 2_000)
    ]
    account.void_credit_note(taken[0])
    account.pay_invoice(invoice)
    spec = CreditNoteSpec(
        invoice, (CreditLineSpec(line["id"], 1_500),), refund_minor=1_000, credit_minor=500
    )
    mixed = account.create_credit_note(spec)["id"]
    with StripeServer(account) as server:
        stripe_ = reader_of(server)
        void, note = (
            stripe_.snapshot(Subject(SubjectKind.CREDIT_NOTE, each)) for each in (taken[0], mixed)
        )
        whole = stripe_.snapshot(Subject(SubjectKind.INVOICE, invoice))

    assert isinstance(void, CreditNoteSnapshot)
    assert isinstance(note, CreditNoteSnapshot)
    assert isinstance(whole, InvoiceSnapshot)
    assert (void.note.status, void.note.pre_payment_minor) == ("void", 1_000)
    assert void.note.voided_at_unix is not None
    assert (note.note.pre_payment_minor, note.note.total_minor) == (0, 1_500)
    assert [each.amount_minor for each in note.note.refunds] == [1_000]
    assert note.note.balance_credit_minor == 500
    assert [each.invoice_line for each in note.note.lines] == [line["id"]]
    assert note.invoice == void.invoice == whole
    assert {each.id for each in whole.credit_notes} == {*taken, mixed}
    assert whole.pre_payment_credit_notes_minor == 2_000
    assert whole.post_payment_credit_notes_minor == 1_500


def test_a_customer_comes_with_every_change_of_the_credit_balance() -> None:
    account = an_account()
    customer = account.create_customer("Acme Ltd")["id"]
    account.adjust_customer_balance(customer, -3_000, description="Welcome")
    later(account, 1)
    invoice = invoice_of(account, customer, 2_000)["id"]

    found = read(account, SubjectKind.CUSTOMER, customer)
    paid = read(account, SubjectKind.INVOICE, invoice)

    assert isinstance(found, CustomerSnapshot)
    assert isinstance(paid, InvoiceSnapshot)
    granted, used = found.balance_transactions or ()
    assert (granted.type, granted.amount_minor) == ("adjustment", -3_000)
    assert (used.type, used.amount_minor, used.invoice) == ("applied_to_invoice", 2_000, invoice)
    assert paid.credit_balance_applied_minor == 2_000
    assert paid.customer is not None
    assert paid.customer.balance_transactions is None


def test_a_dispute_comes_with_withdrawal_and_reinstatement() -> None:
    account = an_account()
    charge = account.charge(ChargeSpec(900))["id"]
    dispute = account.create_dispute(charge)["id"]
    before = read(account, SubjectKind.DISPUTE, dispute)
    account.withdraw_dispute_funds(dispute)
    later(account, DAY)
    account.reinstate_dispute_funds(dispute)

    after = read(account, SubjectKind.DISPUTE, dispute)

    assert isinstance(before, DisputeSnapshot)
    assert isinstance(after, DisputeSnapshot)
    assert (before.movements, before.charge) == ((), charge)
    assert [each.amount_minor for each in after.movements] == [-900, 900]
    assert [each.reporting_category for each in after.movements] == ["dispute", "dispute_reversal"]


def paying_account() -> StripeAccount:
    account = an_account()
    for _ in range(3):
        account.charge(ChargeSpec(1_000))
    later(account, 10 * DAY)
    return account


def test_the_content_of_an_automatic_payout_is_told_once_it_is_reconciled() -> None:
    account = paying_account()
    payout = account.create_payout()["id"]
    before = read(account, SubjectKind.PAYOUT, payout)
    account.reconcile_payout(payout)

    after = read(account, SubjectKind.PAYOUT, payout)

    assert isinstance(before, PayoutSnapshot)
    assert isinstance(after, PayoutSnapshot)
    assert before.content_minor is None
    assert (
        after.content_minor
        == after.amount_minor
        == account.options.fees.fee_minor(0) * 0
        + (3_000 - 3 * account.options.fees.fee_minor(1_000))
    )


def test_a_manual_payout_that_failed_has_both_movements_and_no_content() -> None:
    account = paying_account()
    payout = account.create_payout(amount_minor=500)["id"]
    account.pay_payout(payout)
    later(account, DAY)
    account.fail_payout(payout)

    found = read(account, SubjectKind.PAYOUT, payout)

    assert isinstance(found, PayoutSnapshot)
    assert (found.status, found.automatic, found.content_minor) == ("failed", False, None)
    assert [(each.type, each.amount_minor) for each in found.movements] == [
        ("payout", -500),
        ("payout_failure", 500),
    ]


def test_a_topup_that_was_reversed_has_both_movements() -> None:
    account = an_account()
    topup = account.create_topup(700)["id"]
    account.succeed_topup(topup)
    later(account, DAY)
    account.reverse_topup(topup)

    found = read(account, SubjectKind.TOPUP, topup)

    assert isinstance(found, TopupSnapshot)
    assert (found.status, found.amount_minor) == ("reversed", 700)
    assert [each.amount_minor for each in found.movements] == [700, -700]
