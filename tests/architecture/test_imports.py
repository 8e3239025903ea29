"""Goal: the arrows of import are checked, and the check catches what it is there for.

Method: import-linter and ruff with the project's own settings, first on the project, then on a
copy into which forbidden imports are planted.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.aws.emulator import ROOT

TOOLS = Path(sys.executable).parent
CORE = Path("layers/core/tieout")


def lint_imports(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TOOLS / "lint-imports", "--no-cache"],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(directory / CORE.parent), "."])},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The parts of the project that the linters read, free to be spoilt."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "functions", tmp_path / "functions", ignore=ignored)
    shutil.copytree(ROOT / CORE, tmp_path / CORE, ignore=ignored)
    return tmp_path


def plant(directory: Path, module: Path, line: str) -> None:
    path = directory / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")


def test_every_arrow_of_the_project_points_inwards() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


ARROWS_THE_OTHER_WAY = (
    (CORE / "domain/money.py", "tieout.planning.plan"),
    (CORE / "domain/money.py", "os"),
    (CORE / "planning/plan.py", "tieout.services.ports"),
    (CORE / "planning/plan.py", "random"),
    (CORE / "services/ports.py", "boto3"),
    (CORE / "services/ports.py", "tieout.store.items"),
    (CORE / "stripe/api.py", "tieout.store.items"),
    (CORE / "bootstrap.py", "functions.webhook.app"),
    (Path("functions/webhook/app.py"), "functions.poller.app"),
)


def test_every_arrow_the_other_way_is_caught(copy: Path) -> None:
    for module, imported in ARROWS_THE_OTHER_WAY:
        plant(copy, module, f"import {imported}")

    done = lint_imports(copy)

    assert done.returncode != 0
    arrows = [
        f"{'.'.join(module.with_suffix('').parts).removeprefix('layers.core.')} -> {imported} ("
        for module, imported in ARROWS_THE_OTHER_WAY
    ]
    assert [arrow for arrow in arrows if arrow not in done.stdout] == [], done.stdout


@pytest.mark.parametrize(
    ("module", "caught"),
    [
        (CORE / "domain/money.py", True),
        (CORE / "planning/plan.py", True),
        (CORE / "store/clock.py", False),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        "import datetime; NOW = datetime.datetime.now(tz=datetime.UTC)",
        "import datetime; TODAY = datetime.date.today()",
        "import time; NOW = time.time()",
    ],
)
def test_only_pure_code_may_not_read_a_clock(
    copy: Path, module: Path, line: str, *, caught: bool
) -> None:
    plant(copy, module, line)

    done = subprocess.run(
        [TOOLS / "ruff", "check", "--no-cache", "--select", "TID251", "."],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("is banned" in done.stdout) == caught, done.stdout + done.stderr
