"""Compares JSON with the typed classes of the ``stripe`` package, field by field.

The classes are generated from Stripe's own specification for the pinned version, so their
annotations say which fields exist, which must be there, and what is nested in them.
"""

import inspect
from decimal import Decimal
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import stripe

Hint = object
"""A type annotation: a class, a ``typing`` construct or a quoted name."""

_ALIASES = {"CardResource": "Card", "DisputeResource": "Dispute", "RefundResource": "Refund"}
_PLAIN: dict[Hint, tuple[type, ...]] = {
    int: (int,),
    str: (str,),
    bool: (bool,),
    float: (int, float),
    Decimal: (str,),
}


def problems(value: object, cls: type, where: str = "") -> list[str]:
    """Return what is wrong with ``value`` as JSON of ``cls``; empty if nothing is."""
    path = where or cls.__name__
    if not isinstance(value, dict):
        return [f"{path}: an object is needed, not {value!r}"]
    fields = {
        name: hint for name, hint in inspect.get_annotations(cls).items() if name != "OBJECT_NAME"
    }
    found = [f"{path}.{name}: no such field" for name in value if name not in fields]
    for name, hint in fields.items():
        if name in value:
            found += _value_problems(value[name], hint, f"{path}.{name}")
        elif not _optional(hint):
            found.append(f"{path}.{name}: required")
    return found


def _value_problems(value: object, hint: Hint, path: str) -> list[str]:
    origin = get_origin(hint)
    if origin is Union:
        return _union_problems(value, hint, path)
    if origin is Literal:
        return [] if value in get_args(hint) else [f"{path}: {value!r} is not in the enum"]
    if origin is list:
        return _all_problems(value, get_args(hint)[0], path)
    if origin is stripe.ListObject:
        return _list_problems(value, get_args(hint)[0], path)
    if origin is not None or hint is Any:
        return [] if isinstance(value, dict) or hint is Any else [f"{path}: not an object"]
    return _class_problems(value, hint, path)


def _union_problems(value: object, hint: Hint, path: str) -> list[str]:
    # An id or null is no alternative to an object: naming it would hide what is wrong inside.
    scalars = (str, type(None)) if isinstance(value, dict | list) else ()
    alternatives = [
        _value_problems(value, each, path) for each in get_args(hint) if each not in scalars
    ]
    return min(alternatives, key=len)


def _class_problems(value: object, hint: Hint, path: str) -> list[str]:
    if hint is type(None):
        return [] if value is None else [f"{path}: {value!r} is not null"]
    if isinstance(hint, str | ForwardRef):
        quoted = hint if isinstance(hint, str) else hint.__forward_arg__
        name = _ALIASES.get(quoted, quoted)
        hint = getattr(stripe, name, None)
        if hint is None:
            return [f"{path}: a {name} is not something the double can embed"]
    assert isinstance(hint, type)
    if hint in _PLAIN:
        boolean_as_number = isinstance(value, bool) and hint is not bool
        fits = isinstance(value, _PLAIN[hint]) and not boolean_as_number
        return [] if fits else [f"{path}: {value!r} is not {hint.__name__}"]
    return problems(value, hint, path)


def _all_problems(values: object, hint: Hint, path: str) -> list[str]:
    if not isinstance(values, list):
        return [f"{path}: not an array"]
    return [
        problem
        for index, each in enumerate(values)
        for problem in _value_problems(each, hint, f"{path}[{index}]")
    ]


def _list_problems(value: object, hint: Hint, path: str) -> list[str]:
    if not isinstance(value, dict) or value.keys() != {"object", "data", "has_more", "url"}:
        return [f"{path}: not a list object"]
    return _all_problems(value["data"], hint, f"{path}.data")


def expandable(cls: type, path: str) -> bool:
    """Tell whether the field at a dotted path of ``cls`` holds an id that can be expanded."""
    hint: Hint = cls
    for name in path.split("."):
        nested = [each for each in _parts(hint) if isinstance(each, type) and each is not str]
        hint = inspect.get_annotations(nested[0])[name]
    kinds = _parts(hint)
    return str in kinds and any(isinstance(each, ForwardRef) for each in kinds)


def _parts(hint: Hint) -> list[Hint]:
    """Return the alternatives of a union, looking into arrays, without null."""
    if get_origin(hint) in (Union, list):
        return [part for each in get_args(hint) for part in _parts(each)]
    return [] if hint is type(None) else [hint]


def _optional(hint: Hint) -> bool:
    return get_origin(hint) is Union and type(None) in get_args(hint)
