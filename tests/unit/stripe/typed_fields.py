"""The fields that the pinned `stripe` package's own typed classes declare, by path.

The classes are generated from Stripe's specification, so they say what exists at that version.
A path is written `Invoice.lines.data[].amount`; what hangs on another resource starts anew there.
"""

import inspect
from collections.abc import Iterator
from typing import ForwardRef, Union, get_args, get_origin

import stripe

Hint = object


def fields_of(cls: type) -> dict[str, Hint]:
    """Return the declared fields of a typed class."""
    declared = inspect.get_annotations(cls)
    return {name: hint for name, hint in declared.items() if name != "OBJECT_NAME"}


def exists(cls: type, path: tuple[str, ...]) -> bool:
    """Return whether a path leads somewhere from a class; `[]` steps into an array."""
    return _leads({cls}, path)


def integer_paths(cls: type) -> Iterator[str]:
    """Yield the path of every integer of a class: its amounts, its times and its counts.

    Lists of other resources and expandable fields are left to the classes of those resources.
    """
    for name, hint in fields_of(cls).items():
        yield from (f"{cls.__name__}.{path}" for path in _integers(hint, name, cls))


def _leads(hints: set[Hint], path: tuple[str, ...]) -> bool:
    if not path:
        return True
    step, rest = path[0], path[1:]
    found: set[Hint] = set()
    for hint in hints:
        if step == "[]":
            found.update(get_args(hint) if get_origin(hint) is list else ())
        elif get_origin(hint) is stripe.ListObject:
            # The rows of a ListObject are typed by its parameter, not by its own annotation.
            (row,) = get_args(hint)
            of_list: dict[str, Hint] = {"data": list[row], "has_more": bool}  # type: ignore[valid-type]
            found.update({of_list[step]} if step in of_list else ())
        elif isinstance(hint, type) and step in fields_of(hint):
            found.add(fields_of(hint)[step])
    return bool(found) and _leads({each for hint in found for each in _alternatives(hint)}, rest)


def _alternatives(hint: Hint) -> Iterator[Hint]:
    if get_origin(hint) is Union:
        for each in get_args(hint):
            yield from _alternatives(each)
    elif isinstance(hint, ForwardRef | str):
        name = hint if isinstance(hint, str) else hint.__forward_arg__
        yield getattr(stripe, name, None)
    elif get_origin(hint) is list:
        (row,) = get_args(hint)
        yield from (list[each] for each in _alternatives(row))  # type: ignore[valid-type]
    else:
        yield hint


def _integers(hint: Hint, path: str, owner: type) -> Iterator[str]:
    origin = get_origin(hint)
    if origin is Union:
        for each in get_args(hint):
            yield from _integers(each, path, owner)
    elif origin is list:
        yield from _integers(get_args(hint)[0], f"{path}[]", owner)
    elif hint is int:
        yield path
    elif isinstance(hint, type) and hint.__qualname__.startswith(f"{owner.__name__}."):
        for name, inner in fields_of(hint).items():
            yield from _integers(inner, f"{path}.{name}", owner)
