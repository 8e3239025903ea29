"""Goal: a process asks Stripe no faster than its share, whatever its threads do, and heeds a 429.

Method: a clock that moves only when somebody sleeps; the real library over a scripted wire.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.unit.stripe.fake_http import API_KEY, FakeHttp, error
from tieout.domain.errors import Throttled
from tieout.stripe.allowance import PAUSE_SECONDS, PAUSE_SECONDS_MAX, Allowance
from tieout.stripe.api import StripeApi


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)


class Time:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def allowance(self, per_second: float) -> Allowance:
        return Allowance(per_second, lambda: self.now, self.sleep)


def test_requests_go_at_even_intervals() -> None:
    time = Time()
    allowance = time.allowance(20)
    for _ in range(101):
        allowance.wait()
    assert time.now == pytest.approx(5.0)


def test_who_asks_more_slowly_never_waits_and_saves_nothing_up() -> None:
    time = Time()
    allowance = time.allowance(20)
    for _ in range(10):
        time.now += 3
        allowance.wait()
    assert time.slept == []
    allowance.wait()
    assert time.slept == [pytest.approx(0.05)]


def test_threads_share_it() -> None:
    waits: list[float] = []
    allowance = Allowance(10, lambda: 0.0, waits.append)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(41):
            pool.submit(allowance.wait)
    assert max(waits) == pytest.approx(4.0)
    assert len(set(waits)) == len(waits) == 40


@pytest.mark.parametrize(
    ("asked", "paused"), [(None, PAUSE_SECONDS), (5, 5), (0, 0), (3_600, PAUSE_SECONDS_MAX)]
)
def test_after_a_429_nobody_asks_for_a_while(asked: int | None, paused: int) -> None:
    time = Time()
    allowance = time.allowance(1_000)
    allowance.pause(asked)
    allowance.wait()
    assert time.now == pytest.approx(paused, abs=0.01)


def test_each_request_waits_the_librarys_own_retries_included() -> None:
    time = Time()
    http = FakeHttp()
    broken = error(500)
    http.answer("thing", broken, broken, {"id": "x"})
    api = StripeApi(http, lambda: API_KEY, "https://x", allowance=time.allowance(10))
    api.get("/v1/thing", {})
    assert api.reads == 3
    assert time.now == pytest.approx(0.2)


def test_what_stripe_asked_of_one_request_the_next_one_heeds() -> None:
    time = Time()
    http = FakeHttp()
    throttled = error(429, {"Retry-After": "7"})
    http.answer("thing", throttled, {"id": "x"})
    api = StripeApi(http, lambda: API_KEY, "https://x", allowance=time.allowance(10))
    with pytest.raises(Throttled) as raised:
        api.get("/v1/thing", {})
    assert raised.value.retry_after_seconds == 7
    api.get("/v1/thing", {})
    assert time.now == pytest.approx(7.1)
