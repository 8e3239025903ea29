"""Goal: the double credits deferred revenue and can say what is earned of it by any day.

Method: invoices with the four fields of revenue recognition through the double's gateway, and the
schedules that they make.
"""

from datetime import date
from decimal import Decimal

import pytest

from tests.sandbox.intacct.books.ledger import balances
from tests.sandbox.intacct.books.recognition import earned, schedules
from tests.unit.sandbox.intacct.support import Client, day, invoice, line, make_client

DAILY = "Straight line daily"


def service(start: date, end: date, template: str = DAILY, account: str = "2400") -> str:
    return (
        f"<revrectemplate>{template}</revrectemplate><defrevaccount>{account}</defrevaccount>"
        f"<revrecstartdate>{parts(start)}</revrecstartdate>"
        f"<revrecenddate>{parts(end)}</revrecenddate>"
    )


def parts(on: date) -> str:
    return day("d", on.isoformat()).removeprefix("<d>").removesuffix("</d>")


QUARTER = service(date(2026, 11, 17), date(2027, 2, 14))  # 90 days


@pytest.fixture
def client() -> Client:
    return make_client()


def test_revenue_waits_on_the_account_of_the_line(client: Client) -> None:
    client.do(invoice("A", line("90.00", more=QUARTER), line("5.00")))
    assert balances(client.company)["2400"] == Decimal("-90.00")
    assert balances(client.company)["4000"] == Decimal("-5.00")


def test_each_month_earns_its_days_and_all_of_them_the_whole(client: Client) -> None:
    client.do(invoice("A", line("100.00", more=QUARTER)))
    found = [(each.on, each.amount) for each in schedules(client.company)]
    assert found == [
        (date(2026, 11, 30), Decimal("15.56")),
        (date(2026, 12, 31), Decimal("34.44")),
        (date(2027, 1, 31), Decimal("34.44")),
        (date(2027, 2, 14), Decimal("15.56")),
    ]
    assert sum(amount for _, amount in found) == Decimal("100.00")


def test_what_is_earned_grows_by_the_day(client: Client) -> None:
    client.do(invoice("A", line("90.00", more=QUARTER)))
    for on, amount in (
        ("2026-11-16", 0),
        ("2026-11-17", 1),
        ("2026-12-16", 30),
        ("2028-01-01", 90),
    ):
        assert earned(client.company, date.fromisoformat(on)) == {("4000", "USD"): amount}


def test_a_credit_for_the_rest_ends_the_earning(client: Client) -> None:
    client.do(invoice("A", line("90.00", more=QUARTER)))
    rest = service(date(2026, 12, 17), date(2027, 2, 14))  # 60 days
    client.do(invoice("B", line("-60.00", more=rest), line("61.00")))
    for on in (date(2026, 12, 16), date(2027, 1, 20), date(2027, 2, 14)):
        assert earned(client.company, on) == {("4000", "USD"): Decimal("30.00")}


@pytest.mark.parametrize(
    "more",
    [
        service(date(2026, 11, 17), date(2027, 2, 14), template="Nobody's"),
        service(date(2026, 11, 17), date(2027, 2, 14), account="2999"),
        service(date(2026, 11, 17), date(2026, 11, 16)),
        f"<revrectemplate>{DAILY}</revrectemplate><defrevaccount>2400</defrevaccount>",
    ],
    ids=["unknown template", "unknown account", "ends before it begins", "no period"],
)
def test_what_cannot_be_scheduled_is_refused(client: Client, more: str) -> None:
    client.refused(invoice("A", line("90.00", more=more)))
    assert balances(client.company) == {}
