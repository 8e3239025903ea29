"""Goal: what a million events cost is what was counted, times the price; growth counts all events.

Method: prices of which one at a time is not nothing, and the smallest backlog.
"""

import tomllib

import pytest

from tests.benchmarks import cost, growth, tables
from tests.benchmarks.cost import Used

USED = Used(events=10, seconds=5.0, posting_writes=30, transactions=5)
AWS = (
    "api_gateway_request",
    "lambda_request",
    "lambda_gigabyte_second",
    "sqs_fifo_request",
    "dynamodb_write_unit",
    "dynamodb_read_unit",
    "log_gigabyte",
)
ASSUMED = {
    "webhook_seconds": 0.0,
    "webhook_gigabytes": 0.25,
    "inbox_write_units": 1,
    "posting_write_units": 2,
    "read_units_per_event": 5,
    "log_bytes_per_event": 1_000,
    "stripe_read_seconds": 0.2,
}


@pytest.mark.parametrize(
    ("priced", "dollars", "part"),
    [
        ("api_gateway_request", 1.0, "webhook"),
        ("lambda_gigabyte_second", 0.5 * cost.processor_gigabytes(), "processor"),
        ("sqs_fifo_request", 1.2, "queue"),
        ("dynamodb_write_unit", 1 + 3 * 2, "tables"),
        ("dynamodb_read_unit", 5, "tables"),
        ("log_gigabyte", 1e-6, "logs"),
    ],
)
def test_an_event_costs_what_it_needs(priced: str, dollars: float, part: str) -> None:
    prices = {"aws": dict.fromkeys(AWS, 0.0) | {priced: 1.0}, "assumed": ASSUMED}
    parts = cost.per_event(USED, prices)
    assert parts[part] == pytest.approx(dollars)
    assert sum(parts.values()) == pytest.approx(dollars)


def test_everything_that_is_priced_stands_in_the_file() -> None:
    prices = tomllib.loads(cost.PRICES.read_text())
    assert set(prices["assumed"]) == set(ASSUMED)
    assert set(AWS) <= set(prices["aws"])
    assert all(part > 0 for part in cost.per_event(USED, prices).values())


def test_the_backlog_is_counted_to_the_end() -> None:
    used = cost.work_off(customers=10, stripe_read_seconds=0.1)
    # Five for an invoice, one more with a customer's first, one for each new customer and refund.
    assert used.events == 10 * (5 + 1) + 1 + 1
    assert used.transactions == 2 * 10 + 1 + 1
    assert used.posting_writes >= 2 * used.transactions  # before it is sent, and after
    assert growth.work_off(used.events).events == used.events


def test_what_is_written_down_is_timed_twice_for_each_document() -> None:
    (figure,) = tables.figures(customers=10)
    assert figure.value > 0
    assert " for 22 documents" in figure.detail
