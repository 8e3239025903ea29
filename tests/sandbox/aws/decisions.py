"""What the functions called in the embedded AWS, and which statement of their roles allowed it.

The emulator evaluates the roles that the template deploys; `guard.py` writes down what it decides.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "decisions.jsonl"
_ROLE = re.compile(r"-(\w+Role)-")


@dataclass(frozen=True, order=True)
class Decision:
    """One decision about a function's call.

    A call may have several: its role's policy and a policy of the resource are judged in turn.

    Attributes:
        role: logical id of the function's role.
        statement: Sid of the statement that decided; empty if none applied.
        action: `service:Action`.
        resource: ARN.
    """

    role: str
    statement: str
    action: str
    resource: str
    is_allowed: bool


def decisions(directory: Path) -> frozenset[Decision]:
    """Return what was decided about calls of the functions so far."""
    lines = (directory / FILE_NAME).read_text(encoding="utf-8").splitlines()
    return frozenset(
        Decision(
            role[1],
            line["statement"],
            line["action"],
            line["resource"],
            is_allowed=line["decision"] == "Allow",
        )
        for line in map(_parsed, lines)
        if (role := _ROLE.search(line["principal"]))
    )


def _parsed(line: str) -> Mapping[str, str]:
    parsed: Mapping[str, str] = json.loads(line)
    return parsed
