"""Goal: who has a pack and nothing of ours can check it, and sees what it does not prove.

Method: packs of an invoice in memory, opened with zipfile and checked with hashlib alone.
"""

import csv
import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.factories import a_policy
from tests.fakes import FakeInbox, FakePostings, FakeStripe
from tests.planted import NOTE, shown
from tests.support.traced import BODY, DAY, NOON, cause, fill, posting
from tieout.cli.trace_page import page
from tieout.domain.postings import State
from tieout.domain.trail import MAIN, Anchor, erased, head_after, sealed
from tieout.domain.trail_check import Tampering
from tieout.services import evidence_pack
from tieout.services.evidence_pack import pack
from tieout.services.trace import Story, trace
from tieout.services.trace_keys import Sources

UTC = ZoneInfo("UTC")


def told(stories: Sequence[Story], files: Collection[str]) -> str:
    return "\n".join([*(each.verdict for each in stories), *sorted(files)])


@dataclasses.dataclass
class Books:
    postings: FakePostings = dataclasses.field(default_factory=FakePostings)
    inbox: FakeInbox = dataclasses.field(default_factory=FakeInbox)

    def __post_init__(self) -> None:
        fill(self.postings, self.inbox)
        self.anchor("2026-11-19", 1)
        self.anchor("2026-11-20", 12)

    def anchor(self, day: str, seq: int) -> None:
        trail = self.postings.trail
        trail.keep(Anchor(MAIN, day, seq, trail.chains[MAIN][seq].hash, NOON))

    def packed(self, asked: str = "in_1", *, with_personal_data: bool = False) -> bytes:
        return self.judged(asked, with_personal_data=with_personal_data)[0]

    def judged(
        self, asked: str = "in_1", *, with_personal_data: bool = False
    ) -> tuple[bytes, Sequence[Story]]:
        trail = self.postings.trail
        sources = Sources(trail, self.postings, self.inbox, FakeStripe, a_policy())
        stories = trace(sources, asked)
        return pack(trail, stories, told, with_personal_data=with_personal_data)

    def files(
        self, asked: str = "in_1", *, with_personal_data: bool = False
    ) -> Mapping[str, bytes]:
        return opened(self.packed(asked, with_personal_data=with_personal_data))


@pytest.fixture
def books() -> Books:
    return Books()


def opened(content: bytes) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_every_sum_and_every_hash_can_be_computed_anew(books: Books) -> None:
    files = books.files(with_personal_data=True)
    pairs = (line.split("  ", 1) for line in files["SHA256SUMS"].decode().splitlines())
    sums = {name: stated for stated, name in pairs}
    assert sums == {name: sha256(files[name]) for name in files if name != "SHA256SUMS"}

    listed = {each["file"]: each for each in rows(files["entries.csv"])}
    texts = {name: each for name, each in files.items() if name.startswith("entries/")}
    assert texts.keys() == listed.keys()
    for name, text in texts.items():
        assert sha256(text) == listed[name]["hash"]
        digest = json.loads(text)["evidence_digest"]
        beside = name.replace("entries/", "evidence/").replace(".json", ".salted")
        if digest and beside in files:
            assert sha256(files[beside]) == digest
        for event in json.loads(text)["events"]:
            if (body := files.get(f"events/{event['id']}.json")) is not None:
                assert sha256(body) == event["sha256"]
    assert files["events/evt_1.json"] == BODY


def test_the_chain_leads_from_each_entry_to_the_next_anchor(books: Books) -> None:
    files = books.files()
    texts = sorted(name for name in files if name.startswith("entries/"))
    assert texts == [f"entries/main-{seq:010}.json" for seq in range(3, 13)]
    for this, following in pairwise(texts):
        assert json.loads(files[following])["previous"] == sha256(files[this])
    anchors = rows(files["anchors.csv"])
    assert [(each["number"], each["day"]) for each in anchors] == [
        ("1", "2026-11-19"),
        ("12", "2026-11-20"),
    ]
    assert anchors[-1]["hash"] == sha256(files[texts[-1]])
    parts = {each["place"]: each["part"] for each in rows(files["entries.csv"])}
    assert [place for place, part in parts.items() if part == "story"] == [
        f"main/{seq}" for seq in (3, 4, 5, 6, 7, 8, 9)
    ]
    told = "main/9: tied to the anchor of 2026-11-20, main/12 by the entries in this pack"
    assert told in files["README.txt"].decode()


def test_it_says_what_it_cannot_prove(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_pack, "LINKS_MAX", 2)
    files = books.files("in_2")
    assert "main/11: tied to the anchor of 2026-11-20, main/12 by" in files["README.txt"].decode()
    monkeypatch.setattr(evidence_pack, "LINKS_MAX", 0)
    readme = books.files("in_2")["README.txt"].decode()
    assert "main/11: 1 entries lie between it and the anchor of 2026-11-20" in readme
    later = dataclasses.replace(books.postings.by_key["invoice/in_2"], version=3)
    books.postings.put(later)
    readme = books.files("in_2")["README.txt"].decode()
    assert "main/13: not anchored yet" in readme


def test_a_broken_chain_is_not_said_to_be_tied(books: Books) -> None:
    del books.postings.trail.chains[MAIN][11]
    readme = books.files()["README.txt"].decode()
    assert "main/9: NOT TIED to the anchor of 2026-11-20, main/12" in readme
    assert "by the entries in this pack" not in readme


def link_changed(books: Books) -> None:
    """An entry between the story and its anchor says something else."""
    chain = books.postings.trail.chains[MAIN]
    chain[11] = dataclasses.replace(chain[11], worker="nobody")


def made_anew(books: Books) -> None:
    """Every hash is made anew from an entry on, the head's, too; the anchors are left."""
    trail = books.postings.trail
    chain = trail.chains[MAIN]
    for seq in range(8, max(chain) + 1):
        before = chain[seq - 1].hash
        chain[seq] = sealed(dataclasses.replace(chain[seq], previous=before, worker="nobody"))
    trail.heads[MAIN] = head_after(chain[max(chain)])


@pytest.mark.parametrize("tamper", [link_changed, made_anew])
def test_what_does_not_lead_to_its_anchor_is_a_breach(
    books: Books, tamper: Callable[[Books], None]
) -> None:
    _, (story,) = books.judged()
    assert story.is_proved
    tamper(books)
    content, (story,) = books.judged()
    assert [(each.seq, each.tampering) for each in story.breaches] == [(3, Tampering.CHANGED)]
    files = opened(content)
    unfit = "the entries up to there do not fit together"
    text = f"NOT TIED to the anchor of 2026-11-20, main/12: {unfit}"
    assert files["README.txt"].decode().splitlines()[:5] == [
        "VERDICT",
        "",
        "NOT as it was written: 1 breach",
        f"  main/3  invoice/in_1  changed: {text}",
        "",
    ]
    assert files["index.html"].decode().startswith("NOT as it was written: 1 breach")


def test_the_readme_opens_with_what_is_wrong_with_the_postings(books: Books) -> None:
    stored = books.postings.by_key["invoice/in_1"]
    books.postings.by_key["invoice/in_1"] = dataclasses.replace(stored, record_no="9")
    readme = books.files()["README.txt"].decode()
    assert readme.startswith("VERDICT\n\nNOT as it was written: 1 breach\n  main/4  invoice/in_1")


def test_what_was_said_of_a_customer_is_only_there_if_asked_for(books: Books) -> None:
    files = books.files("cus_1")
    digest = books.postings.trail.chains[MAIN][2].evidence_digest
    assert f"evidence/main-0000000002.salted {digest}" in files["README.txt"].decode()
    own = {name for name in files if name.startswith("evidence/main-0000000002")}
    assert own == set()
    assert "evidence/main-0000000004/request.xml" in files
    files = books.files("cus_1", with_personal_data=True)
    own = {name for name in files if name.startswith("evidence/main-0000000002")}
    assert "evidence/main-0000000002/request.xml" in own
    assert own <= set(files["index.html"].decode().splitlines())
    assert "Left out" not in files["README.txt"].decode()


def test_what_was_written_about_a_customer_is_only_there_if_asked_for(books: Books) -> None:
    before = books.postings.by_key["customer/cus_1"]
    texts = {"reason_text": f"Intacct: {NOTE}", "decision": NOTE}
    after = dataclasses.replace(before, version=3, state=State.REJECTED, **texts)  # type: ignore[arg-type]
    books.postings.put(after, cause("evt_1"))

    def packed(*, with_personal_data: bool) -> list[str]:
        trail = books.postings.trail
        stories = trace(
            Sources(trail, books.postings, books.inbox, FakeStripe, a_policy()), "cus_1"
        )
        content, judged = pack(
            trail,
            stories,
            lambda told, files: page(told, UTC, "tieout-dev", files),
            with_personal_data=with_personal_data,
        )
        assert judged[0].postings["customer/cus_1"].decision == NOTE, "the terminal shows it"
        files = opened(content)
        return [name for name, each in files.items() if shown(each.decode(errors="replace"))]

    assert packed(with_personal_data=False) == []
    assert len(packed(with_personal_data=True)) >= 2


def test_the_same_story_makes_the_same_bytes(books: Books) -> None:
    assert books.packed(with_personal_data=True) == books.packed(with_personal_data=True)
    assert books.packed() == Books().packed()


def test_bodies_of_events_are_only_there_if_asked_for(books: Books) -> None:
    files = books.files()
    assert [name for name in files if name.startswith("events/")] == []
    assert not any(b"jane@payers.example" in each for each in files.values())
    assert b"--with-personal-data" in files["README.txt"]


def test_evidence_can_be_read_and_holds_no_secret(books: Books) -> None:
    files = books.files()
    assert b"<invoiceno>NWT-0007</invoiceno>" in files["evidence/main-0000000004/request.xml"]
    assert files["evidence/main-0000000004/reply.xml"].startswith(b"<result>")
    assert files["evidence/main-0000000007/reason.txt"] == b"charge ch_1 pays invoice in_1"
    assert [name for name, each in files.items() if shown(each.decode(errors="replace"))] == []


def test_what_was_erased_is_not_in_it(books: Books) -> None:
    trail = books.postings.trail
    entry = trail.chains[MAIN][4]
    told = trail.append(
        MAIN, lambda head: erased(head, "customer/cus_1", (entry.evidence_digest,), "ann", NOON)
    )
    trail.erase(entry, told.seq)
    files = books.files()
    assert not [name for name in files if name.startswith("evidence/main-0000000004")]
    assert "evidence/main-0000000006.salted" in files


def test_no_key_leads_out_of_the_pack(books: Books) -> None:
    for key in ("../../etc/passwd", "/etc/passwd", "a\\..\\b", "é" * 300, "NUL", "payout/ä"):
        written = dataclasses.replace(
            posting(key, DAY, reason_text=NOTE), state=State.PARKED, number="2026-11-20-x"
        )
        books.postings.put(written)
    names = [name for name in books.files("2026-11-20") if name.startswith("postings/")]
    assert len(names) == 7
    for name in names:
        assert ".." not in name
        assert name.count("/") == 1
        assert name.isascii()
        assert len(name) < 110


def test_of_an_id_that_two_things_share_both_are_packed(books: Books) -> None:
    places = {each["place"] for each in rows(books.files("2")["entries.csv"])}
    assert {"main/1", "main/6"} <= places
