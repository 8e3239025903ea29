"""How much memory each function holds after its import and after one invocation.

A fresh process each, as Lambda has it, against the emulated AWS and the doubles. Read from the
kernel's mark for this very program: `getrusage` remembers the parent that it was forked from.
Lambda's own runtime client is not in the figure; it takes some ten megabytes more.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping

from tests.benchmarks.figures import Figure
from tests.benchmarks.surroundings import surroundings
from tests.support.doors import ROOT

MEGABYTES_MAX = 256
# That the invocation did its work, or the figure would be of nothing.
WORKED: Mapping[str, Mapping[str, object]] = {
    "webhook": {"statusCode": 200},
    "processor": {"batchItemFailures": []},
    "poller": {"invoices": 1, "budget_exhausted": False},
}

_SCRIPT = """
import json, pathlib, re, sys

class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self): return 110_000

def megabytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1024

import app
imported = megabytes()
answer = app.lambda_handler(json.loads(sys.argv[1]), Context())
print(json.dumps({"imported": imported, "invoked": megabytes(), "answer": answer}))
"""


def figures() -> Iterable[Figure]:
    """Yield the most that each function ever held."""
    with surroundings() as around:
        for function, environment in around.environments.items():
            finished = subprocess.run(
                [sys.executable, "-c", _SCRIPT, json.dumps(around.invocations[function])],
                env={
                    **environment,
                    "PYTHONPATH": f"{ROOT / 'functions' / function}:{ROOT / 'layers' / 'core'}",
                },
                capture_output=True,
                text=True,
                check=True,
            )
            # The last line is ours; the others are the function's log.
            told = json.loads(finished.stdout.splitlines()[-1])
            assert told["answer"] == told["answer"] | WORKED[function], told
            yield Figure(
                f"memory of the {function}",
                told["invoked"],
                "MB",
                target=MEGABYTES_MAX,
                detail=f"{told['imported']:.0f} MB after the import",
            )
