"""Goal: a run is reported, and a fault of the deployment names itself.

Method: the real handler and use case over fakes.
"""

import json
import time

import pytest

from functions.poller import app
from tests.factories import a_policy
from tests.fakes import FakeClock, FakeMetrics, FakePolicies, FakeStripe, FakeTrail
from tests.fakes.paces import FakePaces
from tests.support.doors import INTACCT_SECONDS, Context, polling, sample
from tieout.domain.errors import ConfigurationFault
from tieout.domain.pacing import Pace, Slot
from tieout.domain.reasons import Reason
from tieout.domain.trail import MAIN, Head
from tieout.services.governor import Governor


def test_the_report_of_a_run_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "poller", lambda: polling(FakeStripe()))
    report = app.lambda_handler(sample("poller", "schedule"), Context())
    assert report["missed"] == 0
    assert report["reads"] == 4
    json.dumps(report)


def test_a_missing_permission_is_counted_and_raised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stripe = FakeStripe()
    stripe.fault = ConfigurationFault(Reason.STRIPE_PERMISSION, "the key lacks rak_event_read")
    monkeypatch.setattr(app, "poller", lambda: polling(stripe))
    with pytest.raises(ConfigurationFault, match="rak_event_read"):
        app.lambda_handler(sample("poller", "schedule"), Context())
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in written if "_aws" in line]
    assert metrics["ConfigurationFault"] == [1.0]
    assert "PollerRun" not in metrics


def test_no_request_to_intacct_waits_so_long_that_the_run_would_be_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock(int(time.time()))
    began_unix, others = clock.unix, {"another": Slot(0, clock.unix + 10**6)}
    governor = Governor(
        FakePaces(Pace(slots=others)),
        1,
        clock,
        FakeMetrics(),
        sleep=lambda _seconds: clock.advance(1),
    )
    monkeypatch.setattr(app, "poller", lambda: polling(FakeStripe(), governor=governor))
    app.lambda_handler(sample("poller", "schedule"), Context(1_000 * (INTACCT_SECONDS + 5)))
    assert governor.take(60, documents=0) is not None
    # The wall clock may have gone on while the handler ran.
    assert clock.unix - began_unix < 15


def test_a_tie_out_that_is_cut_off_leaves_the_trail_anchored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trail = FakeTrail()
    trail.heads[MAIN] = Head(MAIN)
    ports = polling(FakeStripe(), trail=trail, policies=FakePolicies(a_policy()))

    def cut_off() -> None:
        raise TimeoutError

    monkeypatch.setattr(ports.daily_tie_out, "run", cut_off)
    monkeypatch.setattr(app, "poller", lambda: ports)
    with pytest.raises(TimeoutError):
        app.lambda_handler(sample("poller", "schedule"), Context())
    assert trail.anchored
