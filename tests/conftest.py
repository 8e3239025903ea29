"""What holds for every test."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.log_watch import LogWatch, watching

# A deadline measures the machine, and this one is shared: nothing is judged by the clock here.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


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
