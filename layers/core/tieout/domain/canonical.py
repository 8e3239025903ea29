"""The one way in which things are written before they are hashed.

Equal things are written alike on every machine: JSON with sorted keys, no spaces, ASCII alone.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache


def canonical(value: object) -> str:
    """Return the text that stands for a value.

    Args:
        value: a dataclass, or what JSON knows, dates and tuples included, in any depth.
    """
    return json.dumps(
        value, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )


def canonical_digest(value: object) -> str:
    """Return the SHA-256 of what stands for a value, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _plain(value: object) -> object:
    """Return what JSON does not know as something that it does, one level deep."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    assert dataclasses.is_dataclass(value), f"{type(value).__name__} has no canonical form"
    return {name: getattr(value, name) for name in _names(value.__class__)}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in dataclasses.fields(kind))
