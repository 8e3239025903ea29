"""Goal: wherever a function dies, once, nothing is booked twice and nothing is lost.

Method: one business day (`tests.simulation.reference_day`) is played once to count the outside
calls of webhook, processor and poller: tables, queue, Stripe, Intacct, key service. Then once for
each of them: the function dies before it, which is after the one before; and once for each
invocation, which dies after its last call, when all is done and nobody was told. One that dies may
not have been seen by anybody: each day says that somebody did.
"""

from collections import Counter

import pytest

from tests.simulation.reference_day import played

POINTS_MIN = 400
FUNCTIONS = ("webhook", "processor", "poller")
# The points are dealt out to so many tests, which can run side by side.
PARTS = 8


def test_the_day_without_a_crash_has_everything() -> None:
    day = played()
    kinds = {key.partition("/")[0] for key in day.cloud.postings.items}
    assert kinds >= {
        "customer", "invoice", "receipt", "refund", "credit_note", "dispute", "payout", "activity"
    }  # fmt: skip
    assert day.asked >= {
        "GET", "Intacct", "GetItem", "PutItem", "UpdateItem", "BatchGetItem", "Query",
        "TransactWriteItems", "SendMessage", "ReceiveMessage", "DeleteMessageBatch",
        "ChangeMessageVisibility", "Encrypt", "Decrypt",
    }  # fmt: skip
    assert day.deaths == 0
    assert len(day.callers) == day.outside.calls > POINTS_MIN
    assert min(Counter(day.callers)[each] for each in FUNCTIONS) > POINTS_MIN / 10


def test_there_is_a_crash_at_each_call_and_no_further() -> None:
    calls = played().outside.calls
    assert played(crash_at=calls - 1).deaths == 1
    assert played(crash_at=calls).deaths == 0


@pytest.mark.simulation
@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_at_any_outside_call_is_survived(part: int) -> None:
    for point in range(part, played().outside.calls, PARTS):
        assert played(crash_at=point).deaths == 1


@pytest.mark.simulation
def test_a_crash_after_the_last_call_of_any_invocation_is_survived() -> None:
    for invocation in range(played().invocations):
        assert played(die_after=invocation).deaths == 1
