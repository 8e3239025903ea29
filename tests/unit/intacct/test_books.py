"""Goal: what customers owe is the sum of what stands, not of what was drafted or taken back.

Method: rows of each object as Intacct might show them, under the conditions that are asked for. The
gateway double shows nothing left of a reversed payment; whether Intacct does is not documented.
"""

from collections.abc import Iterator

from tieout.intacct.books import IntacctBooks
from tieout.intacct.lookups import Row
from tieout.intacct.queries import Selection

SHOWN = {
    "ARINVOICE": [("Posted", "100.00"), ("Draft", "7.00")],
    "ARADJUSTMENT": [("Posted", "-20.00"), ("Draft", "-3.00")],
    "ARPYMT": [("C", "5.00"), ("D", "11.00"), ("V", "13.00")],
}


def rows(selection: Selection) -> Iterator[Row]:
    left_out = {
        value
        for each in selection.conditions
        if (each.field, each.operator) == ("STATE", "notequalto")
        for value in each.values
    }
    for state, amount in SHOWN[selection.object_name]:
        if state not in left_out:
            yield {"CURRENCY": "USD", "SUM.TRX_TOTALDUE": amount}


def test_customers_owe_nothing_for_drafts_and_have_nothing_from_reversed_payments() -> None:
    books = IntacctBooks(rows, lambda: "usd", lambda _: None)
    assert books.owed_by_customers() == {"usd": 10_000 - 2_000 - 500}
