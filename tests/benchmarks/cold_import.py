"""How long a function's import takes, against importing the libraries that it uses and no more.

Each sample is a fresh process; the two kinds take turns. Processor time is measured, not the clock:
an import waits for nothing, and a busy machine would only add noise. What Python itself needs to
start is taken off both, for it would flatter the ratio.
"""

import os
import statistics
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from tests.benchmarks.figures import Figure, interleaved

ROOT = Path(__file__).parents[2]
SAMPLES = 15
RATIO_MAX = 1.4

_POWERTOOLS = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)
import boto3, stripe
"""
_AND_INTACCT = _POWERTOOLS + "import lxml.etree, requests, yaml\n"
LIBRARIES: Mapping[str, str] = {
    "webhook": _POWERTOOLS + "from aws_lambda_powertools.utilities.idempotency import "
    "DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function\n",
    "processor": _AND_INTACCT,
    "poller": _AND_INTACCT,
}


def figures() -> Iterable[Figure]:
    """Yield the ratio of every function."""
    bare_ms = statistics.median(_start_ms("pass") for _ in range(SAMPLES))
    for function, libraries in LIBRARIES.items():
        for code in ("import app", libraries):  # writes the bytecode, which Lambda keeps too
            _start_ms(code, function)
        pair = interleaved(
            partial(_import_ms, "import app", function, bare_ms),
            partial(_import_ms, libraries, "", bare_ms),
            SAMPLES,
        )
        yield pair.ratio(f"cold import of the {function}", RATIO_MAX, "ms of CPU")


def _import_ms(code: str, function: str, bare_ms: float) -> float:
    return _start_ms(code, function) - bare_ms


def _start_ms(code: str, function: str = "") -> float:
    """Return the milliseconds of processor time in which a new Python runs the code."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'functions' / function}:{ROOT / 'layers' / 'core'}",
    }
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", code], environment)
    _, status, used = os.wait4(child, 0)
    assert status == 0, f"{code!r} failed"
    return (used.ru_utime + used.ru_stime) * 1000
