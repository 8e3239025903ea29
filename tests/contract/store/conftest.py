"""The implementations that every contract of this folder is held against."""

import os
from collections.abc import Iterator

import pytest

from tests.support.aws import EMULATOR_URL_VARIABLE, Aws, emulator, moto


@pytest.fixture(params=["fake", "moto", pytest.param("emulator", marks=pytest.mark.emulator)])
def aws(request: pytest.FixtureRequest) -> Iterator[Aws | None]:
    """Yield the AWS behind the adapters; None asks for the fake."""
    match request.param:
        case "fake":
            yield None
        case "moto":
            with moto() as inside:
                yield inside
        case _:
            if EMULATOR_URL_VARIABLE not in os.environ:
                pytest.skip(f"{EMULATOR_URL_VARIABLE} names no running emulator")
            with emulator() as outside:
                yield outside
