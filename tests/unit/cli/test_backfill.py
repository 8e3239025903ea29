"""Goal: an operator sees what a backfill comes to before anything is queued, and how far it came.

Method: `main` with tables and queue on moto, Stripe in memory.
"""

import json
from collections.abc import Callable

import pytest

from tests.factories import NOON, a_paid_invoice
from tests.fakes.clock import START_UNIX
from tests.fakes.stripe import FakeStripe
from tests.support.aws import Aws
from tests.support.doors import ROOT
from tests.unit.cli.conftest import publish
from tieout import cli
from tieout.cli.installation import Installation
from tieout.domain.subjects import Subject, SubjectKind

Captured = pytest.CaptureFixture[str]
POLICY = ROOT / "docs" / "policy.example.yaml"
DAYS = ["--from", "2026-11-01", "--until", "2026-11-03", "--stack", "tieout-dev"]
INVOICE = Subject(SubjectKind.INVOICE, "in_1")


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
    publish(account, state, POLICY.read_text(encoding="utf-8"))
    stripe = FakeStripe()
    stripe.snapshots[INVOICE] = a_paid_invoice()
    stripe.created[INVOICE] = NOON
    monkeypatch.setattr(Installation, "stripe", stripe)
    return queue_url


def waiting(account: Aws, queue_url: str) -> int:
    answer = account.sqs.get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def test_nothing_is_queued_before_somebody_said_yes(
    account: Aws, queue_url: str, capsys: Captured
) -> None:
    assert cli.main(["backfill", *DAYS]) == 1
    told = capsys.readouterr().out
    assert told.startswith("2026-11-01 to 2026-11-03: not begun\n4 Stripe objects\n")
    assert "3 Intacct transactions" in told
    assert "about 0.0 hours" in told
    assert told.endswith("nothing is queued: --yes does it\n")
    assert waiting(account, queue_url) == 0


@pytest.mark.parametrize(("answer", "code", "queued"), [("y", 0, 4), ("", 1, 0), ("no", 1, 0)])
def test_an_operator_is_asked(
    account: Aws,
    queue_url: str,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    queued: int,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert cli.main(["backfill", *DAYS]) == code
    assert waiting(account, queue_url) == queued


def test_it_tells_how_far_it_has_come(account: Aws, queue_url: str, capsys: Captured) -> None:
    assert cli.main(["backfill", *DAYS, "--status"]) == 1
    assert capsys.readouterr().out == "2026-11-01 to 2026-11-03: not begun\n"
    first = [*DAYS[:2], "--until", "2026-11-02", *DAYS[4:]]
    assert cli.main(["backfill", *first, "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["queued"], told["transactions"], told["until"]) == (3, 3, "2026-11-02")
    assert waiting(account, queue_url) == 3
    assert cli.main(["backfill", *DAYS, "--status"]) == 1
    assert capsys.readouterr().out == (
        "2026-11-01 to 2026-11-03 (queued before: 2026-11-01 to 2026-11-02)\n"
    )
    assert cli.main(["backfill", *DAYS, "--yes"]) == 0
    capsys.readouterr()
    assert cli.main(["backfill", *DAYS, "--yes"]) == 0
    assert capsys.readouterr().out == (
        "2026-11-01 to 2026-11-03: all of it is queued\n"
        "nothing is queued: --again does it once more\n"
    )
    assert cli.main(["backfill", *DAYS, "--status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["is_complete"] is True


def test_what_was_queued_before_is_queued_again_once_somebody_said_so(
    account: Aws, queue_url: str, capsys: Captured
) -> None:
    assert cli.main(["backfill", *DAYS, "--yes"]) == 0
    part = [*DAYS[:2], "--until", "2026-11-02", *DAYS[4:], "--again"]
    capsys.readouterr()
    assert cli.main(["backfill", *part]) == 1
    assert capsys.readouterr().out.startswith("2026-11-01 to 2026-11-02: all of it, again\n")
    assert cli.main(["backfill", *DAYS, "--status"]) == 0, "nobody said yes"
    before = waiting(account, queue_url)
    # SQS takes what was queued in the same second for the same.
    with pytest.MonkeyPatch.context() as later:
        later.setattr("tieout.store.clock.time.time", lambda: float(START_UNIX + 3_600))
        assert cli.main(["backfill", *part, "--yes"]) == 0
    assert waiting(account, queue_url) == before + 3
    assert cli.main(["backfill", *DAYS, "--status"]) == 1


def test_a_program_reads_what_the_month_has_used(queue_url: str, capsys: Captured) -> None:
    assert queue_url
    assert cli.main(["backfill", *DAYS, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["transactions"], told["transactions_of_month"]["used"]) == (3, 0)


@pytest.mark.parametrize("rate", ["0", "-1", "26", "fast"])
def test_a_rate_that_is_none_is_said(rate: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["backfill", *DAYS, "--rate", rate])
    assert f"must be a number up to 25, not '{rate}'" in capsys.readouterr().err


def test_days_the_wrong_way_round_are_said(queue_url: str, capsys: Captured) -> None:
    assert queue_url
    backwards = ["--from", "2026-11-03", "--until", "2026-11-01", "--stack", "tieout-dev"]
    assert cli.main(["backfill", *backwards]) == 2
    assert "the last day, 2026-11-01, lies before the first, 2026-11-03" in capsys.readouterr().err


def test_the_backfill_that_was_begun_last_needs_no_days(queue_url: str, capsys: Captured) -> None:
    assert queue_url
    last = ["backfill", "--status", "--stack", "tieout-dev"]
    assert cli.main(["backfill", "--stack", "tieout-dev"]) == 2
    assert "name the first day: --from DAY" in capsys.readouterr().err
    assert cli.main(last) == 2
    assert "no backfill was begun here yet" in capsys.readouterr().err
    assert cli.main(["backfill", *DAYS, "--yes"]) == 0
    capsys.readouterr()
    assert cli.main(last) == 0
    assert capsys.readouterr().out.startswith("2026-11-01 to 2026-11-03: all of it is queued")
