# ruff: noqa: INP001 - Lambda imports this file as the module `app`, not as part of a package
"""Webhook: API Gateway brings Stripe's signed events; answer 2xx only for what is safe with us."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tieout import bootstrap
from tieout.observability import InvocationContext
from tieout.services.receive import Answer, Receiver

webhook = bootstrap.webhook()


def lambda_handler(event: Mapping[str, Any], context: InvocationContext) -> Mapping[str, Any]:
    """Receive one delivery; both payload formats of API Gateway are understood."""
    door = webhook()
    with door.telemetry.invocation(context), door.once.during(context):
        answer = _receive(door.receiver, event)
    return {
        "statusCode": answer.status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": answer.reason}),
    }


def _receive(receiver: Receiver, event: Mapping[str, Any]) -> Answer:
    try:
        body = _raw_body(event)
    except ValueError:
        return receiver.refuse("body is not in the encoding that the request says it is")
    return receiver.receive(body, _header(event, "stripe-signature"))


def _raw_body(event: Mapping[str, Any]) -> bytes:
    """Return the bytes that were sent: the signature is over them and nothing else.

    Raises:
        ValueError: the body cannot be turned back into bytes.
    """
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise ValueError("the body is not text")
    return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()


def _header(event: Mapping[str, Any], name: str) -> str | None:
    """Return a header, however its name is spelt and in whichever map it came."""
    for field in ("headers", "multiValueHeaders"):
        headers = event.get(field)
        for key, value in headers.items() if isinstance(headers, dict) else ():
            last = value[-1] if isinstance(value, list) and value else value
            if key.lower() == name and isinstance(last, str):
                return last
    return None
