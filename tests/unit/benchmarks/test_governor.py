"""Goal: the model of a crowded gateway is what it says, and shows what the governor is worth.

Method: a stage with parts whose times are known; a minute of six workers where two are borne.
"""

import pytest

from tests.benchmarks.governor import BEARABLE, WORKERS, Crowd
from tests.benchmarks.stage import Stage
from tests.benchmarks.virtual_time import FUNCTION_SECONDS


def test_parts_go_on_in_the_order_of_their_times() -> None:
    stage, heard = Stage(), list[tuple[str, float]]()

    def part(name: str, *pauses: float) -> None:
        for pause in pauses:
            stage.sleep(pause)
            heard.append((name, stage.now))

    stage.run([lambda: part("a", 2, 2), lambda: part("b", 1, 2)])
    assert heard == [("b", 1), ("a", 2), ("b", 3), ("a", 4)]


def test_what_fails_in_a_part_is_told() -> None:
    stage = Stage()

    def part() -> None:
        stage.sleep(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        stage.run([part, lambda: stage.sleep(5)])


def test_with_the_governor_hardly_anything_is_sent_in_vain() -> None:
    plain, governed = (
        Crowd(lambda _: BEARABLE, is_governed=each, seconds=60).play() for each in (False, True)
    )
    assert plain.refused > plain.requests / 2
    assert governed.refused < governed.requests / 3
    assert governed.planned < plain.planned / 3
    assert governed.per_second() > 0.7 * BEARABLE / FUNCTION_SECONDS
    assert len(governed.by_worker) == WORKERS
