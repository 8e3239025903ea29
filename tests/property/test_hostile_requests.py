"""Goal: whatever knocks at the webhook's door, it is answered; who is at fault is told so (400);
and nothing is kept but what Stripe signed, as Stripe signed it.

Method: the real handler, wired by the real composition root, under 100,000 generated requests, with
an AWS in memory that is never at fault and as strict as the real one. A failing test names the
request; `HOSTILE_REQUEST=<that name>` makes it alone.
"""

import json
import logging
import os
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from itertools import islice

import pytest

from functions.webhook import app
from tests import planted
from tests.support.aws_in_memory import AwsInMemory
from tests.support.doors import COMMON_ENVIRONMENT, Context
from tests.support.hostile_requests import NOW_UNIX, SECRETS, HostileRequest, is_proven, request
from tieout import bootstrap

SEED = 20261121
REQUESTS = 100_000
# So many at a time, each with a function of its own; the first of them are always tried.
PART = 2_000
REASON_LENGTH_MAX = 120


class Log:
    """What the function prints, searched as it comes."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def write(self, text: str) -> int:
        self.shown += [f"{kind} in: {text}" for kind in planted.shown(text)]
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass
class Door:
    """The function, warm, and everything around it."""

    aws: AwsInMemory
    log: Log
    answers: Counter[str] = field(default_factory=Counter)

    def knock(self, made: HostileRequest) -> None:
        """Hand the request over and judge what comes of it."""
        stored, queued = len(self.aws.items), len(self.aws.messages)
        answer = app.lambda_handler(made.invocation, Context())
        status, reason = answer["statusCode"], json.loads(answer["body"])["message"]
        self.answers[f"{status} {reason}"] += 1
        assert status in {200, 400}
        assert len(reason) <= REASON_LENGTH_MAX
        assert not made.is_genuine or status == 200
        new = list(islice(reversed(self.aws.items.values()), len(self.aws.items) - stored))
        events = [item for item in new if "raw_sha256" in item]
        accepted = (status, reason) == (200, "queued")
        assert len(events) == len(self.aws.messages) - queued == accepted
        assert len(new) == 2 * accepted
        assert not self.log.shown
        for event in events:
            assert is_proven(made.invocation, zlib.decompress(event["raw"]["B"]))


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    aws = AwsInMemory(json.dumps({"api_key": "rk_test_1", "signing_secrets": SECRETS}))
    log = Log()
    environment = {
        **COMMON_ENVIRONMENT,
        "POWERTOOLS_SERVICE_NAME": "webhook",
        "INBOX_TABLE": "inbox",
        "EVENT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/queue.fifo",
        "STRIPE_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:stripe",
        "EVENT_RETENTION_DAYS": "90",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(time, "time", lambda: float(NOW_UNIX))
    monkeypatch.setattr(bootstrap, "_client", lambda _: aws)
    monkeypatch.setattr(app, "webhook", bootstrap.webhook())
    app.webhook()
    logger = logging.getLogger("tieout")
    # Pytest's own handler, further up, would keep every line.
    monkeypatch.setattr(logger, "propagate", False)
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", log, raising=False)
    with redirect_stdout(log):
        yield Door(aws, log)


def numbers(first: int) -> tuple[int, Iterator[int]]:
    seed, _, number = os.environ.get("HOSTILE_REQUEST", f"{SEED}:").partition(":")
    return int(seed), iter([int(number)] if number else range(first, first + PART))


REST = [pytest.param(first, marks=pytest.mark.simulation) for first in range(PART, REQUESTS, PART)]


@pytest.mark.parametrize("first", [0, *REST])
def test_whatever_knocks_is_answered_and_only_what_stripe_signed_is_kept(
    door: Door, first: int
) -> None:
    seed, chosen = numbers(first)
    for number in chosen:
        made = request(seed, number)
        try:
            door.knock(made)
        except Exception as failed:  # noqa: BLE001 - whatever it is, this request did it
            said = repr(made.invocation)[:2_000]
            pytest.fail(f"HOSTILE_REQUEST={made.name}: {failed!r}\n{said}")
    if door.answers.total() == PART:
        # It is not that they were all refused at the first look.
        assert door.answers["200 queued"] > PART // 10
        assert len(door.answers) > 15
