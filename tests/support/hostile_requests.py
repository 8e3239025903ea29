"""Requests at the webhook's door that nobody in his right mind would send, each made of a seed and
a number and of nothing else, so that any of them can be made again alone.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from tests import planted
from tests.sandbox.aftermath import Aftermath
from tests.sandbox.scenario import Month, set_up_catalog
from tests.sandbox.stripe.account import StripeAccount
from tests.support.doors import ROOT, sample
from tieout.domain.events import SUBSCRIPTIONS
from tieout.services.receive import BODY_BYTES_MAX

NOW_UNIX = 1_795_219_200
OLDEST_UNIX = NOW_UNIX - 300
OLD_SECRET, NEW_SECRET = "whsec_hostile_old_one", "whsec_hostile_new_one"
SECRETS = (OLD_SECRET, NEW_SECRET)
SIGNATURE = "Stripe-Signature"

# What a field of an event should never be, and once was, somewhere.
_ODD: Sequence[Any] = (
    *(None, True, False, 0, -1, 1.5, 1e308, float("nan"), float("-inf"), 10**30, -(10**4000)),
    *("", " ", "\x00", "\ud800", "a\udfffb", "\u202eevt", "é🍕", "a/b", "../../etc", "x" * 256),
    *("x" * 3_000, "<a>&b;</a>", "evt_1\r\nX: y", planted.EMAIL),
    *([], {}, [[]], {"id": None}, {"id": {"id": 1}}, ["in_1"], {"": {"": {}}}),
)
_FIELDS = ("id", "object", "type", "created", "livemode", "api_version", "account", "data")
_FIELDS_OF_OBJECT = ("id", "object", "customer", "invoice", "charge")
_RUBBISH: Sequence[bytes] = (
    *(b"", b" ", b"\x00", b"null", b"true", b"[]", b"{}", b'"event"', b"1" * 5_000, b"-", b"NaN"),
    *(b"\xff\xfe", b"\xef\xbb\xbf{}", '{"id": "é"}'.encode("utf-16"), b"[" * 100_000),
    *(b'{"a":' * 20_000, b'{"a":' * 900 + b"1" + b"}" * 900, b"{" + b'"a":1,' * 9_000 + b"}"),
    *(b"id=evt_1&type=invoice.paid", b"<event/>", b'{"id": "\\ud800"}', b'{"created": 1e999999}'),
)


@dataclass(frozen=True)
class HostileRequest:
    """One request, as API Gateway hands it over.

    Attributes:
        name: how it is made again: seed and number.
        is_genuine: it is one that Stripe might send: it must be let in.
    """

    name: str
    invocation: Mapping[str, Any]
    is_genuine: bool


def request(seed: int, number: int) -> HostileRequest:
    """Return the request of this number."""
    draw = Random(f"{seed}:{number}")  # noqa: S311 - it must be the same every time
    body, is_event = _one_of(draw, _BODIES)(draw, f"evt_{seed}x{number}")
    header, is_signed = _one_of(draw, _SIGNATURES)(draw, body)
    invocation, is_faithful = _one_of(draw, _ENVELOPES)(draw, body, header)
    return HostileRequest(f"{seed}:{number}", invocation, is_event and is_signed and is_faithful)


def is_proven(invocation: Mapping[str, Any], stored: bytes) -> bool:
    """Whether a header of the request proves that Stripe sent what was stored, not long ago."""
    for header in _headers(invocation):
        fields = [each.partition("=")[::2] for each in str(header).split(",")]
        times = [value for name, value in fields if name == "t"]
        is_recent = bool(times) and times[0].isdigit() and Decimal(times[0]) >= OLDEST_UNIX
        right = {("v1", _signature(stored, times[0], each)) for each in SECRETS if is_recent}
        if right & set(fields):
            return True
    return False


def _headers(invocation: Mapping[str, Any]) -> Iterator[Any]:
    for field in ("headers", "multiValueHeaders"):
        headers = invocation.get(field)
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if str(name).lower() == SIGNATURE.lower():
                yield from value if isinstance(value, list) else [value]


# --- Bodies -----------------------------------------------------------------------------------


def _event(draw: Random, event_id: str) -> tuple[bytes, bool]:
    return draw.choice(_real_events()).replace(b"evt_this", event_id.encode()), True


def _changed(draw: Random, event_id: str) -> tuple[bytes, bool]:
    event = json.loads(_event(draw, event_id)[0])
    for _ in range(draw.randint(1, 3)):
        data = event.get("data")
        payload = data.get("object") if isinstance(data, dict) else None
        place: dict[str, Any] = event
        names: Sequence[str] = _FIELDS
        if isinstance(payload, dict) and draw.random() < 0.4:
            place, names = payload, (*_FIELDS_OF_OBJECT, draw.choice(list(payload) or [""]))
        name = draw.choice(names)
        if draw.random() < 0.2:
            place.pop(name, None)
        else:
            place[name] = draw.choice(_ODD)
    return json.dumps(event).encode(), False


def _damaged(draw: Random, event_id: str) -> tuple[bytes, bool]:
    body, _ = _event(draw, event_id)
    at, until = sorted(draw.sample(range(len(body)), 2))
    match draw.randrange(6):
        case 0:
            return body[:at], False
        case 1:
            return body[:at] + draw.randbytes(3) + body[until:], False
        case 2:
            return body[:at] + b"\x00" + body[at:], False
        case 3:
            return body + body[:at], False
        case 4:
            twice = f'{{"id": {json.dumps(draw.choice(_ODD))}, "livemode": true,'
            return twice.encode() + body.removeprefix(b"{"), False
        case _:
            return body.decode().encode(draw.choice(("utf-16", "utf-32", "utf-7"))), False


def _rubbish(draw: Random, _event_id: str) -> tuple[bytes, bool]:
    return draw.choice((*_RUBBISH, draw.randbytes(draw.randrange(200)))), False


def _huge(draw: Random, event_id: str) -> tuple[bytes, bool]:
    body, _ = _event(draw, event_id)
    size = BODY_BYTES_MAX + draw.choice((-1, 0, 1, 1_000))
    return body + b" " * (size - len(body)), size <= BODY_BYTES_MAX


@cache
def _real_events() -> Sequence[bytes]:
    """Return the samples of `events/` and one event of each type that happens in a busy month."""
    account = StripeAccount()
    catalog = set_up_catalog(account)
    month = Month(account, catalog)
    for chapters in (month.chapters(), Aftermath(month, catalog.sales_tax).chapters()):
        for play in chapters.values():
            play()
    bodies = {each.type: each.body(next(iter(each.renderings))) for each in account.event_log}
    samples = [
        json.loads(invocation["body"])
        for path in sorted((ROOT / "events" / "webhook").glob("invoice-*.json"))
        if not (invocation := sample("webhook", path.stem))["isBase64Encoded"]
    ]
    events = [*samples, *(bodies[name] for name in sorted(bodies))]
    assert {each["type"] for each in events} & SUBSCRIPTIONS.keys()
    marked = [planted.in_event(each) | {"id": "evt_this"} for each in events]
    return [json.dumps(each, indent=indent).encode() for each in marked for indent in (None, 2)]


# --- Signatures -------------------------------------------------------------------------------


def _signature(body: bytes, timestamp: object, secret: str) -> str:
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hex()


def _good(draw: Random, body: bytes) -> tuple[Any, bool]:
    at = NOW_UNIX - draw.choice((0, 1, 299, 300))
    wrong = [f"v1={draw.randbytes(32).hex()}" for _ in range(draw.choice((0, 0, 1, 5)))]
    right = f"v1={_signature(body, at, draw.choice(SECRETS))}"
    parts = [*wrong, right, *draw.choice(([], ["v0=00"], ["v2=x"], ["v1="], ["=,==,"]))]
    draw.shuffle(parts)
    return ",".join([f"t={at}", *parts]), True


def _untimely(draw: Random, body: bytes) -> tuple[Any, bool]:
    at = draw.choice((NOW_UNIX - 301, 0, -1, -(10**12), NOW_UNIX + 10**6, 10**18, 10**4_000))
    return f"t={at},v1={_signature(body, at, NEW_SECRET)}", False


def _forged(draw: Random, body: bytes) -> tuple[Any, bool]:
    right = _signature(body, NOW_UNIX, NEW_SECRET)
    stranger = _signature(body, NOW_UNIX, "whsec_of_a_stranger")
    forged = (
        *(None, "", "t=", "v1=", ",", "=", f"t={NOW_UNIX}", f"v1={right}", "t=1,t=2,v1,t"),
        f"t={NOW_UNIX},v1={stranger}",
        f"t={NOW_UNIX},v0={right}",
        f"t={NOW_UNIX + 1},v1={right}",
        f"t={NOW_UNIX},v1={right[:-1]}",
        f"t={NOW_UNIX},v1={right.upper()}",
        f"t=x{NOW_UNIX},v1={right}",
        f"t={'9' * 5_000},v1={right}",
        f"t={NOW_UNIX},v1={_signature(body + b' ', NOW_UNIX, NEW_SECRET)}",
        f"t={NOW_UNIX},v1=é{right}",
        f"t={NOW_UNIX},v1=\ud800\x00\r\n",
        "t=1," + "v1=00," * 1_000,
    )
    return draw.choice(forged), False


# --- What API Gateway makes of it -------------------------------------------------------------


def _faithful(draw: Random, body: bytes, header: Any) -> tuple[dict[str, Any], bool]:  # noqa: ANN401
    name = draw.choice((SIGNATURE, SIGNATURE.lower(), SIGNATURE.upper(), "sTRIPE-sIGNATURE"))
    others = {"Host": "x", "User-Agent": "Stripe/1.0", "Content-Type": "application/json"}
    single = others if header is None else {**others, name: header}
    several = {key: [value] for key, value in single.items()}
    headers, multi = draw.choice(((single, several), (single, None), (None, several)))
    return {"headers": headers, "multiValueHeaders": multi, **_encoded(draw, body)}, True


def _encoded(draw: Random, body: bytes) -> dict[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if draw.random() < 0.2 or not text:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {"body": text, "isBase64Encoded": draw.choice((False, None))}


def _repeated_header(draw: Random, body: bytes, header: Any) -> tuple[dict[str, Any], bool]:  # noqa: ANN401
    other, _ = _one_of(draw, _SIGNATURES)(draw, body)
    both = [header, other]
    draw.shuffle(both)
    invocation, _ = _faithful(draw, body, None)
    invocation["headers"] = draw.choice((None, {SIGNATURE: both[1], SIGNATURE.lower(): both[0]}))
    invocation["multiValueHeaders"] = {SIGNATURE: both}
    return invocation, False


def _lying(draw: Random, body: bytes, header: Any) -> tuple[dict[str, Any], bool]:  # noqa: ANN401
    invocation, _ = _faithful(draw, body, header)
    told = invocation["isBase64Encoded"]
    invocation["isBase64Encoded"] = draw.choice((not told, "false", 1, 0, [], "yes"))
    return invocation, False


def _misshapen(draw: Random, body: bytes, header: Any) -> tuple[dict[str, Any], bool]:  # noqa: ANN401
    invocation, _ = _faithful(draw, body, header)
    field = draw.choice(("headers", "multiValueHeaders", "body", "isBase64Encoded"))
    if draw.random() < 0.3:
        invocation.pop(field)
        return invocation, False
    odd = (*_ODD, {SIGNATURE: draw.choice(_ODD)}, {SIGNATURE: [draw.choice(_ODD)]}, {"": 1})
    invocation[field] = draw.choice(odd)
    return invocation, False


_Body = Callable[[Random, str], tuple[bytes, bool]]
_Sign = Callable[[Random, bytes], tuple[Any, bool]]
_Envelope = Callable[[Random, bytes, Any], tuple[dict[str, Any], bool]]
_BODIES: Mapping[_Body, int] = {_event: 300, _changed: 400, _damaged: 150, _rubbish: 148, _huge: 2}
_SIGNATURES: Mapping[_Sign, int] = {_good: 6, _untimely: 1, _forged: 3}
_ENVELOPES: Mapping[_Envelope, int] = {_faithful: 6, _repeated_header: 1, _lying: 1, _misshapen: 2}
_Choice = Any


def _one_of(draw: Random, weights: Mapping[_Choice, int]) -> _Choice:
    return draw.choices(list(weights), list(weights.values()))[0]
