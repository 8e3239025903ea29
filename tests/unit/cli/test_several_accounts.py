"""Goal: a range is of every Stripe account that the policy names, each told apart from the others.

Method: `main` with tables and queue on moto, and an invoice in each of two accounts in memory. The
mistake most likely made is the main account alone, called the whole.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.factories import NOON, a_line, an_invoice
from tests.fakes.clock import START_UNIX
from tests.fakes.stripe import FakeStripe
from tests.support.aws import Aws
from tests.unit.cli.conftest import publish
from tieout import cli
from tieout.cli.installation import Installation
from tieout.domain.subjects import Subject, SubjectKind

Captured = pytest.CaptureFixture[str]
SHOP = "acct_1Shop"
POLICY = """
time_zone: America/New_York
base_currency: usd
clearing: {usd: {account: "1205", bank_account: STRIPE-USD}}
revenue: {categories: {services: {account: "4000"}}, default: services}
dimensions: {defaults: {location: "100"}}
stripe_accounts:
  acct_1Shop:
    clearing: {usd: {account: "1206", bank_account: STRIPE-1206}}
    revenue: {categories: {services: {account: "4700"}}}
"""
DAYS = ["--until", "2026-11-02", "--stack", "tieout-dev"]
SINCE, FROM = (["--since", "2026-11-02", *DAYS], ["--from", "2026-11-02", *DAYS])


@pytest.fixture
def queue_url(
    account: Aws, with_stack: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.setattr("tieout.store.clock.time.time", lambda: float(START_UNIX))
    monkeypatch.setattr("tieout.cli.backfill.time.sleep", lambda _: None)
    state, queue_url = account.state_table(), account.queue()
    with_stack(
        PostingsTableName=account.postings_table(), StateTableName=state, EventQueueUrl=queue_url
    )
    publish(account, state, POLICY)
    stripe = FakeStripe()
    for place, (of, amount_minor) in enumerate(((None, 10_000), (SHOP, 700)), start=1):
        subject = Subject(SubjectKind.INVOICE, f"in_{place}", of)
        lines, number = (a_line(amount_minor),), f"ACME-{place}"
        stripe.snapshots[subject] = an_invoice(id=subject.id, number=number, lines=lines)
        stripe.created[subject] = NOON
    monkeypatch.setattr(Installation, "stripe", stripe)
    return queue_url


def run(capsys: Captured, *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert cli.main(arguments) == code
    return capsys.readouterr().out


def told(capsys: Captured, *arguments: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return json.loads(run(capsys, *arguments, "--json", code=code))


def earned(facts: Any) -> dict[str, int]:  # noqa: ANN401 - JSON
    return {
        each["account"]: each["credit_minor"]
        for each in facts["accounts"]
        if each["account"].startswith("4")
    }


def test_the_totals_are_told_of_each_account_and_of_all(queue_url: str, capsys: Captured) -> None:
    assert queue_url
    facts = told(capsys, "plan", *SINCE)
    assert earned(facts) == {"4000": 10_000, "4700": 700}
    main, shop = facts["stripe_accounts"]
    assert (main["stripe_account"], earned(main)) == ("main", {"4000": 10_000})
    assert (shop["stripe_account"], earned(shop)) == (SHOP, {"4700": 700})
    assert facts["transactions"] == main["transactions"] + shop["transactions"]
    lines = run(capsys, "plan", *SINCE).splitlines()
    parts = ["Stripe account main", f"Stripe account {SHOP}", "all Stripe accounts"]
    subjects = [lines[lines.index(each) + 1] for each in parts]
    assert subjects == ["2 Stripe objects", "2 Stripe objects", "4 Stripe objects"]
    assert sum("Intacct transactions" in line for line in lines) == 1


@pytest.mark.parametrize(("named", "ledger"), [("main", "4000"), (SHOP, "4700")])
def test_a_range_can_be_of_one_account(
    queue_url: str, capsys: Captured, named: str, ledger: str
) -> None:
    assert queue_url
    facts = told(capsys, "plan", *SINCE, "--account", named)
    assert list(earned(facts)) == [ledger]
    assert [each["stripe_account"] for each in facts["stripe_accounts"]] == [named]


def test_a_replay_is_of_every_account_or_of_one(queue_url: str, capsys: Captured) -> None:
    assert queue_url
    lines = run(capsys, "replay", *FROM, code=1).splitlines()
    assert "NEW        ar invoice ACME-1   [invoice/in_1]" in lines
    assert f"NEW        ar invoice ACME-2   [invoice/in_2]  {SHOP}" in lines
    alone = run(capsys, "replay", *FROM, "--account", SHOP, "--json", code=1).splitlines()
    *listed, totals = map(json.loads, alone)
    assert {each["stripe_account"] for each in listed} == {SHOP}
    assert totals["stripe_accounts"] == [SHOP]


@pytest.mark.parametrize(
    "command",
    [["plan", *SINCE], ["backfill", *FROM], ["replay", *FROM], ["plan", "in_1"]],
)
def test_an_account_that_no_policy_names_is_none(
    queue_url: str, capsys: Captured, command: list[str]
) -> None:
    assert queue_url
    stack = [] if "--stack" in command else ["--stack", "tieout-dev"]
    assert cli.main([*command, *stack, "--account", "acct_2"]) == 2
    assert capsys.readouterr().err == (
        f"tieout: `stripe_accounts` does not name 'acct_2': --account can be one of main, {SHOP}\n"
    )


def test_an_object_is_looked_for_in_the_account_that_is_named(
    queue_url: str, capsys: Captured
) -> None:
    assert queue_url
    at = ["--stack", "tieout-dev"]
    assert cli.main(["plan", "in_2", *at]) == 2
    assert "Stripe has no invoice in_2 in the main account" in capsys.readouterr().err
    for arguments in (["in_2", "--account", SHOP], [f"{SHOP}/invoice/in_2"]):
        assert run(capsys, "plan", *arguments, *at).startswith(f"{SHOP}/invoice/in_2\n")
    assert cli.main(["plan", "in_1", "--account", SHOP, *at]) == 2
    assert f"Stripe has no invoice in_1 in account {SHOP}" in capsys.readouterr().err


def test_what_is_approved_has_the_objects_of_every_account(
    queue_url: str, capsys: Captured, tmp_path: Path
) -> None:
    assert queue_url
    plan = tmp_path / "all.plan"
    run(capsys, "plan", *SINCE, "--out", str(plan))
    subjects = [json.loads(line).get("subject") for line in plan.read_text().splitlines()]
    assert {"invoice/in_1", f"{SHOP}/invoice/in_2"} <= set(subjects)


def test_a_backfill_goes_on_in_each_account_where_it_stopped(
    account: Aws, queue_url: str, capsys: Captured
) -> None:
    assert told(capsys, "backfill", *FROM, "--account", SHOP, "--yes")["queued"] == 2
    shown = run(capsys, "backfill", *FROM, "--status", code=1)
    assert shown == (
        "2026-11-02 to 2026-11-02: not begun\n"
        f"{SHOP}: 2026-11-02 to 2026-11-02: all of it is queued\n"
    )
    facts = told(capsys, "backfill", *FROM, "--status", code=1)
    assert facts["stripe_accounts"] == [
        {"stripe_account": "main", "next_day": "2026-11-02"},
        {"stripe_account": SHOP, "next_day": None},
    ]
    assert told(capsys, "backfill", *FROM, "--yes")["queued"] == 2
    assert told(capsys, "backfill", *FROM, "--status")["is_complete"] is True
    received = account.sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
    subjects = {json.loads(each["Body"])["subject"] for each in received["Messages"]}
    assert {"invoice/in_1", f"{SHOP}/invoice/in_2"} <= subjects


def test_what_another_policy_books_otherwise_is_told_of_each_account(
    queue_url: str, capsys: Captured, tmp_path: Path
) -> None:
    assert queue_url
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(POLICY, "utf-8")
    new.write_text(POLICY.replace("4700", "4800"), "utf-8")
    compared = ["policy", "diff", str(old), str(new), *SINCE]
    first = run(capsys, *compared).splitlines()[0]
    assert first == f"{SHOP}  invoice/in_2  ArInvoice -> ArInvoice"
    change, totals = map(json.loads, run(capsys, *compared, "--json").splitlines())
    assert (change["stripe_account"], change["key"]) == (SHOP, "invoice/in_2")
    assert totals["stripe_accounts"] == ["main", SHOP]
    assert run(capsys, *compared, "--account", "main").endswith(" Stripe objects, 0 changes\n")


def test_an_account_that_the_new_policy_names_first_is_compared_with_nothing(
    queue_url: str, capsys: Captured, tmp_path: Path
) -> None:
    assert queue_url
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(POLICY.partition("stripe_accounts:")[0], "utf-8")
    new.write_text(POLICY, "utf-8")
    told = run(capsys, "policy", "diff", str(old), str(new), *SINCE)
    assert f"{SHOP}  invoice/in_2  nothing -> ArInvoice" in told
    assert "\n2026-11: 7.00 USD would move\n" in told
