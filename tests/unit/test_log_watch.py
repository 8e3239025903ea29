"""Goal: the watch that every test runs under hears what it is there for, and nothing else.

Method: lines and metrics that show each planted thing, and lines that only look like it.
"""

import logging

import pytest

from tests import planted
from tests.support.log_watch import LogWatch
from tests.unit.test_observability import Context
from tieout.observability import Telemetry
from tieout.settings import CommonSettings


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (f"cannot mail {planted.EMAIL}", ["an e-mail address"]),
        ("key sk_live_51Habc", ["a key or a signing secret"]),
        ("whsec_abcd", ["a key or a signing secret"]),
        ("planted-session-Zq.. was refused", ["a mark"]),
        ("<password>hunter2</password>", ["a session or a password"]),
        (f"paid with {planted.CARD_NUMBER}", ["a card number"]),
        ("paid with 4929123600587745", ["a card number"]),
        ("378282246310005 is an American card", ["a card number"]),
        ("paid with 4929123600587741", []),
        ("sequence 18893927145211392001, at 2026-11-21 13:14:02.123", []),
        ("***@***, sk_***, <sessionid>***</sessionid>, task_reminder", []),
        ("receipt/inpay_1PgafmB7WZ01zgkW, digest 0492912360058774", []),
    ],
)
def test_what_is_planted_is_seen(text: str, kinds: list[str]) -> None:
    assert planted.shown(text) == kinds


def test_a_line_is_judged_as_it_is_printed(log_watch: LogWatch) -> None:
    logging.getLogger("tieout.any").info("key %s, of bob@example.com", "sk_live_51Habc")
    assert log_watch.taken() == []
    logging.getLogger("tieout.any").info("said", extra={"cause": planted.CARD_NUMBER})
    logging.getLogger("a.library").warning("of %s", planted.EMAIL)
    ours, theirs = log_watch.taken()
    assert ours.startswith("a card number in: {")
    assert theirs == f"an e-mail address in: of {planted.EMAIL}"


def test_a_metric_is_judged(log_watch: LogWatch, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry = Telemetry(CommonSettings("dev", False, "webhook", "Tieout/dev", "INFO"))
    with telemetry.invocation(Context()):
        telemetry.count(planted.EMAIL)
    (found,) = log_watch.taken()
    assert "an e-mail address" in found
    assert planted.EMAIL in capsys.readouterr().out
