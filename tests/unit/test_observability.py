"""Goal: log lines are JSON with the invocation's id and nothing secret; counters reach CloudWatch
even when the invocation fails.

Method: a telemetry writing to a string; the embedded metric format read back from stdout.
"""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tieout.observability import Telemetry, scrub
from tieout.settings import CommonSettings

COMMON = CommonSettings("dev", False, "webhook", "Tieout/dev", "INFO")


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """A fresh log: Powertools keeps the first stream that a logger was given."""
    ours = logging.getLogger("tieout")
    before = (ours.handlers[:], ours.level, dict(vars(ours)))
    ours.handlers.clear()
    vars(ours).pop("init", None)
    vars(ours).pop("powertools_handler", None)
    yield io.StringIO()
    vars(ours).clear()
    vars(ours).update(before[2])
    ours.handlers[:] = before[0]
    ours.setLevel(before[1])


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("key rk_live_51Habc used", "key rk_*** used"),
        ("sk_test_abcdef", "sk_***"),
        ("whsec_abc/def+ghi=", "whsec_***"),
        ("mail to jenny.rosen+1@example.co.uk, now", "mail to ***@***, now"),
        ("<sessionid>Xyz..</sessionid>", "<sessionid>***</sessionid>"),
        ("<password>hunter2</password>", "<password>***</password>"),
        ('{"user_password": "hunter2"}', '{"user_password": "***"}'),
        ("{'signing_secrets': ['abc']}", "{'signing_secrets': ['***']}"),
        ('a \\"session_id\\": \\"abc\\"', 'a \\"session_id\\": \\"***\\"'),
        ("task_reminder and risk_score stay", "task_reminder and risk_score stay"),
        ("subject invoice/in_1OabcRK at 10:00", "subject invoice/in_1OabcRK at 10:00"),
    ],
)
def test_scrub_takes_out_what_must_not_be_logged(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


def test_scrub_is_fast_on_a_long_line_without_anything_to_find() -> None:
    assert scrub("a" * 1_000_000) == "a" * 1_000_000


def test_a_line_is_json_and_names_the_invocation(written: io.StringIO) -> None:
    telemetry = Telemetry(COMMON, written)
    with telemetry.invocation(Context()):
        logging.getLogger("tieout.services.receive").warning(
            "refused %s", "bob@example.com", extra={"event_id": "evt_1", "key": "sk_live_abcd"}
        )
    line = json.loads(written.getvalue())
    assert line["message"] == "refused ***@***"
    assert line["service"] == "webhook"
    assert line["stage"] == "dev"
    assert line["function_request_id"] == "request-1"
    assert line["event_id"] == "evt_1"
    assert line["key"] == "sk_***"


def test_a_failure_is_logged_without_its_secrets_and_raised(written: io.StringIO) -> None:
    telemetry = Telemetry(COMMON, written)
    with pytest.raises(ValueError, match="whsec"), telemetry.invocation(Context()):
        raise ValueError("what is whsec_abcdefgh doing here")
    line = json.loads(written.getvalue())
    assert line["message"] == "invocation failed"
    assert "ValueError" in line["exception"]
    assert "whsec_abcdefgh" not in written.getvalue()


def test_counters_are_written_once_per_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(COMMON, io.StringIO())
    with telemetry.invocation(Context()):
        telemetry.count("EventStored")
        telemetry.count("EventStored", 2)
    with telemetry.invocation(Context()):
        pass
    (line,) = capsys.readouterr().out.splitlines()
    metric = json.loads(line)
    assert metric["EventStored"] == [3.0]
    assert metric["service"] == "webhook"
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Tieout/dev"
    assert directive["Dimensions"] == [["service"]]


def test_counters_are_written_when_the_invocation_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Telemetry(COMMON, io.StringIO())
    telemetry.count("SignatureFailed")
    with pytest.raises(KeyError), telemetry.invocation(Context()):
        raise KeyError("x")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["SignatureFailed"] for line in lines if "_aws" in line] == [[1.0]]
