"""Goal: the benchmarks count what happened, and fail if the work was not done.

Method: businesses so small that every request, transaction and read can be counted by hand. Nothing
here measures time.
"""

import dataclasses

import pytest

from tests.benchmarks import backlog, plan_and_encode, steady_state
from tests.benchmarks.fifo_queue import Groups
from tests.benchmarks.spine import Counts, Spine
from tests.support import intacct_schema
from tieout.domain.postings import State
from tieout.intacct.connect import FUNCTIONS_PER_REQUEST_MAX


def test_the_first_invoice_of_a_customer_is_counted_to_the_last_request() -> None:
    spine = Spine()
    spine.pay(spine.bill(spine.sign_up(1)))
    messages = spine.new_messages()
    assert [each.group.partition("_")[0] for each in messages] == [
        "cus",  # customer.created
        "cus",  # customer.updated: it has a currency now
        "cus",  # invoice.finalized
        "cus",  # charge.succeeded
        "invoice/in",  # invoice_payment.paid, which names no customer
        "cus",  # invoice.paid
        "cus",  # charge.updated
    ]
    spine.process(messages)
    spine.check_books()
    assert spine.counts() == Counts(
        gateway_requests=4,  # sign in, customer, invoice, payment
        sign_ins=1,
        transactions=3,
        look_ups=0,
        # Customer and credit balance, invoice and credit notes, charge and what it paid.
        stripe_reads=6,
    )


def test_the_doubles_and_our_own_statistics_count_the_same() -> None:
    spine = Spine()
    spine.pay(spine.bill(spine.sign_up(1)))
    spine.process_one_by_one(spine.new_messages())
    counts, ours = spine.counts(), spine.ledger.statistics
    assert (counts.gateway_requests, counts.sign_ins) == (ours.requests, ours.sign_ins)
    assert (counts.transactions, counts.look_ups) == (ours.functions, ours.look_ups)
    assert counts.stripe_reads == spine.reader.reads


def test_a_look_up_is_counted_as_a_transaction_too() -> None:
    spine = Spine()
    spine.sign_up(1)
    (message,) = spine.new_messages()
    spine.process([message])
    before = spine.counts()
    (posting,) = spine.postings.by_key.values()
    spine.postings.by_key[posting.key] = dataclasses.replace(
        posting, state=State.UNKNOWN, record_no=None
    )
    spine.process([message])
    counts = spine.counts().since(before)
    assert (counts.look_ups, counts.transactions, counts.gateway_requests) == (1, 1, 1)


def test_unfinished_work_is_no_figure() -> None:
    spine = Spine()
    spine.bill(spine.sign_up(1))
    with pytest.raises(AssertionError):
        spine.check_books()


def test_the_steady_state_costs_two_transactions_and_no_look_up() -> None:
    events, counts = steady_state.measure(invoices=3)
    assert events == 3 * 5
    assert (counts.transactions, counts.look_ups) == (2 * 3, 0)
    assert counts.gateway_requests - counts.sign_ins == 2 * 3
    assert counts.stripe_reads == 13 * 3  # as docs/deploy.md says


@pytest.mark.parametrize("groups", Groups)
def test_a_backlog_is_worked_off_in_full_batches_and_booked_once(groups: Groups) -> None:
    worked = backlog.work_off(groups, customers=20)
    assert (worked.known, worked.new, worked.refunds) == (18, 2, 1)
    assert worked.events == 20 * 5 + 2 * 2 + 1
    assert worked.batches >= worked.events / 10
    assert worked.counts.transactions == 2 * 20 + 2 + 1
    assert worked.counts.gateway_requests <= 4 * worked.batches


@pytest.mark.parametrize("lines", [1, 12])
def test_what_is_timed_is_a_whole_valid_request(lines: int) -> None:
    documents = plan_and_encode.case_of(lines).planned().values()
    kinds = [type(each).__name__ for each in documents]
    assert kinds == ["Customer", "ArInvoice", "ArPayment", "JournalEntry"]
    request = plan_and_encode.encoded(plan_and_encode.submissions_of(documents))
    assert request.count(b"<function ") == 4
    assert request.count(b"<lineitem>") == lines + 1  # and the tax
    intacct_schema.check(request)


def test_the_timing_benchmark_yields_every_length_the_parts_and_the_noise() -> None:
    figures = list(plan_and_encode.figures(samples=2))
    assert [each.target for each in figures] == [1.0, 1.0, *[None] * 6]
    assert all(each.low is not None and each.value > 0 for each in figures)


def test_a_reply_is_parsed_that_answers_for_a_whole_request() -> None:
    assert plan_and_encode.longest_reply()[1] == FUNCTIONS_PER_REQUEST_MAX
