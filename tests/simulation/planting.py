"""How a bug is planted: something of the running program does something else, for a while."""

from collections.abc import Callable
from typing import Any

import pytest

# What a test that looks for a planted bug tells of it: in which history it was found, 0 for none.
PLANTED_BUG = "planted bug"


def around(
    patch: pytest.MonkeyPatch, owner: object, name: str, mutated: Callable[..., Any]
) -> None:
    """Have a function call another one, which is given it and its arguments."""
    real = getattr(owner, name)

    def instead(*of: Any, **named: Any) -> Any:  # noqa: ANN401 - of any function
        return mutated(real, *of, **named)

    patch.setattr(owner, name, instead)
