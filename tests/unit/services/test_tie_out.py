"""Goal: whatever Stripe's balance and the clearing account differ by is named by id and cause.

Method: the real processor books into memory what Stripe moved; then something is taken away, put in
or left undone, and the tie-out must name exactly that. What it should find is written here.
"""

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    an_origin,
)
from tests.fakes.books import FakeBooks
from tests.unit.services.world import INVOICE, REFUND, World, of
from tieout.domain.documents import CashAccount
from tieout.domain.errors import Unavailable
from tieout.domain.keys import owed_again_key, reference
from tieout.domain.movement_policy import Category, MovementRules
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State
from tieout.domain.sale_policy import SaleRules
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import Cause, OpenItem, TieOut
from tieout.planning.snapshots import ChargeSnapshot
from tieout.services.operate import Signature, close
from tieout.services.ports import InvoiceRow, LedgerRow, NotExecuted, OpenReceivable
from tieout.services.tie_out import TieOuts, is_own

DAY = of(SubjectKind.ACTIVITY, NOON_DAY.isoformat())
CHARGE = of(SubjectKind.CHARGE, "ch_1")
NEXT_NOON = NOON + DAY_SECONDS
CHARGED = a_movement(10_000, 320, source="ch_1", origin=an_origin())
REFUNDED = a_movement(
    -2_500,
    0,
    id="txn_2",
    type="refund",
    source="re_1",
    origin=an_origin(2_500, kind="refund", id="re_1", charge="ch_1"),
)


def policy(**changes: object) -> Policy:
    rules = MovementRules(accounts={Category.PROCESSING_FEES: "6200"})
    return a_policy(movements=rules, **changes)


@pytest.fixture
def world(world: World) -> World:
    """A paid invoice of 100.00, of which 25.00 were refunded; noon of the next day."""
    made = a_paid_invoice()
    paid = tuple(dataclasses.replace(each, paid_at_unix=NOON) for each in made.payments)
    invoice = dataclasses.replace(made, payments=paid)
    publish(world, policy())
    world.stripe.moved = {None: [CHARGED, REFUNDED]}
    world.stripe.snapshots |= {
        INVOICE: invoice,
        REFUND: a_refund_of(a_refund(2_500, created_unix=NOON, moved_at_unix=NOON), invoice),
        CHARGE: ChargeSnapshot(
            *("ch_1", 10_000, "usd", "succeeded", NOON),
            captured=True,
            payment_intent="pi_1",
            invoices=("in_1",),
            movement=CHARGED,
        ),
    }
    world.clock.unix = NEXT_NOON
    return world


def publish(world: World, new: Policy) -> None:
    world.policies.published.append(new)


def tie(
    world: World,
    books: FakeBooks | None = None,
    *,
    day: date = NOON_DAY,
    before: Sequence[TieOut] = (),
) -> TieOut:
    tie_outs = TieOuts(world.stripe, books or FakeBooks(world.ledger), world.postings, world.clock)
    (usd,) = (
        each
        for each in tie_outs.of_day(day, world.policies.current(), before)
        if each.currency == "usd"
    )
    return usd


def named(tie_out: TieOut) -> dict[str, tuple[Cause, int]]:
    return {each.id: (each.cause, each.amount_minor) for each in tie_out.residues}


def book_everything(world: World) -> None:
    world.bring_up_to_date(INVOICE, CHARGE, REFUND, DAY)


def test_what_is_booked_ties_out_to_the_cent(world: World) -> None:
    book_everything(world)
    tied = tie(world)
    assert (tied.opening_minor, tied.moved_minor, tied.closing_minor) == (0, 7_180, 7_180)
    assert (tied.ledger_account, tied.books_minor, tied.residual_minor) == ("1200", 7_180, 0)
    assert tied.residues == ()


def test_nothing_booked_is_all_named_and_nothing_unknown(world: World) -> None:
    tied = tie(world)
    assert named(tied) == {
        "sale/pi_1": (Cause.NOT_READ, -10_000),
        "refund/re_1": (Cause.NOT_READ, 2_500),
        f"activity/{NOON_DAY}/usd": (Cause.DAY_OPEN, 320),
    }
    assert tied.residual_minor == -7_180


def test_what_is_parked_is_named_with_its_age(world: World) -> None:
    publish(world, policy(version="policy-2", revenue=_without_default()))
    world.bring_up_to_date(REFUND)
    publish(world, policy(version="policy-3"))
    world.bring_up_to_date(INVOICE, CHARGE, DAY)
    tied = tie(world)
    assert named(tied) == {"refund/re_1": (Cause.PARKED, 2_500)}
    assert tied.unexplained_minor == 0


def test_a_day_not_booked_yet_is_open_and_no_alarm(world: World) -> None:
    world.bring_up_to_date(INVOICE, CHARGE, REFUND)
    tied = tie(world)
    assert named(tied) == {f"activity/{NOON_DAY}/usd": (Cause.DAY_OPEN, 320)}
    assert tied.unexplained_minor == 0


FEE = a_movement(-700, 0, id="txn_3", type="stripe_fee", source=None)


@pytest.mark.parametrize("has_account", [True, False])
def test_a_booked_day_on_which_more_moved_is_named_with_the_difference(
    world: World, *, has_account: bool
) -> None:
    accounts = {Category.PROCESSING_FEES: "6200"}
    if has_account:
        accounts[Category.STRIPE_BILLING_FEES] = "6210"
    publish(world, a_policy(version="policy-2", movements=MovementRules(accounts=accounts)))
    book_everything(world)
    world.stripe.moved[None].append(FEE)
    world.clock.advance(60)
    world.bring_up_to_date(DAY)
    tied = tie(world)
    assert named(tied) == {f"activity/{NOON_DAY}/usd": (Cause.DRIFT, 700)}
    assert tied.unexplained_minor == 0


def accept_a_drift(world: World) -> None:
    accounts = {Category.PROCESSING_FEES: "6200", Category.STRIPE_BILLING_FEES: "6210"}
    publish(world, a_policy(version="policy-2", movements=MovementRules(accounts=accounts)))
    book_everything(world)
    world.stripe.moved[None].append(FEE)
    world.clock.advance(60)
    world.bring_up_to_date(DAY)
    close(
        *(world.postings, [f"{DAY}/usd"], Signature("ada", world.clock.now_unix())),
        "fine as it is",
    )


def test_a_drift_that_a_person_accepted_stays_named_and_calls_nobody(world: World) -> None:
    accept_a_drift(world)
    first = tie(world)
    assert named(first) == {f"{DAY}/usd": (Cause.DRIFT, 700)}
    assert "fine as it is" in first.residues[0].text
    world.clock.advance(60 * DAY_SECONDS)
    later = tie(world, day=NOON_DAY + timedelta(days=60), before=[first])
    assert (named(later), later.unexplained_minor) == (named(first), 0)


def test_an_accepted_drift_that_was_corrected_by_hand_is_no_difference(world: World) -> None:
    accept_a_drift(world)
    books = FakeBooks(world.ledger)
    books.by_hand = [
        LedgerRow("1200", "usd", NOON_DAY, -700, "", "fee, by Bob", "17", of_ledger=True)
    ]
    first = tie(world, books)
    assert (first.residual_minor, first.residues) == (0, ())
    # Once nobody looks for the correction any more, nothing takes it for a difference again.
    world.clock.advance(60 * DAY_SECONDS)
    books.by_hand.append(dataclasses.replace(books.by_hand[0], amount_minor=5, entry="18"))
    later = tie(world, books, day=NOON_DAY + timedelta(days=60), before=[first])
    assert named(later) == {"rest": (Cause.UNKNOWN, 5)}


def test_what_is_posted_and_called_for_no_more_is_named(world: World) -> None:
    book_everything(world)
    world.stripe.moved = {}
    world.clock.advance(60)
    world.bring_up_to_date(DAY)
    assert named(tie(world))[f"activity/{NOON_DAY}/usd"] == (Cause.DRIFT, -320)


def test_sales_that_policy_ignores_are_named_and_call_nobody(world: World) -> None:
    sales = SaleRules("ignore", ignore_reason="the till books them")
    publish(world, policy(version="policy-2", sales=sales))
    world.stripe.snapshots[CHARGE] = a_sale(movement=CHARGED)
    world.stripe.moved = {None: [CHARGED]}
    world.bring_up_to_date(CHARGE, DAY)
    first = tie(world)
    ignored = {"sale/pi_1": (Cause.IGNORED, -10_000)}
    assert (named(first), first.unexplained_minor) == (ignored, 0)
    assert "the till books them" in first.residues[0].text
    world.clock.advance(3 * DAY_SECONDS)
    later = tie(world, day=NOON_DAY + timedelta(days=3), before=[first])
    assert named(later) == ignored
    assert later.residues[0].since == str(NOON_DAY)


def test_an_ignored_sale_that_somebody_else_books_is_no_difference(world: World) -> None:
    sales = SaleRules("ignore", ignore_reason="the till books them")
    publish(world, policy(version="policy-2", sales=sales))
    world.stripe.snapshots[CHARGE] = a_sale(movement=CHARGED)
    world.stripe.moved = {None: [CHARGED]}
    world.bring_up_to_date(CHARGE, DAY)
    books = FakeBooks(world.ledger)
    books.by_hand = [LedgerRow("1200", "usd", NOON_DAY, 10_000, "", "till", "9", of_ledger=True)]
    tied = tie(world, books)
    assert (tied.residual_minor, tied.residues) == (0, ())


@pytest.mark.parametrize("parks", ["invoice", "receipt"])
def test_what_was_paid_past_stripe_and_is_parked_explains_nothing(world: World, parks: str) -> None:
    payment = a_payment(10_000, out_of_band=True, payment_intent=None, paid_at_unix=NOON)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(payment,))
    world.stripe.moved = {}
    named_accounts = {"usd": CashAccount("1190")} if parks == "invoice" else {}
    revenue = _without_default() if parks == "invoice" else a_policy().revenue
    publish(world, policy(version="policy-2", revenue=revenue, out_of_band=named_accounts))
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["receipt/inpay_1"].state is State.PARKED
    tied = tie(world)
    assert (tied.residual_minor, tied.residues) == (0, ())


def test_a_day_without_an_account_for_its_fees_is_parked(world: World) -> None:
    publish(world, a_policy(version="policy-2"))
    world.bring_up_to_date(INVOICE, CHARGE, REFUND, DAY)
    tied = tie(world)
    assert named(tied) == {f"activity/{NOON_DAY}/usd": (Cause.PARKED, 320)}


def test_an_entry_by_hand_is_named_and_calls_somebody(world: World) -> None:
    book_everything(world)
    books = FakeBooks(world.ledger)
    books.by_hand = [
        LedgerRow("1200", "usd", NOON_DAY, 4_200, "", "moved by Bob", "17", of_ledger=True)
    ]
    tied = tie(world, books)
    assert named(tied) == {"entry 17": (Cause.BY_HAND, 4_200)}
    assert tied.unexplained_minor == 4_200


def test_an_entry_by_hand_stays_until_it_is_taken_back(world: World) -> None:
    book_everything(world)
    books = FakeBooks(world.ledger)
    wrong = LedgerRow("1200", "usd", NOON_DAY, 4_200, "", "moved by Bob", "17", of_ledger=True)
    books.by_hand = [wrong]
    world.clock.advance(DAY_SECONDS)
    next_day = NOON_DAY + timedelta(days=1)
    first = tie(world, books)
    second = tie(world, books, day=next_day, before=[first])
    assert [(each.id, each.since) for each in second.residues] == [("entry 17", str(NOON_DAY))]
    back = dataclasses.replace(wrong, amount_minor=-4_200, entry="18", day=next_day)
    books.by_hand.append(back)
    assert tie(world, books, day=next_day, before=[first]).residues == ()


def test_a_document_that_vanished_from_intacct_is_unknown(world: World) -> None:
    book_everything(world)
    (record_no,) = (
        number for number, each in world.ledger.records.items() if each.key == "refund/re_1"
    )
    del world.ledger.records[record_no]
    tied = tie(world)
    assert named(tied) == {"rest": (Cause.UNKNOWN, 2_500)}
    assert tied.unexplained_minor == 2_500


def test_what_moved_since_does_not_count(world: World) -> None:
    book_everything(world)
    later = dataclasses.replace(CHARGED, id="txn_9", source="ch_9", created_unix=NEXT_NOON - 60)
    world.stripe.moved[None].append(later)
    assert tie(world).residues == ()
    assert tie(world).closing_minor == 7_180


def test_a_balance_that_never_stands_still_is_left_for_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    amounts = iter(range(100))
    monkeypatch.setattr(world.stripe, "balance", lambda _=None: {"usd": next(amounts)})
    with pytest.raises(Unavailable):
        tie(world)


def test_a_currency_that_policy_does_not_name_is_shown_with_its_whole_balance(
    world: World,
) -> None:
    book_everything(world)
    world.stripe.moved[None].append(
        a_movement(900, 0, id="txn_5", currency="gbp", type="stripe_fee", source=None)
    )
    tie_outs = TieOuts(world.stripe, FakeBooks(world.ledger), world.postings, world.clock)
    (gbp,) = (each for each in tie_outs.of_day(NOON_DAY, policy()) if each.currency == "gbp")
    assert (gbp.ledger_account, gbp.closing_minor, gbp.residual_minor) == ("", 900, -900)


def test_open_invoices_are_compared_one_by_one(world: World) -> None:
    world.stripe.snapshots[of(SubjectKind.INVOICE, "in_1")] = an_invoice()
    world.bring_up_to_date(INVOICE)
    world.stripe.moved = {}
    world.stripe.invoices_listed = [
        InvoiceRow("in_1", "cus_1", "open", "", NOON, remaining_minor=9_000, currency="usd"),
        InvoiceRow("in_2", "cus_1", "open", "", NOON, remaining_minor=500, currency="usd"),
    ]
    tied = tie(world)
    assert {(each.invoice, each.stripe_minor, each.books_minor) for each in tied.open_items} == {
        ("in_1", 9_000, 10_000),
        ("in_2", 500, 0),
    }
    assert (tied.receivable_stripe_minor, tied.receivable_books_minor) == (9_500, 10_000)
    assert all(isinstance(each, OpenItem) for each in tied.open_items)


CONTROL = "accounts receivable"


def test_an_entry_on_the_control_account_of_customers_calls_somebody(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    publish(world, policy(version="policy-2", receivable_account=CONTROL))
    world.bring_up_to_date(INVOICE)
    world.stripe.moved = {}
    row = InvoiceRow("in_1", "cus_1", "open", "", NOON, remaining_minor=10_000, currency="usd")
    world.stripe.invoices_listed = [row]
    books = FakeBooks(world.ledger)
    tied = tie(world, books)
    assert (tied.control_account, tied.control_minor, tied.subledger_minor) == (
        *(CONTROL, 10_000, 10_000),
    )
    assert tied.is_explained
    assert not tied.differs
    later = NOON_DAY + timedelta(days=60)
    books.by_hand = [LedgerRow(CONTROL, "usd", later, -2_500, "", "by Bob", "17", of_ledger=True)]
    tied = tie(world, books)
    assert tied.control_difference_minor == -2_500
    assert tied.differs
    assert not tied.is_explained


def test_a_control_account_that_never_stands_still_is_not_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(world, policy(version="policy-2", receivable_account=CONTROL))
    world.stripe.moved = {}
    books, amounts = FakeBooks(world.ledger), iter(range(100))
    monkeypatch.setattr(books, "balances", lambda *_: {(CONTROL, "usd"): next(amounts)})
    assert tie(world, books).control_account == ""


def test_without_a_control_account_in_policy_nothing_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.stripe.moved = {}
    books = FakeBooks(world.ledger)
    monkeypatch.delattr(FakeBooks, "owed_by_customers")
    assert tie(world, books).control_account == ""


def test_an_entry_that_was_dated_back_is_named(world: World) -> None:
    book_everything(world)
    books = FakeBooks(world.ledger)
    earlier = NOON_DAY - timedelta(days=10)
    books.by_hand = [LedgerRow("1200", "usd", earlier, -1_000, "", "by Bob", "115", of_ledger=True)]
    tied = tie(world, books)
    assert named(tied) == {"entry 115": (Cause.BY_HAND, -1_000)}
    assert tied.residues[0].since == str(earlier)


def test_days_that_nobody_read_are_found_as_far_back_as_asked(world: World) -> None:
    long_ago = NOON - 5 * DAY_SECONDS
    world.stripe.moved[None] = [dataclasses.replace(CHARGED, created_unix=long_ago)]
    tie_outs = TieOuts(world.stripe, FakeBooks(world.ledger), world.postings, world.clock)

    def found(look_back_days: int) -> dict[str, tuple[Cause, int]]:
        made = tie_outs.of_day(NOON_DAY, policy(), look_back_days=look_back_days)
        return named(next(each for each in made if each.currency == "usd"))

    day = NOON_DAY - timedelta(days=5)
    assert found(1) == {"rest": (Cause.UNKNOWN, -9_680)}
    assert found(5) == {
        "sale/pi_1": (Cause.NOT_READ, -10_000),
        f"activity/{day}/usd": (Cause.DAY_OPEN, 320),
    }


def test_an_invoice_that_differs_calls_somebody_unless_something_of_it_is_parked(
    world: World,
) -> None:
    world.stripe.moved = {}
    row = InvoiceRow("in_1", "cus_1", "open", "", NOON, remaining_minor=10_000, currency="usd")
    world.stripe.invoices_listed = [row]
    assert not tie(world).is_explained
    publish(world, policy(version="policy-2", revenue=_without_default()))
    world.bring_up_to_date(INVOICE)
    assert [each.explained for each in tie(world).open_items] == [True]


def test_a_voided_credit_note_is_owed_beside_its_invoice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.stripe.moved = {}
    row = InvoiceRow("in_1", "cus_1", "open", "", NOON, remaining_minor=10_000, currency="usd")
    world.stripe.invoices_listed = [row]
    books = FakeBooks(world.ledger)
    invoice = OpenReceivable("1", "ACME-1", "in_1", "cus_1", "usd", 9_000)
    memo = OpenReceivable("2", "ACME-1-CN-01-VOID", "", "cus_1", "usd", 1_000)
    another = OpenReceivable("3", "ACME-12-CN-01-VOID", "", "cus_1", "usd", 700)
    monkeypatch.setattr(books, "open_receivables", lambda: [invoice, memo, another])
    assert tie(world, books).open_items == ()


def test_a_voided_credit_note_is_owed_even_if_it_had_settled_its_invoice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.stripe.moved = {}
    row = InvoiceRow("in_1", "cus_1", "open", "", NOON, remaining_minor=10_000, currency="usd")
    world.stripe.invoices_listed = [row]
    world.postings.by_key["invoice/in_1"] = Posting(
        "invoice/in_1", INVOICE, State.POSTED, 1, number="ACME-1"
    )
    books = FakeBooks(world.ledger)
    memo = OpenReceivable("2", "ACME-1-CN-01-VOID", "", "cus_1", "usd", 10_000)
    monkeypatch.setattr(books, "open_receivables", lambda: [memo])
    assert tie(world, books).open_items == ()
    monkeypatch.setattr(books, "open_receivables", list)
    (item,) = tie(world, books).open_items
    assert (item.books_minor, item.text) == (0, "ACME-1 in Intacct")


@pytest.mark.parametrize(
    ("books_minor", "state", "explained", "accepted"),
    [
        (9_000, State.PARKED, True, False),
        (9_000, State.CLOSED, True, True),
        # Somebody entered a payment of a part of it.
        (4_000, State.CLOSED, True, True),
        # Not all of it is what went back.
        (9_001, State.CLOSED, False, False),
    ],
)
def test_an_invoice_that_is_owed_again_in_the_books_alone_is_explained(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    books_minor: int,
    state: State,
    *,
    explained: bool,
    accepted: bool,
) -> None:
    world.stripe.moved = {}
    long_id = "in_1MtHbELkdIwHu7ixl4OzzPMv"
    key = owed_again_key(long_id, "inpay_1")
    world.postings.by_key[key] = Posting(
        *(key, CHARGE, state, 1),
        amount_minor=9_000,
        currency="usd",
        reason_text="went back",
    )
    books = FakeBooks(world.ledger)
    ours = OpenReceivable("1", "ACME-1", reference(long_id), "cus_1", "usd", books_minor)
    monkeypatch.setattr(books, "open_receivables", lambda: [ours])
    (item,) = tie(world, books).open_items
    assert (item.explained, item.accepted) == (explained, accepted)
    assert item.text.endswith("; went back") is explained


def with_further_account() -> Policy:
    clearing = dataclasses.replace(policy().clearing["usd"], account="1299")
    return policy(version="policy-2", accounts={"acct_9": policy(clearing={"usd": clearing})})


def test_open_invoices_of_a_further_account_stand_beside_its_own_in_stripe(world: World) -> None:
    publish(world, with_further_account())
    world.stripe.moved = {}
    further = Subject(SubjectKind.INVOICE, "in_9", "acct_9")
    world.stripe.snapshots[further] = an_invoice(id="in_9", number="EU-1")
    world.bring_up_to_date(further)
    row = InvoiceRow("in_9", "cus_1", "open", "", NOON, remaining_minor=10_000, currency="usd")
    world.stripe.invoices_of["acct_9"] = [row]
    tied = tie(world)
    assert (tied.open_items, tied.receivable_stripe_minor) == ((), 10_000)
    world.stripe.invoices_of["acct_9"] = [dataclasses.replace(row, remaining_minor=9_000)]
    (item,) = tie(world).open_items
    assert item.subject == "acct_9/invoice/in_9"


@pytest.mark.parametrize("account", [None, "acct_9"])
def test_what_is_open_in_the_books_alone_has_the_name_that_stripe_gave_it(
    world: World, account: str | None
) -> None:
    publish(world, with_further_account())
    world.stripe.moved = {}
    long_id = "in_1MtHbELkdIwHu7ixl4OzzPMv"
    subject = Subject(SubjectKind.INVOICE, long_id, account)
    world.stripe.snapshots[subject] = an_invoice(id=long_id, number="X-1")
    world.bring_up_to_date(subject)
    (item,) = tie(world).open_items
    assert (item.invoice, item.subject) == (long_id, str(subject))
    world.postings.by_key.clear()
    (unknown,) = tie(world).open_items
    assert (unknown.invoice, unknown.subject) == (reference(long_id), "")
    assert unknown.text.endswith(" in Intacct")


def test_what_customers_owe_in_a_currency_that_nothing_clears_is_compared(world: World) -> None:
    publish(world, policy(version="policy-2", receivable_account=CONTROL))
    world.stripe.moved = {}
    books = FakeBooks(world.ledger)
    entry = LedgerRow(CONTROL, "gbp", NOON_DAY, -2_500, "", "by Bob", "17", of_ledger=True)
    books.by_hand = [entry, dataclasses.replace(entry, currency="jpy", amount_minor=0)]
    row = InvoiceRow("in_1", "cus_1", "open", "", NOON, remaining_minor=500, currency="eur")
    unreadable = dataclasses.replace(row, invoice="in_2", currency="", remaining_minor=0)
    world.stripe.invoices_listed = [row, unreadable]
    tie_outs = TieOuts(world.stripe, books, world.postings, world.clock)
    found = {each.currency: each for each in tie_outs.of_day(NOON_DAY, world.policies.current())}
    assert found.keys() == {*policy().clearing, "eur", "gbp"}
    assert found["gbp"].control_difference_minor == -2_500
    assert [each.invoice for each in found["eur"].open_items] == ["in_1"]


def _without_default() -> object:
    return dataclasses.replace(a_policy().revenue, default=None)


def test_a_connected_account_has_its_own_balance_and_clearing_account(world: World) -> None:
    own = policy(clearing={"usd": dataclasses.replace(policy().clearing["usd"], account="1299")})
    publish(world, policy(version="policy-2", accounts={"acct_9": own}))
    world.stripe.moved["acct_9"] = [dataclasses.replace(CHARGED, id="txn_7", source="ch_7")]
    tie_outs = TieOuts(world.stripe, FakeBooks(world.ledger), world.postings, world.clock)
    found = {
        each.currency: each
        for each in tie_outs.of_day(NOON_DAY, world.policies.current(), (), "acct_9")
    }
    assert (found["usd"].account, found["usd"].ledger_account) == ("acct_9", "1299")
    assert found["usd"].closing_minor == 9_680
    assert named(found["usd"]) == {
        "sale/pi_1": (Cause.NOT_READ, -10_000),
        f"acct_9/activity/{NOON_DAY}/usd": (Cause.DAY_OPEN, 320),
    }


@pytest.mark.parametrize(
    "name", ["acct_1Nv0FGQ9RKHgCVdK/2026-11-02/usd", "2026-11-02/usd/from-eur", "po_1"]
)
def test_what_tieout_posted_is_not_taken_for_an_entry_by_hand(name: str) -> None:
    document = reference(name.replace("/from-", "-").replace("/", "-"))
    assert is_own(
        LedgerRow("1200", "usd", NOON_DAY, -320, document, "fees", "GJ 1", of_ledger=True)
    )
    by_hand = LedgerRow("1200", "usd", NOON_DAY, -320, "acc 4", "fees", "GJ 2", of_ledger=True)
    assert not is_own(by_hand)


def test_a_parked_day_of_a_connected_account_is_named(world: World) -> None:
    clearing = {"usd": dataclasses.replace(policy().clearing["usd"], account="1299")}
    without_fees = a_policy(clearing=clearing)
    publish(world, policy(version="policy-2", accounts={"acct_9": without_fees}))
    world.stripe.moved["acct_9"] = [a_movement(-700, id="txn_7", type="stripe_fee")]
    day = dataclasses.replace(DAY, account="acct_9")
    world.bring_up_to_date(day)
    tie_outs = TieOuts(world.stripe, FakeBooks(world.ledger), world.postings, world.clock)
    made = tie_outs.of_day(NOON_DAY, world.policies.current(), (), "acct_9")
    (usd,) = (each for each in made if each.currency == "usd")
    assert named(usd) == {f"{day}/usd": (Cause.PARKED, 700)}


def test_sales_wait_for_the_journal_of_their_day(world: World) -> None:
    sales = SaleRules("daily_summary", category="services")
    publish(world, policy(version="policy-2", sales=sales))
    world.stripe.snapshots[CHARGE] = a_sale(movement=CHARGED)
    world.stripe.moved = {None: [CHARGED]}
    world.bring_up_to_date(CHARGE)
    waiting = {f"{DAY}/usd": (Cause.DAY_OPEN, 320), f"{DAY}/usd/sales": (Cause.DAY_OPEN, -10_000)}
    assert named(tie(world)) == waiting
    world.bring_up_to_date(DAY)
    assert (tie(world).residual_minor, tie(world).residues) == (0, ())


@pytest.mark.parametrize(("idle_seconds", "cause"), [(4_500, "in_transit"), (4_501, "stuck")])
def test_what_nobody_works_on_any_more_is_not_on_its_way(
    world: World, idle_seconds: int, cause: str
) -> None:
    world.ledger.script("refund/re_1", NotExecuted("Intacct is busy"))
    book_everything(world)
    assert world.postings.by_key["refund/re_1"].state is State.PLANNED
    world.clock.advance(idle_seconds)
    tied = tie(world)
    assert named(tied) == {"refund/re_1": (Cause(cause), 2_500)}
    assert bool(tied.unexplained_minor) is (cause == "stuck")
