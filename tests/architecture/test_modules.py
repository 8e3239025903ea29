"""Goal: a module that does not import is named at once, before a hundred tests fail by it.

Method: import each file of the project under its own name.
"""

from importlib import import_module
from pathlib import Path

import pytest

from tests.support.doors import ROOT

CORE = ROOT / "layers" / "core"
# What runs in an environment of its own.
ELSEWHERE = frozenset({"tests.architecture.transform", "tests.sandbox.aws.guard"})


def modules() -> list[str]:
    ours = [*CORE.rglob("tieout/**/*.py"), *ROOT.glob("functions/**/*.py")]
    theirs = [each for each in ROOT.glob("tests/**/*.py") if not each.name.startswith("test_")]
    return sorted({name_of(each) for each in (*ours, *theirs)} - ELSEWHERE)


def name_of(file: Path) -> str:
    within = file.relative_to(CORE if file.is_relative_to(CORE) else ROOT)
    return ".".join(within.with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", modules())
def test_a_module_imports(name: str) -> None:
    import_module(name)
