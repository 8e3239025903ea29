"""Goal: whatever was done to trail, evidence or postings behind Tieout is named; nothing else is.

Method: a real processor books into postings with a trail in memory; then one thing is changed.
"""

import dataclasses
from collections.abc import Callable
from datetime import datetime

import pytest

from tests.factories import DAY_SECONDS, a_paid_invoice
from tests.fakes import FakePostings, FakeTrail
from tests.unit.services.world import INVOICE, World
from tieout.domain.causes import Cause, Exchange
from tieout.domain.postings import Posting, State, forgotten
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import (
    MAIN,
    Action,
    Anchor,
    Entry,
    Evidence,
    Head,
    erased,
    head_after,
    sealed,
)
from tieout.domain.trail_check import Breach, Tampering
from tieout.services.verify import DEPLOYMENT_SECONDS, Verifier

KEY = "invoice/in_1"
POSTING = Posting(KEY, INVOICE, State.SENDING, version=1, updated_at_unix=1_795_000_000)
CAUSE = Cause((), "cus_1", "5d", Exchange("<function/>", "<result/>"))


def later(posting: Posting, **changes: object) -> Posting:
    return dataclasses.replace(posting, version=posting.version + 1, **changes)  # type: ignore[arg-type]


@pytest.fixture
def postings() -> FakePostings:
    """Two versions of one posting, the second with evidence, and another one."""
    made = FakePostings()
    made.put(POSTING)
    made.put(later(POSTING, state=State.POSTED, record_no="7", reason_text="by hand"), CAUSE)
    made.put(dataclasses.replace(POSTING, key="invoice/in_2"), CAUSE)
    return made


def breaches(postings: FakePostings, first_day: str = "") -> list[Breach]:
    return list(Verifier(postings.trail, postings).verify(first_day))


def the_one(postings: FakePostings) -> tuple[int, str, Tampering]:
    (found,) = breaches(postings)
    return found.seq, found.key, found.tampering


def test_what_the_processor_booked_is_as_the_trail_says() -> None:
    world = World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    verifier = Verifier(world.postings.trail, world.postings)
    assert list(verifier.verify()) == []
    checked = verifier.checked[MAIN]
    assert checked.entries == len(world.postings.history)
    assert checked.postings == len(world.postings.by_key)
    assert (checked.older, checked.erased) == (0, 0)
    entry = world.postings.trail.of_id(KEY)[0]
    assert [each.id for each in entry.events] == ["evt_1"]
    assert entry.customer == "cus_1"
    assert len(entry.snapshot_digest) == 64
    assert entry.posting["message_id"] == "message-1"


def test_an_untouched_trail_is_whole(postings: FakePostings) -> None:
    assert breaches(postings) == []
    assert breaches(FakePostings()) == []


def set_back(postings: FakePostings) -> None:
    postings.by_key[KEY] = POSTING
    postings._numbers[KEY] = 1


def raise_version(postings: FakePostings) -> None:
    postings.by_key[KEY] = later(postings.by_key[KEY])


def change(**fields: object) -> Callable[[FakePostings], None]:
    def apply(postings: FakePostings) -> None:
        postings.by_key[KEY] = dataclasses.replace(postings.by_key[KEY], **fields)  # type: ignore[arg-type]

    return apply


def lose(postings: FakePostings) -> None:
    del postings.by_key[KEY]


def forge_evidence(postings: FakePostings) -> None:
    kept = postings.trail.kept[MAIN, 2]
    postings.trail.kept[MAIN, 2] = dataclasses.replace(
        kept, content={**kept.content, "reply_xml": "<result>yes</result>"}
    )


def lose_evidence(postings: FakePostings) -> None:
    del postings.trail.kept[MAIN, 3]


def pretend_erasure(postings: FakePostings) -> None:
    postings.trail.kept[MAIN, 3] = Evidence({}, b"", erased_by=1)


def plant_evidence(postings: FakePostings) -> None:
    postings.trail.kept[MAIN, 1] = Evidence({"reply_xml": "<result/>"}, b"salt")


def forge_entry(postings: FakePostings) -> None:
    chain = postings.trail.chains[MAIN]
    chain[1] = sealed(dataclasses.replace(chain[1], worker="nobody"))


def pretend_age(postings: FakePostings) -> None:
    change(amount_minor=1, updated_at_unix=1)(postings)
    del postings._numbers[KEY]


def move_to_another_account(postings: FakePostings) -> None:
    change(subject=Subject(SubjectKind.INVOICE, "in_1", account="acct_1"))(postings)
    pretend_age(postings)


def append_behind_the_head(postings: FakePostings) -> None:
    chain, head = postings.trail.chains[MAIN], postings.trail.heads[MAIN]
    chain[4] = erased(head, "customer/cus_1", (), "nobody", 0)


def forget_chain(postings: FakePostings) -> None:
    del postings.trail.heads[MAIN]


TAMPERINGS: dict[str, tuple[Callable[[FakePostings], None], tuple[int, str, Tampering]]] = {
    "a posting's amount": (change(amount_minor=1), (2, KEY, Tampering.CHANGED)),
    "a posting's record": (change(record_no="8"), (2, KEY, Tampering.CHANGED)),
    "a posting's text": (change(reason_text="by nobody"), (2, KEY, Tampering.CHANGED)),
    "a posting's decision": (change(decision="let it be"), (2, KEY, Tampering.CHANGED)),
    "a posting's next version": (raise_version, (2, KEY, Tampering.CHANGED)),
    "an older version of a posting": (set_back, (2, KEY, Tampering.CHANGED)),
    "a posting that is gone": (lose, (1, KEY, Tampering.REMOVED)),
    "a posting made older than the trail": (pretend_age, (2, KEY, Tampering.CHANGED)),
    "a posting moved to another account": (move_to_another_account, (2, KEY, Tampering.CHANGED)),
    "evidence that was changed": (forge_evidence, (2, KEY, Tampering.CHANGED)),
    "evidence that is gone": (lose_evidence, (3, "invoice/in_2", Tampering.REMOVED)),
    "evidence of which nobody tells that it was erased": (
        pretend_erasure,
        (3, "invoice/in_2", Tampering.REMOVED),
    ),
    "evidence of nothing": (plant_evidence, (1, KEY, Tampering.INSERTED)),
    "an entry with a hash that fits": (forge_entry, (1, KEY, Tampering.CHANGED)),
    "an entry behind the head": (append_behind_the_head, (4, "customer/cus_1", Tampering.INSERTED)),
    "a chain without a head": (forget_chain, (1, KEY, Tampering.INSERTED)),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_named(postings: FakePostings, what: str) -> None:
    tamper, expected = TAMPERINGS[what]
    tamper(postings)
    found = {(each.seq, each.key, each.tampering) for each in breaches(postings)}
    assert expected in found
    # What is gone is missed by each of its entries; all else is found once.
    assert {key for _, key, _ in found} == {expected[1]}


def test_an_entry_that_cannot_be_read_tells_of_no_posting(postings: FakePostings) -> None:
    postings.trail.chains[MAIN][3] = Entry(
        MAIN, 3, 0, "", Action.WRITTEN, "", {}, hash="cannot be read"
    )
    found = {(each.seq, each.tampering) for each in breaches(postings)}
    assert (3, Tampering.CHANGED) in found
    assert (3, Tampering.REMOVED) not in found, "no posting is gone"


def test_a_breach_names_fields_and_not_what_is_in_them(postings: FakePostings) -> None:
    change(reason_text="Jane Doe", amount_minor=1)(postings)
    (found,) = breaches(postings)
    assert found.text == "the posting was changed behind the trail: amount_minor, reason_text"


def test_an_erasure_that_is_told_is_no_breach(postings: FakePostings) -> None:
    trail = postings.trail
    postings.put(forgotten(postings.by_key[KEY], 0, "ann"))
    digests = tuple(entry.evidence_digest for entry in trail.of_id("cus_1"))
    told = trail.append(MAIN, lambda head: erased(head, "customer/cus_1", digests, "ann", 0))
    for entry in trail.of_id("cus_1"):
        trail.erase(entry, told.seq)
    verifier = Verifier(trail, postings)
    assert list(verifier.verify()) == []
    assert verifier.checked[MAIN].erased == 2
    assert [each.action for each in trail.entries(MAIN)][-1] is Action.ERASED


def test_postings_from_before_the_trail_are_no_breach() -> None:
    before = dataclasses.replace(POSTING, version=3)
    untouched = dataclasses.replace(POSTING, key="invoice/in_0")
    postings = FakePostings(before, untouched)
    postings.put(later(before, updated_at_unix=1_795_100_000))
    verifier = Verifier(postings.trail, postings)
    assert list(verifier.verify()) == []
    checked = verifier.checked[MAIN]
    assert (checked.older, checked.postings) == (1, 2)
    assert checked.began_at_unix == 1_795_100_000
    (first,) = postings.trail.entries(MAIN)
    assert first.version == 4, "which says that there were three versions before"


@pytest.mark.parametrize(("after_seconds", "is_breach"), [(900, False), (901, True)])
def test_a_posting_without_an_entry_is_old_or_a_breach(
    postings: FakePostings, after_seconds: int, *, is_breach: bool
) -> None:
    assert DEPLOYMENT_SECONDS == 900
    planted = dataclasses.replace(
        POSTING, key="invoice/in_9", updated_at_unix=POSTING.updated_at_unix + after_seconds
    )
    postings.by_key[planted.key] = planted
    found = [(each.key, each.tampering) for each in breaches(postings)]
    assert found == ([("invoice/in_9", Tampering.INSERTED)] if is_breach else [])


def test_what_is_written_meanwhile_is_no_breach(postings: FakePostings) -> None:
    class Busy(FakeTrail):
        def head(self, account: str) -> object:  # type: ignore[override]
            head = super().head(account)
            newest = postings.by_key["invoice/in_2"]
            postings.put(later(newest), CAUSE)
            return head

    postings.trail.__class__ = Busy
    assert breaches(postings) == []


def test_an_anchor_may_stand_for_all_before_it(postings: FakePostings) -> None:
    trail = postings.trail
    second = trail.chains[MAIN][2]
    for day, entry in (("2026-11-17", trail.chains[MAIN][1]), ("2026-11-18", second)):
        trail.keep(Anchor(MAIN, day, entry.seq, entry.hash, made_unix(day)))
    forge_entry(postings)
    assert breaches(postings, "2026-11-20") == breaches(postings, "2026-11-19") == []
    assert len(breaches(postings)) == 2
    verifier = Verifier(trail, postings)
    assert list(verifier.verify("2026-11-20")) == []
    assert (verifier.checked[MAIN].begins, verifier.checked[MAIN].entries) == (2, 1)


def test_an_anchor_made_on_the_first_day_does_not_stand_for_that_days_entries(
    postings: FakePostings,
) -> None:
    """It is made by the poller's first run after midnight, or much later after an outage."""
    second = postings.trail.chains[MAIN][2]
    on_the_day = made_unix("2026-11-19")
    postings.trail.keep(Anchor(MAIN, "2026-11-19", second.seq, second.hash, on_the_day))
    forge_entry(postings)
    (found,) = breaches(postings, "2026-11-20")
    assert (found.seq, found.tampering) == (1, Tampering.CHANGED)
    assert breaches(postings, "2026-11-21") == []


def made_unix(day: str) -> int:
    """Return half an hour after the end of a day, where the company is: in Greenwich."""
    return int(datetime.fromisoformat(f"{day}T00:30:00Z").timestamp()) + DAY_SECONDS


def made_anew(postings: FakePostings) -> Anchor:
    """Make the chain and its anchor anew; return the anchor that the log has."""
    trail, day = postings.trail, "2026-11-19"
    chain, head = trail.chains[MAIN], Head(MAIN)
    logged = Anchor(MAIN, day, 2, chain[2].hash, 0)
    for seq in sorted(chain):
        entry = dataclasses.replace(chain[seq], previous=head.hash, worker="nobody")
        chain[seq] = sealed(entry)
        head = head_after(chain[seq])
    trail.heads[MAIN] = head
    trail.keep(dataclasses.replace(logged, hash=chain[2].hash))
    return logged


def test_an_anchor_in_the_log_counts_more_than_one_that_is_stored(postings: FakePostings) -> None:
    logged = made_anew(postings)
    assert breaches(postings) == [], "the table alone cannot tell"
    verifier = Verifier(postings.trail, postings, logged=[logged])
    found = [(each.seq, each.tampering) for each in verifier.verify("2026-11-20")]
    assert found == [(2, Tampering.CHANGED)]


def test_a_chain_that_only_the_log_knows_is_gone(postings: FakePostings) -> None:
    logged = Anchor("acct_1", "2026-11-19", 5, "ab", 0)
    (found,) = Verifier(postings.trail, postings, logged=[logged]).verify()
    assert (found.account, found.seq, found.tampering) == ("acct_1", 1, Tampering.REMOVED)
    assert found.text == "entries 1 to 5: the anchor of 2026-11-19 knows them"


def test_a_chain_that_is_not_listed_any_more_gets_no_anchors(
    postings: FakePostings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings.trail, "accounts", list)
    (found,) = breaches(postings)
    assert (found.account, found.seq, found.tampering) == (MAIN, 0, Tampering.REMOVED)
    assert found.text == "the list of chains does not name it any more, so it gets no anchors"


def test_what_functions_without_a_trail_wrote_during_the_update_is_no_breach(
    postings: FakePostings,
) -> None:
    changed = later(postings.by_key[KEY], updated_at_unix=POSTING.updated_at_unix + 900)
    postings.by_key[KEY] = changed
    del postings._numbers[KEY]
    assert breaches(postings) == []


def test_each_account_is_checked() -> None:
    postings = FakePostings()
    other = Subject(SubjectKind.INVOICE, "in_2", account="acct_1")
    postings.put(POSTING)
    postings.put(dataclasses.replace(POSTING, key="invoice/in_2", subject=other))
    verifier = Verifier(postings.trail, postings)
    assert list(verifier.verify()) == []
    assert {name: each.entries for name, each in verifier.checked.items()} == {
        MAIN: 1,
        "acct_1": 1,
    }


def test_a_long_chain_is_read_in_pages() -> None:
    postings = FakePostings()
    for number in range(250):
        postings.put(dataclasses.replace(POSTING, key=f"invoice/in_{number}"), CAUSE)
    told: list[str] = []
    assert list(Verifier(postings.trail, postings, told.append).verify()) == []
    assert told == [f"main: {count} of 250 entries" for count in (100, 200, 250)]
