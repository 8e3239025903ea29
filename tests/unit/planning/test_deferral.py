"""Goal: revenue with a service period waits for it, and is taken back from where it is by then.

Method: invoices through `plan` under a policy that defers subscriptions; schedules are earned by
hand, day by day, so that what plans and credits earn together can be looked at.
"""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    a_line,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
    planned,
    the,
)
from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArLine,
    Deferral,
    Dimensions,
    JournalEntry,
    digest,
)
from tieout.domain.policy import DeferredRevenue, Policy, RevenueCategory
from tieout.planning.deferral import taken_back, taken_back_lines
from tieout.planning.snapshots import InvoiceLine

DEFERRED = DeferredRevenue("2400", "Straight line daily")


ENDED_BY_HAND = dataclasses.replace(DEFERRED, refunds_from="deferred")


def deferring(deferred: DeferredRevenue = DEFERRED, **changes: object) -> Policy:
    policy = a_policy(**changes)
    category = RevenueCategory("subscriptions", "4000", deferred=deferred)
    categories = {**policy.revenue.categories, "subscriptions": category}
    return dataclasses.replace(
        policy, revenue=dataclasses.replace(policy.revenue, categories=categories)
    )


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def service(start: str, end: str, amount_minor: int = 10_000, **changes: object) -> InvoiceLine:
    return a_line(amount_minor, period_start_unix=at(start), period_end_unix=at(end), **changes)


def lines(*of_invoice: InvoiceLine, policy: Policy | None = None) -> tuple[ArLine, ...]:
    total_minor = sum(each.amount_minor - each.discount_minor for each in of_invoice)
    invoice = a_paid_invoice(lines=of_invoice, total_minor=total_minor)
    return the(planned(invoice, policy or deferring()), "invoice/in_1", ArInvoice).lines


def days(line: ArLine) -> tuple[date, date]:
    assert line.deferral is not None
    return line.deferral.start, line.deferral.end


def earned_minor(booked: tuple[ArLine, ...], by: date) -> Fraction:
    """What the lines have earned at the end of a day, exactly."""
    total = Fraction(0)
    for line in booked:
        if line.deferral is None:
            total += line.amount_minor
            continue
        start, end = days(line)
        length = (end - start).days + 1
        passed = min(max((by - start).days + 1, 0), length)
        total += Fraction(line.amount_minor * passed, length)
    return total


# --- Which lines wait, and for how long --------------------------------------------------------


def test_a_line_with_a_service_period_waits_for_it() -> None:
    (line,) = lines(service("2026-11-02T12:00", "2026-12-02T12:00"))
    assert (line.account, line.posted_on) == ("4000", "2400")
    assert line.deferral == Deferral(
        "2400", "Straight line daily", date(2026, 11, 2), date(2026, 12, 1)
    )


@pytest.mark.parametrize(
    ("start", "end", "last"),
    [
        ("2026-11-01T00:00:00", "2026-12-01T00:00:00", date(2026, 11, 30)),
        ("2026-11-01T00:00:00", "2026-11-30T23:59:59", date(2026, 11, 30)),
        ("2026-11-01T00:00:01", "2026-12-01T00:00:01", date(2026, 11, 30)),
        ("2026-11-01T23:59:59", "2026-12-01T23:59:59", date(2026, 12, 1)),
    ],
    ids=["next midnight", "last second", "a second later", "a second before midnight"],
)
def test_the_end_of_a_period_is_its_last_day(start: str, end: str, last: date) -> None:
    (line,) = lines(service(start, end))
    assert days(line) == (date(2026, 11, 1), last)


def test_days_are_the_companys() -> None:
    (line,) = lines(
        service("2026-11-01T03:30", "2026-12-01T04:30"),
        policy=deferring(zone=ZoneInfo("America/New_York")),
    )
    assert days(line) == (date(2026, 10, 31), date(2026, 11, 29))


@pytest.mark.parametrize(
    "line",
    [
        a_line(),
        service("2026-11-02T12:00", "2026-11-02T12:00"),
        service("2026-11-02T12:00", "2026-11-02T18:00"),
        service("2026-11-02T12:00", "2026-12-02T12:00", price="price_setup"),
    ],
    ids=["no period", "one-off", "within a day", "a category that is not deferred"],
)
def test_everything_else_is_earned_at_once(line: InvoiceLine) -> None:
    (booked,) = lines(line)
    assert booked.deferral is None


def test_a_discount_waits_with_what_it_is_on() -> None:
    policy = deferring(discount_account="4090")
    plan = service("2026-11-02T12:00", "2026-12-02T12:00", discount_minor=1_000)
    setup = a_line(5_000, id="il_2", price="price_setup", discount_minor=500)
    found = [(line.posted_on, line.amount_minor) for line in lines(plan, setup, policy=policy)]
    assert found == [("2400", 9_000), ("4010", 5_000), ("4090", -500)]


# --- Changes in the middle of a period ----------------------------------------------------------

MONTH = service("2026-11-02T12:00", "2026-12-02T12:00", 3_000)


@pytest.mark.parametrize(
    "credits_and_new_plan",
    [
        [("2026-11-12T09:00", -2_000), ("2026-11-12T09:00", 4_000)],
        [("2026-11-12T09:00", -2_000), ("2026-11-12T09:00", 1_000)],
        [("2026-11-12T09:00", -2_000)],
        [("2026-11-02T13:00", -3_000)],
    ],
    ids=["upgrade", "downgrade", "cancellation", "within the first hour"],
)
def test_a_proration_credit_ends_the_earning_of_what_it_credits(
    credits_and_new_plan: list[tuple[str, int]],
) -> None:
    changed = [
        service(start, "2026-12-02T12:00", amount_minor, proration=True)
        for start, amount_minor in credits_and_new_plan
    ]
    one_off = a_line(5_000, price="price_setup")
    month, prorated = lines(MONTH), lines(*changed, one_off)[:-1]
    change = days(prorated[0])[0]
    for by in (change, date(2026, 11, 20), date(2026, 12, 1)):
        new_plan = earned_minor(prorated[1:], by)
        used = (change - date(2026, 11, 2)).days * 100
        assert earned_minor((*month, *prorated), by) == used + new_plan


# --- What is taken back -------------------------------------------------------------------------

LINE = ArLine(
    "4000",
    9_000,
    "",
    Dimensions(),
    deferral=Deferral("2400", "Daily", date(2026, 11, 1), date(2026, 11, 30)),
)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 10, 1), (("2400", 9_000),)),
        (date(2026, 11, 1), (("2400", 9_000),)),
        (date(2026, 11, 11), (("4000", 3_000), ("2400", 6_000))),
        (date(2026, 11, 30), (("4000", 8_700), ("2400", 300))),
        (date(2026, 12, 1), (("4000", 9_000),)),
        (date(2027, 12, 1), (("4000", 9_000),)),
    ],
)
def test_what_the_days_before_have_earned_is_taken_from_revenue(
    on: date, expected: tuple[tuple[str, int], ...]
) -> None:
    assert taken_back(LINE, 9_000, on) == expected


@given(
    st.integers(-(10**9), 10**9),
    st.integers(1, 800),
    st.integers(-10, 810),
)
def test_every_unit_is_taken_from_somewhere(amount: int, length: int, after: int) -> None:
    start = date(2026, 1, 1)
    deferral = Deferral("2400", "Daily", start, date.fromordinal(start.toordinal() + length))
    line = dataclasses.replace(LINE, deferral=deferral)
    on = date.fromordinal(max(start.toordinal() + after, 1))
    parts = taken_back(line, amount, on)
    assert sum(part for _, part in parts) == amount
    assert {account for account, _ in parts} <= {"4000", "2400"}


def test_a_line_that_does_not_wait_is_taken_back_whole() -> None:
    assert taken_back(dataclasses.replace(LINE, deferral=None), -50, date(2026, 11, 9)) == (
        ("4000", -50),
    )


@pytest.mark.parametrize("day", [1, 2, 11, 30])
def test_a_memo_leaves_nothing_to_be_earned_from_its_day_on(day: int) -> None:
    memo = dataclasses.replace(LINE, amount_minor=-9_000)
    taken = taken_back_lines(memo, date(2026, 11, day))
    assert sum(line.amount_minor for line in taken) == -9_000
    for by in (date(2026, 11, 30), date(2027, 1, 1)):
        assert earned_minor((LINE, *taken), by) == 0
    assert earned_minor((LINE, *taken), date(2026, 11, day)) == 0


@pytest.mark.parametrize(
    ("deferred", "start", "expected"),
    [
        (DEFERRED, "2026-11-02T12:00", [("4000", 1_500)]),
        (DEFERRED, "2026-10-05T12:00", [("4000", 1_500)]),
        (ENDED_BY_HAND, "2026-11-02T12:00", [("4000", 100), ("2400", 1_400)]),
        (ENDED_BY_HAND, "2026-10-05T12:00", [("4000", 1_500)]),
    ],
    ids=["revenue, early", "revenue, late", "deferred, early", "deferred, late"],
)
def test_a_refund_takes_back_revenue_or_as_policy_says_what_still_waits(
    deferred: DeferredRevenue, start: str, expected: list[tuple[str, int]]
) -> None:
    """The schedule goes on unless a person ends it, and by its end has made the rest revenue."""
    end = (datetime.fromisoformat(start) + timedelta(days=30)).isoformat()
    invoice = a_paid_invoice(lines=(service(start, end, 3_000),))
    refund = a_refund(1_500, status="failed", returned_at_unix=at("2026-11-20T12:00"))
    made = planned(a_refund_of(refund, invoice), deferring(deferred))
    taken = the(made, "refund/re_1", JournalEntry)
    assert [(line.account, line.amount_minor) for line in taken.lines] == [
        *expected,
        ("1200", -1_500),
    ]
    given_back = the(made, "refund/re_1/failed", JournalEntry)
    assert [(each.account, -each.amount_minor) for each in given_back.lines] == [
        (each.account, each.amount_minor) for each in taken.lines
    ]


def test_how_refunds_are_booked_changes_no_booked_invoice() -> None:
    invoice = a_paid_invoice(lines=(service("2026-11-02T12:00", "2026-12-02T12:00", 3_000),))
    digests = {
        digest(the(planned(invoice, deferring(each)), "invoice/in_1", ArInvoice))
        for each in (DEFERRED, ENDED_BY_HAND)
    }
    assert len(digests) == 1


def test_a_void_after_part_payment_ends_what_is_left_of_the_schedule() -> None:
    """A third was paid; by the day of the void ten of thirty days were earned."""
    invoice = an_invoice(
        lines=(service("2026-11-02T12:00", "2026-12-02T12:00", 9_000),),
        payments=(a_payment(3_000),),
        status="void",
        voided_at_unix=at("2026-11-12T12:00"),
    )
    made = planned(invoice, deferring())
    booked = the(made, "invoice/in_1", ArInvoice).lines
    memo = the(made, "invoice/in_1/void", ArAdjustment)
    assert [(line.posted_on, line.amount_minor) for line in memo.lines] == [
        ("4000", -2_000),
        ("2400", -4_000),
    ]
    assert earned_minor((*booked, *memo.lines), date(2026, 11, 11)) == 1_000
    assert earned_minor((*booked, *memo.lines), date(2026, 12, 31)) == 3_000
