"""Marks planted where customers' data and secrets are: no log line and no metric may show one."""

from collections.abc import Mapping
from typing import Any

EMAIL = "planted.customer@payers.example"
CARD_NUMBER = "4929 1236 0058 7741"


def in_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event whose object carries what people write where it does not belong."""
    data = event["data"]
    note = f"{EMAIL} paid with {CARD_NUMBER}"
    marked = data["object"] | {"email": EMAIL, "description": note, "metadata": {"note": note}}
    return {**event, "data": {**data, "object": marked}}
