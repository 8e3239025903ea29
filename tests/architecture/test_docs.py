"""Goal: the README's runbook lists every reason code with its way out, and nothing else.

Method: the table between two markers is written by `write_runbook` and compared with the code.
Run `make docs` after changing a reason.
"""

import re
import sys
from pathlib import Path

from tieout.domain.reasons import WAY_OUT, Reason

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- reasons:begin"
END = "<!-- reasons:end -->"
_TABLE = re.compile(rf"({BEGIN}[^\n]*\n)(.*?)({END})", re.DOTALL)


def runbook() -> str:
    rows = [f"| `{reason.value}` | {WAY_OUT[reason]} |" for reason in Reason]
    return "\n".join(["| code | way out |", "|---|---|", *rows]) + "\n"


def write_runbook() -> None:
    text = README.read_text(encoding="utf-8")
    README.write_text(
        _TABLE.sub(lambda found: found[1] + runbook() + found[3], text), encoding="utf-8"
    )


def test_every_reason_has_a_way_out() -> None:
    assert set(WAY_OUT) == set(Reason)


def test_the_readme_lists_every_reason_code() -> None:
    table = _TABLE.search(README.read_text(encoding="utf-8"))
    assert table is not None
    assert table[2] == runbook(), "run `make docs`"


if __name__ == "__main__":
    write_runbook()
    sys.exit(0)
