"""Run MiniStack until the process that started it is gone, however that one ended.

Started by `emulator.py` with the interpreter of `.venvs/emulator`, as leader of its own process
group. The starter holds the other end of standard input: when it exits, is killed or crashes, the
pipe closes, and the whole group (MiniStack and the functions that it runs) ends with it.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.app import main
from ministack.core import iam_evaluator

# Read by `decisions.py`.
DECISIONS = Path("decisions.jsonl")


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def _remembering(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """Have every decision about a call written down, a line each."""

    def evaluated(context: Any, *policies: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        # Queues know no action for a batch: who may delete a message may delete ten.
        # Source: Service Authorization Reference, "Actions defined by Amazon SQS".
        if context.action.startswith("sqs:"):
            context.action = context.action.removesuffix("Batch")
        result = evaluate(context, *policies)
        decision = {
            "principal": context.principal_arn,
            "action": context.action,
            "resource": context.resource_arn,
            "statement": result.matched_sid,
            "decision": result.decision,
        }
        with DECISIONS.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(decision) + "\n")
        return result

    return evaluated


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    DECISIONS.write_text("", encoding="utf-8")
    iam_evaluator.evaluate = _remembering(iam_evaluator.evaluate)
    # MiniStack reads its own arguments from here.
    sys.argv = ["ministack"]
    main()
