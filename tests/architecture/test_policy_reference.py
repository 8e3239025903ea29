"""Goal: the policy's reference has every area of rules that the code knows, with all it may set.

Method: the rows of the table in docs/policy.md against `SETTABLE`.
"""

import re

from tests.support.doors import ROOT
from tieout.domain.policy_rules import SETTABLE, WITHOUT_DAY, Area

TABLE = re.compile(r"^\| `for` \| asked for .*?\n\|[-|]+\n(.*?)\n\n", re.MULTILINE | re.DOTALL)


def rows() -> dict[Area, tuple[str, str]]:
    """Return what each area may set, and of which day it is, as the reference says."""
    table = TABLE.search((ROOT / "docs" / "policy.md").read_text(encoding="utf-8"))
    assert table is not None
    found = {}
    for line in table[1].splitlines():
        areas, _, settable, day = (cell.strip() for cell in line.strip("|").split(" | "))
        for area in re.findall(r"`(\w+)`", areas):
            found[Area(area)] = settable, day
    return found


def test_every_area_has_its_row() -> None:
    assert set(rows()) == set(Area)


def test_each_row_names_all_that_may_be_set() -> None:
    for area, (settable, day) in rows().items():
        assert [each for each in SETTABLE[area] if f"`{each}`" not in settable] == [], area
        assert day.startswith("none") == (area in WITHOUT_DAY), area
