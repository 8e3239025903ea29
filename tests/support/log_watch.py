"""Hears all that the tests have the product log and count, as CloudWatch would get it."""

import builtins
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics.provider.cloudwatch_emf import cloudwatch

from tests import planted
from tieout import observability

_OURS = "tieout"


class LogWatch(logging.Handler):
    """Notes each line that shows what was planted.

    A record of ours is printed in JSON and scrubbed. One of a library's, which reaches Lambda's own
    handler from a warning on, is not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ours = LambdaPowertoolsFormatter(
            json_serializer=lambda line: observability._serialize(dict(line)),
            utc=True,
            service=_OURS,
        )
        self._found: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - every record is heard
        """Hear everything: Powertools has the root's handlers pass over what its own prints."""
        return True

    def emit(self, record: logging.LogRecord) -> None:
        is_ours = record.name.partition(".")[0] == _OURS
        self._judge(self._ours.format(record) if is_ours else self.format(record))

    def printed(self, *values: object, **more: Any) -> None:  # noqa: ANN401 - as print has it
        """Print a metric as Powertools would, and judge it."""
        builtins.print(*values, **more)  # noqa: T201 - Powertools does
        self._judge(" ".join(map(str, values)))

    def taken(self) -> list[str]:
        """Return what was found since the last call."""
        found, self._found = self._found, []
        return found

    def _judge(self, line: str) -> None:
        kinds = planted.shown(line)
        if kinds:
            self._found.append(f"{', '.join(kinds)} in: {line}")


@contextmanager
def watching() -> Iterator[LogWatch]:
    """Hear everything from an info of ours and a warning of a library's on."""
    watch, root = LogWatch(), logging.getLogger()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloudwatch, "print", watch.printed, raising=False)
        logging.getLogger(_OURS).setLevel(logging.INFO)
        root.addHandler(watch)
        yield watch
        root.removeHandler(watch)
