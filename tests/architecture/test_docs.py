"""Goal: the runbook lists every reason code with its way out and every alarm, and no more;
each reason code has a page of its own.

Method: the tables between two markers, and the heads of the pages, are written by `write_docs` and
compared with the code. Run `make docs` after changing a reason. The alarms' rows are compared with
the template by name.
"""

import re
import sys
from pathlib import Path

import pytest

from tests.sandbox.aws.template import load_template, resources_of_type
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import WAY_OUT, Group, Reason, group
from tieout.domain.subjects import Subject, SubjectKind

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
PAGES = ROOT / "docs" / "reasons"
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
CALLS = {
    Group.PERSON: "Calls the controller. `tieout parked` lists it.",
    Group.RECORDED: "Calls nobody.",
    Group.DEPLOYMENT: "Calls the engineer.",
}
HEAD_BEGIN = "<!-- head:begin, written by `make docs` -->\n"
HEAD_END = "<!-- head:end -->\n"
PAGE_LINES_MIN = 10


def runbook() -> str:
    return "\n".join(_table(each) for each in Group)


def _table(of_group: Group) -> str:
    rows = [
        f"| [`{each}`](reasons/{each}.md) | {WAY_OUT[each]} |"
        for each in Reason
        if group(each) is of_group
    ]
    head = [f"### {of_group.value}", "", INTRODUCTIONS[of_group], "", "| code | way out |"]
    return "\n".join([*head, "|---|---|", *rows]) + "\n"


def page(reason: Reason) -> Path:
    return PAGES / f"{reason}.md"


def head(reason: Reason) -> str:
    """Return the beginning of a reason's page: whom it calls, where it is listed, the way out."""
    calls = CALLS[group(reason)]
    if group(reason) is Group.RECORDED:
        subject = Subject(SubjectKind.INVOICE, "in_1")
        recorded = Posting("invoice/in_1", subject, State.NOT_BOOKED, reason=reason)
        is_listed = recorded.worklist is Worklist.NOT_BOOKED
        place = "`tieout not-booked` lists it." if is_listed else "It is on no list."
        calls = f"{calls} {place}"
    lines = [f"# `{reason}`", "", f"*{calls}*", "", f"**Way out.** {WAY_OUT[reason]}"]
    return HEAD_BEGIN + "\n".join(lines) + "\n" + HEAD_END


def body(reason: Reason) -> str:
    return page(reason).read_text(encoding="utf-8").partition(HEAD_END)[2]


def write_docs() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    RUNBOOK.write_text(
        _TABLE.sub(lambda found: found[1] + runbook() + found[3], text), encoding="utf-8"
    )
    for reason in Reason:
        if page(reason).is_file():
            page(reason).write_text(head(reason) + body(reason), encoding="utf-8")


def test_every_reason_has_a_way_out() -> None:
    assert set(WAY_OUT) == set(Reason)


def test_the_runbook_lists_every_reason_code() -> None:
    table = _TABLE.search(RUNBOOK.read_text(encoding="utf-8"))
    assert table is not None
    assert table[2] == runbook(), "run `make docs`"


def test_every_reason_has_a_page_and_every_page_a_reason() -> None:
    assert {each.stem for each in PAGES.iterdir()} == {reason.value for reason in Reason}


@pytest.mark.parametrize("reason", Reason)
def test_the_page_of_a_reason_begins_as_the_code_says(reason: Reason) -> None:
    text = page(reason).read_text(encoding="utf-8")
    assert text.partition(HEAD_END)[0] + HEAD_END == head(reason), "run `make docs`"


@pytest.mark.parametrize("reason", Reason)
def test_the_page_of_a_reason_says_what_happened_and_what_to_do(reason: Reason) -> None:
    text = body(reason)
    said = ["What happened.", "What the books lack.", "Find out.", "Step by step.", "by itself."]
    assert [each for each in said if f"{each}**" not in text] == []
    assert len([line for line in text.splitlines() if line.strip()]) >= PAGE_LINES_MIN


def test_the_runbook_says_of_every_alarm_what_to_do() -> None:
    rows = re.findall(r"^\| `(\w+Alarm)` \|", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    alarms = resources_of_type(load_template(), "AWS::CloudWatch::Alarm")
    assert sorted(rows) == sorted(alarms)


if __name__ == "__main__":
    write_docs()
    sys.exit(0)
