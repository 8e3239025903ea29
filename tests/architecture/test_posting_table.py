"""Goal: docs/posting-rules.md shows what becomes of every type of balance transaction.

Method: the part between two markers is written by `write_table` and compared with the table in
the code. Run `make docs` after changing a row.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tieout.planning.balance_types import (
    ADJUSTMENTS,
    DISPUTE_FEE,
    TYPES,
    UNKNOWN,
    BookedBy,
    Direction,
    Row,
)

POSTING_RULES = Path(__file__).parents[2] / "docs" / "posting-rules.md"
BEGIN = "<!-- balance-transactions:begin"
END = "<!-- balance-transactions:end -->"
_PART = re.compile(rf"({BEGIN}[^\n]*\n)(.*?)({END})", re.DOTALL)
_CLEARING = "clearing"

# Document, and the side of the entry that is not clearing.
_DOCUMENTS = {
    BookedBy.SALE: ("receipt, or sale; fee and conversion: the day", "receivable, or revenue"),
    BookedBy.RETURNED_SALE: (
        "reversal of the receipt or sale; fee and conversion: the day",
        "receivable, or revenue",
    ),
    BookedBy.REFUND: ("the refund; fee and conversion: the day", "revenue, tax"),
    BookedBy.RETURNED_REFUND: ("return of the refund; fee and conversion: the day", "revenue, tax"),
    BookedBy.DISPUTE: ("the dispute, with its fee", "`disputes`"),
    BookedBy.PAYOUT: ("the payout, with its fee", "bank, or in transit"),
    BookedBy.RETURNED_PAYOUT: ("return of the payout", "bank, or in transit"),
    BookedBy.TOPUP: ("the top-up", "bank"),
    BookedBy.RETURNED_TOPUP: ("return of the top-up", "bank"),
    BookedBy.DAY: ("the day", ""),
    BookedBy.ITSELF: ("`movement/<id>`", ""),
}


def posting_table() -> str:
    adjustments = [
        *((f"`{name}`", row) for name, row in ADJUSTMENTS.items()),
        ("any, described as a dispute fee", DISPUTE_FEE),
        ("any other", TYPES["adjustment"]),
    ]
    types = [*((f"`{name}`", row) for name, row in TYPES.items()), ("any other", UNKNOWN)]
    return "\n".join(
        [
            *_table("type", types),
            "",
            "An `adjustment` is told by its reporting category and description:",
            "",
            *_table("reporting category", adjustments),
            "",
        ]
    )


def _table(of_what: str, rows: Iterable[tuple[str, Row]]) -> list[str]:
    head = [
        f"| {of_what} | what it is | booked by | debit | credit |",
        "|---|---|---|---|---|",
    ]
    return [*head, *(_row(name, row) for name, row in rows)]


def _row(name: str, row: Row) -> str:
    document, other = _DOCUMENTS[row.booked_by]
    other = other or (f"`{row.category.value}`" if row.category else "`movements.suspense`")
    sides = {
        Direction.IN: (_CLEARING, other),
        Direction.OUT: (other, _CLEARING),
        Direction.EITHER: (f"{other} if it went out", f"{other} if it came in"),
    }
    debit, credit = sides[row.direction]
    return f"| {name} | {row.why} | {document} | {debit} | {credit} |"


def write_table() -> None:
    text = POSTING_RULES.read_text(encoding="utf-8")
    POSTING_RULES.write_text(
        _PART.sub(lambda found: found[1] + posting_table() + found[3], text), encoding="utf-8"
    )


def test_the_posting_rules_show_every_balance_transaction_type() -> None:
    part = _PART.search(POSTING_RULES.read_text(encoding="utf-8"))
    assert part is not None
    assert part[2] == posting_table(), "run `make docs`"
    for name in TYPES:
        assert f"| `{name}` |" in part[2]


if __name__ == "__main__":
    write_table()
