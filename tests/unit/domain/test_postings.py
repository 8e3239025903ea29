"""Goal: a posting changes state only in ways that can neither post twice nor lose a document.

Method: a table of every state against every step, and the rules of control ids one by one.
"""

import dataclasses
from datetime import date
from typing import Literal

import pytest

from tieout.domain import effects, postings
from tieout.domain.documents import (
    ArLine,
    ArPayment,
    CashAccount,
    Contact,
    Customer,
    Dimensions,
    Document,
    JournalEntry,
    JournalLine,
    OtherReceipt,
    digest,
)
from tieout.domain.keys import owed_again_key
from tieout.domain.plans import Disposition, Finding
from tieout.domain.postings import Posting, State, Work, Worklist, begin_sending
from tieout.domain.reasons import Reason
from tieout.domain.steps import Step, next_step
from tieout.domain.subjects import Subject, SubjectKind

NOW = 1_790_000_000
Amend = Literal["always", "if_created", "never"]
INVOICE = Subject(SubjectKind.INVOICE, "in_1")
# Of the other receipt below, made by the version before `payer` left the content.
DIGEST_WITH_PAYER = "a2333a840af6d658ac9655c4eafc869c4a8efc88e544453f16a0ed4ae50a7ad8"


def work(policy_version: str = "p1", read_at_unix: int = NOW) -> Work:
    return Work(INVOICE, policy_version, "message-1", "evt_1", NOW, read_at_unix, lease_seconds=150)


def payment(amount_minor: int = 4900) -> ArPayment:
    return ArPayment(
        key="receipt/inpay_1",
        stripe_id="inpay_1",
        customer_id="S-cus_1",
        invoice_key="invoice/in_1",
        reference="inpay_1",
        payment_date=date(2026, 11, 1),
        posting_date=date(2026, 11, 1),
        currency="usd",
        amount_minor=amount_minor,
        method="Credit Card",
        cash_account=CashAccount("1200"),
        description="Stripe inpay_1",
    )


def customer(name: str = "Acme", amend: Amend = "if_created") -> Customer:
    made = Customer("customer/cus_1", "S-cus_1", "cus_1", name, Contact(name))
    return dataclasses.replace(made, amend=amend)


def posted(document: Document, policy_version: str = "p1") -> Posting:
    sending = begin_sending(document, None, work(policy_version), amend=False)
    return postings.posted(sending, work(policy_version), "101")


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (State.PLANNED, Step.SEND),
        (State.REJECTED, Step.SEND),
        (State.PARKED, Step.SEND),
        (State.NOT_BOOKED, Step.SEND),
        (State.UNKNOWN, Step.LOOK_UP),
        (State.POSTED, Step.NOTHING),
        (State.CLOSED, Step.NOTHING),
    ],
)
def test_each_state_leads_to_one_step(state: State, step: Step) -> None:
    posting = begin_sending(payment(), None, work(), amend=False)
    posting = dataclasses.replace(posting, state=state, lease_expires_at_unix=0)
    assert next_step(payment(), posting, work("p1"), NOW) is step


def test_a_send_under_way_is_waited_for_until_its_lease_runs_out() -> None:
    posting = begin_sending(payment(), None, work(), amend=False)
    assert next_step(payment(), posting, work("p1"), NOW + 149) is Step.WAIT
    assert next_step(payment(), posting, work("p1"), NOW + 150) is Step.LOOK_UP


def test_a_resend_after_an_unknown_outcome_keeps_the_control_id_even_with_new_content() -> None:
    first = begin_sending(payment(), None, work(), amend=False)
    lost = postings.unknown(first, work(), "timeout")
    again = begin_sending(payment(amount_minor=5000), lost, work(), amend=False)
    assert again.control_id == first.control_id
    assert again.digest == digest(payment(amount_minor=5000))


def test_a_corrected_document_after_a_refusal_gets_its_own_control_id() -> None:
    first = begin_sending(payment(), None, work(), amend=False)
    refused = postings.rejected(first, work(), Reason.UNKNOWN_ACCOUNT, "no 1200")
    again = begin_sending(payment(amount_minor=5000), refused, work(), amend=False)
    assert again.control_id != first.control_id
    assert again.revision == first.revision


@pytest.mark.parametrize("account", [None, "acct_2"])
def test_a_customer_belongs_to_itself_in_the_stripe_account_that_has_it(
    account: str | None,
) -> None:
    of_invoice = dataclasses.replace(work(), subject=dataclasses.replace(INVOICE, account=account))
    made = begin_sending(customer(), None, of_invoice, amend=False)
    assert made.subject == Subject(SubjectKind.CUSTOMER, "cus_1", account)


def test_changing_a_customer_there_and_back_makes_three_different_writes() -> None:
    created = posted(customer("Acme"))
    renamed = begin_sending(customer("Beta"), created, work(), amend=True)
    settled = postings.posted(renamed, work(), "101")
    back = begin_sending(customer("Acme"), settled, work(), amend=True)
    assert len({created.control_id, renamed.control_id, back.control_id}) == 3


def test_an_amendment_in_doubt_is_sent_again_under_the_same_control_id() -> None:
    sending = begin_sending(customer("Beta"), posted(customer("Acme")), work(), amend=True)
    lost = postings.unknown(sending, work(), "timeout")
    assert next_step(customer("Beta"), lost, work("p1"), NOW) is Step.AMEND
    assert begin_sending(customer("Beta"), lost, work(), amend=True).control_id == (
        sending.control_id
    )


@pytest.mark.parametrize(
    ("amend", "adopted", "step"),
    [
        ("always", True, Step.AMEND),
        ("if_created", False, Step.AMEND),
        ("if_created", True, Step.NOTHING),
        ("never", False, Step.NOTHING),
    ],
)
def test_adopted_customers_are_changed_only_if_policy_says_so(
    amend: Amend, adopted: bool, step: Step
) -> None:
    existing = dataclasses.replace(posted(customer("Acme")), adopted=adopted)
    assert next_step(customer("Beta", amend), existing, work("p1"), NOW) is step


def test_an_other_receipt_posted_while_its_payer_was_content_is_no_drift() -> None:
    received = OtherReceipt(
        key="sale/pi_1",
        stripe_id="ch_1",
        payer="Ada",
        reference="ch_1",
        payment_date=date(2026, 11, 1),
        posting_date=date(2026, 11, 1),
        currency="usd",
        method="EFT",
        cash_account=CashAccount("1200"),
        description="",
        lines=(ArLine("4000", 1_000, "Pro", Dimensions()),),
        total_minor=1_000,
    )
    before = dataclasses.replace(posted(received), digest=DIGEST_WITH_PAYER)
    assert next_step(received, before, work(), NOW) is Step.NOTHING
    moved = dataclasses.replace(received, cash_account=CashAccount("1299"))
    assert next_step(moved, before, work(), NOW) is Step.DRIFT


def test_another_amount_on_a_posted_document_is_drift_under_any_policy() -> None:
    assert next_step(payment(5000), posted(payment()), work("p1"), NOW) is Step.DRIFT
    assert next_step(payment(5000), posted(payment()), work("p2"), NOW) is Step.DRIFT


def test_a_new_policy_leaves_posted_documents_as_they_are() -> None:
    moved = dataclasses.replace(payment(), cash_account=CashAccount("1299"))
    assert next_step(moved, posted(payment()), work("p2"), NOW) is Step.NOTHING
    assert next_step(moved, posted(payment()), work("p1"), NOW) is Step.DRIFT


def test_every_change_counts_the_version_up_by_one() -> None:
    posting = begin_sending(payment(), None, work(), amend=False)
    assert posting.version == 1
    named = dataclasses.replace(posting, record_no="77")
    for change in (
        postings.posted(posting, work(), "1"),
        postings.rejected(posting, work(), Reason.UNKNOWN_ACCOUNT, ""),
        postings.unknown(posting, work(), ""),
        postings.not_executed(posting, work(), "throttled"),
        postings.drifted(posting, work(), "digest", ""),
        postings.noted(posting, work(), "open:0:100", 1_795_000_000),
        postings.agreed(posting, work()),
        postings.closed(posting, NOW, "someone", "by hand"),
        postings.reopened(posting, NOW, "someone", "a mistake"),
        postings.confirmed(posting, NOW),
        postings.record_differs(named, NOW, "another customer's", exists=True),
    ):
        assert change.version == 2


def test_what_needs_a_person_is_on_the_exceptions_list() -> None:
    finding = Finding("invoice/in_1", Disposition.PARKED, Reason.DOES_NOT_ADD_UP, "1 is not 2")
    assert postings.from_finding(finding, None, work()).needs_attention
    skipped = dataclasses.replace(finding, disposition=Disposition.NOT_BOOKED)
    assert not postings.from_finding(skipped, None, work()).needs_attention
    assert postings.drifted(posted(payment()), work(), "digest", "other").needs_attention
    assert not posted(payment()).needs_attention


def test_a_posting_says_when_it_is_dated_and_what_it_does_to_accounts() -> None:
    sending = begin_sending(payment(), None, work(), amend=False)
    assert sending.posting_date == payment().posting_date.isoformat()
    assert sending.effects == effects.written(payment())
    assert sending.chosen_by == ""
    kept = postings.drifted(posted(payment()), work(), "digest", "other")
    assert (kept.posting_date, kept.effects) == (sending.posting_date, sending.effects)


def test_an_accepted_difference_is_listed_until_stripe_agrees_again() -> None:
    booked = posted(payment())
    differs = postings.drifted(booked, work(), digest(payment(100)), "100")
    accepted = postings.closed(differs, NOW, "ada", "so be it")
    listed = [each.worklist for each in (booked, differs, accepted)]
    assert listed == [None, Worklist.ATTENTION, Worklist.ACCEPTED]
    assert next_step(payment(100), accepted, work(), NOW) is Step.NOTHING
    assert next_step(payment(), accepted, work(), NOW) is Step.AGREE
    assert postings.agreed(accepted, work()).worklist is None


@pytest.mark.parametrize("record_no", [None, "77"])
def test_an_invoice_that_a_person_let_stand_is_off_the_list_once_it_is_settled(
    record_no: str | None,
) -> None:
    parked = Posting(owed_again_key("in_1", "inpay_1"), INVOICE, State.PARKED, 1)
    closed = postings.closed(parked, NOW, "ada", "the court collects it", record_no)
    assert closed.worklist is Worklist.ACCEPTED
    withdrawn = postings.no_longer_planned(closed, work())
    assert withdrawn is not None
    assert (withdrawn.state, withdrawn.worklist) == (State.NOT_BOOKED, None)


def test_what_is_no_document_says_when_it_could_be_dated_at_the_earliest() -> None:
    day = date(2026, 10, 31)
    finding = Finding("payout/po_1", Disposition.PARKED, Reason.NOT_READ, "", day=day)
    assert postings.from_finding(finding, None, work()).posting_date == "2026-10-31"
    rejected = postings.rejected(posted(payment()), work(), Reason.UNKNOWN_ACCOUNT, "")
    undated = dataclasses.replace(finding, day=None)
    assert postings.from_finding(undated, rejected, work()).posting_date == ""


def test_reworded_evidence_is_not_a_change() -> None:
    def journal(why: str) -> JournalEntry:
        lines = tuple(
            JournalLine(account, amount_minor, "memo", Dimensions(), why=why)
            for account, amount_minor in (("4000", 100), ("1200", -100))
        )
        day = date(2026, 11, 1)
        return JournalEntry("refund/re_1", "re_1", "GJ", day, "usd", "Refund", "re_1", lines)

    assert digest(journal("rule one")) == digest(journal("rule 1, reworded"))


def test_an_older_reading_of_stripe_does_not_overwrite_a_newer_one() -> None:
    newer = posted(customer("Beta"))
    assert next_step(customer("Acme"), newer, work(read_at_unix=NOW - 1), NOW) is Step.NOTHING
    assert next_step(customer("Acme"), newer, work(read_at_unix=NOW), NOW) is Step.AMEND


def test_another_number_never_reaches_the_customer_that_has_it() -> None:
    booked = posted(customer("Acme"))
    other = dataclasses.replace(customer("Acme"), customer_id="C-2")
    for state in (State.POSTED, State.REJECTED, State.UNKNOWN, State.PLANNED):
        posting = dataclasses.replace(booked, state=state)
        assert next_step(other, posting, work(), NOW) is Step.DRIFT, state


def test_a_posting_is_on_one_list_by_its_state() -> None:
    lists = {
        state: Posting("receipt/inpay_1", INVOICE, state).worklist
        for state in State
        if state not in {State.POSTED, State.CLOSED}
    }
    assert lists == {
        State.PLANNED: Worklist.IN_FLIGHT,
        State.SENDING: Worklist.IN_FLIGHT,
        State.REJECTED: Worklist.ATTENTION,
        State.UNKNOWN: Worklist.ATTENTION,
        State.PARKED: Worklist.ATTENTION,
        State.NOT_BOOKED: Worklist.NOT_BOOKED,
    }
    for reason in (Reason.NOTHING_TO_BOOK, Reason.WITHDRAWN):
        owed_nothing = Posting("sale/ch_1", INVOICE, State.NOT_BOOKED, reason=reason)
        assert owed_nothing.worklist is None
