"""Goal: a controller sees in a diff how the story of an invoice is told, on a terminal and a page.

Method: an invoice that was paid and refunded, in memory; what is printed, and the page of its pack,
are compared with the files beside this. `UPDATE_GOLDEN=1` writes them anew; read the diff.
"""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.fakes import FakeInbox, FakePostings, FakeStripe
from tests.support.traced import fill
from tieout.cli.trace import lines
from tieout.cli.trace_page import page
from tieout.services.trace import Story, trace
from tieout.services.trace_keys import Sources

HERE = Path(__file__).parent
BERLIN = ZoneInfo("Europe/Berlin")


def told_as_text(story: Story) -> str:
    return "\n".join(lines(story, BERLIN)) + "\n"


def told_as_page(story: Story) -> str:
    # A line for each element: a diff of one long line says nothing.
    files = ["evidence/main-0000000004.salted", "evidence/main-0000000004/reply.xml"]
    return page([story], BERLIN, "tieout-prod", files).replace("><", ">\n<")


@pytest.mark.parametrize(
    ("name", "tell"), [("story.txt", told_as_text), ("index.html", told_as_page)]
)
def test_a_story_is_told_as_ever(name: str, tell: object) -> None:
    postings, inbox = FakePostings(), FakeInbox()
    fill(postings, inbox)
    sources = Sources(postings.trail, postings, inbox, FakeStripe, None)
    (story,) = trace(sources, "in_1")
    assert callable(tell)
    told, file = tell(story), HERE / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")
