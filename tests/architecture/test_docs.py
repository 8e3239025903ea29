"""Goal: the README's runbook lists every reason code with its way out and every alarm, and no more.

Method: the tables between two markers are written by `write_runbook` and compared with the code.
Run `make docs` after changing a reason. The alarms' rows are compared with the template by name.
"""

import re
import sys
from pathlib import Path

from tests.sandbox.aws.template import load_template, resources_of_type
from tieout.domain.reasons import WAY_OUT, Group, Reason, group

README = Path(__file__).parents[2] / "README.md"
BEGIN = "<!-- reasons:begin"
END = "<!-- reasons:end -->"
_TABLE = re.compile(rf"({BEGIN}[^\n]*\n)(.*?)({END})", re.DOTALL)


INTRODUCTIONS = {
    Group.PERSON: (
        "Listed by `tieout parked`, waiting for a decision. The message is in the dead-letter "
        "queue: after the fix `tieout redrive` brings it again. KEY is the key in the list."
    ),
    Group.RECORDED: (
        "Recognised and kept with its amount. Nothing failed, no message waits; what the books do "
        "not show yet is listed with totals by `tieout not-booked`."
    ),
    Group.DEPLOYMENT: (
        "Nothing can be booked, or a defect of ours: an alarm has told the engineer. The queue "
        "keeps everything."
    ),
}


def runbook() -> str:
    return "\n".join(_table(each) for each in Group)


def _table(of_group: Group) -> str:
    rows = [f"| `{each.value}` | {WAY_OUT[each]} |" for each in Reason if group(each) is of_group]
    head = [f"#### {of_group.value}", "", INTRODUCTIONS[of_group], "", "| code | way out |"]
    return "\n".join([*head, "|---|---|", *rows]) + "\n"


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


def test_the_readme_says_of_every_alarm_what_to_do() -> None:
    rows = re.findall(r"^\| `(\w+Alarm)` \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    alarms = resources_of_type(load_template(), "AWS::CloudWatch::Alarm")
    assert sorted(rows) == sorted(alarms)


if __name__ == "__main__":
    write_runbook()
    sys.exit(0)
