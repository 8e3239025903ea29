"""Goal: a residual is always named in full, with its age, and never twice.

Method: residues by hand; the rest is worked out here by other means (sums).
"""

import dataclasses
from datetime import date

from tieout.domain.tie_outs import Cause, Residue, TieOut, with_rest

DAY = date(2026, 11, 20)
PARKED = Residue("refund/re_1", Cause.PARKED, 500, "2026-11-18")
BY_HAND = Residue("entry 17", Cause.BY_HAND, 10_000, "2026-11-20")
TIED = TieOut("", "usd", "2026-11-20", 0, 100, 100, "1205", 100)


def test_residues_sum_to_the_residual_whatever_they_explain() -> None:
    found = with_rest(520, [PARKED], DAY, [])
    assert sum(each.amount_minor for each in found) == 520
    assert found[-1] == dataclasses.replace(found[-1], cause=Cause.UNKNOWN, amount_minor=20)


def test_what_is_explained_leaves_no_rest() -> None:
    assert with_rest(500, [PARKED], DAY, []) == (PARKED,)


def test_what_cancels_out_is_still_named() -> None:
    """Two errors that sum to nothing are two errors."""
    lacking = dataclasses.replace(PARKED, id="receipt/inpay_1", amount_minor=-500)
    assert set(with_rest(0, [PARKED, lacking], DAY, [])) == {PARKED, lacking}


def test_a_rest_keeps_the_day_on_which_it_began() -> None:
    before = [Residue("rest", Cause.UNKNOWN, 30, "2026-11-17")]
    (rest,) = with_rest(20, [], DAY, before)
    assert rest.since == "2026-11-17"


def test_an_opening_balance_entered_by_hand_is_no_residue() -> None:
    assert with_rest(0, [BY_HAND], DAY, []) == ()


def test_an_entry_by_hand_explains_what_is_there() -> None:
    assert with_rest(10_000, [BY_HAND], DAY, []) == (BY_HAND,)


def test_only_what_nobody_decided_calls_somebody() -> None:
    residues = (PARKED, BY_HAND, Residue("rest", Cause.UNKNOWN, -10_500, "2026-11-20"))
    tied = dataclasses.replace(TIED, residues=residues)
    assert tied.unexplained_minor == 20_500
    assert dataclasses.replace(TIED, residues=(PARKED,)).unexplained_minor == 0


def test_causes_are_summed() -> None:
    residues = (PARKED, dataclasses.replace(PARKED, id="refund/re_2", amount_minor=-100), BY_HAND)
    tied = dataclasses.replace(TIED, residues=residues)
    assert dict(tied.by_cause()) == {Cause.PARKED: 400, Cause.BY_HAND: 10_000}
