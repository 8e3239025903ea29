"""Goal: what could not be planned still says from which day on it could be dated.

Method: snapshots under a policy without the account that they want; the likeliest mistake is the
day of another time zone.
"""

import dataclasses
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.factories import NOON, a_customer, a_policy, a_refund, a_refund_of, an_invoice, planned
from tieout.planning.snapshots import Snapshot

POLICY = a_policy(clearing={}, zone=ZoneInfo("Pacific/Auckland"))


@pytest.mark.parametrize(
    ("snapshot", "day"),
    [
        (an_invoice(created_unix=NOON, total_minor=1), date(2026, 11, 3)),
        (an_invoice(created_unix=NOON - 3_600 * 3, total_minor=1), date(2026, 11, 2)),
        (a_refund_of(a_refund(created_unix=NOON)), date(2026, 11, 3)),
    ],
)
def test_it_is_the_day_on_which_the_object_was_created(snapshot: Snapshot, day: date) -> None:
    findings = planned(snapshot, POLICY).findings
    assert findings
    assert {each.day for each in findings} == {day}


def test_a_customer_has_no_day() -> None:
    nameless = a_customer(name="")
    policy = a_policy(customers=dataclasses.replace(POLICY.customers, name_fallback="park"))
    assert [each.day for each in planned(nameless, policy).findings] == [None]
