"""Goal: an auditor has a month planned again and sees that it is booked so, or what is not and how
it is put right.

Method: `main` with the tables on moto, Stripe and Intacct in memory; what is printed, word by word.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.factories import a_line, a_paid_invoice, a_payment, an_invoice
from tests.fakes.clock import START_UNIX
from tests.unit.cli.test_plan import INVOICE, POLICY, Captured, Shop, run, shop
from tieout import cli
from tieout.domain.postings import Posting

__all__ = ["shop"]

NOVEMBER = ["replay", "--from", "2026-11-01", "--to", "2026-11-10"]


@pytest.fixture
def booked(shop: Shop, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shop:
    """An installation that booked an invoice and its payment a minute ago."""
    plan = str(tmp_path / "everything.plan")
    run(capsys, "plan", *NOVEMBER[1:], "--out", plan)
    run(capsys, "apply", plan)
    monkeypatch.setattr("tieout.store.clock.time.time", lambda: float(START_UNIX + 60))
    return shop


def posting(shop: Shop, key: str) -> Posting:
    return shop.postings.get_many([key])[key]


def told(capsys: Captured, code: int) -> tuple[list[Any], Any]:
    *listed, totals = run(capsys, *NOVEMBER, "--json", code=code).splitlines()
    return [json.loads(each) for each in listed], json.loads(totals)


def test_a_month_that_is_booked_so_agrees(booked: Shop, capsys: Captured) -> None:
    sent = len(booked.ledger.requests)
    lines = run(capsys, *NOVEMBER).splitlines()
    assert lines[0].startswith("2026-11-01 to 2026-11-10: ")
    assert lines[1] == "3 documents, 3 posted with the same digest, 0 new"
    assert lines[-1] == "all agree"
    listed, totals = told(capsys, 0)
    assert (listed, totals["agrees"], totals["by_outcome"]["same"]) == ([], True, 3)
    assert len(booked.ledger.requests) == sent


def test_what_is_not_posted_is_new_and_stays_so(shop: Shop, capsys: Captured) -> None:
    lines = run(capsys, *NOVEMBER, code=1).splitlines()
    assert lines[0] == "NEW        customer cus_1   [customer/cus_1]"
    assert "3 documents, 0 posted with the same digest, 3 new" in lines
    assert lines[-1] == "NOT all agree"
    assert shop.ledger.requests == []
    assert shop.postings.get_many(["invoice/in_1"]) == {}


def test_what_differs_is_shown_with_the_entry_that_puts_it_right(
    booked: Shop, capsys: Captured
) -> None:
    booked.sells(INVOICE, a_paid_invoice(lines=(a_line(12_000),), payments=(a_payment(10_000),)))
    record_no = posting(booked, "invoice/in_1").record_no
    version = posting(booked, "invoice/in_1").policy_version
    lines = run(capsys, *NOVEMBER, code=1).splitlines()
    assert lines[:3] == [
        "DIFFERS    ar invoice ACME-0001   [invoice/in_1]",
        f"  Intacct record {record_no}, posted 2026-11-02; policy {version}",
        "  correction: debit memo of 20.00 USD on invoice/in_1, dated 2026-11-02",
    ]
    assert [line.split() for line in lines[3:6]] == [
        ["account", "debit", "credit"],
        ["4000", "location=100", "20.00", "USD"],
        ["accounts", "receivable", "20.00", "USD"],
    ]
    assert lines[4].index("20.00") > lines[5].index("20.00")
    assert lines[6].startswith("Each correction moves every account that differs once")
    (entry,) = told(capsys, 1)[0]
    assert entry["outcome"] == "differs"
    assert entry["posted"]["digest"] != entry["planned_digest"]
    assert entry["corrections"] == [
        {
            "kind": "debit_memo",
            "day": "2026-11-02",
            "entity": None,
            "currency": "usd",
            "amount_minor": 2_000,
            "receivable": "invoice/in_1",
            "lines": [
                {"place": "4000 location=100", "amount_minor": -2_000},
                {"place": "accounts receivable", "amount_minor": 2_000},
            ],
        }
    ]


def test_an_accepted_difference_agrees_and_names_who_accepted_it(
    booked: Shop, capsys: Captured
) -> None:
    booked.sells(INVOICE, a_paid_invoice(lines=(a_line(12_000),), payments=(a_payment(10_000),)))
    before = posting(booked, "invoice/in_1")
    content = told(capsys, 1)[0][0]["planned_digest"]
    accepted = dataclasses.replace(
        before,
        version=before.version + 1,
        drift_digest=content,
        decision="it was parked\nfine by us (closed by ada, 2026-11-20 10:00 UTC)",
    )
    booked.postings.put(accepted)
    lines = run(capsys, *NOVEMBER).splitlines()
    assert lines[0] == "ACCEPTED   ar invoice ACME-0001   [invoice/in_1]"
    assert lines[2] == "  fine by us (closed by ada, 2026-11-20 10:00 UTC)"
    assert "         1  as a person accepted or solved it" in lines
    assert lines[-1] == "all agree"


def test_what_nothing_calls_for_any_more_is_shown_by_what_was_posted(
    booked: Shop, capsys: Captured
) -> None:
    booked.sells(INVOICE, an_invoice())
    lines = run(capsys, *NOVEMBER, code=1).splitlines()
    assert lines[0] == "WITHDRAWN  ar payment inpay_1   [receipt/inpay_1]"
    assert "  nothing calls for it any more" in lines
    assert "         1  posted, and nothing calls for it any more" in lines


def test_a_new_policy_is_no_difference(booked: Shop, capsys: Captured) -> None:
    booked.publish(POLICY.read_text(encoding="utf-8").replace('"4000"', '"4711"'))
    assert run(capsys, *NOVEMBER).endswith("\nall agree\n")


def test_what_cannot_be_asked_for_is_said(shop: Shop, capsys: Captured) -> None:
    assert shop
    at = ["--stack", "tieout-dev"]
    assert cli.main(["replay", "--from", "2026-11-05", "--to", "2026-11-01", *at]) == 2
    assert "lies before the first" in capsys.readouterr().err
    assert cli.main(["replay", "--from", "2026-11-05", "--account", "acct_9", *at]) == 2
    assert "does not name 'acct_9'" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        cli.main(["replay", *at])
