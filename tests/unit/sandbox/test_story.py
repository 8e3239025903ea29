"""Goal: the summary of `make run` says in words what its figures mean, and one is no plural."""

from tests.sandbox.intacct.counters import Counters
from tests.sandbox.story import cost_text, counted


def test_one_is_told_in_the_singular() -> None:
    assert [counted(number, "look-up") for number in (0, 1, 2)] == [
        "0 look-ups", "1 look-up", "2 look-ups",
    ]  # fmt: skip


def test_the_bill_says_whom_the_look_up_was_for() -> None:
    text = cost_text(
        Counters(
            requests=26, failed_functions=1, paid_transactions=45, records_written=44, lookups=1
        )
    )
    bill, *others, refused, known, how = text.splitlines()
    assert bill == (
        "Intacct's bill: 45 transactions in 26 requests: 44 records written, 1 look-up."
    )
    assert refused == "Refused by Intacct: 1. Sent again and recognised by Intacct: 0."
    assert "publishing a policy" in others[0]
    assert "C-100" in known
    assert "adopted" in how
