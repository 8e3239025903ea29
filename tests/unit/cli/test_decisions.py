"""Goal: what an operator decides reaches the table or the queue, and the next step is told.

Method: `main` with arguments; tables, queues and STS on moto; stack outputs from a stand-in for
CloudFormation's one call.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from tests.support.aws import Aws
from tieout import cli
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import WorkItem
from tieout.store.trail_reader import DynamoTrail
from tieout.store.work_queue import SqsWorkQueue

Captured = pytest.CaptureFixture[str]
INVOICE = Subject(SubjectKind.INVOICE, "in_1")
STACK = ("--stack", "tieout-dev")
PLACE = " ".join(STACK)
REFUSED = Posting(
    "invoice/in_1",
    INVOICE,
    State.REJECTED,
    version=1,
    reason=Reason.UNKNOWN_ACCOUNT,
    amount_minor=10_000,
    currency="usd",
)
WAITING = Posting(
    "receipt/inpay_1", INVOICE, State.PARKED, version=1, reason=Reason.WAITS_FOR_PARKED
)
DIFFERING = Posting(
    "refund/re_1",
    Subject(SubjectKind.REFUND, "re_1"),
    State.POSTED,
    version=1,
    reason=Reason.DRIFT,
    drift_digest="d",
    record_no="9",
)


@dataclass(frozen=True)
class Books:
    """A postings table with its audit trail, and a queue, in an account."""

    account: Aws
    table: str
    trail: str
    queue: str

    def posting(self, key: str) -> Posting:
        return self.account.postings(self.table, self.trail).get_many([key])[key]

    def queued(self) -> list[Mapping[str, Any]]:
        """Take what is in the queue."""
        answer = self.account.sqs.receive_message(
            QueueUrl=self.queue,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["MessageGroupId"],
        )
        for each in answer.get("Messages", []):
            self.account.sqs.delete_message(
                QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"]
            )
        return [
            json.loads(each["Body"]) | {"group": each["Attributes"]["MessageGroupId"]}
            for each in answer.get("Messages", [])
        ]


@pytest.fixture
def books(account: Aws, with_stack: Callable[..., None]) -> Books:
    made = Books(account, account.postings_table(), account.trail_table(), account.queue())
    with_stack(
        livemode="true",
        PostingsTableName=made.table,
        TrailTableName=made.trail,
        EventQueueUrl=made.queue,
    )
    for each in (REFUSED, WAITING, DIFFERING):
        account.postings(made.table, made.trail).put(each)
    return made


# --- close and reopen -------------------------------------------------------------------------


def test_a_close_names_the_caller_and_tells_the_next_step(books: Books, capsys: Captured) -> None:
    note = ("--note", "entered as INV-77", "--record-no", "4711")
    assert cli.main(["close", "invoice/in_1", *note, *STACK]) == 0
    told = capsys.readouterr().out.splitlines()
    closed = books.posting("invoice/in_1")
    assert (closed.state, closed.record_no, closed.trigger) == (State.CLOSED, "4711", "moto")
    assert told == [
        "closed invoice/in_1  100.00 USD  RECORDNO 4711",
        f"  {closed.reason_text}",
        "",
        "What waited for it can be booked now:",
        "  tieout retry receipt/inpay_1 --stack tieout-dev",
        "",
        f"Its message, if one failed, leaves the dead-letter queue by `tieout redrive {PLACE}`.",
    ]
    assert closed.reason_text.startswith("entered as INV-77 (closed by moto, 20")


def test_what_goes_on_waiting_is_told(books: Books, capsys: Captured) -> None:
    place = ["--table", books.table, "--trail-table", books.trail]
    assert cli.main(["close", "invoice/in_1", "--note", "by hand", *place]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[3:7] == [
        "What waits for it cannot be booked without --record-no. To close it again with one, first",
        f"  tieout reopen invoice/in_1 {' '.join(place)}",
        "or, if that is booked by hand too,",
        f"  tieout close receipt/inpay_1 --note 'by hand' {' '.join(place)}",
    ]


def test_nothing_is_changed_behind_the_audit_trail(books: Books, capsys: Captured) -> None:
    assert cli.main(["close", "invoice/in_1", "--note", "by hand", "--table", books.table]) == 2
    assert "name --trail-table" in capsys.readouterr().err
    assert books.posting("invoice/in_1") == REFUSED
    assert cli.main(["close", "invoice/in_1", "--note", "by hand", *STACK]) == 0
    told = DynamoTrail(books.account.dynamodb, books.trail).of_id("invoice/in_1")
    assert [each.posting["state"] for each in told] == ["rejected", "closed"]
    assert [each.worker for each in told] == ["test", "command line"]


def test_the_steps_that_are_told_can_be_pasted(books: Books, capsys: Captured) -> None:
    assert cli.main(["close", "invoice/in_1", "--note", "by 'hand'", *STACK]) == 0
    printed = [each for each in capsys.readouterr().out.splitlines() if each.startswith("  tieout")]
    for step in reversed(printed):
        assert cli.main(shlex.split(step)[1:]) == 0
    assert [books.posting(each.key).state for each in (REFUSED, WAITING)] == [
        State.PLANNED,
        State.CLOSED,
    ]


def test_what_is_closed_along_does_not_wait(books: Books, capsys: Captured) -> None:
    both = ["invoice/in_1", "receipt/inpay_1"]
    assert cli.main(["close", *both, "--note", "x", *STACK]) == 0
    assert "wait" not in capsys.readouterr().out
    assert all(books.posting(key).state is State.CLOSED for key in both)


def test_a_difference_is_accepted(books: Books, capsys: Captured) -> None:
    assert cli.main(["close", "refund/re_1", "--note", "a cent", *STACK]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "accepted the difference of refund/re_1  RECORDNO 9"
    assert not books.posting("refund/re_1").needs_attention


def test_a_close_for_a_program(books: Books, capsys: Captured) -> None:
    assert cli.main(["close", "invoice/in_1", "--note", "x", *STACK, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["state"] for each in told["closed"]] == [books.posting("invoice/in_1").state]
    assert told["waiting"] == ["receipt/inpay_1"]


def test_the_caller_is_named_without_role_or_account(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sts:
        def get_caller_identity(self) -> Mapping[str, str]:
            return {"Arn": "arn:aws:sts::123456789012:assumed-role/Finance/alice"}

    real = boto3.client
    monkeypatch.setattr(
        boto3,
        "client",
        lambda service, **more: Sts() if service == "sts" else real(service, **more),
    )
    assert cli.main(["close", "invoice/in_1", "--note", "x", *STACK]) == 0
    assert books.posting("invoice/in_1").trigger == "alice"


def test_a_close_is_undone(books: Books, capsys: Captured) -> None:
    for command in (["close", "invoice/in_1", "--note", "x"], ["reopen", "invoice/in_1"]):
        assert cli.main([*command, *STACK]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == [
        "reopened invoice/in_1: it is planned",
        "Now have it looked at: tieout retry invoice/in_1 --stack tieout-dev",
    ]
    assert books.posting("invoice/in_1").state is State.PLANNED
    assert cli.main(["reopen", "invoice/in_1", *STACK]) == 2
    assert capsys.readouterr().err == "tieout: invoice/in_1 is not closed: it is planned\n"


@pytest.mark.parametrize("option", ["--note", "--record-no"])
def test_evidence_cannot_be_blank(option: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["close", "a/1", "--note", "x", option, " ", "--table", "t"])
    assert f"argument {option}: must not be empty" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["abc", "INV-77", "-1", "\u0664"])
def test_a_record_number_has_digits_only(number: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["close", "a/1", "--note", "x", f"--record-no={number}", "--table", "t"])
    told = f"--record-no: must be Intacct's RECORDNO, which has digits only, not {number!r}"
    assert told in capsys.readouterr().err


# --- retry ------------------------------------------------------------------------------------


def test_a_retry_queues_the_subjects_once_in_the_stacks_mode(
    books: Books, capsys: Captured
) -> None:
    names = ["receipt/inpay_1", "invoice/in_1", "charge/ch_7"]
    assert cli.main(["retry", *names, *STACK]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "queued invoice/in_1",
        "queued charge/ch_7  (not known to Tieout yet; Stripe will be asked)",
    ]
    message = {"version": 1, "trigger": "retry by moto", "livemode": True}
    assert books.queued() == [
        message | {"subject": subject, "group": subject}
        for subject in ("invoice/in_1", "charge/ch_7")
    ]


def test_a_second_retry_is_not_taken_for_a_repeat(books: Books) -> None:
    for _ in range(2):
        assert cli.main(["retry", "invoice/in_1", *STACK]) == 0
        (message,) = books.queued()
        assert message["subject"] == "invoice/in_1"


def test_a_retry_of_a_table_and_a_queue_is_of_test_mode_unless_told(
    books: Books, capsys: Captured
) -> None:
    arn = books.account.sqs.get_queue_attributes(QueueUrl=books.queue, AttributeNames=["QueueArn"])
    place = ["--table", books.table, "--queue", arn["Attributes"]["QueueArn"]]
    assert cli.main(["retry", "invoice/in_1", *place, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"queued": ["invoice/in_1"], "unknown": []}
    assert [each["livemode"] for each in books.queued()] == [False]
    assert cli.main(["retry", "charge/ch_7", *place, "--live"]) == 0
    assert [each["livemode"] for each in books.queued()] == [True]


def test_all_that_is_parked_or_stuck_is_retried(books: Books, capsys: Captured) -> None:
    stuck = Posting("payout/po_1", Subject(SubjectKind.PAYOUT, "po_1"), State.SENDING, version=1)
    books.account.postings(books.table, books.trail).put(stuck)
    assert cli.main(["retry", "--all-parked", *STACK]) == 0
    told = capsys.readouterr().out.splitlines()
    assert sorted(told) == ["queued invoice/in_1", "queued payout/po_1", "queued refund/re_1"]
    assert len(books.queued()) == 3


def test_with_nothing_parked_nothing_is_queued(
    account: Aws, with_stack: Callable[..., None], capsys: Captured
) -> None:
    with_stack(PostingsTableName=account.postings_table())
    assert cli.main(["retry", "--all-parked", *STACK]) == 0
    assert capsys.readouterr().out == "nothing is parked\n"


# --- redrive ----------------------------------------------------------------------------------


def arn_of(account: Aws, queue_url: str) -> str:
    answer = account.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def test_redrive_moves_the_dead_letters_back(
    account: Aws, with_stack: Callable[..., None], capsys: Captured
) -> None:
    queue, dead_letters = account.queue(), account.queue()
    with_stack(EventQueueUrl=queue, EventDeadLetterQueueUrl=dead_letters)
    SqsWorkQueue(account.sqs, dead_letters).send(
        WorkItem(INVOICE, "evt_1", "cus_1", "evt_1", False)
    )
    assert cli.main(["redrive", "--stack", "tieout-dev"]) == 0
    assert capsys.readouterr().out == "messages moved: 1\n"
    (message,) = account.sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["subject"] == "invoice/in_1"
    arns = [arn_of(account, each) for each in (dead_letters, queue)]
    assert cli.main(["redrive", "--dead-letter-queue", arns[0], "--queue", arns[1]]) == 0
    assert capsys.readouterr().out == "messages moved: 0\n"
