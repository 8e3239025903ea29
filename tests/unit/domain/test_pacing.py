"""Goal: the pace follows what Intacct bears, in either direction, and slots are never lost.

Method: the moments at which mistakes are likely, one by one. That the bounds hold in every order of
things is in tests/property/test_pacing.py.
"""

from tieout.domain.pacing import (
    GOOD_RUN,
    PAUSE_SECONDS_MAX,
    PROBE_SECONDS,
    SLOW_RUN,
    Answered,
    Heard,
    Pace,
    TooMany,
    allowed,
    given_back,
    taken,
)

NOW_UNIX = 1_795_000_000
MAXIMUM = 6
GOOD = Answered(is_good=True, milliseconds=6_240, documents=50)


def after(pace: Pace, *heard: Heard, now_unix: int = NOW_UNIX) -> Pace:
    """Return the pace after requests one after the other, each begun as soon as it may be."""
    for each in heard:
        now_unix = max(now_unix, pace.not_before_unix)
        pace = taken(pace, "a", MAXIMUM, now_unix, now_unix + 75)
        assert "a" in pace.slots
        pace = given_back(pace, "a", each, MAXIMUM, now_unix)
    return pace


def under_way(*workers: str, pace: Pace | None = None, now_unix: int = NOW_UNIX) -> Pace:
    pace = pace or Pace()
    for worker in workers:
        pace = taken(pace, worker, MAXIMUM, now_unix, now_unix + 75)
    return pace


def test_in_the_beginning_as_many_are_allowed_as_are_configured() -> None:
    assert set(under_way(*"abcdefgh").slots) == set("abcdef")


def test_half_as_many_are_allowed_after_a_429_and_never_less_than_one() -> None:
    permits, pace = [], Pace()
    for _ in range(4):
        pace = after(pace, TooMany(), now_unix=NOW_UNIX)
        permits.append(allowed(pace, MAXIMUM))
    assert permits == [3, 2, 1, 1]


def test_a_burst_of_429s_halves_once() -> None:
    pace = under_way(*"abcdef")
    for worker in "abcdef":
        pace = given_back(pace, worker, TooMany(), MAXIMUM, NOW_UNIX + 1)
    assert allowed(pace, MAXIMUM) == 3


def test_a_429_of_a_round_that_is_over_still_says_how_long_to_wait() -> None:
    pace = given_back(under_way("a", "b"), "a", TooMany(), MAXIMUM, NOW_UNIX)
    pace = given_back(pace, "b", TooMany(120), MAXIMUM, NOW_UNIX)
    assert (allowed(pace, MAXIMUM), pace.not_before_unix) == (3, NOW_UNIX + 120)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    pace = given_back(under_way("a", "b"), "a", TooMany(120), MAXIMUM, NOW_UNIX)
    pace = given_back(pace, "b", TooMany(5), MAXIMUM, NOW_UNIX)
    assert pace.not_before_unix == NOW_UNIX + 120


def test_nobody_sends_before_the_moment_that_intacct_named() -> None:
    pace = after(Pace(), TooMany(40))
    assert "b" not in under_way("b", pace=pace, now_unix=NOW_UNIX + 39).slots
    assert "b" in under_way("b", pace=pace, now_unix=NOW_UNIX + 40).slots


def test_the_pause_grows_while_intacct_refuses_and_has_a_bound() -> None:
    pauses, pace, now_unix = [], Pace(), NOW_UNIX
    for _ in range(8):
        pace = after(pace, TooMany(), now_unix=now_unix)
        pauses.append(pace.not_before_unix - now_unix)
        now_unix = pace.not_before_unix
    assert pauses == [1, 2, 4, 8, 16, 32, PAUSE_SECONDS_MAX, PAUSE_SECONDS_MAX]
    again = after(pace, GOOD, TooMany(), now_unix=now_unix)
    assert again.not_before_unix - now_unix == 1


def test_a_run_of_good_answers_permits_one_more() -> None:
    halved = after(Pace(), TooMany())
    nearly = after(halved, *[GOOD] * (GOOD_RUN - 1))
    assert allowed(nearly, MAXIMUM) == 3
    one_more = after(nearly, GOOD)
    assert allowed(one_more, MAXIMUM) == 4
    assert allowed(after(one_more, *[GOOD] * (GOOD_RUN - 1)), MAXIMUM) == 4


def test_a_run_that_a_429_interrupts_begins_anew() -> None:
    nearly = after(Pace(), TooMany(), *[GOOD] * (GOOD_RUN - 1))
    later_unix = NOW_UNIX + PROBE_SECONDS + 9
    interrupted = after(nearly, TooMany(), now_unix=later_unix)
    again_unix = later_unix + PROBE_SECONDS
    assert allowed(after(interrupted, GOOD, now_unix=again_unix), MAXIMUM) == 2


def test_the_number_that_was_too_many_is_tried_again_after_a_while_only() -> None:
    pace = after(Pace(), TooMany(), *[GOOD] * 20 * GOOD_RUN)
    assert allowed(pace, MAXIMUM) == 5
    later_unix = NOW_UNIX + PROBE_SECONDS
    assert allowed(after(pace, GOOD, now_unix=later_unix), MAXIMUM) == 6


def test_a_number_that_is_borne_after_all_is_forgotten() -> None:
    pace = after(Pace(), TooMany(), TooMany(), now_unix=NOW_UNIX)
    assert pace.too_many == 3
    later_unix = NOW_UNIX + PROBE_SECONDS + 2
    pace = after(pace, *[GOOD] * 4 * GOOD_RUN, now_unix=later_unix)
    assert (allowed(pace, MAXIMUM), pace.too_many) == (6, None)


def test_answers_that_are_slow_again_and_again_permit_one_less() -> None:
    slow = Answered(is_good=True, milliseconds=40_000, documents=50)
    pace = after(Pace(), GOOD, *[slow] * (SLOW_RUN - 1))
    assert allowed(pace, MAXIMUM) == 6
    one_less = after(pace, slow)
    assert allowed(one_less, MAXIMUM) == 5
    assert allowed(after(one_less, *[slow] * (SLOW_RUN - 1)), MAXIMUM) == 5
    assert allowed(after(pace, GOOD, slow), MAXIMUM) == 6


def test_a_request_is_not_slow_for_carrying_much_or_little() -> None:
    one = Answered(is_good=True, milliseconds=370, documents=1)
    assert allowed(after(Pace(), GOOD, *[one] * 10, GOOD), MAXIMUM) == 6


def test_what_takes_no_time_worth_mentioning_is_never_slow() -> None:
    quick = Answered(is_good=True, milliseconds=3, documents=1)
    hiccup = Answered(is_good=True, milliseconds=600, documents=1)
    assert allowed(after(Pace(), quick, *[hiccup] * 20), MAXIMUM) == 6


def test_a_company_that_gets_slower_for_good_is_not_slow_for_ever() -> None:
    quick = Answered(is_good=True, milliseconds=6_240 // 2, documents=50)
    slower = Answered(is_good=True, milliseconds=6_240 * 3, documents=50)
    pace = after(Pace(), quick, *[slower] * 30)
    assert allowed(pace, MAXIMUM) < 6
    assert allowed(after(pace, *[slower] * 200), MAXIMUM) == 6


def test_no_answer_in_time_is_slow_but_nothing_that_fails_at_once_is_fast() -> None:
    cut = Answered(is_good=False, milliseconds=1, documents=50)
    timed_out = Answered(is_good=False, milliseconds=60_000, documents=1)
    pace = after(Pace(), GOOD, cut)
    assert pace.floor_ms is not None
    assert pace.floor_ms >= GOOD.milliseconds // 52
    assert allowed(after(pace, *[timed_out] * SLOW_RUN), MAXIMUM) == 5


def test_reads_and_sign_ins_say_nothing_about_how_long_documents_take() -> None:
    read = Answered(is_good=True, milliseconds=20_000)
    assert allowed(after(Pace(), GOOD, *[read] * 10), MAXIMUM) == 6


def test_a_slot_that_ran_out_is_free() -> None:
    pace = after(Pace(), TooMany(), TooMany(), TooMany(), now_unix=NOW_UNIX)
    now_unix = pace.not_before_unix
    killed = under_way("killed", pace=pace, now_unix=now_unix)
    assert "b" not in under_way("b", pace=killed, now_unix=now_unix + 74).slots
    assert set(under_way("b", pace=killed, now_unix=now_unix + 75).slots) == {"b"}


def test_a_worker_whose_taking_got_no_answer_does_not_stand_in_its_own_way() -> None:
    pace = after(Pace(), TooMany(), TooMany(), TooMany(), now_unix=NOW_UNIX)
    now_unix = pace.not_before_unix
    pace = under_way("a", "a", pace=pace, now_unix=now_unix)
    assert set(pace.slots) == {"a"}


def test_a_lower_maximum_counts_at_once_and_a_higher_one_step_by_step() -> None:
    pace = after(Pace(), TooMany(), TooMany(), TooMany(), now_unix=NOW_UNIX)
    later_unix = NOW_UNIX + PROBE_SECONDS + 8
    pace = after(pace, *[GOOD] * 10 * GOOD_RUN, now_unix=later_unix)
    assert (allowed(pace, 2), allowed(pace, 6), allowed(pace, 10)) == (2, 6, 6)
    pace = under_way("a", pace=pace, now_unix=later_unix)
    pace = given_back(pace, "a", TooMany(), 2, later_unix)
    assert allowed(pace, 6) == 1
