"""Goal: what README and docs tell people to type exists, and every link leads somewhere.

Method: find each `tieout ...` and `make ...` in the pages and ask the command's own help, in this
process; find each link and look for its file and heading.
"""

import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

from tests.support.doors import ROOT
from tieout import cli
from tieout.cli.commands import COMMANDS

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# What stands for something to be typed, or ends what is typed.
_REST = re.compile(r"[<>|\[\](){}…]|\.\.\.")


def typed(page: Path) -> Iterator[str]:
    """Yield what a page shows as something to type, a command each."""
    text = page.read_text(encoding="utf-8")
    for block in FENCED.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from INLINE.findall(FENCED.sub("", text).replace("\n", " "))


def named(page: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the commands of a page: which, and with which options."""
    for line in typed(page):
        found = re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?tieout ([a-z].*)", line)
        if found is None:
            continue
        words = shlex.split(_REST.sub(" ", found[1]).replace("'", ""), comments=True)
        length = 2 if words[0] == "policy" and len(words) > 1 else 1
        options = tuple(each for each in words if each.startswith("--"))
        yield " ".join(words[:length]), options


@cache
def help_of(command: str) -> str:
    """Return what a command says of itself; empty if there is none of this name."""
    told = StringIO()
    with redirect_stdout(told), pytest.raises(SystemExit) as ended:
        cli.main([*command.split(), "--help"])
    return told.getvalue() if ended.value.code == 0 else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    unknown = [
        f"tieout {command} {option}"
        for command, options in named(page)
        for option in ("", *options)
        if not re.search(rf"{option}\b" if option else "usage", help_of(command))
    ]
    assert unknown == []


def test_the_readme_and_the_reference_of_commands_are_looked_through() -> None:
    assert len(set(named(ROOT / "README.md"))) >= len(("events", "check", "publish", "parked"))
    shown = {command for command, _ in named(ROOT / "docs" / "operate.md")}
    assert [each for each in COMMANDS if each not in shown] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_a_page_shows_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    shown = [found[1] for each in typed(page) if (found := re.match(r"\s*make ([a-z-]+)", each))]
    assert [each for each in shown if each not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = [
        each
        for each in LINK.findall(FENCED.sub("", page.read_text("utf-8")))
        if lost_at(page, each)
    ]
    assert lost == []


def lost_at(page: Path, link: str) -> bool:
    if link.startswith("http"):
        return False
    name, _, heading = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return True
    return bool(heading) and heading not in anchors(target)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the names under which the headings of a page are linked to, as on GitHub."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    plain = (re.sub(r"[^\w\- ]", "", each.lower()) for each in headings)
    return frozenset(each.replace(" ", "-") for each in plain)
