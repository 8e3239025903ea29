"""Goal: a controller sees before posting what will be posted, approves it, and exactly that is.

Method: `main` with the tables on moto, Stripe and Intacct in memory; what is printed, word by word.
"""

import dataclasses
import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.factories import (
    NOON,
    a_charge,
    a_credit_note,
    a_credit_note_of,
    a_customer,
    a_line,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
)
from tests.fakes.clock import START_UNIX
from tests.fakes.ledger import FakeLedger
from tests.fakes.stripe import FakeStripe
from tests.support.aws import Aws
from tests.support.doors import ROOT
from tests.unit.cli.conftest import publish
from tieout import cli
from tieout.cli.installation import Installation
from tieout.domain.documents import OtherReceipt
from tieout.domain.errors import Unavailable
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.transactions import month_of
from tieout.planning.snapshots import InvoiceSnapshot, Snapshot
from tieout.store.transactions import DynamoTransactions

Captured = pytest.CaptureFixture[str]
POLICY = ROOT / "docs" / "policy.example.yaml"
AT = ["--stack", "tieout-dev"]
MONTH = month_of(START_UNIX)
INVOICE, INVOICE_7 = (Subject(SubjectKind.INVOICE, each) for each in ("in_1", "in_7"))
REFUND = Subject(SubjectKind.REFUND, "re_1")


class Shop:
    """An installation whose Stripe and Intacct are in memory."""

    def __init__(self, account: Aws, table: str, state: str) -> None:
        self.stripe = FakeStripe()
        self.ledger = FakeLedger()
        self.postings = account.postings(table)
        self.counts = DynamoTransactions(account.dynamodb, state)
        self.publish = partial(publish, account, state)
        self.sells(INVOICE, a_paid_invoice())

    def sells(self, subject: Subject, snapshot: Any, created_unix: int = NOON) -> None:  # noqa: ANN401
        self.stripe.snapshots[subject] = snapshot
        self.stripe.created[subject] = created_unix


@pytest.fixture
def shop(account: Aws, with_stack: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr("tieout.store.clock.time.time", lambda: float(START_UNIX))
    monkeypatch.delenv("NO_COLOR", raising=False)
    table, state = account.postings_table(), account.state_table()
    with_stack(
        PostingsTableName=table,
        TrailTableName=account.trail_table(),
        StateTableName=state,
        EventQueueUrl=account.queue(),
    )
    shop = Shop(account, table, state)
    monkeypatch.setattr(Installation, "stripe", shop.stripe)
    monkeypatch.setattr(Installation, "_entities", shop.ledger)
    shop.publish(POLICY.read_text(encoding="utf-8"))
    return shop


def run(capsys: Captured, *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert cli.main([*arguments, *AT]) == code
    return capsys.readouterr().out


def told(capsys: Captured, *arguments: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return json.loads(run(capsys, *arguments, "--json", code=code))


def test_an_invoice_is_shown_line_by_line(shop: Shop, capsys: Captured) -> None:
    shop.sells(INVOICE, an_invoice(lines=(a_line(product="prod_1"),)))
    lines = run(capsys, "plan", "in_1").splitlines()
    assert lines[0] == "invoice/in_1"
    assert "  NEW        customer cus_1   [customer/cus_1]" in lines
    start = lines.index("  NEW        ar invoice ACME-0001   [invoice/in_1]")
    assert lines[start + 1].startswith(
        "    posted 2026-11-02 (period 2026-11); customer cus_1; reference in_1; due "
    )
    header, owed, earned = lines[start + 3 : start + 6]
    assert header.split() == ["account", "debit", "credit"]
    assert owed.split() == ["accounts", "receivable", "100.00", "USD", "customer", "cus_1"]
    assert earned.split()[:3] == ["4000", "100.00", "USD"]
    assert earned.index("100.00") > owed.index("100.00")
    assert earned.endswith(">")
    assert shop.ledger.requests == []


def test_what_a_payment_and_a_credit_settle_is_named(shop: Shop, capsys: Captured) -> None:
    note = a_credit_note()
    shop.sells(INVOICE, a_paid_invoice(credit_notes=(note,), payments=(a_payment(6_000),)))
    lines = run(capsys, "plan", "in_1").splitlines()
    settled = "    settles 60.00 USD of ar invoice ACME-0001 [invoice/in_1]"
    assert settled in lines
    cash = lines[lines.index(settled) + 3]
    assert cash.split()[:3] == ["1205", "bank", "STRIPE-USD"]
    assert cash.endswith("<clearing.usd>")
    shop.sells(Subject(SubjectKind.CREDIT_NOTE, "cn_1"), a_credit_note_of(shop_invoice(shop)))
    lines = run(capsys, "plan", "cn_1").splitlines()
    start = lines.index("  NEW        credit application   [credit_note/cn_1/applied]")
    assert lines[start + 2 : -1] == [
        "    applies ar adjustment ACME-0001-CN-01 [credit_note/cn_1]",
        "    settles 40.00 USD of ar invoice ACME-0001 [invoice/in_1]",
        '    "Stripe credit note cn_1"',
    ]


def shop_invoice(shop: Shop) -> InvoiceSnapshot:
    invoice = shop.stripe.snapshots[INVOICE]
    assert isinstance(invoice, InvoiceSnapshot)
    return invoice


def test_a_program_is_told_what_is_settled(shop: Shop, capsys: Captured) -> None:
    assert shop
    items = {each["key"]: each for each in told(capsys, "plan", "in_1")[0]["items"]}
    receipt = items["receipt/inpay_1"]
    assert receipt["settles"] == [{"key": "invoice/in_1", "amount_minor": 10_000}]
    assert receipt["lines"][0]["ledger_account"] == "1205"
    assert items["invoice/in_1"]["settles"] == []


def test_an_adopted_customer_is_not_shown_as_ours(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    post_everything(capsys, tmp_path)
    posted = shop.postings.get_many(["customer/cus_1"])["customer/cus_1"]
    adopted = dataclasses.replace(posted, adopted=True, version=posted.version + 1)
    shop.postings.put(adopted)
    lines = run(capsys, "plan", "in_1").splitlines()
    start = lines.index("  ADOPTED    customer cus_1   [customer/cus_1]")
    assert lines[start + 1] == "    stays as it is in Intacct"
    assert lines[start + 2].startswith("  POSTED     ar invoice")


def test_a_plan_of_nothing_is_not_to_be_approved(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    assert shop
    arguments = ("--since", "2026-11-05", "--until", "2026-11-05", "--out", str(tmp_path / "none"))
    text = run(capsys, "plan", *arguments)
    assert "tieout apply" not in text
    assert text.endswith("\nnothing to post, so there is nothing to approve\n")


def test_nothing_is_coloured_unless_it_is_for_a_terminal(
    shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop
    assert "\033" not in run(capsys, "plan", "in_1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\033[32mNEW" in run(capsys, "plan", "in_1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in run(capsys, "plan", "in_1")


def test_what_is_parked_is_shown_with_the_way_out(shop: Shop, capsys: Captured) -> None:
    shop.sells(INVOICE, an_invoice(currency="chf"))
    text = run(capsys, "plan", "in_1")
    assert "PARKED     invoice/in_1  100.00 CHF" in text
    assert "way out: Add the currency under `clearing` in the policy" in text


def test_what_differs_from_the_books_is_named(shop: Shop, capsys: Captured, tmp_path: Path) -> None:
    post_everything(capsys, tmp_path)
    shop.sells(INVOICE, a_paid_invoice(lines=(a_line(12_000),)))
    text = run(capsys, "plan", "in_1")
    assert "DIFFERS    ar invoice ACME-0001   [invoice/in_1]" in text
    assert "differs  accounts receivable: posted 100.00 USD, now 120.00 USD" in text
    items = {each["key"]: each for each in told(capsys, "plan", "in_1")[0]["items"]}
    assert items["invoice/in_1"]["differences"][-1] == {
        "place": "accounts receivable",
        "posted_minor": 10_000,
        "planned_minor": 12_000,
    }
    assert items["customer/cus_1"]["change"] == "posted"


def post_everything(capsys: Captured, tmp_path: Path) -> None:
    plan = str(tmp_path / "everything.plan")
    run(capsys, "plan", "--since", "2026-11-01", "--until", "2026-11-10", "--out", plan)
    run(capsys, "apply", plan)


def test_every_object_is_told_to_a_program(shop: Shop, capsys: Captured) -> None:
    shop.sells(REFUND, a_refund_of(a_refund(), a_paid_invoice()))
    invoice, refund = told(capsys, "plan", "invoice/in_1", "re_1")
    assert [invoice["subject"], refund["subject"]] == ["invoice/in_1", "refund/re_1"]
    (entry,) = refund["items"]
    assert (entry["type"], entry["change"], entry["posting_date"]) == (
        "JournalEntry",
        "new",
        "2026-11-04",
    )
    assert sum(line["amount_minor"] for line in entry["lines"]) == 0


def test_a_policy_can_be_tried_before_it_is_published(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    assert shop
    draft = tmp_path / "draft.yaml"
    draft.write_text(POLICY.read_text().replace('"4000"', '"4711"'))
    assert "4711" in run(capsys, "plan", "in_1", "--policy", str(draft))
    assert "4711" not in run(capsys, "plan", "in_1")


def test_a_draft_says_what_it_would_do_with_what_is_booked(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    post_everything(capsys, tmp_path)
    draft = tmp_path / "draft.yaml"
    draft.write_text(POLICY.read_text().replace('"4000"', '"4711"'))
    told_apart = (
        "  What is booked stays under the policy that it was booked under. "
        "Booked anew, it would be:\n"
    )
    booked, _, drafted = run(capsys, "plan", "in_1", "--policy", str(draft)).partition(told_apart)
    assert ("POSTED     ar invoice" in booked, "4711" in booked) == (True, False)
    assert ("NEW        ar invoice" in drafted, "4000" in drafted) == (True, False)
    assert "4711" in drafted
    facts = told(capsys, "plan", "in_1", "--policy", str(draft))[0]
    assert {each["change"] for each in facts["items"]} == {"posted"}
    assert {each["change"] for each in facts["draft"]} == {"new"}
    assert told_apart not in run(capsys, "plan", "in_1", "--policy", str(POLICY))
    assert told_apart not in run(capsys, "plan", "in_1")
    assert len(shop.ledger.records) == 3


def test_a_range_is_totalled_by_account_and_month_with_its_cost(
    shop: Shop, capsys: Captured
) -> None:
    other = Subject(SubjectKind.INVOICE, "in_2")
    shop.sells(other, an_invoice(id="in_2", number="ACME-2"), NOON + 5 * 86_400)
    elsewhere = Subject(SubjectKind.INVOICE, "in_3")
    shop.sells(elsewhere, an_invoice(id="in_3", number="ACME-3"), NOON + 20 * 86_400)
    arguments = ("plan", "--since", "2026-11-01", "--until", "2026-11-10")
    facts = told(capsys, *arguments)
    counts = {(each["type"], each["change"]): each["count"] for each in facts["documents"]}
    assert counts["ArInvoice", "new"] == 2
    assert counts["Customer", "new"] == 1
    assert facts["transactions"] == 4
    assert facts["cost_cents"] == {"if_first_tier_unused": 0, "if_first_tier_used": 15}
    assert {
        "month": "2026-11",
        "account": "accounts receivable",
        "currency": "usd",
        "debit_minor": 20_000,
        "credit_minor": 10_000,
    } in facts["accounts"]
    text = run(capsys, *arguments)
    assert text.startswith("2026-11-01 to 2026-11-10\n")
    assert "accounts receivable                  200.00 USD           100.00 USD" in text
    assert "4 Intacct transactions" in text
    assert facts["transactions_of_month"]["budget"] == 100_000
    assert "  with these 4 by its end (0%)\n" in text


def test_what_was_approved_is_posted_and_what_changed_is_listed(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    other = Subject(SubjectKind.INVOICE, "in_2")
    shop.sells(other, an_invoice(id="in_2", number="ACME-2"))
    plan = str(tmp_path / "november.plan")
    text = run(capsys, "plan", "--since", "2026-11-01", "--until", "2026-11-10", "--out", plan)
    assert f"tieout apply {plan} --stack tieout-dev" in text
    shop.sells(other, an_invoice(id="in_2", number="ACME-2", lines=(a_line(1),)))
    done = told(capsys, "apply", plan, code=1)
    assert done["posted_documents"] == 3
    again = told(capsys, "plan", "--since", "2026-11-01", "--until", "2026-11-10")
    assert again["transactions_of_month"]["used"] == 3
    assert done["left"] == [
        {
            "subject": "invoice/in_2",
            "result": "changed",
            "text": "invoice/in_2 would say something else now",
        }
    ]
    assert {each.key for each in shop.ledger.records.values()} == {
        "customer/cus_1",
        "invoice/in_1",
        "receipt/inpay_1",
    }
    again = run(capsys, "apply", plan, code=1)
    assert "posted 0 documents of 0 objects" in again
    assert "posted before: 1 objects" in again


def test_what_was_posted_before_an_interruption_is_counted(
    shop: Shop, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tieout.services.approval.SUBJECTS_AT_ONCE", 1)
    other = Subject(SubjectKind.INVOICE, "in_2")
    shop.sells(other, an_invoice(id="in_2", number="ACME-2"))
    plan = str(tmp_path / "november.plan")
    run(capsys, "plan", "in_1", "in_2", "--out", plan)
    read = shop.stripe.snapshot

    def interrupted(subject: Subject) -> Snapshot:
        if subject == other:
            raise KeyboardInterrupt
        return read(subject)

    monkeypatch.setattr(shop.stripe, "snapshot", interrupted)
    with suppress(KeyboardInterrupt):
        cli.main(["apply", plan, *AT])
    assert len(shop.ledger.records) == shop.counts.of(MONTH) == 3


def of_budget(shop: Shop, transactions: int) -> None:
    """Publish the example with a budget, above which sales are summed up; there is a sale."""
    text, budget = POLICY.read_text(encoding="utf-8"), "transactions_per_month: "
    shop.publish(text.replace(f"{budget}100000", f"{budget}{transactions}"))
    shop.sells(Subject(SubjectKind.CHARGE, "ch_1"), a_sale())


def test_a_plan_books_sales_as_the_month_allows_it(shop: Shop, capsys: Captured) -> None:
    of_budget(shop, 10)
    shop.counts.add(MONTH, 8)
    arguments = ("plan", "--since", "2026-11-01", "--until", "2026-11-10")
    assert "NEW        other receipt" in run(capsys, "plan", "ch_1")
    text = run(capsys, *arguments)
    assert "\n  from 10 on (on 2026-11-" in text
    assert "at this pace) new sales are booked as `above_budget` says\n" in f"{text}\n"
    facts = told(capsys, *arguments)["transactions_of_month"]
    assert (facts["above_budget_from"], facts["is_above_budget"]) == (10, False)
    assert facts["above_budget_on"].startswith("2026-11-")
    shop.counts.add(MONTH, 3)
    because = f"above the budget: 11 of 10 transactions used in {MONTH}"
    assert because in " ".join(run(capsys, "plan", "ch_1").split())
    text = run(capsys, *arguments)
    assert "in_daily_summary" in text
    assert text.rstrip().endswith("10 are reached: new sales are booked as `above_budget` says")
    assert told(capsys, *arguments)["transactions_of_month"]["is_above_budget"] is True
    estimate = told(capsys, "backfill", "--from", "2026-11-01", "--until", "2026-11-10", code=1)
    assert estimate["transactions"] == 3, "those of the invoice"


def test_what_was_approved_in_detail_is_posted_in_detail(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    of_budget(shop, 10)
    plan = str(tmp_path / "november.plan")
    run(capsys, "plan", "ch_1", "--out", plan)
    shop.counts.add(MONTH, 10)
    assert told(capsys, "apply", plan)["posted_documents"] == 1
    (document,) = shop.ledger.records.values()
    assert isinstance(document, OtherReceipt)


def test_what_was_posted_is_told_even_if_it_cannot_be_added_up(
    shop: Shop, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Unavailable("dynamodb:UpdateItem on state")

    monkeypatch.setattr("tieout.store.transactions.DynamoTransactions.add", busy)
    plan = str(tmp_path / "one.plan")
    run(capsys, "plan", "in_1", "--out", plan)
    assert "posted 3 documents of 1 objects" in run(capsys, "apply", plan)
    assert len(shop.ledger.records) == 3


def test_single_objects_can_be_approved(shop: Shop, capsys: Captured, tmp_path: Path) -> None:
    plan = str(tmp_path / "one.plan")
    text = run(capsys, "plan", "in_1", "in_1", "--out", plan)
    assert text.count("ar invoice ACME-0001") == 2, "itself, and what the payment settles"
    assert text.endswith(f"\nApprove it with: tieout apply {plan} --stack tieout-dev\n")
    assert told(capsys, "apply", plan)["posted_documents"] == 3
    assert len(shop.ledger.records) == 3
    text = run(capsys, "plan", "in_1", "--out", plan)
    assert text.endswith("\nnothing to post, so there is nothing to approve\n")


def test_what_cannot_be_planned_is_not_written_down(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    assert shop
    plan = tmp_path / "one.plan"
    assert cli.main(["plan", "in_1", "in_7", "--out", str(plan), *AT]) == 2
    assert "in_7" in capsys.readouterr().err
    assert not plan.exists()


def test_what_is_no_text_is_no_plan(shop: Shop, capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "october.plan"
    file.write_bytes(b"\x7fELF\xd0\n")
    assert cli.main(["apply", str(file), *AT]) == 2
    assert "it was edited: a line of it is no JSON object" in capsys.readouterr().err
    assert shop.ledger.requests == []


def test_an_edited_plan_posts_nothing(shop: Shop, capsys: Captured, tmp_path: Path) -> None:
    plan = tmp_path / "november.plan"
    run(capsys, "plan", "--since", "2026-11-01", "--until", "2026-11-10", "--out", str(plan))
    plan.write_text(plan.read_text().replace("receipt/inpay_1", "receipt/inpay_2"))
    assert cli.main(["apply", str(plan), *AT]) == 2
    assert "its seal does not fit. Nothing is posted" in capsys.readouterr().err
    assert shop.ledger.requests == []


def test_a_plan_for_another_stack_or_policy_posts_nothing(
    shop: Shop, capsys: Captured, tmp_path: Path
) -> None:
    plan = str(tmp_path / "november.plan")
    run(capsys, "plan", "--since", "2026-11-01", "--until", "2026-11-10", "--out", plan)
    shop.publish(POLICY.read_text(encoding="utf-8").replace('"4000"', '"4711"'))
    assert cli.main(["apply", plan, *AT]) == 2
    assert "nothing is posted; make a new plan" in capsys.readouterr().err
    lines = Path(plan).read_text().replace("tieout-dev", "tieout-prod")
    Path(plan).write_text(lines)
    assert cli.main(["apply", plan, *AT]) == 2
    assert shop.ledger.requests == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan"], "name what to plan (in_123, 2026-11-20), or a range with --since DAY"),
        (["plan", "in_1", "--since", "2026-11-01"], "name what to plan"),
        (["plan", "in_1", "--until", "2026-11-01"], "--until is for a range: give --since DAY"),
        (["plan", "--since", "2026-11-02", "--until", "2026-11-01"], "lies before the first"),
        (["plan", "sub_1"], "give an id that begins with in_, cus_, ch_, py_, re_, pyr_, cn_"),
        (["plan", "nonsense/in_1"], "or a day like 2026-11-20"),
        (["plan", "invoice/"], "is no Stripe object that has books of its own"),
        (["apply", "/nowhere.plan"], "/nowhere.plan: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    shop: Shop, capsys: Captured, arguments: list[str], told: str
) -> None:
    assert shop
    capsys.readouterr()
    assert cli.main([*arguments, *AT]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


def test_a_payment_intent_stands_for_its_charge(shop: Shop, capsys: Captured) -> None:
    charge = Subject(SubjectKind.CHARGE, "ch_1")
    shop.sells(charge, a_charge(payment_intent="pi_1", invoices=("in_1",)))
    shop.stripe.charges = {"pi_1": charge, "pi_2": None}
    text = run(capsys, "plan", "pi_1")
    assert text.startswith("charge/ch_1\n")
    assert "see also: tieout plan in_1" in text
    assert refusal(capsys, "pi_2") == "tieout: pi_2 has no charge yet: it took no money\n"
    assert "Stripe has no payment intent pi_9 in the main account" in refusal(capsys, "pi_9")
    shop.postings.put(Posting("sale/pi_3", charge, State.POSTED, 1))
    assert run(capsys, "plan", "pi_3").startswith("charge/ch_1\n")


def refusal(capsys: Captured, name: str) -> str:
    capsys.readouterr()
    assert cli.main(["plan", name, *AT]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_what_is_planned_with_something_else_says_with_what(shop: Shop, capsys: Captured) -> None:
    assert "inpay_1' is planned with its invoice: give the id in_..." in refusal(capsys, "inpay_1")
    assert "with its customer: give the id cus_..." in refusal(capsys, "cbtxn_1")
    assert "the id that Stripe shows as its source, or its day" in refusal(capsys, "txn_1")
    shop.postings.put(Posting("receipt/inpay_1", INVOICE, State.POSTED, 1))
    booked = "is planned with invoice/in_1, as receipt/inpay_1: tieout plan invoice/in_1\n"
    assert refusal(capsys, "inpay_1") == f"tieout: 'inpay_1' {booked}"
    assert refusal(capsys, "receipt/inpay_1") == f"tieout: 'receipt/inpay_1' {booked}"


def test_what_stripe_does_not_have_is_no_plan(shop: Shop, capsys: Captured) -> None:
    told = (
        "tieout: Stripe has no invoice in_7 in the main account (invoice/in_7 is not in Stripe)\n"
    )
    assert refusal(capsys, "in_7") == told
    assert cli.main(["plan", "in_7", "in_1", *AT]) == 2
    both = capsys.readouterr()
    assert both.out.startswith("invoice/in_1\n")
    assert both.err == told
    parked = Posting(INVOICE_7.key, INVOICE_7, State.PARKED, 1)
    shop.postings.put(dataclasses.replace(parked, reason=Reason.OBJECT_MISSING_IN_STRIPE))
    assert "PARKED     invoice/in_7" in run(capsys, "plan", "in_7")


def test_a_day_to_come_is_no_plan(shop: Shop, capsys: Captured) -> None:
    assert shop
    assert refusal(capsys, "2026-12-24").endswith("cannot be planned: 2026-12-24 is not over yet\n")


def test_a_day_that_is_none_is_said(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["plan", "--since", "yesterday", *AT])
    assert "must be a day like 2026-11-20, not 'yesterday'" in capsys.readouterr().err


def test_a_customer_has_no_lines(shop: Shop, capsys: Captured) -> None:
    customer = Subject(SubjectKind.CUSTOMER, "cus_1")
    shop.sells(customer, a_customer())
    text = run(capsys, "plan", "cus_1")
    assert "NEW        customer cus_1" in text
    assert "debit" not in text


def test_a_charge_that_failed_late_shows_what_its_reversal_takes_back(
    shop: Shop, capsys: Captured
) -> None:
    payment = a_payment()
    failure = a_movement(-10_000, id="txn_back", type="payment_failure_refund")
    charge = a_charge(
        status="failed",
        payment_intent="pi_1",
        invoices=("in_1",),
        payments=(payment,),
        failure=failure,
        paid_invoices=(a_paid_invoice(payments=(payment,)),),
    )
    shop.sells(Subject(SubjectKind.CHARGE, "ch_1"), charge)
    lines = run(capsys, "plan", "ch_1").splitlines()
    start = lines.index("  WAITS      payment reversal   [receipt/inpay_1/returned]")
    (taken_back,) = (line for line in lines[start:] if line.startswith("    takes back "))
    assert taken_back.startswith("    takes back ar payment ")
    table = [line.split() for line in lines if "<takes back receipt/inpay_1>" in line]
    assert table[0][:5] == ["1205", "bank", "STRIPE-USD", "100.00", "USD"]
    assert table[1][:4] == ["accounts", "receivable", "100.00", "USD"]
    assert [each for each in lines if "as on" in each or "ar invoice" in each] == []
