"""Goal: whatever a single hand does to a chain is found, and a chain that nobody touched is whole.

Method: hypothesis makes chains, and changes, removes, inserts, moves, swaps or cuts off entries,
with and without making the hash of what was touched anew.
"""

import dataclasses
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.causes import Cause, Exchange, SourceEvent
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import (
    MAIN,
    Anchor,
    Entry,
    Evidence,
    Head,
    entry_of,
    erased,
    evidence_texts,
    head_after,
    sealed,
    text_of,
    written,
)
from tieout.domain.trail_check import Breach, Tampering, verify

texts = st.text(max_size=8)
postings = st.builds(
    Posting,
    key=st.sampled_from(["invoice/in_1", "invoice/in_2", "receipt/inpay_1"]),
    subject=st.just(Subject(SubjectKind.INVOICE, "in_1")),
    state=st.sampled_from(State),
    version=st.integers(1, 9),
    amount_minor=st.none() | st.integers(),
    currency=st.none() | st.just("usd"),
    record_no=st.none() | texts,
    effects=texts,
    chosen_by=texts,
    adopted=st.booleans(),
    updated_at_unix=st.integers(0, 2**33),
)
causes = st.builds(
    Cause,
    events=st.lists(st.builds(SourceEvent, texts, texts), max_size=2).map(tuple),
    customer=texts,
    snapshot_digest=texts,
)


@st.composite
def chains(draw: st.DrawFn, minimum: int = 1) -> tuple[Entry, ...]:
    head, entries = Head(MAIN), []
    for _ in range(draw(st.integers(minimum, 8))):
        if draw(st.integers(0, 5)):
            entry = written(head, draw(postings), draw(causes), "worker", draw(texts))
        else:
            entry = erased(head, "customer/cus_1", ("d1", "d2"), "ann", 5)
        entries.append(entry)
        head = head_after(entry)
    return tuple(entries)


def anchored(chain: tuple[Entry, ...], *at: int) -> list[Anchor]:
    days = (chain[index % len(chain)] for index in at)
    return [Anchor(MAIN, f"2026-11-{each.seq:02}", each.seq, each.hash, 0) for each in days]


def breaches(
    entries: list[Entry], of: tuple[Entry, ...], anchors: list[Anchor] | None = None
) -> list[Breach]:
    """Check entries against the head of the chain that they once were."""
    return list(verify(entries, anchors or [], head_after(of[-1])))


@given(chains(), st.integers(0, 9))
def test_a_chain_that_nobody_touched_is_whole(chain: tuple[Entry, ...], at: int) -> None:
    assert breaches(list(chain), chain, anchored(chain, at, at + 1)) == []


@given(chains())
def test_a_chain_without_an_entry_is_whole(chain: tuple[Entry, ...]) -> None:
    assert list(verify([], [], Head(MAIN))) == []
    assert list(verify(chain[3:], [], head_after(chain[-1]), begins(chain, 3))) == []


def begins(chain: tuple[Entry, ...], count: int) -> Head:
    return head_after(chain[min(count, len(chain)) - 1])


@given(chains())
def test_an_entry_comes_back_as_it_was_stored(chain: tuple[Entry, ...]) -> None:
    for each in chain:
        assert entry_of(text_of(each), each.hash) == each


CHANGES: dict[str, Any] = {
    "at_unix": lambda value: value + 1,
    "previous": lambda value: value[::-1] + "0",
    "key": lambda value: f"{value}/void",
    "posting": lambda value: {**value, "amount_minor": value.get("amount_minor", 0) + 1},
    "events": lambda value: (*value, SourceEvent("evt_other", "")),
    "customer": lambda value: f"{value}x",
    "snapshot_digest": lambda value: f"{value}x",
    "worker": lambda value: f"{value}x",
    "evidence_digest": lambda value: f"{value}x",
    "erased": lambda value: (*value, "d3"),
    "form": lambda value: value + 1,
    "hash": lambda value: "f" * 64 if value[0] != "f" else "0" * 64,
}


@given(chains(), st.integers(0, 99), st.sampled_from(sorted(CHANGES)))
def test_any_change_is_found_and_named(chain: tuple[Entry, ...], at: int, name: str) -> None:
    changed = list(chain)
    at %= len(chain)
    value = getattr(chain[at], name)
    changed[at] = dataclasses.replace(chain[at], **{name: CHANGES[name](value)})
    found = breaches(changed, chain)
    assert (chain[at].seq, Tampering.CHANGED) in {(each.seq, each.tampering) for each in found}
    assert {each.seq for each in found} <= {chain[at].seq, chain[at].seq - 1}


def test_every_field_of_an_entry_is_tried() -> None:
    assert CHANGES.keys() | {"account", "seq", "action"} == {
        each.name for each in dataclasses.fields(Entry)
    }


@given(chains(), st.integers(0, 99))
def test_a_change_with_a_new_hash_is_found_too(chain: tuple[Entry, ...], at: int) -> None:
    changed = list(chain)
    at %= len(chain)
    changed[at] = sealed(dataclasses.replace(chain[at], worker="somebody else"))
    found = breaches(changed, chain)
    assert [(each.seq, each.key, each.tampering) for each in found] == [
        (chain[at].seq, chain[at].key, Tampering.CHANGED)
    ]


@given(chains(minimum=2), st.integers(0, 99))
def test_who_makes_the_rest_anew_and_the_head_fails_at_the_next_anchor(
    chain: tuple[Entry, ...], at: int
) -> None:
    at %= len(chain)
    made, head = list(chain[:at]), head_after(chain[at - 1]) if at else Head(MAIN)
    for each in chain[at:]:
        worker = "somebody else" if each is chain[at] else each.worker
        forged = dataclasses.replace(each, previous=head.hash, worker=worker)
        made.append(sealed(forged))
        head = head_after(made[-1])
    assert list(verify(made, [], head)) == []
    found = list(verify(made, anchored(chain, len(chain) - 1), head))
    assert [(each.seq, each.tampering) for each in found] == [(len(chain), Tampering.CHANGED)]


@given(chains(), st.integers(0, 99))
def test_a_removal_is_found_at_its_number(chain: tuple[Entry, ...], at: int) -> None:
    left = list(chain)
    removed = left.pop(at % len(chain))
    found = breaches(left, chain)
    assert [(each.seq, each.tampering) for each in found] == [(removed.seq, Tampering.REMOVED)]


@given(chains(), st.integers(1, 8))
def test_an_end_that_is_cut_off_is_known_to_head_and_anchors(
    chain: tuple[Entry, ...], count: int
) -> None:
    left = list(chain[:-count])
    first_gone = max(1, len(chain) - count + 1)
    assert [(each.seq, each.tampering) for each in breaches(left, chain)] == [
        (first_gone, Tampering.REMOVED)
    ]
    head = head_after(left[-1]) if left else Head(MAIN)
    assert list(verify(left, [], head)) == [], "the head was set back, and nobody else knows"
    (found,) = verify(left, anchored(chain, len(chain) - 1), head)
    assert (found.seq, found.tampering) == (first_gone, Tampering.REMOVED)


@given(chains(), postings, st.integers(0, 99))
def test_an_insertion_is_found(chain: tuple[Entry, ...], posting: Posting, at: int) -> None:
    at %= len(chain) + 1
    head = head_after(chain[at - 1]) if at else Head(MAIN)
    inserted = [*chain[:at], written(head, posting, Cause(), "somebody else"), *chain[at:]]
    found = breaches(inserted, chain)
    assert Tampering.INSERTED in {each.tampering for each in found}
    assert at + 1 in {each.seq for each in found}


@given(chains(minimum=2), st.integers(0, 99), st.integers(0, 99))
def test_a_swap_is_found(chain: tuple[Entry, ...], one: int, other: int) -> None:
    one, other = one % len(chain), other % len(chain)
    if one == other:
        other = (one + 1) % len(chain)
    swapped = list(chain)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    found = breaches(swapped, chain)
    assert Tampering.REORDERED in {each.tampering for each in found}
    assert {min(one, other) + 1, max(one, other) + 1} & {each.seq for each in found}


@given(chains(), chains())
def test_an_entry_of_another_chain_is_found(
    chain: tuple[Entry, ...], other: tuple[Entry, ...]
) -> None:
    moved = [*chain[:-1], sealed(dataclasses.replace(chain[-1], account="acct_1"))]
    assert Tampering.INSERTED in {each.tampering for each in breaches(moved, chain)}
    if other[0] != chain[0]:
        assert breaches([other[0], *chain[1:]], chain)


@given(texts, texts, st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_evidence_fits_its_own_digest_alone(
    one: str, other: str, salt: bytes, another: bytes
) -> None:
    digest = Evidence({"reply_xml": one}, salt).digest
    assert digest == Evidence({"reply_xml": one}, salt).digest
    if one != other:
        assert digest != Evidence({"reply_xml": other}, salt).digest
    if salt != another:
        assert digest != Evidence({"reply_xml": one}, another).digest


def test_evidence_is_bounded_and_says_what_was_cut() -> None:
    posting = Posting("invoice/in_1", Subject(SubjectKind.INVOICE, "in_1"), State.POSTED)
    cause = Cause(exchange=Exchange("<function/>", "x" * 1_000_000))
    found = evidence_texts(posting, cause)
    assert found.keys() == {"request_xml", "reply_xml"}
    assert len(found["reply_xml"]) < 61_000
    assert "1000000 characters" in found["reply_xml"]


def test_what_persons_write_is_not_in_the_chain() -> None:
    posting = Posting(
        "invoice/in_1",
        Subject(SubjectKind.INVOICE, "in_1"),
        State.CLOSED,
        reason_text="Jane Doe paid in cash",
        decision="Jane Doe paid in cash; it was parked",
    )
    assert "Jane" not in text_of(written(Head(MAIN), posting, Cause(), "worker"))
    assert set(evidence_texts(posting, Cause())) == {"reason_text", "decision"}
