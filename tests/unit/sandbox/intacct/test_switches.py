"""Goal: nothing that is unknown about Intacct is left untried.

Method: the fields of ``Switches`` are looked for in the sources of the tests beside this one.
"""

from dataclasses import fields
from pathlib import Path

import pytest

from tests.sandbox.intacct import Switches

SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for path in Path(__file__).parent.glob("test_*.py")
    if path != Path(__file__)
)


@pytest.mark.parametrize("name", [each.name for each in fields(Switches)])
def test_every_switch_is_thrown_by_some_test(name: str) -> None:
    assert f"{name}=" in SOURCES
