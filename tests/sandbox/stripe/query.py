"""Stripe's query strings: nested parameters in square brackets."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from tests.sandbox.stripe.errors import refused

Params = dict[str, "str | Params | list[str]"]

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_query(query: str) -> Params:
    """Return nested parameters: ``created[gte]=1`` becomes ``{"created": {"gte": "1"}}``.

    ``types[]=a`` and ``types[0]=a`` both make lists.

    Raises:
        StripeError: a key is not well formed.
    """
    params: Params = {}
    for key, value in parse_qsl(query, keep_blank_values=True):
        match = _KEY.fullmatch(key)
        if match is None:
            raise refused(f"Invalid parameter name: {key}", param=key)
        _put(params, match.group(1), _PART.findall(match.group(2)), value)
    return params


def _put(params: Params, name: str, parts: list[str], value: str) -> None:
    if not parts:
        params[name] = value
    elif parts == [""] or (len(parts) == 1 and parts[0].isdigit()):
        held = params.setdefault(name, [])
        if not isinstance(held, list):
            raise refused(f"Invalid array: {name}", param=name)
        held.append(value)
    else:
        nested = params.setdefault(name, {})
        if not isinstance(nested, dict):
            raise refused(f"Invalid hash: {name}", param=name)
        _put(nested, parts[0], parts[1:], value)


def text(params: Params, name: str) -> str | None:
    """Return a parameter that must be a plain text.

    Raises:
        StripeError: it is a list or a hash.
    """
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise refused(f"Invalid string: {name}", param=name)
    return value


def texts(params: Params, name: str) -> list[str]:
    """Return a parameter that must be an array of texts.

    Raises:
        StripeError: it is something else.
    """
    value = params.get(name, [])
    if not isinstance(value, list):
        raise refused("Invalid array", param=name)
    return value


def integer(value: object, name: str) -> int:
    """Return ``value`` as an integer.

    Raises:
        StripeError: it is not one.
    """
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    raise refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)


def boolean(value: object, name: str) -> bool:
    """Return ``value`` as a boolean.

    Raises:
        StripeError: it is neither ``true`` nor ``false``.
    """
    if value in ("true", "false"):
        return value == "true"
    raise refused(f"Invalid boolean: {value}", param=name)


def refuse_unknown(params: Mapping[str, object], allowed: frozenset[str], prefix: str = "") -> None:
    """Refuse parameters that Stripe does not know, as Stripe does.

    Raises:
        StripeError: one is unknown.
    """
    for name in params:
        if name not in allowed:
            full = f"{prefix}[{name}]" if prefix else name
            raise refused(
                f"Received unknown parameter: {full}", code="parameter_unknown", param=full
            )
