"""The accounting pages say what the program does: settings, reasons and examples are all real.

Method: names in the pages are compared with the example policy, the reason codes and the cases.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from tieout.domain.movement_policy import Category
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleMode
from tieout.planning.balance_types import ADJUSTMENTS, TYPES

ROOT = Path(__file__).parents[3]
POLICY_PAGE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
RULES_PAGE = (ROOT / "docs" / "posting-rules.md").read_text(encoding="utf-8")
EXAMPLE = yaml.safe_load((ROOT / "docs" / "policy.example.yaml").read_text(encoding="utf-8"))
# Below these the keys are the company's own ids.
NAMED_BY_THE_COMPANY = {
    "clearing",
    "out_of_band",
    "payouts",
    "categories",
    "by_price",
    "by_product",
    "by_tax_rate",
    "overrides",
    "defaults",
    "metadata_keys",
    "maps",
}


def settings(content: Mapping[str, Any]) -> Iterator[str]:
    for key, value in content.items():
        yield key
        if isinstance(value, dict) and key not in NAMED_BY_THE_COMPANY:
            yield from settings(value)


@pytest.mark.parametrize(
    "setting", sorted({*settings(EXAMPLE), "account", "bank_account", "in_transit"})
)
def test_every_setting_has_its_place_in_the_reference(setting: str) -> None:
    assert re.search(rf"`(\w+\.)?{setting}`", POLICY_PAGE)


def test_every_reason_that_the_rules_name_exists() -> None:
    # Of the words joined by underscores the rest are settings, modes of sales, or of movements.
    of_movements = {*TYPES, *ADJUSTMENTS, *Category}
    others = {*settings(EXAMPLE), *get_args(SaleMode), *of_movements}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", RULES_PAGE)) - others
    assert named
    assert named <= {reason.value for reason in Reason}


def test_every_example_of_the_rules_exists() -> None:
    links = re.findall(r"\]\(([^)]+)\)", RULES_PAGE) + re.findall(r"\]\(([^)]+)\)", POLICY_PAGE)
    assert len(links) >= 10
    for link in links:
        # To a heading of the same page: nothing before the `#`.
        assert link.startswith("#") or (ROOT / "docs" / link.partition("#")[0]).is_file(), link


@pytest.mark.parametrize("amounts", ["133.33, 66.67 and 16.50", "-30.69 | -68.31", "-3.81 | -8.48"])
def test_the_worked_examples_are_the_golden_ones(amounts: str) -> None:
    cases = ROOT / "tests" / "golden" / "planning" / "cases"
    booked = "".join(path.read_text(encoding="utf-8") for path in cases.glob("*.txt"))
    assert amounts in RULES_PAGE
    for amount in re.findall(r"\d+\.\d\d", amounts):
        assert amount in booked
