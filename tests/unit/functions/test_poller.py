"""Goal: a run is reported, and a fault of the deployment names itself.

Method: the real handler and use case over fakes.
"""

import json

import pytest

from functions.poller import app
from tests.fakes import FakeStripe
from tests.support.doors import Context, polling, sample
from tieout.domain.errors import ConfigurationFault
from tieout.domain.reasons import Reason


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
