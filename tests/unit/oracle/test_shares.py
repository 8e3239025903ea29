"""Goal: the oracle divides as the posting rules say, by code of its own.

Method: an invoice over 60.00 of plan and 40.00 of onboarding, and shares worked out by hand.
"""

import random

import pytest

from tests.oracle.shares import BY_CREDIT, Paid, Sold, divided, kept

PI = "pi_1"


def an_invoice(*amounts: int) -> Sold:
    nothing = [0] * len(amounts)
    names = [str(place) for place in range(len(amounts))]
    return Sold({}, names, names, amounts, nothing, nothing, open_minor=sum(amounts))


def the_share(of: Sold, by: str = PI) -> tuple[Paid, list[int]]:
    (found,) = of.shares(by)
    return found


@pytest.fixture
def of() -> Sold:
    return an_invoice(6_000, 4_000)


def test_a_part_payment_is_of_every_line(of: Sold) -> None:
    of.settle(5_000, PI)

    assert the_share(of)[1] == [3_000, 2_000]


def test_a_note_on_one_line_moves_the_payment_to_the_other(of: Sold) -> None:
    of.settle(5_000, PI)
    of.credit([0, 4_000], [0, 4_000])

    assert the_share(of)[1] == [5_000, 0]
    assert of.open_minor == 1_000


def test_what_a_note_gave_on_no_line_was_paid_by_nobody() -> None:
    of = an_invoice(6_000, 4_000, 0)
    of.credit([0, 0, 2_000], [0, 0, 2_000])
    of.settle(3_000, PI)

    assert the_share(of)[1] == [1_800, 1_200, 0]
    assert of.void() == [4_200, 2_800, -2_000]


def test_a_void_gives_the_credit_back_that_was_used(of: Sold) -> None:
    of.settle(1_000, BY_CREDIT)
    of.settle(5_000, PI)

    assert the_share(of)[1] == [3_000, 2_000]
    assert of.void() == [3_000, 2_000]


def test_what_went_back_is_open_again(of: Sold) -> None:
    of.settle(5_000, PI)
    of.reopen(PI)

    assert (of.open_minor, of.shares(PI)) == (10_000, [])


def test_a_void_note_is_as_if_it_had_never_been(of: Sold) -> None:
    of.settle(5_000, PI)
    of.credit([0, 4_000], [0, 4_000])
    of.credit([0, 4_000], [0, 4_000], -1)

    assert (of.open_minor, the_share(of)[1]) == (5_000, [3_000, 2_000])


def test_of_an_overdrawn_item_nothing_can_be_taken_and_a_credit_goes_along() -> None:
    assert kept([3_500, -1_000, 0, -500], [5_000, 0, 700, -900]) == [3_500, 0, 0, -500]


@pytest.mark.parametrize("seed", range(20))
def test_shares_sum_exactly_and_none_is_below_zero(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a simulation
    of = an_invoice(*(dice.randrange(1, 9_999) for _ in range(dice.randrange(1, 6))))
    for number in range(4):
        line, early = dice.randrange(len(of.amounts)), [0] * len(of.amounts)
        early[line] = dice.randrange(1 + min(of.amounts[line] - of.noted[line], of.open_minor))
        of.credit(early, early)
        of.settle(dice.randrange(1 + of.open_minor), f"pi_{number}")

        shares = [the_share(of, f"pi_{each}") for each in range(number + 1)]

        assert all(sum(share) == paid.amount_minor for paid, share in shares)
        assert min(min(share) for _, share in shares) >= 0
    assert sum(of.void()) + sum(paid.amount_minor for paid, _ in shares) + sum(of.noted) == sum(
        of.amounts
    )


def test_equal_remainders_are_rounded_up_from_the_first() -> None:
    assert divided(2, [1, 1, 1]) == [1, 1, 0]
