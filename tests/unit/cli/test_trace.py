"""Goal: a controller, and after that an auditor, is told the whole story of any id.

Method: tables on moto; what `main` prints, and the pack that it writes.
"""

import io
import json
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws import Aws
from tests.support.doors import ROOT
from tests.support.traced import CHARGE, DAY, NOON, REFUND, STORY, event, fill, posting
from tests.unit.cli.conftest import publish
from tieout import cli
from tieout.domain.causes import Cause, Exchange, SourceEvent
from tieout.domain.postings import State
from tieout.domain.trail import Anchor
from tieout.store.clock import SystemClock
from tieout.store.inbox import DynamoInbox
from tieout.store.postings import DynamoPostings
from tieout.store.trail_reader import DynamoTrail

Captured = pytest.CaptureFixture[str]
STACK = ("--stack", "tieout-dev")
HOSTILE = '<script>alert("1")</script>\x1b[2J\x07\u202e'


class Tables:
    """What an installation keeps, of an invoice that was paid and refunded."""

    def __init__(self, account: Aws) -> None:
        self.dynamodb = account.dynamodb
        self.names = {
            "PostingsTableName": account.postings_table(),
            "TrailTableName": account.trail_table(),
            "InboxTableName": account.inbox_table(),
            "StateTableName": account.state_table(),
        }
        self.postings: DynamoPostings = account.postings(
            self.names["PostingsTableName"], self.names["TrailTableName"]
        )
        self.inbox = DynamoInbox(self.dynamodb, self.names["InboxTableName"], 90, SystemClock())
        self.trail = DynamoTrail(self.dynamodb, self.names["TrailTableName"])
        fill(self.postings, self.inbox)

    def touch(self, key: str) -> None:
        """Change a posting behind the trail."""
        self.dynamodb.update_item(
            TableName=self.names["PostingsTableName"],
            Key={"key": {"S": key}},
            UpdateExpression="SET record_no = :value",
            ExpressionAttributeValues={":value": {"S": "666"}},
        )


@pytest.fixture
def tables(account: Aws, with_stack: Callable[..., None]) -> Tables:
    made = Tables(account)
    text = (ROOT / "docs" / "policy.example.yaml").read_text(encoding="utf-8")
    publish(account, made.names["StateTableName"], text)
    with_stack(**made.names)
    return made


def told(capsys: Captured, *arguments: str, code: int = 0) -> str:
    assert cli.main(["trace", *arguments, *STACK]) == code
    return capsys.readouterr().out


def facts(capsys: Captured, *arguments: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    return json.loads(told(capsys, *arguments, "--json", code=code))


def test_the_story_is_printed_in_the_companys_time(tables: Tables, capsys: Captured) -> None:
    lines = told(capsys, "NWT-0007").splitlines()
    assert lines[:5] == [
        "NWT-0007 leads to",
        "  invoice/in_1     posted  119.00 USD  ArInvoice  RECORDNO 1    document number",
        "  receipt/inpay_1  posted  119.00 USD  ArPayment  RECORDNO 2    belongs to it",
        "  sale/pi_1        not_booked  119.00 USD                       belongs to it",
        "  refund/re_1      posted  11.90 USD  JournalEntry  RECORDNO 3  belongs to it",
    ]
    assert "2026-11-20 08:00:00 -05:00  main/4        invoice/in_1  posted  119.00 USD" in lines
    assert lines[-2:] == [
        "7 entries: each fits its hash, the entries around it and its evidence",
        "all of the chain is checked by: tieout verify --stack tieout-dev",
    ]
    assert tables.postings


def test_a_program_is_told_everything(tables: Tables, capsys: Captured) -> None:
    found = facts(capsys, "in_1")
    assert found["is_as_written"] is True
    (story,) = found["stories"]
    assert [each["key"] for each in story["leads_to"]] == STORY
    assert story["leads_to"][0]["as"] == ["Stripe object"]
    assert story["time_zone"] == "America/New_York"
    written = [each for each in story["timeline"] if each["what"] == "written"]
    assert [each["place"] for each in written] == [f"main/{seq}" for seq in range(3, 10)]
    assert written[1]["evidence"]["content"]["request_xml"].startswith("<function>")
    assert written[1]["posting"]["chosen_by"] == "1: rule enterprise\n2: default tax account"
    received = next(each for each in story["timeline"] if each["what"] == "received")
    assert (received["event_id"], received["source"], received["is_kept"]) == (
        "evt_1",
        "webhook",
        True,
    )
    assert story["postings"][0]["record_no"] == "1"
    assert tables.postings


def test_what_somebody_touched_is_said_loudly(tables: Tables, capsys: Captured) -> None:
    tables.touch("invoice/in_1")
    lines = told(capsys, "in_1", code=1).splitlines()
    assert "    NOT AS IT WAS WRITTEN: the posting was changed behind the trail: record_no" in lines
    assert lines[-3:-1] == [
        "NOT as it was written: 1 breach",
        "  main/4  invoice/in_1  changed: the posting was changed behind the trail: record_no",
    ]
    found = facts(capsys, "in_1", code=1)
    assert found["is_as_written"] is False
    assert [each["seq"] for each in found["stories"][0]["breaches"]] == [4]


def test_of_an_id_that_two_things_share_both_are_told(tables: Tables, capsys: Captured) -> None:
    lines = told(capsys, "2").splitlines()
    headings = [each for each in lines if "leads to" in each]
    assert headings == [
        "2 leads to (1 of 2: 2 things share it)",
        "2 leads to (2 of 2: 2 things share it)",
    ]
    assert tables.postings


def test_an_event_that_nothing_came_of_yet_is_told(tables: Tables, capsys: Captured) -> None:
    unseen = type(CHARGE)(CHARGE.kind, "ch_9")
    tables.inbox.store(event("evt_9", unseen))
    lines = told(capsys, "evt_9").splitlines()
    assert "2026-11-20 07:59:57 -05:00  inbox         evt_9 received by webhook" in lines
    assert any("Nothing was written because of this event" in each for each in lines)


def test_what_leads_nowhere_says_where_was_looked(tables: Tables, capsys: Captured) -> None:
    assert cli.main(["trace", "in_9", *STACK]) == 2
    said = capsys.readouterr().err
    assert said.startswith("tieout: nothing is known of 'in_9'.\n")
    assert "Is it mistyped" in said
    assert tables.postings


def test_without_a_policy_times_are_utc(
    account: Aws, with_stack: Callable[..., None], capsys: Captured
) -> None:
    with_stack(**Tables(account).names)
    lines = told(capsys, "in_1").splitlines()
    assert "2026-11-20 13:00:00 +00:00  main/4        invoice/in_1  posted  119.00 USD" in lines


def test_a_pack_is_written_for_an_auditor(tables: Tables, capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "in_1.zip"
    lines = told(capsys, "in_1", "--pack", str(file)).splitlines()
    assert lines[-2] == f"pack: {file}"
    assert lines[-1].startswith("sha256: ")
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert {"README.txt", "SHA256SUMS", "index.html", "entries/main-0000000004.json"} <= set(names)
    assert not any(name.startswith("events/") for name in names)
    assert file.stat().st_mode & 0o777 == 0o600
    again, whole = tmp_path / "again.zip", tmp_path / "whole.zip"
    assert facts(capsys, "in_1", "--pack", str(again))["pack"] == str(again)
    assert file.read_bytes() == again.read_bytes()
    told(capsys, "in_1", "--with-personal-data", "--pack", str(whole))
    with zipfile.ZipFile(whole) as archive:
        assert b"jane@payers.example" in archive.read("events/evt_1.json")
    assert tables.postings


def test_no_file_is_overwritten(tables: Tables, capsys: Captured, tmp_path: Path) -> None:
    books = tmp_path / "books.xlsx"
    books.write_bytes(b"precious")
    assert cli.main(["trace", "in_1", "--pack", str(books), *STACK]) == 2
    assert f"{books} exists already" in capsys.readouterr().err
    assert books.read_bytes() == b"precious"
    assert tables.postings


def test_an_entry_that_is_not_tied_to_its_anchor_is_no_success(
    tables: Tables, capsys: Captured, tmp_path: Path
) -> None:
    tables.trail.keep(Anchor("main", "2026-11-20", 12, "ab", NOON))
    file = tmp_path / "in_1.zip"
    shown = told(capsys, "in_1", "--pack", str(file), code=1)
    assert "changed: NOT TIED to the anchor of 2026-11-20, main/12" in shown
    with zipfile.ZipFile(file) as archive:
        page = archive.read("index.html").decode()
    head, _, _ = page.partition("<section>")
    assert '<p class="bad">NOT as it was written: 1 breach</p>' in head
    assert 'class="good"' not in page
    assert '<a href="evidence/main-0000000004/reply.xml">reply.xml</a>' in page


def test_bodies_of_events_are_for_packs(tables: Tables, capsys: Captured) -> None:
    assert cli.main(["trace", "in_1", "--with-personal-data", *STACK]) == 2
    assert "--with-personal-data is for --pack" in capsys.readouterr().err
    assert tables.postings


class Tags(HTMLParser):
    """The tags of a page, and whatever it would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            is_own = (value or "").startswith(("entries/", "evidence/"))
            is_link = name in {"src", "href", "action"} and not is_own
            if is_link or name.startswith("on"):
                self.outside.append(f"{tag} {name}={value}")


def test_nothing_from_outside_is_a_command(
    tables: Tables, capsys: Captured, tmp_path: Path
) -> None:
    """What a customer calls itself reaches texts and requests, and so a terminal and a page."""
    hostile = posting(
        "refund/re_2", type(REFUND)(REFUND.kind, "re_2"), reason_text=HOSTILE, number=HOSTILE,
        decision=HOSTILE, chosen_by=HOSTILE, state=State.REJECTED,
    )  # fmt: skip
    exchange = Exchange(f"<NAME>{HOSTILE}</NAME>", HOSTILE)
    tables.postings.put(hostile, Cause((SourceEvent(HOSTILE, "ab"),), "", "5d", exchange))
    file = tmp_path / "re_2.zip"
    shown = told(capsys, "re_2", "--pack", str(file))
    assert "alert" in shown
    assert all(each.isprintable() for each in shown.splitlines())
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        page = archive.read("index.html").decode()
        assert HOSTILE.encode() in archive.read("evidence/main-0000000013/reply.xml")
    tags = Tags()
    tags.feed(page)
    assert "alert" in page
    assert tags.tags.isdisjoint({"script", "img", "link", "iframe", "object"})
    assert tags.outside == []
    assert all(each.isprintable() for each in page.splitlines())
    assert facts(capsys, "re_2")["stories"][0]["postings"][0]["reason_text"] == HOSTILE


def test_a_day_is_traced_as_well(tables: Tables, capsys: Captured) -> None:
    assert told(capsys, DAY.id).startswith("2026-11-20 leads to\n  activity/2026-11-20/usd")
    assert tables.postings
