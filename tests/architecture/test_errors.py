"""Goal: who reads one page knows everything that Tieout raises on purpose.

Method: import every module and compare the classes with the tree in the docstring of
`tieout.domain.errors`.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import tieout
from tieout.domain import errors

_BRANCH = re.compile(r"^(?P<indent>.*?)[├└]── (?P<name>\w+) ", re.MULTILINE)


def subclasses(of: type[Exception]) -> Iterator[tuple[str, str]]:
    """Yield (parent, child) for all that is derived from the class."""
    for each in of.__subclasses__():
        yield of.__name__, each.__name__
        yield from subclasses(each)


def tree() -> Iterator[tuple[str, str]]:
    """Yield (parent, child) for each branch that is drawn."""
    path = {0: errors.TieoutError.__name__}
    for found in _BRANCH.finditer(errors.__doc__ or ""):
        depth = len(found["indent"]) // 4
        path[depth] = found["name"]
        yield path[depth - 1], found["name"]


def test_every_error_has_its_place_in_the_tree() -> None:
    for module in pkgutil.walk_packages(tieout.__path__, "tieout."):
        importlib.import_module(module.name)
    assert sorted(tree()) == sorted(set(subclasses(errors.TieoutError)))
