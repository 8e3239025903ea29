"""Goal: a correction makes the books right with the fewest lines that can, and balances.

Method: any two balanced sets of lines, by account and dimensions, one booked and one wanted, in any
currency; the correction is added to the books. The mistakes most likely made: a sign turned round,
a place that only one side has, and two currencies in one entry.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tieout.domain import effects
from tieout.domain.documents import ArPayment, CashAccount, Dimensions, JournalEntry, JournalLine
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


POSTED_RECEIPT = Posting(
    "receipt/inpay_1", Subject(SubjectKind.INVOICE, "in_1"), State.POSTED, record_no="1"
)


def receipt(account: str, amount_minor: int) -> ArPayment:
    return ArPayment(
        key="receipt/inpay_1",
        stripe_id="inpay_1",
        customer_id="CUS-1",
        invoice_key="invoice/in_1",
        reference="inpay_1",
        payment_date=DAY,
        posting_date=DAY,
        currency="usd",
        amount_minor=amount_minor,
        method="EFT",
        cash_account=CashAccount(account),
        description="",
    )


def sums(entry: JournalEntry) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for line in entry.lines:
        location = line.dimensions.location
        place = line.account + (f" location={location}" if location else "")
        found[entry.currency, place] += line.amount_minor
    return found


def moved(made: tuple[Correction, ...]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for each in made:
        for place, amount_minor in each.lines.items():
            found[each.currency, place] += amount_minor
    return found


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
@given(entries(), entries(), st.integers(-70, 70))
def test_each_month_gets_what_it_lacks(one: JournalEntry, other: JournalEntry, days: int) -> None:
    later = dataclasses.replace(other, posting_date=DAY + timedelta(days=days))
    right: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    right["2026-11"].update(sums(one))
    for each in corrections(booked(one), later, {}):
        right[each.day[:7]].update(moved((each,)))
    wanted: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    wanted[str(later.posting_date)[:7]].update(sums(other))
    assert {month: without_zeros(right[month]) for month in {*right, *wanted}} == {
        month: without_zeros(wanted[month]) for month in {*right, *wanted}
    }


@EXAMPLES
@given(
    st.sampled_from(["1200", "1205"]),
    st.sampled_from(["1200", "1205"]),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
)
def test_a_payment_has_one_bank_line_and_what_the_customer_owes_less(
    there: str, account: str, booked_minor: int, wanted_minor: int
) -> None:
    one, other = receipt(there, booked_minor), receipt(account, wanted_minor)
    made = corrections(described(POSTED_RECEIPT, one), other, {})
    wanted = Counter(effects.by_place(effects.effects(other)))
    wanted.subtract(effects.by_place(effects.effects(one)))
    assert without_zeros(moved(made)) == {
        ("usd", place): amount_minor for place, amount_minor in wanted.items() if amount_minor
    }
    for each in made:
        assert sum(each.lines.values()) == 0
        if each.kind is Kind.PAYMENT:
            owed_minor = booked_minor - wanted_minor
            assert each.lines == {account: -owed_minor, RECEIVABLE: owed_minor}


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
