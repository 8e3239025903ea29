"""Goal: a controller is told in one line whether anybody touched the books' trail, and where.

Method: postings, trail and inbox on moto; `main` prints; then somebody tampers with the tables.
"""

import dataclasses
import io
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from functions.poller import app
from tests.factories import a_policy
from tests.fakes import FakePolicies, FakeStripe
from tests.support.aws import Aws
from tests.support.doors import Context, polling, sample
from tieout import cli
from tieout.domain.causes import Cause, Exchange, SourceEvent
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import MAIN, Anchor, head_after, sealed
from tieout.services.ports import EventHint, StoredEvent
from tieout.store import trail_items
from tieout.store.clock import SystemClock
from tieout.store.inbox import DynamoInbox
from tieout.store.trail_reader import DynamoTrail

Captured = pytest.CaptureFixture[str]
STACK = ("--stack", "tieout-dev")
INVOICE = Subject(SubjectKind.INVOICE, "in_1")
POSTING = Posting("invoice/in_1", INVOICE, State.SENDING, version=1, updated_at_unix=1_795_000_000)
CAUSE = Cause(
    (SourceEvent("evt_1", "ab"),), "cus_1", "5d", Exchange("<function>Jane Doe</function>")
)


@dataclass(frozen=True)
class Books:
    """Three tables in an account."""

    account: Aws
    table: str
    trail_table: str
    inbox_table: str

    @property
    def trail(self) -> DynamoTrail:
        return DynamoTrail(self.account.dynamodb, self.trail_table)

    @property
    def inbox(self) -> DynamoInbox:
        return DynamoInbox(self.account.dynamodb, self.inbox_table, 90, SystemClock())

    def set(self, name: str, value: str) -> None:
        """Change a posting behind the trail."""
        self.account.dynamodb.update_item(
            TableName=self.table,
            Key={"key": {"S": "invoice/in_1"}},
            UpdateExpression="SET #name = :value",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={":value": {"S": value}},
        )

    def make_anew(self) -> None:
        """Forge the last entry, and its head with it."""
        last = list(self.trail.entries(MAIN))[-1]
        forged = sealed(dataclasses.replace(last, worker="nobody"))
        items = trail_items.entry_item(forged), trail_items.head_item(head_after(forged))
        for item in items:
            self.account.dynamodb.put_item(TableName=self.trail_table, Item=item)


@pytest.fixture
def books(account: Aws, with_stack: Callable[..., None]) -> Books:
    made = Books(account, account.postings_table(), account.trail_table(), account.inbox_table())
    with_stack(
        PostingsTableName=made.table,
        TrailTableName=made.trail_table,
        InboxTableName=made.inbox_table,
        StateTableName=account.state_table(),
    )
    postings = account.postings(made.table, made.trail_table)
    postings.put(POSTING)
    postings.put(dataclasses.replace(POSTING, version=2, state=State.POSTED), CAUSE)
    hint = EventHint("evt_1", "invoice.paid", INVOICE, "cus_1", 0, livemode=False)
    made.inbox.store(StoredEvent(hint, 0, "webhook", b'{"name": "Jane Doe"}'))
    return made


def test_what_nobody_touched_is_as_it_was_written(books: Books, capsys: Captured) -> None:
    assert cli.main(["verify", *STACK]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "main: 2 entries, began at 2026-11-18 11:06 UTC",
        "  0 anchors, 1 posting",
        "all is as it was written",
    ]
    assert cli.main(["verify", "--json", *STACK]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["is_as_written"], told["breaches"]) == (True, [])
    (chain,) = told["chains"]
    assert (chain["account"], chain["entries"], chain["head"]["seq"]) == (MAIN, 2, 2)
    assert books.table


def test_a_posting_that_was_changed_by_hand_is_named(books: Books, capsys: Captured) -> None:
    books.set("record_no", "4711")
    assert cli.main(["verify", *STACK]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "BREACH  changed  main entry 2  invoice/in_1",
        "  the posting was changed behind the trail: record_no",
    ]
    assert lines[-1] == "NOT as it was written: 1 breach"
    assert cli.main(["verify", "--json", *STACK]) == 1
    (breach,) = json.loads(capsys.readouterr().out)["breaches"]
    assert (breach["seq"], breach["key"], breach["tampering"]) == (2, "invoice/in_1", "changed")


def test_a_posting_that_was_taken_off_its_list_is_named(books: Books, capsys: Captured) -> None:
    """All that it says is as it was, but `tieout parked` and the close of the month lack it."""
    postings = books.account.postings(books.table, books.trail_table)
    parked = dataclasses.replace(POSTING, version=3, state=State.PARKED)
    postings.put(parked)
    assert cli.main(["verify", *STACK]) == 0
    books.account.dynamodb.update_item(
        TableName=books.table,
        Key={"key": {"S": POSTING.key}},
        UpdateExpression="REMOVE #name",
        ExpressionAttributeNames={"#name": "worklist"},
    )
    capsys.readouterr()
    assert list(postings.on_worklist(Worklist.ATTENTION)) == []
    assert cli.main(["verify", *STACK]) == 1
    told = capsys.readouterr().out
    assert "BREACH  changed  main entry 3  invoice/in_1\n  the lists do not show it" in told


def test_before_the_first_write_there_is_nothing_to_check(
    account: Aws, with_stack: Callable[..., None], capsys: Captured
) -> None:
    with_stack(PostingsTableName=account.postings_table(), TrailTableName=account.trail_table())
    assert cli.main(["verify", *STACK]) == 0
    assert capsys.readouterr().out.startswith("there is no audit trail yet")


def test_the_log_knows_what_the_table_was_made_to_forget(
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    tmp_path: Path,
) -> None:
    policies = FakePolicies(a_policy())
    ports = polling(FakeStripe(), trail=books.trail, policies=policies)
    monkeypatch.setattr(app, "poller", lambda: ports)
    said = io.StringIO()
    for handler in logging.getLogger("tieout").handlers:
        monkeypatch.setattr(handler, "stream", said, raising=False)
    report = app.lambda_handler(sample("poller", "schedule"), Context())
    assert [(each["account"], each["seq"]) for each in report["anchors"]] == [(MAIN, 2)]
    log = tmp_path / "anchors.log"
    # The AWS CLI prints what it found in one line, with tabs between.
    log.write_text(said.getvalue().replace("\n", "\t"), encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["verify", "--anchors", str(log), *STACK]) == 0
    day = report["anchors"][0]["day"]
    assert capsys.readouterr().out.splitlines()[2:] == [
        f"  anchored through {day}",
        "all is as it was written",
    ]

    # Whoever writes anchors ahead keeps the poller from making, and telling, its own.
    ahead = Anchor(MAIN, "2027-11-20", 2, books.trail.head(MAIN).hash, 0)
    assert books.trail.keep(ahead)
    assert cli.main(["verify", "--anchors", str(log), *STACK]) == 0
    told = capsys.readouterr().out
    assert f"  the log given ends with {day}: later anchors may be anybody's" in told
    ahead_key = trail_items.anchor_key(MAIN, ahead.day)
    books.account.dynamodb.delete_item(TableName=books.trail_table, Key=dict(ahead_key))

    books.make_anew()
    anchor = trail_items.anchor_key(MAIN, day)
    books.account.dynamodb.delete_item(TableName=books.trail_table, Key=dict(anchor))
    assert cli.main(["verify", *STACK]) == 0, "the table alone cannot tell"
    capsys.readouterr()
    assert cli.main(["verify", "--anchors", str(log), *STACK]) == 1
    assert "has another hash" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "no log at all", '{"anchor": {"seq": 1}}', '{"anchor": 7}'])
def test_a_file_without_anchors_proves_nothing(
    books: Books, tmp_path: Path, capsys: Captured, text: str
) -> None:
    log = tmp_path / "anchors.log"
    log.write_text(text, encoding="utf-8")
    assert cli.main(["verify", "--anchors", str(log), *STACK]) == 2
    assert "has no anchor" in capsys.readouterr().err
    assert cli.main(["verify", "--anchors", str(tmp_path / "none"), *STACK]) == 2
    assert books.table


def test_a_part_of_the_trail_can_be_checked(books: Books, capsys: Captured) -> None:
    assert cli.main(["verify", "--from", "2026-11-01", *STACK]) == 0
    assert "main: 2 entries" in capsys.readouterr().out, "no anchor stands for what was before"
    assert books.table


def test_a_customer_is_forgotten_once_it_is_confirmed(books: Books, capsys: Captured) -> None:
    assert cli.main(["erase", "cus_1", *STACK]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "cus_1: 1 posting, evidence beside 1 entry",
        "nothing is erased: --yes does it",
    ]
    assert books.trail.evidence(MAIN, [2])[2].content
    assert cli.main(["erase", "cus_1", "--yes", *STACK]) == 0
    *_, erased, told = capsys.readouterr().out.splitlines()
    assert erased == (
        "erased: evidence of 1 entry, texts of 0 postings and in tie-outs of 0 days, "
        "bodies of 1 event"
    )
    assert told == "the audit trail says so"
    record = books.inbox.received(["evt_1"])["evt_1"]
    assert record.event.raw is None
    assert record.raw_sha256 is not None
    assert books.trail.evidence(MAIN, [2])[2].erased_by == 3
    assert cli.main(["verify", *STACK]) == 0
    assert "  evidence of 1 entry was erased on request" in capsys.readouterr().out.splitlines()
    assert list(books.trail.entries(MAIN))[-1].worker == "moto"


def test_what_is_no_customer_is_refused(books: Books, capsys: Captured) -> None:
    assert cli.main(["erase", "in_1", "--yes", *STACK]) == 2
    assert "begins with cus_" in capsys.readouterr().err
    assert len(list(books.trail.entries(MAIN))) == 2


@pytest.mark.usefixtures("books")
def test_a_customer_that_nobody_knows_is_not_said_to_be_forgotten(capsys: Captured) -> None:
    assert cli.main(["erase", "cus_l", "--yes", *STACK]) == 2
    assert "nothing is known of cus_l: is it mistyped" in capsys.readouterr().err
    assert cli.main(["erase", "cus_1", "--yes", *STACK]) == 0
    assert cli.main(["erase", "cus_1", "--yes", *STACK]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("erased: evidence of 0 entries")


def test_a_program_erases_and_is_told(books: Books, capsys: Captured) -> None:
    assert cli.main(["erase", "cus_1", "--json", *STACK]) == 1
    assert json.loads(capsys.readouterr().out) == {"erased": False}
    assert cli.main(["erase", "cus_1", "--yes", "--json", *STACK]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"erased": True, "evidence": 1, "texts": 0, "events": 1, "tie_outs": 0}
    assert books.table
