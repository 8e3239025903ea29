"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.simulation.planting import PLANTED_BUG
from tests.support.log_watch import LogWatch, watching

# What whoever runs this has set for AWS, or as the width of lines, is for no test.
for _name in [each for each in os.environ if each.startswith(("AWS_", "COLUMNS"))]:
    del os.environ[_name]
os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}

# One commit, one outcome: examples are no matter of chance, nor of how fast a shared machine is.
settings.register_profile(
    "quick",
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("quick")
# What CI tries besides, and what looks for what nobody has met yet (`--hypothesis-profile=chance`).
settings.register_profile("deep", max_examples=300)
settings.register_profile("chance", max_examples=1_000, derandomize=False)


@pytest.fixture(scope="session")
def log_watch() -> Iterator[LogWatch]:
    with watching() as watch:
        yield watch


@pytest.fixture(autouse=True)
def _nothing_secret_is_logged(log_watch: LogWatch) -> Iterator[None]:
    """Fail the test in which a log line or a metric shows what was planted."""
    log_watch.taken()
    yield
    assert log_watch.taken() == [], "logged, and must not be: see tests/planted.py"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many of the planted bugs were found, and how soon."""
    found_in = [
        int(str(played))
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, played in getattr(report, "user_properties", ())
        if report.when == "call" and name == PLANTED_BUG
    ]
    if found_in:
        found = [each for each in found_in if each]
        terminalreporter.write_line(
            f"planted bugs: {len(found)} of {len(found_in)} found, {found.count(1)} of them in the "
            f"first history that was played, the last in number {max(found, default=0)}"
        )
