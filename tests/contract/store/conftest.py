"""The implementations that every contract of this folder is held against."""

import os
from collections.abc import Iterator

import pytest

from tests.sandbox.aws.emulator import PYTHON, Emulator
from tests.support.aws import Aws, emulator, moto

# Names an emulator that runs already; without it one is started, which takes a second.
EMULATOR_URL_VARIABLE = "TIEOUT_EMULATOR_URL"


@pytest.fixture(scope="session")
def emulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield where the embedded AWS answers."""
    if EMULATOR_URL_VARIABLE in os.environ:
        yield os.environ[EMULATOR_URL_VARIABLE]
    elif not PYTHON.exists():
        pytest.skip(f"no emulator: {EMULATOR_URL_VARIABLE} is not set, {PYTHON} not installed")
    else:
        with Emulator(tmp_path_factory.mktemp("emulator")) as started:
            yield started.endpoint_url


@pytest.fixture
def embedded_aws(emulator_url: str) -> Iterator[Aws]:
    """Yield the embedded AWS."""
    with emulator(emulator_url) as outside:
        yield outside


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
            yield request.getfixturevalue("embedded_aws")
