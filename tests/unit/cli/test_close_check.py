"""Goal: whether October can be closed is one line and an exit code, or a list with ways out.

Method: `main` with the tables on moto.
"""

import dataclasses
import json
from collections.abc import Callable
from datetime import date

import pytest

from tests.support.aws import Aws
from tests.support.doors import ROOT
from tests.unit.cli.conftest import publish
from tieout import cli
from tieout.domain.dates import day_bounds
from tieout.domain.policy_file import parse_policy
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import TieOut
from tieout.services.close_check import POLLER_PASSES
from tieout.services.ports import Progress
from tieout.services.walk import days
from tieout.store.cursors import DynamoCursors
from tieout.store.postings import DynamoPostings
from tieout.store.tie_outs import DynamoTieOuts

Captured = pytest.CaptureFixture[str]
POLICY = ROOT / "docs" / "policy.example.yaml"
OCTOBER = ["close-check", "2026-10", "--stack", "tieout-dev"]
LAST = date(2026, 10, 31)


@pytest.fixture
def postings(
    account: Aws,
    with_stack: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> DynamoPostings:
    """An October in which all is well, seen from November."""
    monkeypatch.setattr("tieout.store.clock.time.time", lambda: 1_795_161_600.0)
    table, state = account.postings_table(), account.state_table()
    with_stack(PostingsTableName=table, StateTableName=state)
    text = POLICY.read_text(encoding="utf-8")
    publish(account, state, text)
    zone = parse_policy(text).zone
    postings = account.postings(table)
    for day in days(date(2026, 10, 1), LAST):
        subject = Subject(SubjectKind.ACTIVITY, day.isoformat())
        read_at_unix = day_bounds(day, zone)[1] + 7_200
        key = f"{subject}/usd"
        postings.put(Posting(key, subject, State.POSTED, 1, read_at_unix=read_at_unix))
    for name in POLLER_PASSES:
        DynamoCursors(account.dynamodb, state).put(name, Progress(complete_unix=1_795_000_000))
    tied_out = TieOut(
        "", "usd", LAST.isoformat(), 0, 100, 100, "1200", 100, made_at_unix=1_795_161_000
    )
    DynamoTieOuts(account.dynamodb, state).save(LAST, [tied_out])
    return postings


def test_a_month_that_can_be_closed(postings: DynamoPostings, capsys: Captured) -> None:
    assert postings
    assert cli.main(OCTOBER) == 0
    assert capsys.readouterr().out == "2026-10 can be closed\n"
    assert cli.main([*OCTOBER, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "month": "2026-10",
        "can_be_closed": True,
        "obstacles": [],
    }


def test_what_stands_in_the_way_is_listed_with_the_way_out(
    postings: DynamoPostings, capsys: Captured
) -> None:
    parked = Posting(
        "payout/po_1",
        Subject(SubjectKind.PAYOUT, "po_1"),
        State.PARKED,
        1,
        posting_date="2026-10-09",
        amount_minor=123_456,
        currency="usd",
        reason=Reason.ACCOUNT_NOT_IN_POLICY,
        reason_text="name `payouts.bank`",
    )
    postings.put(parked)
    assert cli.main(OCTOBER) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2026-10 cannot be closed: 1 in the way"
    assert lines[2] == "parked"
    assert lines[3].startswith("  way out: Name the account")
    assert "  payout/po_1  1,234.56 USD" in lines
    assert "    parked, dated 2026-10-09; account_not_in_policy: name `payouts.bank`" in lines
    assert cli.main([*OCTOBER, "--json"]) == 1
    (obstacle,) = json.loads(capsys.readouterr().out)["obstacles"]
    assert (obstacle["kind"], obstacle["key"]) == ("parked", "payout/po_1")


def test_a_way_out_can_be_typed_as_it_stands(postings: DynamoPostings, capsys: Captured) -> None:
    key = f"activity/{LAST}"
    (booked,) = postings.of_subject(Subject(SubjectKind.ACTIVITY, LAST.isoformat()))
    postings.put(dataclasses.replace(booked, version=booked.version + 1, read_at_unix=0))
    assert cli.main(OCTOBER) == 1
    assert f"way out: `tieout retry {key} --stack tieout-dev`." in capsys.readouterr().out


def test_what_is_no_month_is_said(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["close-check", "October", "--stack", "tieout-dev"])
    assert "must be a month like 2026-10, not 'October'" in capsys.readouterr().err
