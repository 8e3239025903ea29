"""An AWS in this process."""

from collections.abc import Iterator

import pytest

from tests.support.aws import Aws, moto


@pytest.fixture
def aws() -> Iterator[Aws]:
    with moto() as inside:
        yield inside
