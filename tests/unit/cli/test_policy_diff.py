"""Goal: a controller sees what another policy would have booked otherwise, before publishing it.

Method: `main` with the tables on moto and Stripe in memory.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.factories import NOON, a_paid_invoice
from tests.fakes.clock import START_UNIX
from tests.fakes.stripe import FakeStripe
from tests.support.aws import Aws
from tests.support.doors import ROOT
from tieout import cli
from tieout.cli.installation import Installation
from tieout.domain.policy_file import parse_policy
from tieout.domain.subjects import Subject, SubjectKind

Captured = pytest.CaptureFixture[str]
POLICY = ROOT / "docs" / "policy.example.yaml"
SINCE = ["--since", "2026-11-01", "--stack", "tieout-dev"]


@pytest.fixture
def draft(
    account: Aws,
    with_stack: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: Captured,
) -> Path:
    """A policy that books on 4020 what the published one books on 4000."""
    monkeypatch.setattr("tieout.store.clock.time.time", lambda: float(START_UNIX))
    state = account.state_table()
    with_stack(StateTableName=state)
    stripe = FakeStripe()
    invoice = Subject(SubjectKind.INVOICE, "in_1")
    stripe.snapshots[invoice], stripe.created[invoice] = a_paid_invoice(), NOON
    monkeypatch.setattr(Installation, "stripe", stripe)
    assert cli.main(["policy", "publish", str(POLICY), "--table", state]) == 0
    capsys.readouterr()
    path = tmp_path / "draft.yaml"
    text = POLICY.read_text("utf-8").replace("default: subscriptions", "default: usage")
    path.write_text(text, "utf-8")
    return path


def published() -> str:
    return "p:" + parse_policy(POLICY.read_text("utf-8")).version


def test_a_version_needs_no_prefix_unless_a_file_has_its_name(
    draft: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = published().removeprefix("p:")
    assert cli.main(["policy", "diff", version, str(draft), *SINCE, "--to", "2026-11-30"]) == 0
    assert "invoice/in_1" in capsys.readouterr().out
    monkeypatch.chdir(draft.parent)
    draft.rename(version)
    assert cli.main(["policy", "diff", version, published(), *SINCE, "--json"]) == 0
    totals = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert totals["new"] == version != totals["old"]


def test_what_would_move_is_shown_by_document_and_in_total(draft: Path, capsys: Captured) -> None:
    assert cli.main(["policy", "diff", published(), str(draft), *SINCE]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [
        "invoice/in_1 ArInvoice -> ArInvoice",
        "2026-11 4000 location=100 -100.00 USD -> 0.00 USD",
        "2026-11 4020 location=100 0.00 USD -> -100.00 USD",
    ]
    assert lines[-3:] == [
        "2026-11 4000 location=100 +100.00 USD",
        "2026-11 4020 location=100 -100.00 USD",
        "2026-11: 100.00 USD would move",
    ]


def test_a_program_gets_a_line_for_each_change_and_the_totals_last(
    draft: Path, capsys: Captured
) -> None:
    assert cli.main(["policy", "diff", str(POLICY), str(draft), *SINCE, "--json"]) == 0
    change, totals = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (change["key"], len(change["moves"])) == ("invoice/in_1", 2)
    assert totals["money"] == [{"month": "2026-11", "currency": "usd", "amount_minor": 10_000}]
    assert totals["old"] == published().removeprefix("p:")


def test_the_same_policy_moves_nothing(draft: Path, capsys: Captured) -> None:
    assert cli.main(["policy", "diff", str(draft), str(draft), *SINCE]) == 0
    assert capsys.readouterr().out.endswith(" Stripe objects, 0 changes\n")


def test_what_cannot_be_compared_is_said_in_one_line(draft: Path, capsys: Captured) -> None:
    assert cli.main(["policy", "diff", "p:nobody's", str(draft), *SINCE]) == 2
    assert '"p:nobody\'s" is no file here, nor a version' in capsys.readouterr().err
    assert cli.main(["policy", "diff", str(draft), "p", *SINCE]) == 2
    assert "'p' is no file here, nor a version" in capsys.readouterr().err
    until = ["--until", "2026-10-01"]
    assert cli.main(["policy", "diff", str(draft), str(draft), *SINCE, *until]) == 2
    assert "lies before the first" in capsys.readouterr().err
