"""Goal: whoever reads Stripe, the use cases see the same thing.

Method: one business history in the Stripe double. The port's promises are tried on the real reader
(the `stripe` library over loopback) and on the fake, which is filled from the same history. What
only the wire can do (keys, limits, cut connections, paging) is tried on the real one alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import pytest
import stripe

from tests.fakes.stripe import FakeStripe
from tests.sandbox.stripe import (
    FULL_KEY,
    PINNED_VERSION,
    PRE_BASIL_VERSION,
    AccountOptions,
    ApiFault,
    ApiKey,
    ChargeSpec,
    FaultKind,
    InvoiceSpec,
    LineSpec,
    Settlement,
    SteppedClock,
    StripeAccount,
    StripeServer,
)
from tests.sandbox.stripe.legacy import render_pre_basil
from tests.unit.sandbox.stripe.business import busy_account, invoice_of
from tieout.domain.errors import ConfigurationFault, Refused, Throttled, Unavailable
from tieout.domain.events import SUBSCRIPTIONS
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
)
from tieout.services.ports import EventHint, Stretch, StripeReader
from tieout.stripe import decode
from tieout.stripe.api import API_VERSION, StripeApi
from tieout.stripe.reader import StripeApiReader

TYPES = sorted(SUBSCRIPTIONS)
LIMITED_KEY = "rk_test_tieoutDoubleCustomersOnly"
OPTIONS = AccountOptions(
    api_keys=(ApiKey(FULL_KEY), ApiKey(LIMITED_KEY, frozenset({"rak_customer_read"})))
)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)


def reader_of(
    server: StripeServer, key: str = FULL_KEY, *, livemode: bool = False
) -> StripeApiReader:
    api = StripeApi(stripe.RequestsClient(timeout=30), lambda: key, server.url)
    return StripeApiReader(api, livemode=livemode)


@dataclass(frozen=True)
class World:
    """A history with one paid, one open and one draft invoice; ids of what is in it."""

    account: StripeAccount
    customer: str
    paid: str
    open: str
    draft: str
    began_at: int


@pytest.fixture(scope="module")
def world() -> World:
    clock = SteppedClock()
    account = StripeAccount(OPTIONS, clock)
    began_at = clock.now()
    customer = account.create_customer("Acme Ltd", email="books@example.com")["id"]
    paid = invoice_of(account, customer, 5_000)["id"]
    clock.advance(60)
    account.pay_invoice(paid)
    clock.advance(2 * 86_400)
    still_open = invoice_of(account, customer, 700)["id"]
    spec = InvoiceSpec(customer, (LineSpec("Draft", amount_minor=100),))
    return World(account, customer, paid, still_open, account.create_invoice(spec)["id"], began_at)


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[StripeServer]:
    with StripeServer(world.account) as running:
        yield running


def fake_of(world: World) -> FakeStripe:
    fake = FakeStripe()
    account = world.account
    for stored in account.store.all("invoice"):
        rows = account.store.all("invoice_payment")
        payments = [account.show(row) for row in rows if row["invoice"] == stored["id"]]
        customer = account.show(account.store.get("customer", stored["customer"]))
        raw = {**account.show(stored), "customer": customer}
        subject = Subject(SubjectKind.INVOICE, stored["id"])
        fake.snapshots[subject] = decode.invoice(raw, payments=payments)
        fake.invoices_listed.append(decode.invoice_row(raw))
        fake.created[subject] = stored["created"]
    for intent in account.store.all("payment_intent"):
        charge = intent["latest_charge"]
        fake.charges[intent["id"]] = charge and Subject(SubjectKind.CHARGE, charge)
    for record in account.event_log:
        hint = decode.event_hint(record.body(PINNED_VERSION))
        if hint is not None:
            fake.events_listed.append(hint)
    return fake


class Make(Protocol):
    def __call__(self) -> StripeReader: ...


@pytest.fixture(params=["api", "fake"])
def make(request: pytest.FixtureRequest, world: World, server: StripeServer) -> Make:
    makers: dict[str, Callable[[], StripeReader]] = {
        "api": lambda: reader_of(server),
        "fake": lambda: fake_of(world),
    }
    return makers[request.param]


# --- what the port promises ----------------------------------------------------------------------


def test_a_snapshot_has_everything_that_hangs_on_the_subject(make: Make, world: World) -> None:
    found = make().snapshot(Subject(SubjectKind.INVOICE, world.paid))

    assert isinstance(found, InvoiceSnapshot)
    assert (found.status, found.total_minor, found.amount_paid_minor) == ("paid", 5_000, 5_000)
    assert [line.amount_minor for line in found.lines] == [5_000]
    assert [payment.amount_paid_minor for payment in found.payments] == [5_000]
    assert found.customer is not None
    assert found.customer.name == "Acme Ltd"


def test_what_does_not_exist_is_refused_as_missing(make: Make) -> None:
    with pytest.raises(Refused) as refused:
        make().snapshot(Subject(SubjectKind.INVOICE, "in_nowhere"))

    assert refused.value.reason is Reason.OBJECT_MISSING_IN_STRIPE


def test_events_come_newest_first_and_only_of_the_types_and_time(make: Make, world: World) -> None:
    paid_at = world.began_at + 60

    everything = make().events(TYPES, world.began_at, None)
    later = make().events(TYPES, paid_at, None)
    earlier = make().events(TYPES, world.began_at, paid_at - 1)
    paid = make().events(["invoice.paid"], world.began_at, None)

    moments = [hint.created_unix for hint in everything.rows]
    assert moments == sorted(moments, reverse=True)
    assert everything.reached_unix == world.began_at
    assert later.reached_unix == paid_at
    assert min(hint.created_unix for hint in later.rows) == paid_at
    assert max(hint.created_unix for hint in earlier.rows) < paid_at
    assert ids_of(everything) == ids_of(later) | ids_of(earlier)
    assert [hint.subject for hint in paid.rows] == [Subject(SubjectKind.INVOICE, world.paid)]
    assert {hint.group for hint in paid.rows} == {world.customer}


def ids_of(stretch: Stretch[EventHint]) -> set[str]:
    return {hint.event_id for hint in stretch.rows}


def test_invoices_include_drafts_and_are_those_of_the_time(make: Make, world: World) -> None:
    a_day_later = world.began_at + 86_400
    rows = {row.invoice: row for row in make().invoices(world.began_at, None).rows}
    later = {row.invoice for row in make().invoices(a_day_later, None).rows}
    earlier = {row.invoice for row in make().invoices(0, a_day_later).rows}

    assert set(rows) == {world.paid, world.open, world.draft}
    assert rows[world.paid].state == "paid:5000:0"
    assert rows[world.open].state == "open:0:700"
    assert later == {world.open, world.draft}
    assert earlier == {world.paid}


def test_open_invoices_are_the_open_ones(make: Make, world: World) -> None:
    (row,) = make().open_invoices(0, None).rows

    assert row.invoice == world.open
    same_second = make().open_invoices(row.created_unix, row.created_unix)
    before = make().open_invoices(0, row.created_unix - 1)
    assert (list(same_second.rows), same_second.reached_unix) == ([row], row.created_unix)
    assert (list(before.rows), before.reached_unix) == ([], 0)


def test_subjects_of_a_kind_are_listed_by_when_they_were_created(make: Make, world: World) -> None:
    def listed(since_unix: int, until_unix: int) -> list[str]:
        found = list(make().listed(SubjectKind.INVOICE, since_unix, until_unix))
        assert {each.kind for each in found} <= {SubjectKind.INVOICE}
        return [each.id for each in found]

    began_at, later = world.began_at, world.began_at + 86_400
    assert listed(began_at, began_at) == [world.paid]
    assert set(listed(later, 2**33)) == {world.open, world.draft}
    assert listed(0, began_at - 1) == []
    assert list(make().listed(SubjectKind.PAYOUT, 0, 2**33)) == []


def test_a_payment_intent_leads_to_its_charge(make: Make, world: World) -> None:
    (charge,) = world.account.store.all("charge")

    assert make().charge_of(charge["payment_intent"]) == Subject(SubjectKind.CHARGE, charge["id"])
    unpaid = make().charge_of(payment_intent_of(world, world.open))
    assert unpaid is None
    with pytest.raises(Refused) as refused:
        make().charge_of("pi_nowhere")
    assert refused.value.reason is Reason.OBJECT_MISSING_IN_STRIPE


def payment_intent_of(world: World, invoice: str) -> str:
    rows = world.account.store.all("invoice_payment")
    (payment,) = (each["payment"] for each in rows if each["invoice"] == invoice)
    assert isinstance(payment["payment_intent"], str)
    return payment["payment_intent"]


def test_reads_count_up(make: Make, world: World) -> None:
    reader = make()
    before = reader.reads

    reader.snapshot(Subject(SubjectKind.INVOICE, world.open))
    after_one = reader.reads
    reader.open_invoices(0, None)

    assert before == 0
    assert after_one == 1
    assert reader.reads == 2


# --- what only the wire can do -------------------------------------------------------------------


def test_the_pinned_versions_are_one() -> None:
    assert API_VERSION == PINNED_VERSION


@pytest.mark.parametrize("key", ["sk_test_wrong", "rk_live_wrong"])
def test_a_wrong_key_stops_everything(server: StripeServer, key: str) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        reader_of(server, key).open_invoices(0, None)

    assert fault.value.reason is Reason.STRIPE_KEY


def test_the_missing_permission_is_named(server: StripeServer, world: World) -> None:
    reader = reader_of(server, LIMITED_KEY)

    assert isinstance(
        reader.snapshot(Subject(SubjectKind.CUSTOMER, world.customer)), CustomerSnapshot
    )
    with pytest.raises(ConfigurationFault) as fault:
        reader.snapshot(Subject(SubjectKind.INVOICE, world.paid))

    assert fault.value.reason is Reason.STRIPE_PERMISSION
    assert "rak_invoice_read" in fault.value.text
    assert LIMITED_KEY[:8] not in fault.value.text


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (FaultKind.RATE_LIMIT, Throttled),
        (FaultKind.LOCK_TIMEOUT, Throttled),
        (FaultKind.SERVER_ERROR, Unavailable),
        (FaultKind.CUT_CONNECTION, Unavailable),
    ],
)
def test_what_passes_is_transient(
    server: StripeServer, kind: FaultKind, fault: type[Exception]
) -> None:
    server.faults.add(ApiFault(kind, times=3))
    try:
        with pytest.raises(fault):
            reader_of(server).open_invoices(0, None)
    finally:
        server.faults.clear()


def test_one_server_error_is_ridden_out(server: StripeServer, world: World) -> None:
    server.faults.add(ApiFault(FaultKind.SERVER_ERROR))
    reader = reader_of(server)

    assert [row.invoice for row in reader.open_invoices(0, None).rows] == [world.open]
    assert reader.reads == 2


def test_a_slow_answer_is_unavailable(server: StripeServer) -> None:
    server.faults.add(ApiFault(FaultKind.LATENCY, times=3, latency_seconds=0.3))
    api = StripeApi(stripe.RequestsClient(timeout=0.05), lambda: FULL_KEY, server.url)
    reader = StripeApiReader(api, livemode=False)
    try:
        with pytest.raises(Unavailable):
            reader.open_invoices(0, None)
    finally:
        server.faults.clear()


def test_the_other_mode_is_refused(server: StripeServer, world: World) -> None:
    with pytest.raises(Refused) as refused:
        reader_of(server, livemode=True).snapshot(Subject(SubjectKind.INVOICE, world.paid))

    assert refused.value.reason is Reason.OBJECT_MISSING_IN_STRIPE


# --- a long history ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def busy() -> Iterator[StripeServer]:
    with StripeServer(busy_account()) as running:
        yield running


def ids(busy: StripeServer, kind: str) -> list[str]:
    return [stored["id"] for stored in busy.account.store.all(kind)]


def test_every_object_of_a_long_history_can_be_read(busy: StripeServer) -> None:
    reader = reader_of(busy)
    kinds = {
        SubjectKind.CUSTOMER: CustomerSnapshot,
        SubjectKind.INVOICE: InvoiceSnapshot,
        SubjectKind.CHARGE: ChargeSnapshot,
        SubjectKind.REFUND: RefundSnapshot,
        SubjectKind.CREDIT_NOTE: CreditNoteSnapshot,
        SubjectKind.DISPUTE: DisputeSnapshot,
        SubjectKind.PAYOUT: PayoutSnapshot,
    }

    for kind, expected in kinds.items():
        found = [reader.snapshot(Subject(kind, identifier)) for identifier in ids(busy, kind)]
        assert found, kind
        assert {type(each) for each in found} == {expected}


def test_an_invoice_to_which_nothing_happened_is_one_read(busy: StripeServer) -> None:
    store = busy.account.store
    paid = [each for each in store.all("invoice_payment") if each["status"] != "open"]
    touched = {each["invoice"] for each in (*store.all("credit_note"), *paid)}
    invoices = [each["id"] for each in store.all("invoice") if each["status"] in {"draft", "open"}]
    untouched = [each for each in invoices if each not in touched]
    reader = reader_of(busy)

    for identifier in untouched:
        reader.snapshot(Subject(SubjectKind.INVOICE, identifier))

    assert untouched
    assert reader.reads == len(untouched)


def test_invoices_from_before_basil_give_the_snapshots_of_today(busy: StripeServer) -> None:
    account = busy.account
    reader = reader_of(busy)
    for stored in account.store.all("invoice"):
        old = render_pre_basil(account.store, account.show(stored))
        payments = [
            account.show(each)
            for each in account.store.all("invoice_payment")
            if each["invoice"] == old["id"]
        ]
        customer = account.show(account.store.get("customer", old["customer"]))

        then = decode.invoice({**old, "customer": customer}, payments=payments)
        now = reader.snapshot(Subject(SubjectKind.INVOICE, old["id"]))

        assert isinstance(now, InvoiceSnapshot)
        # What an invoice is overpaid by is new in basil; the flag is gone since. Credit notes are
        # no part of an invoice in any version.
        today = replace(now, amount_overpaid_minor=0, credit_notes=())
        assert replace(then, api_paid_out_of_band=False) == today


def test_many_lines_and_payments_are_read_to_the_last() -> None:
    account = StripeAccount()
    customer = account.create_customer("Long Ltd")["id"]
    lines = tuple(LineSpec(f"Line {number}", amount_minor=100) for number in range(230))
    invoice = account.create_invoice(InvoiceSpec(customer, lines))["id"]
    account.finalize_invoice(invoice)
    for _ in range(12):
        account.pay_invoice(invoice, 1_000)
    with StripeServer(account) as server:
        reader = reader_of(server)
        found = reader.snapshot(Subject(SubjectKind.INVOICE, invoice))

    assert isinstance(found, InvoiceSnapshot)
    assert len({line.id for line in found.lines}) == 230
    assert sum(payment.amount_paid_minor for payment in found.payments) == 12_000
    assert reader.reads == 1 + 3 + 1 + 1


def test_a_refund_of_one_charge_for_two_invoices_names_both() -> None:
    clock = SteppedClock()
    account = StripeAccount(clock=clock)
    customer = account.create_customer("Two Ltd")["id"]
    invoices = [invoice_of(account, customer, amount)["id"] for amount in (5_000, 7_000)]
    payments = account.pay_invoices_together(dict.fromkeys(invoices))
    intent = account.store.get("payment_intent", payments[0]["payment"]["payment_intent"])
    charge = intent["latest_charge"]
    account.refund(charge, 1_000)
    clock.advance(1)
    failed = account.refund(charge, 2_000)["id"]
    account.fail_refund(failed)
    with StripeServer(account) as server:
        reader = reader_of(server)
        refund = reader.snapshot(Subject(SubjectKind.REFUND, failed))
        paid = reader.snapshot(Subject(SubjectKind.CHARGE, charge))

    assert isinstance(refund, RefundSnapshot)
    assert sorted(each.id for each in refund.invoices) == sorted(invoices)
    assert [each.status for each in refund.siblings] == ["succeeded", "failed"]
    assert refund.refund.moved_at_unix is not None
    assert refund.refund.returned_at_unix is not None
    assert isinstance(paid, ChargeSnapshot)
    assert sorted(paid.invoices) == sorted(invoices)


def test_a_sale_without_invoice_names_none() -> None:
    account = StripeAccount()
    charge = account.charge(ChargeSpec(900))["id"]
    pending = account.refund(charge, 100, pending_reason="insufficient_funds")["id"]
    with StripeServer(account) as server:
        reader = reader_of(server)
        paid = reader.snapshot(Subject(SubjectKind.CHARGE, charge))
        refund = reader.snapshot(Subject(SubjectKind.REFUND, pending))

    assert isinstance(paid, ChargeSnapshot)
    assert paid.invoices == ()
    assert isinstance(refund, RefundSnapshot)
    assert (refund.invoices, refund.refund.moved_at_unix) == ((), None)


def test_a_fee_is_known_once_the_charge_is_captured_in_the_currency_of_the_balance() -> None:
    options = AccountOptions(settle_at_once=False, settlements={"gbp": Settlement("usd", "1.25")})
    account = StripeAccount(options)
    charge = account.charge(ChargeSpec(8_000, "gbp"))["id"]
    with StripeServer(account) as server:
        before = reader_of(server).snapshot(Subject(SubjectKind.CHARGE, charge))
        account.settle_charge(charge)
        after = reader_of(server).snapshot(Subject(SubjectKind.CHARGE, charge))

    assert isinstance(before, ChargeSnapshot)
    assert isinstance(after, ChargeSnapshot)
    assert before.fees == ()
    (fee,) = after.fees
    assert (after.amount_minor, after.currency) == (8_000, "gbp")
    assert (fee.amount_minor, fee.currency) == (options.fees.fee_minor(10_000), "usd")


def test_a_deleted_customer_leaves_the_frozen_name_on_its_invoice() -> None:
    account = StripeAccount()
    customer = account.create_customer("Gone Ltd")["id"]
    invoice = invoice_of(account, customer, 500)["id"]
    account.delete_customer(customer)
    with StripeServer(account) as server:
        reader = reader_of(server)
        alone = reader.snapshot(Subject(SubjectKind.CUSTOMER, customer))
        on_invoice = reader.snapshot(Subject(SubjectKind.INVOICE, invoice))

    assert alone == CustomerSnapshot(customer, deleted=True)
    assert isinstance(on_invoice, InvoiceSnapshot)
    assert on_invoice.customer == CustomerSnapshot(customer, name="Gone Ltd", deleted=True)


def test_a_long_list_is_read_stretch_by_stretch_without_a_gap() -> None:
    clock = SteppedClock()
    account = StripeAccount(AccountOptions(default_api_version=PRE_BASIL_VERSION), clock)
    began_at = clock.now()
    customer = account.create_customer("Busy Ltd")["id"]
    for _ in range(60):
        account.pay_invoice(invoice_of(account, customer, 1_000)["id"])
        clock.advance(3 * 3_600)
    with StripeServer(account) as server:
        reader = reader_of(server)
        stretches = [reader.events(TYPES, began_at, None)]
        while stretches[-1].reached_unix > began_at:
            until = stretches[-1].reached_unix - 1
            stretches.append(reader.events(TYPES, began_at, until))

    expected = [record for record in account.event_log if record.type in SUBSCRIPTIONS]
    assert len(expected) > 300
    hints = [hint for stretch in stretches for hint in stretch.rows]
    assert len(hints) == len(expected)
    assert {hint.event_id for hint in hints} == {record.id for record in expected}
    moments = [hint.created_unix for hint in hints]
    assert moments == sorted(moments, reverse=True)
    assert {hint.api_version for hint in hints} == {PRE_BASIL_VERSION}


def test_a_second_with_more_than_a_page_of_invoices_is_read_whole() -> None:
    account = StripeAccount(clock=SteppedClock())
    customer = account.create_customer("Renewals Ltd")["id"]
    for _ in range(230):
        invoice_of(account, customer, 1_000)
    with StripeServer(account) as server:
        reader = reader_of(server)
        newest = reader.invoices(0, None)
        rest = reader.invoices(0, newest.reached_unix - 1)

    assert (len(newest.rows), len(rest.rows), rest.reached_unix) == (0, 230, 0)
    assert reader.reads == 1 + 3
