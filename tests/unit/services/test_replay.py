"""Goal: a replay proves that the books are what Stripe calls for, or says exactly what is not, and
what makes it right; it raises no false alarm, and writes nothing.

Method: the real processor books over in-memory ports; then Stripe, a policy or a posting is changed
and the range is replayed. The mistakes most likely made: a new policy taken for drift, and what is
booked but called for no more overlooked.
"""

import dataclasses
import tracemalloc
from collections.abc import Iterable

import pytest

from tests.benchmarks.preview_range import Generated, NoPostings
from tests.factories import (
    NOON,
    a_credit_note,
    a_credit_note_of,
    a_line,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    moving,
    selling,
)
from tests.fakes import FakeClock, FakePolicies
from tests.unit.services.day_world import DAY, charged, paid_out
from tests.unit.services.day_world import world as days_world
from tests.unit.services.test_older_policies import other_accounts
from tests.unit.services.world import CUSTOMER, INVOICE, REFUND, World
from tieout.domain import postings as posting_states
from tieout.domain.documents import CashAccount
from tieout.domain.errors import Unavailable
from tieout.domain.postings import State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.corrections import Kind
from tieout.planning.snapshots import InvoiceSnapshot
from tieout.services.operate import CannotBeDone, Signature, close
from tieout.services.ports import NotAccepted
from tieout.services.preview import SUBJECTS_AT_ONCE
from tieout.services.replay import Outcome, Replay, Replayed, Tally

FIRST, LAST = "2026-11-01", "2026-11-30"
REVENUE = "4000 location=100"
OWED = "accounts receivable"


def replayed(world: World, *subjects: Subject) -> tuple[dict[str, Replayed], Tally]:
    """Replay a range in which Stripe created the subjects."""
    before = dict(world.postings.by_key)
    # A replay sees what was posted before it.
    world.clock.advance(1)
    replay = Replay(world.stripe, world.postings, world.policies, world.clock)
    told = [*replay.replay(subjects), *replay.left_over(FIRST, LAST, [None])]
    assert world.postings.by_key == before
    assert len({each.key for each in told}) == len(told)
    return {each.key: each for each in told}, replay.tally


def change(world: World, key: str, **changes: object) -> None:
    """Change a posting in its table, as nothing of the product would."""
    posting = world.postings.by_key[key]
    world.postings.by_key[key] = dataclasses.replace(posting, **changes)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    world = World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    return world


def test_what_is_posted_as_stripe_calls_for_it_agrees(world: World) -> None:
    told, tally = replayed(world, INVOICE)
    assert told == {}
    assert tally.agrees
    assert (tally.subjects, dict(tally.documents)) == (1, {Outcome.SAME: 3})


def test_a_document_of_two_subjects_is_counted_once(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    world.bring_up_to_date(REFUND)
    told, tally = replayed(world, INVOICE, REFUND, INVOICE)
    assert told == {}
    assert (tally.subjects, dict(tally.documents)) == (2, {Outcome.SAME: 4})


def test_what_is_not_posted_is_new_with_its_reason(world: World) -> None:
    other = Subject(SubjectKind.INVOICE, "in_2")
    world.stripe.snapshots[other] = an_invoice(id="in_2", number="ACME-2")
    told, tally = replayed(world, INVOICE, other)
    assert [(key, each.outcome, each.text) for key, each in told.items()] == [
        ("invoice/in_2", Outcome.NEW, "not posted yet")
    ]
    assert not tally.agrees


def test_what_is_gone_from_the_postings_is_new(world: World) -> None:
    del world.postings.by_key["invoice/in_1"]
    told, _ = replayed(world, INVOICE)
    assert {key: each.outcome for key, each in told.items()} == {"invoice/in_1": Outcome.NEW}


def test_a_new_policy_is_no_difference(world: World) -> None:
    world.policies.published.append(other_accounts())
    told, tally = replayed(world, INVOICE)
    assert told == {}
    assert tally.documents[Outcome.SAME] == 3


def test_the_journal_of_a_days_sales_stays_as_the_policy_that_it_was_booked_under() -> None:
    world = days_world(charged())
    world.policies.published = [selling("daily_summary")]
    charge = Subject(SubjectKind.CHARGE, "ch_1")
    world.bring_up_to_date(charge, DAY)
    elsewhere = {**a_policy().clearing, "usd": CashAccount("1299")}
    world.policies.published.append(selling("ignore", version="policy-2", clearing=elsewhere))
    told, tally = replayed(world, charge, DAY)
    assert told == {}
    assert dict(tally.documents) == {Outcome.SAME: 1}
    assert tally.findings == {(Outcome.NOT_BOOKED, Reason.IN_DAILY_SUMMARY): 1}


def test_other_lines_differ_and_get_a_memo_over_the_difference(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(12_000),))
    told, tally = replayed(world, INVOICE)
    invoice = told["invoice/in_1"]
    assert invoice.outcome is Outcome.DIFFERS
    (memo,) = invoice.corrections
    assert (memo.kind, memo.receivable, memo.amount_minor) == (
        Kind.DEBIT_MEMO,
        "invoice/in_1",
        2_000,
    )
    assert memo.lines == {OWED: 2_000, REVENUE: -2_000}
    assert not tally.agrees


def test_another_account_gets_a_journal_entry_of_two_lines(world: World) -> None:
    line = dataclasses.replace(a_line(), metadata={"revenue_category": "usage"})
    policy = a_policy(
        revenue=dataclasses.replace(a_policy().revenue, metadata_key="revenue_category")
    )
    world.policies.published = [policy]
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(line,))
    told, _ = replayed(world, INVOICE)
    (entry,) = told["invoice/in_1"].corrections
    assert (entry.kind, entry.receivable) == (Kind.JOURNAL, "")
    assert entry.lines == {REVENUE: 10_000, "4020 location=100": -10_000}


def test_more_paid_gets_a_payment_and_less_a_memo(world: World) -> None:
    for paid, kind in ((9_000, Kind.DEBIT_MEMO), (12_000, Kind.PAYMENT)):
        world.stripe.snapshots[INVOICE] = a_paid_invoice(
            lines=(a_line(12_000),), payments=(a_payment(paid),)
        )
        told, _ = replayed(world, INVOICE)
        (correction,) = told["receipt/inpay_1"].corrections
        assert (correction.kind, correction.receivable) == (kind, "invoice/in_1")
        assert correction.lines[OWED] == 10_000 - paid


def test_a_payment_on_another_account_and_over_less_is_a_payment_and_a_journal_entry(
    world: World,
) -> None:
    """A payment has one bank line and no other: what else lacks is entered beside it."""
    wrong = "-9000 accounts receivable\n9000 1299"
    change(world, "receipt/inpay_1", effects=wrong, amount_minor=9_000, digest="0" * 64)
    told, _ = replayed(world, INVOICE)
    payment, entry = told["receipt/inpay_1"].corrections
    assert (payment.kind, payment.receivable) == (Kind.PAYMENT, "invoice/in_1")
    assert payment.lines == {"1200": 1_000, OWED: -1_000}
    assert (entry.kind, entry.receivable) == (Kind.JOURNAL, "")
    assert entry.lines == {"1200": 9_000, "1299": -9_000}


def test_other_words_are_told_from_other_money(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(description="Other words"),))
    told, tally = replayed(world, INVOICE)
    assert told["invoice/in_1"].outcome is Outcome.REWORDED
    assert told["invoice/in_1"].corrections == ()
    assert not tally.agrees


def test_another_day_differs_though_no_amount_does(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice(effective_at_unix=NOON - 86_400)
    told, _ = replayed(world, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.DIFFERS, ())
    assert invoice.text == "posted on 2026-11-02, now dated 2026-11-01"


def test_another_day_is_told_where_the_amount_differs_too(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice(
        effective_at_unix=NOON - 86_400, lines=(a_line(12_000),)
    )
    told, _ = replayed(world, INVOICE)
    invoice = told["invoice/in_1"]
    assert invoice.text == "posted on 2026-11-02, now dated 2026-11-01"
    (memo,) = invoice.corrections
    assert (memo.day, memo.amount_minor) == ("2026-11-01", 2_000)


@pytest.mark.parametrize("posted_minor", [9_000, 10_000])
def test_in_another_month_each_month_gets_what_it_lacks(world: World, posted_minor: int) -> None:
    wrong = f"-{posted_minor} accounts receivable\n{posted_minor} 1200"
    change(
        world,
        "receipt/inpay_1",
        effects=wrong,
        amount_minor=posted_minor,
        posting_date="2026-10-02",
        digest="0" * 64,
    )
    told, _ = replayed(world, INVOICE)
    receipt = told["receipt/inpay_1"]
    assert receipt.outcome is Outcome.DIFFERS
    assert "posted on 2026-10-02, now dated 2026-11-03" in receipt.text
    october, november = receipt.corrections
    assert (october.kind, october.day) == (Kind.DEBIT_MEMO, "2026-10-02")
    assert october.lines == {"1200": -posted_minor, OWED: posted_minor}
    assert (november.kind, november.day) == (Kind.PAYMENT, "2026-11-03")
    assert november.lines == {"1200": 10_000, OWED: -10_000}


def test_an_accepted_difference_is_told_with_who_accepted_it(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice(
        lines=(a_line(12_000),), payments=(a_payment(10_000),)
    )
    world.bring_up_to_date(INVOICE)
    drifted = world.postings.by_key["invoice/in_1"]
    assert drifted.differs
    world.postings.put(
        posting_states.closed(drifted, world.clock.now_unix(), "ada", "fine (closed by ada)")
    )
    told, tally = replayed(world, INVOICE)
    assert told["invoice/in_1"].outcome is Outcome.ACCEPTED
    assert "fine (closed by ada); it was posted (drift: " in told["invoice/in_1"].text
    assert tally.agrees


def test_what_a_person_booked_by_hand_is_accepted(world: World) -> None:
    other = Subject(SubjectKind.INVOICE, "in_2")
    world.stripe.snapshots[other] = an_invoice(id="in_2", number="ACME-2")
    world.ledger.script("invoice/in_2", NotAccepted(Reason.UNKNOWN_ACCOUNT, "no 4000"))
    world.bring_up_to_date(other)
    told, tally = replayed(world, other)
    assert told["invoice/in_2"].outcome is Outcome.PARKED
    assert told["invoice/in_2"].text == "unknown_account: no 4000"
    assert not tally.agrees
    parked = world.postings.by_key["invoice/in_2"]
    world.postings.put(posting_states.closed(parked, world.clock.now_unix(), "ada", "by hand", "7"))
    told, tally = replayed(world, other)
    assert told["invoice/in_2"].outcome is Outcome.ACCEPTED
    assert tally.agrees


@pytest.mark.parametrize("listed", [True, False])
def test_what_nothing_calls_for_any_more_is_taken_back_as_a_whole(
    world: World, *, listed: bool
) -> None:
    """The invoice is no longer paid; Stripe created it in the range, or it is found by its date."""
    world.stripe.snapshots[INVOICE] = an_invoice()
    told, tally = replayed(world, *([INVOICE] if listed else []))
    receipt = told["receipt/inpay_1"]
    assert (list(told), receipt.outcome) == (["receipt/inpay_1"], Outcome.WITHDRAWN)
    (memo,) = receipt.corrections
    assert (memo.kind, memo.receivable) == (Kind.DEBIT_MEMO, "invoice/in_1")
    assert memo.lines == {OWED: 10_000, "1200": -10_000}
    assert tally.documents == {Outcome.SAME: 2, Outcome.WITHDRAWN: 1}


def test_what_is_posted_and_cannot_be_planned_now_is_not_called_withdrawn() -> None:
    """A typo in the metadata parks the plan; the books are right."""
    revenue = dataclasses.replace(a_policy().revenue, metadata_key="revenue_category")
    world = World()
    world.policies.published = [a_policy(revenue=revenue)]
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    line = dataclasses.replace(a_line(), metadata={"revenue_category": "typo"})
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(line,))
    told, tally = replayed(world, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.PARKED, ())
    assert invoice.text.startswith("posted, and cannot be planned now, so it is not compared: ")
    assert "category typo" in invoice.text
    assert not tally.agrees


def test_what_was_booked_by_hand_and_nothing_calls_for_any_more_is_withdrawn() -> None:
    world = World()
    by_hand(world)
    world.stripe.snapshots[INVOICE] = an_invoice(status="draft")
    told, tally = replayed(world, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.WITHDRAWN, ())
    assert invoice.text.startswith(
        "booked by hand over 100.00 USD, and nothing calls for it any more: by hand"
    )
    assert not tally.agrees


def test_what_was_booked_by_hand_over_another_amount_is_told_with_both() -> None:
    world = World()
    by_hand(world)
    world.stripe.snapshots[INVOICE] = an_invoice(lines=(a_line(12_000),))
    told, _ = replayed(world, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.DIFFERS, ())
    assert invoice.text.startswith(
        "booked by hand over 100.00 USD, now planned over 120.00 USD: by hand"
    )


def by_hand(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.ledger.script("invoice/in_1", NotAccepted(Reason.UNKNOWN_ACCOUNT, "no 4000"))
    world.bring_up_to_date(INVOICE)
    parked = world.postings.by_key["invoice/in_1"]
    world.postings.put(posting_states.closed(parked, world.clock.now_unix(), "ada", "by hand", "7"))


def test_an_application_over_another_amount_has_no_lines_to_know() -> None:
    def invoice(noted_minor: int) -> InvoiceSnapshot:
        return an_invoice(credit_notes=(a_credit_note(noted_minor),))

    note = Subject(SubjectKind.CREDIT_NOTE, "cn_1")
    world = World()
    world.stripe.snapshots |= {INVOICE: invoice(4_000), note: a_credit_note_of(invoice(4_000))}
    world.bring_up_to_date(INVOICE, note)
    world.stripe.snapshots |= {INVOICE: invoice(4_500), note: a_credit_note_of(invoice(4_500))}
    told, _ = replayed(world, INVOICE, note)
    assert told["credit_note/cn_1/applied"].text == "another amount than was posted"


def test_corrections_of_an_invoice_and_its_reversal_that_cancel_are_not_proposed() -> None:
    def void(amount_minor: int) -> InvoiceSnapshot:
        line = a_line(amount_minor)
        return an_invoice(status="void", voided_at_unix=NOON + 60, lines=(line,))

    world = World()
    world.stripe.snapshots[INVOICE] = void(10_000)
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[INVOICE] = void(12_000)
    told, tally = replayed(world, INVOICE)
    invoice, reversal = told["invoice/in_1"], told["invoice/in_1/void"]
    assert (invoice.outcome, reversal.outcome) == (Outcome.DIFFERS, Outcome.DIFFERS)
    assert (invoice.corrections, reversal.corrections) == ((), ())
    assert "invoice/in_1/void" in invoice.text
    assert "cancel" in invoice.text
    assert "cancels that of invoice/in_1" in reversal.text
    assert not tally.agrees


# --- After a person let a difference stand --------------------------------------------------------


def let_stand(world: World) -> None:
    """The invoice over 100 is called for over 120; a memo of 20 is entered, and it is closed."""
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = an_invoice(lines=(a_line(12_000),))
    world.bring_up_to_date(INVOICE)
    drifted = world.postings.by_key["invoice/in_1"]
    assert drifted.differs
    note = "memo 20 (closed by ada)"
    world.postings.put(posting_states.closed(drifted, world.clock.now_unix(), "ada", note))
    told, tally = replayed(world, INVOICE)
    assert told["invoice/in_1"].outcome is Outcome.ACCEPTED
    assert tally.agrees
    world.clock.advance(60)


@pytest.fixture
def corrected() -> World:
    """An invoice over 100 in the books, and a memo of 20 that a person entered."""
    world = World()
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    let_stand(world)
    return world


@pytest.mark.parametrize("is_seen", [False, True])
def test_after_a_correction_by_hand_no_second_one_is_computed(
    corrected: World, *, is_seen: bool
) -> None:
    """Nobody knows whether the difference was corrected or only let stand: 10 lacks, or 30."""
    corrected.stripe.snapshots[INVOICE] = an_invoice(lines=(a_line(13_000),))
    if is_seen:
        corrected.bring_up_to_date(INVOICE)
    told, tally = replayed(corrected, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.DIFFERS, ())
    assert "memo 20 (closed by ada)" in invoice.text
    assert "now planned as 120.00 USD" in invoice.text, "what was accepted"
    assert "called for now: credit 130.00 USD 4000 location=100, debit 130.00 USD " in invoice.text
    assert ("accepted: credit 120.00 USD 4000 location=100" in invoice.text) is not is_seen
    assert not tally.agrees


@pytest.mark.parametrize("is_seen", [False, True])
def test_what_is_called_for_again_as_posted_is_not_the_same_while_a_correction_may_stand(
    corrected: World, *, is_seen: bool
) -> None:
    corrected.stripe.snapshots[INVOICE] = an_invoice()
    if is_seen:
        corrected.bring_up_to_date(INVOICE)
        assert not corrected.postings.by_key["invoice/in_1"].is_accepted
    told, tally = replayed(corrected, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.DIFFERS, ())
    assert "memo 20 (closed by ada)" in invoice.text
    assert not tally.agrees


def test_once_a_person_says_that_the_correction_is_taken_back_it_is_the_same(
    corrected: World,
) -> None:
    corrected.stripe.snapshots[INVOICE] = an_invoice()
    corrected.bring_up_to_date(INVOICE)
    close(corrected.postings, ["invoice/in_1"], Signature("ada", 0), "memo taken back")
    told, tally = replayed(corrected, INVOICE)
    assert told == {}
    assert tally.agrees
    with pytest.raises(CannotBeDone, match="nothing to close"):
        close(corrected.postings, ["invoice/in_1"], Signature("ada", 0), "again")
    corrected.stripe.snapshots[INVOICE] = an_invoice(lines=(a_line(13_000),))
    told, _ = replayed(corrected, INVOICE)
    (memo,) = told["invoice/in_1"].corrections
    assert memo.amount_minor == 3_000


def test_what_is_withdrawn_after_a_correction_by_hand_has_none_computed(corrected: World) -> None:
    corrected.stripe.snapshots[INVOICE] = an_invoice(status="draft")
    told, _ = replayed(corrected, INVOICE)
    invoice = told["invoice/in_1"]
    assert (invoice.outcome, invoice.corrections) == (Outcome.WITHDRAWN, ())
    assert "memo 20 (closed by ada)" in invoice.text


def test_a_decision_on_what_was_not_posted_yet_is_no_correction() -> None:
    world = World()
    by_hand(world)
    closed = world.postings.by_key["invoice/in_1"]
    world.postings.put(posting_states.reopened(closed, world.clock.now_unix(), "ada", "reopened"))
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["invoice/in_1"].state is State.POSTED
    told, tally = replayed(world, INVOICE)
    assert told == {}
    assert tally.agrees


def test_what_a_person_let_stand_that_nothing_calls_for_is_accepted(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.clock.advance(60)
    world.bring_up_to_date(INVOICE)
    drifted = world.postings.by_key["receipt/inpay_1"]
    assert drifted.drift_digest == posting_states.NO_LONGER_PLANNED
    told, _ = replayed(world, INVOICE)
    assert told["receipt/inpay_1"].outcome is Outcome.WITHDRAWN
    world.postings.put(posting_states.closed(drifted, world.clock.now_unix(), "ada", "by ada"))
    told, tally = replayed(world, INVOICE)
    assert told["receipt/inpay_1"].outcome is Outcome.ACCEPTED
    assert tally.agrees


def test_a_reversal_that_is_called_for_no_more_gives_back_what_it_took(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    void = Subject(SubjectKind.INVOICE, "in_2")
    of_void = an_invoice(id="in_2", number="ACME-2", status="void", voided_at_unix=NOON + 60)
    world.stripe.snapshots[void] = of_void
    world.bring_up_to_date(void)
    world.stripe.snapshots[void] = an_invoice(id="in_2", number="ACME-2")
    told, _ = replayed(world, void)
    (memo,) = told["invoice/in_2/void"].corrections
    assert (memo.kind, memo.receivable) == (Kind.DEBIT_MEMO, "invoice/in_2")
    assert memo.lines == {OWED: 10_000, REVENUE: -10_000}


def test_what_is_dated_in_the_range_is_planned_again_though_its_object_is_older(
    world: World,
) -> None:
    told, tally = replayed(world)
    assert told == {}
    assert tally.documents == {Outcome.SAME: 3}
    replay = Replay(world.stripe, world.postings, world.policies, world.clock)
    assert list(replay.left_over("2026-12-01", "2026-12-31", [None])) == []
    assert list(replay.left_over(FIRST, LAST, ["acct_1"])) == []
    assert replay.tally == Tally()


def test_an_older_invoice_that_was_paid_in_the_range_and_not_booked_is_found_by_its_charge() -> (
    None
):
    world = World()
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    charge = Subject(SubjectKind.CHARGE, "ch_1")
    world.stripe.snapshots[charge] = a_sale(invoices=(INVOICE.id,))
    replay = Replay(world.stripe, world.postings, world.policies, world.clock)
    told = [*replay.replay([charge]), *replay.left_over("2026-12-01", "2026-12-31", [None])]
    assert [(each.key, each.outcome) for each in told] == [("receipt/inpay_1", Outcome.NEW)]


@pytest.mark.parametrize("account", [None, "acct_1"])
def test_what_moved_the_balance_and_was_not_booked_is_found_by_its_day(
    account: str | None,
) -> None:
    world = days_world(charged(), paid_out())
    policy = moving()
    named = dataclasses.replace(policy, stripe_account="acct_1")
    world.policies.published = [dataclasses.replace(policy, accounts={"acct_1": named})]
    if account is not None:
        stripe = world.stripe
        stripe.moved[account] = stripe.moved.pop(None)
        stripe.snapshots = {
            dataclasses.replace(subject, account=account): each
            for subject, each in stripe.snapshots.items()
        }
    replay = Replay(world.stripe, world.postings, world.policies, world.clock)
    day = dataclasses.replace(DAY, account=account)
    told = {each.key: each for each in replay.replay([day])}
    assert told["payout/po_1"].outcome is Outcome.NEW
    assert told["payout/po_1"].subject.account == account
    assert replay.tally.subjects == 3


def test_what_is_written_after_the_replay_began_is_not_called_withdrawn(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    change(world, "receipt/inpay_1", read_at_unix=world.clock.now_unix() + 5)
    told, _ = replayed(world, INVOICE)
    assert told == {}


@pytest.mark.parametrize("record_no", [None, "77"])
@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.PLANNED])
def test_what_may_be_booked_and_nothing_calls_for_any_more_does_not_agree(
    world: World, state: State, record_no: str | None
) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    change(world, "receipt/inpay_1", state=state, record_no=record_no, in_doubt=True)
    told, tally = replayed(world, INVOICE)
    assert told["receipt/inpay_1"].outcome is Outcome.UNDER_WAY
    assert "nothing calls for it any more" in told["receipt/inpay_1"].text
    assert not tally.agrees


def test_what_nothing_calls_for_is_found_wherever_its_posting_lies(world: World) -> None:
    """Postings come in no order: what was dated before the range as well as what is in it."""
    receipt = world.postings.by_key.pop("receipt/inpay_1")
    earlier = dataclasses.replace(receipt, key="receipt/inpay_0", posting_date="2026-10-01")
    others = {
        f"invoice/in_{number}": dataclasses.replace(
            world.postings.by_key["invoice/in_1"],
            key=f"invoice/in_{number}",
            subject=Subject(SubjectKind.INVOICE, f"in_{number}"),
            posting_date="2026-10-01",
        )
        for number in range(2, 2 + SUBJECTS_AT_ONCE)
    }
    there = {receipt.key: receipt, **world.postings.by_key}
    world.postings.by_key = {earlier.key: earlier, **others, **there}
    told, _ = replayed(world)
    assert {key: each.outcome for key, each in told.items()} == {earlier.key: Outcome.WITHDRAWN}


def test_what_cannot_be_read_is_neither_agreement_nor_difference(world: World) -> None:
    world.stripe.snapshots[INVOICE] = Unavailable("Stripe is down")
    told, tally = replayed(world, INVOICE)
    assert {key: each.outcome for key, each in told.items()} == {
        "invoice/in_1/unread": Outcome.UNREAD
    }
    assert not tally.agrees
    del world.stripe.snapshots[INVOICE]
    told, _ = replayed(world, INVOICE)
    assert {key: each.outcome for key, each in told.items()} == {"invoice/in_1": Outcome.UNREAD}


def test_a_policy_that_can_no_longer_be_read_is_no_difference(world: World) -> None:
    world.policies.published = [other_accounts()]
    world.policies.ever.clear()
    told, _ = replayed(world, INVOICE)
    assert {key: each.outcome for key, each in told.items()} == {
        "invoice/in_1": Outcome.UNREAD,
        "receipt/inpay_1": Outcome.UNREAD,
    }
    assert "policy-1, under which it was booked, cannot be read" in told["invoice/in_1"].text


def test_a_customer_is_kept_whatever_is_said_of_it_today(world: World) -> None:
    snapshot = a_paid_invoice().customer
    assert snapshot is not None
    world.stripe.snapshots[CUSTOMER] = dataclasses.replace(snapshot, name="Ada & Sons")
    told, tally = replayed(world, CUSTOMER)
    assert told == {}
    assert tally.documents == {Outcome.KEPT: 1, Outcome.SAME: 2}
    assert tally.agrees


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.PLANNED])
def test_what_is_on_its_way_is_told_apart_from_what_is_new(world: World, state: State) -> None:
    change(world, "receipt/inpay_1", state=state, record_no=None, in_doubt=True)
    told, tally = replayed(world, INVOICE)
    assert told["receipt/inpay_1"].outcome is Outcome.UNDER_WAY
    assert not tally.agrees


def test_a_posting_that_somebody_edited_differs(world: World) -> None:
    """Whoever edits amounts must edit the digest, or nothing is said: `verify` finds that."""
    posting = world.postings.by_key["invoice/in_1"]
    edited = posting.effects.replace("10000", "9500")
    change(world, "invoice/in_1", effects=edited, amount_minor=9_500, digest="0" * 64)
    told, _ = replayed(world, INVOICE)
    (memo,) = told["invoice/in_1"].corrections
    assert (memo.kind, memo.lines) == (Kind.DEBIT_MEMO, {OWED: 500, REVENUE: -500})


# --- Memory -------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_range() -> None:
    peak_bytes(100)
    few, many = peak_bytes(300), peak_bytes(900)
    assert many - few < 200_000


def peak_bytes(invoices: int) -> int:
    subjects = (Subject(SubjectKind.INVOICE, f"in_{number}") for number in range(invoices))
    replay = Replay(Generated(), NoPostings(), FakePolicies(a_policy()), FakeClock())
    tracemalloc.start()
    count = exhausted(replay.replay(subjects))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == replay.tally.documents[Outcome.NEW] >= 2 * invoices
    return peak


def exhausted(told: Iterable[Replayed]) -> int:
    return sum(1 for _ in told)
