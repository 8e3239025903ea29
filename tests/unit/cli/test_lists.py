"""Goal: a controller reads from the lists what needs a person and what the books lack, to the cent.

Method: postings in a table on moto; what `main` prints, word by word, and as JSON.
"""

import json
import time
from typing import Any

import pytest

from tests.support.aws import Aws
from tieout import cli
from tieout.cli.console import wrapped
from tieout.cli.lists import NO_REASON_WAY_OUT, STUCK_WAY_OUT
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import WAY_OUT, Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.operate import STUCK_AFTER_SECONDS

Captured = pytest.CaptureFixture[str]
MISSING, LATER = Reason.REVENUE_CATEGORY_MISSING, Reason.NOT_YET_PLANNED


def posting(key: str, state: State = State.PARKED, **changes: Any) -> Posting:  # noqa: ANN401
    fields = {"version": 1, "updated_at_unix": int(time.time())} | changes
    return Posting(key, Subject(SubjectKind.INVOICE, "in_1"), state, **fields)


def table_of(account: Aws, *listed: Posting) -> str:
    table = account.postings_table()
    for each in listed:
        account.postings(table).put(each)
    return table


def usd(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "usd"}


def yen(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "jpy"}


def not_booked(key: str, reason: Reason = LATER, **changes: Any) -> Posting:  # noqa: ANN401
    return posting(key, State.NOT_BOOKED, reason=reason, **changes)


@pytest.fixture
def exceptions(account: Aws) -> str:
    long_ago = 1_795_161_600 - STUCK_AFTER_SECONDS - 1
    return table_of(
        account,
        posting("invoice/in_1", reason=MISSING, reason_text="p", **usd(12_990)),
        posting("invoice/in_20", reason=MISSING, reason_text="two\nlines", **usd(-1_000_000)),
        posting("invoice/in_21", reason=MISSING, **yen(1_500)),
        posting("invoice/in_3", State.POSTED, reason=Reason.DRIFT),
        posting("invoice/in_4", State.UNKNOWN),
        posting("invoice/in_5", State.POSTED),
        posting("invoice/in_6", State.SENDING, updated_at_unix=long_ago, **usd(500)),
        posting("invoice/in_7", State.SENDING, updated_at_unix=1_795_161_600),
        posting("invoice/in_8", State.PLANNED, updated_at_unix=1_795_161_600),
    )


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tieout.store.clock.time.time", lambda: 1_795_161_600.0)


def test_exceptions_are_grouped_by_reason_with_totals_and_the_way_out(
    exceptions: str, capsys: Captured
) -> None:
    assert cli.main(["parked", "--table", exceptions]) == 0
    drift, unknown, missing, stuck, in_flight = capsys.readouterr().out.split("\n\n")
    assert drift.splitlines()[0] == "drift (1)"
    assert "  invoice/in_3  posted" in drift.splitlines()
    assert unknown.splitlines() == [
        "outcome_unknown (1)",
        f"  way out: {NO_REASON_WAY_OUT}",
        "  invoice/in_4  unknown",
    ]
    assert missing.splitlines() == [
        "revenue_category_missing (3)  1,500 JPY, -9,870.10 USD",
        f"  way out: {WAY_OUT[MISSING]}",
        "  invoice/in_1   parked        129.90 USD",
        "    p",
        "  invoice/in_20  parked    -10,000.00 USD",
        "    two",
        "    lines",
        "  invoice/in_21  parked         1,500 JPY",
    ]
    assert stuck.splitlines() == [
        "stuck (1)  5.00 USD",
        *wrapped(STUCK_WAY_OUT, "way out: ").splitlines(),
        "  invoice/in_6  sending   5.00 USD  since 2026-11-20 06:44 UTC",
    ]
    assert in_flight == "2 in flight\n"


def test_exceptions_for_a_program(exceptions: str, capsys: Captured) -> None:
    assert cli.main(["parked", "--table", exceptions, "--json"]) == 0
    told = {each["key"]: each for each in json.loads(capsys.readouterr().out)}
    assert told.keys() == {f"invoice/in_{number}" for number in (1, 20, 21, 3, 4, 6)}
    assert told["invoice/in_1"]["subject"] == "invoice/in_1"
    assert told["invoice/in_1"]["amount_minor"] == 12_990
    assert told["invoice/in_3"]["way_out"] == WAY_OUT[Reason.DRIFT]
    assert [key for key, each in told.items() if each["stuck"]] == ["invoice/in_6"]


def test_nothing_parked_is_said_and_what_moves_is_counted(account: Aws, capsys: Captured) -> None:
    assert cli.main(["parked", "--table", account.postings_table()]) == 0
    assert capsys.readouterr().out == "nothing is parked\n"
    table = table_of(account, posting("invoice/in_1", State.SENDING, updated_at_unix=1_795_161_600))
    assert cli.main(["parked", "--table", table]) == 0
    assert capsys.readouterr().out == "nothing is parked\n\n1 in flight\n"


@pytest.fixture
def lacks(account: Aws) -> str:
    connected = Subject(SubjectKind.INVOICE, "in_9", "acct_1")
    return table_of(
        account,
        not_booked("checkout.session/cs_1", **usd(59)),
        not_booked("checkout.session/cs_2", **usd(-9)),
        not_booked("checkout.session/cs_3", **yen(40)),
        not_booked("payout/po_1", reason_text="payout paid", **usd(1_234_567)),
        not_booked("credit_note/cn_1"),
        not_booked("invoice/in_1/credit-balance", **usd(100)),
        not_booked("invoice/in_2", Reason.NOTHING_TO_BOOK, **usd(0)),
        Posting(
            "acct_1/invoice/in_9",
            connected,
            State.NOT_BOOKED,
            version=1,
            reason=Reason.CONNECTED_ACCOUNT,
        ),
    )


def test_what_the_books_lack_is_totalled_by_reason_and_kind(lacks: str, capsys: Captured) -> None:
    assert cli.main(["not-booked", "--table", lacks]) == 0
    connected, later = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert connected.splitlines() == [
        "connected_account (1)",
        *wrapped(WAY_OUT[Reason.CONNECTED_ACCOUNT]).splitlines(),
        "  invoices       1      1 without amount",
    ]
    assert later.splitlines() == [
        "not_yet_planned (6)",
        *wrapped(WAY_OUT[LATER]).splitlines(),
        "  checkout sessions                        3                40 JPY",
        "                                                          0.50 USD",
        "  credit notes                             1      1 without amount",
        "  invoices: paid from credit balance       1              1.00 USD",
        "  payouts                                  1         12,345.67 USD",
    ]


def test_each_lack_is_listed_if_asked_for(lacks: str, capsys: Captured) -> None:
    assert cli.main(["not-booked", "--table", lacks, "--detail"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    payout/po_1  12,345.67 USD  payout paid" in lines
    assert "    checkout.session/cs_2  -0.09 USD" in lines


def test_what_the_books_lack_for_a_program(lacks: str, capsys: Captured) -> None:
    assert cli.main(["not-booked", "--table", lacks, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"groups"}
    assert {
        "reason": "not_yet_planned",
        "kind": "checkout.session",
        "count": 3,
        "without_amount": 0,
        "totals_minor": {"jpy": 40, "usd": 50},
    } in told["groups"]
    assert cli.main(["not-booked", "--table", lacks, "--json", "--detail"]) == 0
    assert len(json.loads(capsys.readouterr().out)["postings"]) == 7


def test_a_long_way_out_is_wrapped_below_its_label() -> None:
    first, second = wrapped("word " * 30, "way out: ").splitlines()
    assert first.startswith("  way out: word word")
    assert second.startswith("           word")
    assert len(first) <= 96


def test_full_books_are_said_and_where_what_is_parked_is(account: Aws, capsys: Captured) -> None:
    assert cli.main(["not-booked", "--table", account.postings_table()]) == 0
    assert capsys.readouterr().out == (
        "nothing is recorded as not booked; what is parked is not booked either: `tieout parked`\n"
    )
