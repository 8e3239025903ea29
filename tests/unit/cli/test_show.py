"""Goal: whoever asks for a Stripe object sees all that is booked for it, whatever else they typed.

Method: postings in a table on moto; what `main` prints, word by word, and as JSON.
"""

import json
from typing import Any

import pytest

from tests.support.aws import Aws
from tieout import cli
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind

Captured = pytest.CaptureFixture[str]
INVOICE, CHARGE = Subject(SubjectKind.INVOICE, "in_1"), Subject(SubjectKind.CHARGE, "ch_1")


def posting(key: str, state: State, **changes: Any) -> Posting:  # noqa: ANN401
    fields: dict[str, Any] = {"subject": INVOICE, "version": 1} | changes
    return Posting(key, state=state, **fields)


def table_of(account: Aws, *listed: Posting) -> str:
    table = account.postings_table()
    for each in listed:
        account.postings(table).put(each)
    return table


def usd(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "usd"}


def test_a_posting_names_the_policy_and_the_rule_of_each_line(
    account: Aws, capsys: Captured
) -> None:
    booked = posting(
        "invoice/in_1",
        State.POSTED,
        policy_version="1a2b3c4d5e6f",
        chosen_by="1-2: rule enterprise\n3: default tax account",
    )
    table = table_of(account, booked)
    assert cli.main(["show", "invoice/in_1", "--table", table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  policy       1a2b3c4d5e6f" in lines
    assert lines[-2:] == ["  line 1-2: rule enterprise", "  line 3: default tax account"]
    assert cli.main(["show", "invoice/in_1", "--table", table, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["chosen_by"] == booked.chosen_by


def test_a_posting_tells_its_day_and_what_it_does_to_each_account(
    account: Aws, capsys: Captured
) -> None:
    booked = posting(
        "invoice/in_1",
        State.POSTED,
        posting_date="2026-11-02",
        effects="-10000 4000 location=100\n-1900 2200\n11900 accounts receivable",
        **usd(11_900),
    )
    table = table_of(account, booked)
    assert cli.main(["show", "invoice/in_1", "--table", table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  dated        2026-11-02" in lines
    header, *sums = lines[-4:]
    assert header.split() == ["account", "debit", "credit"]
    assert [each.split() for each in sums] == [
        ["4000", "location=100", "100.00", "USD"],
        ["2200", "19.00", "USD"],
        ["accounts", "receivable", "119.00", "USD"],
    ]
    assert header.index("credit") + len("credit") == len(sums[0])
    assert header.index("debit") + len("debit") == len(sums[2])
    assert cli.main(["show", "invoice/in_1", "--table", table, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["posting_date"] == "2026-11-02"
    assert told["accounts"][0] == {"account": "4000 location=100", "amount_minor": -10_000}


def test_what_is_not_booked_tells_from_when_it_could_be_and_what_was_sent(
    account: Aws, capsys: Captured
) -> None:
    refused = posting(
        "invoice/in_1",
        State.PARKED,
        posting_date="2026-11-02",
        effects="-100 4000\n100 1100",
        **usd(100),
    )
    assert cli.main(["show", "invoice/in_1", "--table", table_of(account, refused)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  not before   2026-11-02" in lines
    assert "  what was last sent:" in lines


def test_a_posting_is_shown_with_its_evidence(account: Aws, capsys: Captured) -> None:
    closed = posting(
        "payout/po_1",
        State.CLOSED,
        reason_text="JE-310 (closed by alice, 2026-11-20 08:00 UTC)",
        trigger="alice",
        record_no="4711",
        updated_at_unix=1_795_161_600,
        **usd(500),
    )
    table = table_of(account, closed)
    assert cli.main(["show", "payout/po_1", "--table", table]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "payout/po_1  closed  5.00 USD",
        "  text         JE-310 (closed by alice, 2026-11-20 08:00 UTC)",
        "  subject      invoice/in_1",
        "  RECORDNO     4711",
        "  last change  2026-11-20 08:00 UTC by alice",
    ]
    assert cli.main(["show", "payout/po_1", "--table", table, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["state"], told["trigger"]) == ("closed", "alice")
    assert told["others"] == []


@pytest.fixture
def books(account: Aws) -> str:
    return table_of(
        account,
        posting("invoice/in_1", State.POSTED, **usd(12_990)),
        posting("invoice/in_1/void", State.PARKED, **usd(12_990)),
        posting("receipt/inpay_1", State.NOT_BOOKED),
        posting("sale/pi_1", State.NOT_BOOKED, subject=CHARGE, **usd(500)),
    )


def test_with_a_stripe_object_come_its_other_postings(books: str, capsys: Captured) -> None:
    assert cli.main(["show", "invoice/in_1", "--table", books]) == 0
    first, *_, void, receipt = capsys.readouterr().out.splitlines()
    assert first == "invoice/in_1  posted  129.90 USD"
    assert (void, receipt) == (
        "  also         invoice/in_1/void  parked      129.90 USD",
        "  also         receipt/inpay_1    not_booked",
    )
    assert cli.main(["show", "receipt/inpay_1", "--table", books]) == 0
    assert "also" not in capsys.readouterr().out


def test_a_stripe_object_needs_no_posting_of_its_own(books: str, capsys: Captured) -> None:
    assert cli.main(["show", "charge/ch_1", "--table", books]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "charge/ch_1  has no posting of its own",
        "  also         sale/pi_1  not_booked  5.00 USD",
    ]
    assert cli.main(["show", "charge/ch_1", "--table", books, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    others = [{"key": "sale/pi_1", "state": "not_booked"}]
    assert told == {"key": "charge/ch_1", "others": others}


def test_what_is_unknown_does_not_hide_what_is_known(books: str, capsys: Captured) -> None:
    asked = ["show", "invoice/in_7", "receipt/inpay_1", "in_1", "--table", books]
    assert cli.main(asked) == 2
    told = capsys.readouterr()
    assert told.out.startswith("receipt/inpay_1  not_booked\n")
    assert told.err.startswith("tieout: there is no posting 'invoice/in_7'")
    assert told.err.endswith("\n'in_1' is no key; did you mean invoice/in_1?\n")
    assert cli.main([*asked, "--json"]) == 2
    told = capsys.readouterr()
    assert [each["key"] for each in json.loads(told.out)] == ["receipt/inpay_1"]
    assert "error" in json.loads(told.err)
