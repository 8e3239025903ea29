"""Goal: a correction makes the books right with the fewest lines that can, and balances.

Method: any two balanced sets of lines, by account and dimensions, one booked and one wanted, in any
currency; the correction is added to the books. The mistakes most likely made: a sign turned round,
a place that only one side has, and two currencies in one entry.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain.documents import Dimensions, JournalEntry, JournalLine
from tieout.domain.effects import RECEIVABLE
from tieout.domain.postings import Posting, State, described
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.corrections import Correction, Kind, corrections, lacking

EXAMPLES = settings(deadline=None)
DAY = date(2026, 11, 2)
PLACES = [
    (account, Dimensions(location=location))
    for account in (RECEIVABLE, "1205", "4000", "4010")
    for location in ((None,) if account == RECEIVABLE else (None, "100", "200"))
]
AMOUNTS = st.integers(-10_000, 10_000).filter(bool)
CURRENCIES = st.sampled_from(["usd", "jpy", "kwd"])


@st.composite
def entries(draw: st.DrawFn) -> JournalEntry:
    """Any document: what it does to accounts is all that counts."""
    given_lines = draw(st.lists(st.tuples(st.sampled_from(PLACES), AMOUNTS), min_size=1))
    total = sum(amount_minor for _, amount_minor in given_lines)
    balanced = [*given_lines, (draw(st.sampled_from(PLACES)), -total)]
    lines = tuple(
        JournalLine(account, amount_minor, "", dimensions)
        for (account, dimensions), amount_minor in balanced
        if amount_minor
    )
    currency = draw(CURRENCIES)
    return JournalEntry("refund/re_1", "re_1", "GJ", DAY, currency, "", "re_1", lines)


def booked(entry: JournalEntry) -> Posting:
    subject = Subject(SubjectKind.REFUND, "re_1")
    return described(Posting(entry.key, subject, State.POSTED, record_no="1"), entry)


def sums(entry: JournalEntry) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for line in entry.lines:
        location = line.dimensions.location
        place = line.account + (f" location={location}" if location else "")
        found[entry.currency, place] += line.amount_minor
    return found


def moved(made: tuple[Correction, ...]) -> Counter[tuple[str, str]]:
    return Counter(
        {(each.currency, place): amount for each in made for place, amount in each.lines.items()}
    )


def without_zeros(found: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {place: amount_minor for place, amount_minor in found.items() if amount_minor}


@EXAMPLES
@given(entries(), entries())
def test_what_is_booked_and_its_correction_are_what_is_wanted(
    one: JournalEntry, other: JournalEntry
) -> None:
    made = corrections(booked(one), other, {})
    right = sums(one)
    right.update(moved(made))
    assert without_zeros(right) == without_zeros(sums(other))


@EXAMPLES
@given(entries(), entries())
def test_each_correction_balances_in_one_currency_and_is_of_the_kind_that_its_lines_need(
    one: JournalEntry, other: JournalEntry
) -> None:
    made = corrections(booked(one), other, {})
    assert len({each.currency for each in made}) == len(made)
    for each in made:
        assert sum(each.lines.values()) == 0
        assert each.amount_minor > 0
        assert (each.kind is Kind.JOURNAL) is (RECEIVABLE not in each.lines)
        owed_minor = each.lines.get(RECEIVABLE, 0)
        assert (each.kind is Kind.DEBIT_MEMO) is (owed_minor > 0)


@EXAMPLES
@given(entries(), entries())
def test_no_correction_has_more_lines_than_places_differ(
    one: JournalEntry, other: JournalEntry
) -> None:
    before, after = sums(one), sums(other)
    differing = {each for each in {*before, *after} if before[each] != after[each]}
    assert moved(corrections(booked(one), other, {})).keys() == differing


@EXAMPLES
@given(entries())
def test_the_same_books_need_no_correction_and_unwanted_ones_are_taken_back(
    one: JournalEntry,
) -> None:
    assert corrections(booked(one), one, {}) == ()
    taken_back = without_zeros({place: -amount for place, amount in sums(one).items()})
    assert moved(corrections(booked(one), None, {})) == taken_back


@EXAMPLES
@given(st.dictionaries(st.text(), AMOUNTS), st.dictionaries(st.text(), AMOUNTS))
def test_what_is_lacking_is_told_once_for_each_place(
    there: dict[str, int], wanted: dict[str, int]
) -> None:
    net = lacking(there, wanted)
    assert all(net.values())
    assert {place: there.get(place, 0) + net.get(place, 0) for place in {*there, *wanted}} == {
        place: wanted.get(place, 0) for place in {*there, *wanted}
    }
