"""Goal: a month is only called closed when nothing of it is missing, and what is missing is named.

Method: a month in which all is well, then one thing after the other taken from it.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import a_policy
from tests.fakes.clock import FakeClock
from tests.fakes.cursors import FakeCursors
from tests.fakes.postings import FakePostings
from tests.fakes.tie_outs import FakeTieOuts
from tieout.domain.dates import day_bounds
from tieout.domain.keys import unread_key
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import WAY_OUT, Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import Cause, OpenItem, Residue, TieOut
from tieout.services.close_check import (
    POLLER_PASSES,
    TIE_OUT_AGE_SECONDS_MAX,
    CloseCheck,
    Kind,
    Obstacle,
    last_day_of,
)
from tieout.services.ports import Progress
from tieout.services.walk import days

POLICY = a_policy()
MONTH, LAST = date(2026, 10, 1), date(2026, 10, 31)
END_UNIX = day_bounds(LAST, POLICY.zone)[1]
TIED_OUT = TieOut("", "usd", "2026-10-31", 0, 100, 100, "1200", 100, made_at_unix=END_UNIX + 43_200)
INVOICE = Subject(SubjectKind.INVOICE, "in_1")


class Month:
    """October 2026, in which all is well."""

    def __init__(self) -> None:
        self.clock = FakeClock(END_UNIX + 86_400)
        self.cursors = FakeCursors()
        for name in POLLER_PASSES:
            self.cursors.put(name, Progress(complete_unix=END_UNIX + 1))
        self.tie_outs = FakeTieOuts()
        self.tie_outs.save(LAST, [TIED_OUT])
        self.postings = FakePostings(*(day_of(each) for each in days(MONTH, LAST)))

    def has(self, posting: Posting) -> None:
        self.postings.by_key[posting.key] = posting

    def obstacles(self, policy: object = POLICY) -> list[Obstacle]:
        check = CloseCheck(self.postings, self.cursors, self.tie_outs, self.clock)
        assert isinstance(policy, type(POLICY))
        return list(check.obstacles(MONTH, policy))


def day_of(day: date) -> Posting:
    subject = Subject(SubjectKind.ACTIVITY, day.isoformat())
    return Posting(
        f"{subject}/usd",
        subject,
        State.POSTED,
        1,
        posting_date=day.isoformat(),
        read_at_unix=day_bounds(day, POLICY.zone)[1] + 7_200,
    )


def posting(state: State, dated: str, **changes: object) -> Posting:
    made = Posting("invoice/in_1", INVOICE, state, 1, posting_date=dated)
    return dataclasses.replace(made, amount_minor=100, currency="usd", **changes)  # type: ignore[arg-type]


@pytest.fixture
def month() -> Month:
    return Month()


def test_a_month_in_which_all_is_well_can_be_closed(month: Month) -> None:
    assert month.obstacles() == []


@pytest.mark.parametrize("state", [State.PARKED, State.REJECTED, State.UNKNOWN])
def test_what_a_person_must_look_at_stands_in_the_way(month: Month, state: State) -> None:
    reason = None if state is State.UNKNOWN else Reason.UNKNOWN_ACCOUNT
    month.has(posting(state, "2026-10-31", reason=reason, reason_text="no 4999"))
    (found,) = month.obstacles()
    assert (found.kind, found.key) == (Kind.PARKED, "invoice/in_1")
    assert (found.amount_minor, found.currency) == (100, "usd")
    assert found.text.startswith(f"{state}, dated 2026-10-31; ")
    assert found.text.endswith("no 4999")
    assert (found.way_out == WAY_OUT[Reason.UNKNOWN_ACCOUNT]) is (reason is not None)


@pytest.mark.parametrize("state", [State.PLANNED, State.SENDING])
def test_what_is_under_way_stands_in_the_way(month: Month, state: State) -> None:
    month.has(posting(state, "2026-10-05"))
    assert [each.kind for each in month.obstacles()] == [Kind.UNDER_WAY]


def test_what_waits_for_its_period_stands_in_the_way_and_nothing_else_that_is_not_booked(
    month: Month,
) -> None:
    month.has(posting(State.NOT_BOOKED, "2026-10-05", reason=Reason.WAITS_FOR_PERIOD))
    month.has(Posting("charge/ch_1", INVOICE, State.NOT_BOOKED, 1, reason=Reason.NOT_YET_PLANNED))
    (found,) = month.obstacles()
    assert (found.kind, found.key, found.amount_minor) == (Kind.WAITING, "invoice/in_1", 100)
    assert found.way_out == WAY_OUT[Reason.WAITS_FOR_PERIOD]


def test_a_posted_document_that_differs_stands_in_the_way(month: Month) -> None:
    month.has(posting(State.POSTED, "2026-10-05", reason=Reason.DRIFT))
    assert [each.kind for each in month.obstacles()] == [Kind.PARKED]


@pytest.mark.parametrize(
    ("dated", "stands"), [("2026-09-30", True), ("", True), ("2026-11-01", False)]
)
def test_closing_closes_everything_through_the_last_day(
    month: Month, dated: str, *, stands: bool
) -> None:
    month.has(posting(State.PARKED, dated, reason=Reason.NOT_READ))
    assert bool(month.obstacles()) is stands


def test_what_cannot_be_dated_says_so(month: Month) -> None:
    month.has(posting(State.PARKED, "", reason=Reason.NOT_READ))
    assert month.obstacles()[0].text.startswith("parked, dated nobody knows when; not_read")


def test_a_parked_customer_alone_is_of_no_month(month: Month) -> None:
    customer = Posting("customer/cus_1", INVOICE, State.PARKED, 1, reason=Reason.NUMBER_TAKEN)
    month.has(customer)
    assert month.obstacles() == []


def test_a_day_that_was_never_read_stands_in_the_way(month: Month) -> None:
    del month.postings.by_key["activity/2026-10-25/usd"]
    (found,) = month.obstacles()
    assert (found.kind, found.key) == (Kind.DAY_NOT_BOOKED, "activity/2026-10-25")


def test_a_day_whose_failed_reading_was_set_aside_was_never_read(month: Month) -> None:
    booked = month.postings.by_key.pop("activity/2026-10-25/usd")
    key = unread_key(str(booked.subject))
    month.has(dataclasses.replace(booked, key=key, state=State.CLOSED, reason=Reason.NOT_READ))
    (found,) = month.obstacles()
    assert (found.kind, found.key) == (Kind.DAY_NOT_BOOKED, "activity/2026-10-25")


def test_a_day_that_was_read_too_early_stands_in_the_way(month: Month) -> None:
    early = dataclasses.replace(day_of(LAST), read_at_unix=END_UNIX)
    month.has(early)
    assert [each.key for each in month.obstacles()] == ["activity/2026-10-31"]


def test_days_before_the_books_begin_are_not_asked_for(month: Month) -> None:
    for each in days(MONTH, date(2026, 10, 14)):
        del month.postings.by_key[f"activity/{each}/usd"]
    (found,) = month.obstacles()
    assert found.key == "activity/2026-10-01 to 2026-10-14"
    assert month.obstacles(a_policy(books_from=date(2026, 10, 15))) == []


def test_consecutive_days_are_one_obstacle_with_the_command_that_mends_them(month: Month) -> None:
    for number in (3, 4, 5, 20):
        del month.postings.by_key[f"activity/2026-10-{number:02}/usd"]
    assert [(each.key, each.way_out) for each in month.obstacles()] == [
        (
            "activity/2026-10-03 to 2026-10-05",
            "`tieout backfill --from 2026-10-03 --until 2026-10-05 --again`.",
        ),
        ("activity/2026-10-20", "`tieout retry activity/2026-10-20`."),
    ]


@pytest.mark.parametrize(
    ("complete_unix", "told"),
    [
        (None, "no comparison is complete yet"),
        (END_UNIX, "the last complete one began on 2026-10-31"),
    ],
)
def test_when_stripe_was_compared_last_is_said(
    month: Month, complete_unix: int | None, told: str
) -> None:
    month.cursors.put(POLLER_PASSES[0], Progress(complete_unix=complete_unix))
    (found,) = month.obstacles()
    assert found.text.endswith(f"Stripe was not compared after the month's end; {told}")
    assert found.way_out.startswith("Wait for the poller's next runs")


@pytest.mark.parametrize("name", POLLER_PASSES)
@pytest.mark.parametrize("complete_unix", [None, END_UNIX])
def test_a_comparison_that_began_before_the_end_is_none(
    month: Month, name: str, complete_unix: int | None
) -> None:
    month.cursors.put(name, Progress(complete_unix=complete_unix))
    assert [(each.kind, each.key) for each in month.obstacles()] == [(Kind.NOT_COMPARED, name)]


def test_a_month_that_was_not_tied_out_cannot_be_closed(month: Month) -> None:
    month.tie_outs = FakeTieOuts()
    (found,) = month.obstacles()
    assert (found.kind, found.text) == (Kind.NOT_TIED_OUT, "tie-out: not run")
    assert found.way_out.startswith("`tieout tie-out 2026-10-31 --now`")


def test_a_tie_out_of_long_ago_proves_nothing(month: Month) -> None:
    """Somebody may have booked into the month since."""
    month.clock.unix = TIED_OUT.made_at_unix + TIE_OUT_AGE_SECONDS_MAX + 1
    (found,) = month.obstacles()
    assert (found.kind, found.way_out) == (
        Kind.OLD_TIE_OUT,
        "`tieout tie-out 2026-10-31 --now` makes it again.",
    )


def test_a_residual_stands_in_the_way_even_if_it_is_explained(month: Month) -> None:
    parked = Residue("payout/po_1", Cause.PARKED, -40, "2026-10-30")
    made = dataclasses.replace(TIED_OUT, books_minor=60, residues=(parked,))
    month.tie_outs.save(LAST, [made])
    (found,) = month.obstacles()
    assert (found.kind, found.key, found.amount_minor) == (Kind.RESIDUAL, "usd", -40)
    assert found.text.endswith("is not Stripe's balance: parked")


def test_an_invoice_on_which_the_two_disagree_stands_in_the_way(month: Month) -> None:
    item = OpenItem("in_1", "usd", 1_000, 900, subject="acct_9/invoice/in_1")
    month.tie_outs.save(LAST, [dataclasses.replace(TIED_OUT, open_items=(item,))])
    (found,) = month.obstacles()
    assert (found.kind, found.key) == (Kind.OPEN_ITEM, "acct_9/invoice/in_1")
    assert found.amount_minor == -100
    assert "`tieout retry KEY`" in found.way_out


def test_an_invoice_that_nobody_can_name_is_to_be_looked_for_by_its_number(month: Month) -> None:
    item = OpenItem("in_1MtHbE-2NK33C6ENR", "usd", 0, 900, "ACME-1 in Intacct")
    month.tie_outs.save(LAST, [dataclasses.replace(TIED_OUT, open_items=(item,))])
    (found,) = month.obstacles()
    assert found.key == item.invoice
    assert "ACME-1 in Intacct" in found.text
    assert "KEY" not in found.way_out
    assert "number in Intacct" in found.way_out


def test_a_control_account_that_is_not_what_customers_owe_stands_in_the_way(month: Month) -> None:
    made = dataclasses.replace(
        TIED_OUT, control_account="1100", control_minor=75, subledger_minor=100
    )
    month.tie_outs.save(LAST, [made])
    (found,) = month.obstacles()
    assert (found.kind, found.key, found.amount_minor) == (Kind.CONTROL, "account 1100", -25)
    assert "tieout tie-out 2026-10-31 --now" in found.way_out


def test_an_invoice_that_a_person_let_stand_holds_up_no_month(month: Month) -> None:
    item = OpenItem("in_1", "usd", 0, 900, "money went back", explained=True, accepted=True)
    month.tie_outs.save(LAST, [dataclasses.replace(TIED_OUT, open_items=(item,))])
    assert month.obstacles() == []


def test_a_month_that_lasts_cannot_be_closed(month: Month) -> None:
    month.clock.unix = END_UNIX
    assert month.obstacles()[0].kind is Kind.NOT_OVER


def test_days_that_are_not_over_are_one_obstacle_and_not_one_each(month: Month) -> None:
    month.clock.unix = day_bounds(date(2026, 10, 20), POLICY.zone)[1]
    for each in days(date(2026, 10, 19), LAST):
        del month.postings.by_key[f"activity/{each}/usd"]
    found = {each.key: each for each in month.obstacles()}
    assert found["2026-10"].text == "the month is not over: it lasts until 2026-10-31"
    not_booked = [key for key, each in found.items() if each.kind is Kind.DAY_NOT_BOOKED]
    assert not_booked == ["activity/2026-10-19"]


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 2, 1), date(2026, 2, 28)),
        (date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_the_last_day_of_a_month(day: date, last: date) -> None:
    assert last_day_of(day) == last


def test_every_stripe_account_must_be_complete(month: Month) -> None:
    policy = a_policy(accounts={"acct_2": a_policy(books_from=date(2026, 10, 30))})
    assert {(each.kind, each.key) for each in month.obstacles(policy)} == {
        (Kind.DAY_NOT_BOOKED, "acct_2/activity/2026-10-30 to 2026-10-31"),
        *((Kind.NOT_COMPARED, f"{name}#acct_2") for name in POLLER_PASSES),
    }
