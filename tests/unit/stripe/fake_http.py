"""A stand-in for the wire below the real Stripe library, so that its own encoding takes part."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe

from tieout.stripe.api import StripeApi
from tieout.stripe.reader import StripeApiReader

API_KEY = "rk_test_secret"


@dataclass(frozen=True)
class Request:
    """What would have left for Stripe."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Response:
    """What comes back; a mapping or list is sent as JSON."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Response]


class FakeHttp(stripe.HTTPClient):
    """Answers each path from its script; the last answer of a script repeats."""

    name = "fake"

    def __init__(self, **scripts: object) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self._scripts: dict[str, list[object]] = {}
        for path, script in scripts.items():
            self.answer(path, script)

    def answer(self, path: str, *script: object) -> None:
        """Answer a path (below /v1/) with each of the script in turn, the last for ever."""
        self._scripts[path] = list(script)

    def request(  # type: ignore[override]  # the library leaves the rest untyped
        self, method: str, url: str, headers: Mapping[str, str], *_: object, **__: object
    ) -> tuple[str | bytes, int, Mapping[str, str]]:
        parts = urlsplit(url)
        request = Request(method, parts.path, dict(parse_qsl(parts.query)), dict(headers))
        self.requests.append(request)
        script = self._scripts[parts.path.removeprefix("/v1/")]
        given = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(given, Exception):
            raise given
        response = given(request) if callable(given) else given
        if not isinstance(response, Response):
            response = Response(response)
        body = response.body if isinstance(response.body, bytes) else json.dumps(response.body)
        return body, response.status, response.headers

    @property
    def paths(self) -> list[str]:
        """The paths asked for, below /v1/."""
        return [request.path.removeprefix("/v1/") for request in self.requests]


def api(http: FakeHttp, api_key: str = API_KEY) -> StripeApi:
    return StripeApi(http, lambda: api_key, "https://stripe.test")


def reader(http: FakeHttp) -> StripeApiReader:
    return StripeApiReader(api(http), livemode=False)


def error(status: int, headers: Mapping[str, str] | None = None, **content: str) -> Response:
    """An error as Stripe words it."""
    return Response({"error": content}, status, {"request-id": "req_1", **(headers or {})})


def connection_error(text: str) -> stripe.APIConnectionError:
    """No answer at all."""
    return stripe.APIConnectionError(text, should_retry=True)  # type: ignore[no-untyped-call]


def paged(rows: list[dict[str, Any]], size: int = 100) -> Answer:
    """A list that is walked with `starting_after`."""

    def page(request: Request) -> Response:
        ids = [row["id"] for row in rows]
        after = request.query.get("starting_after")
        start = 0 if after is None else ids.index(after) + 1
        limit = min(size, int(request.query["limit"]))
        found = rows[start : start + limit]
        more = start + limit < len(rows)
        return Response({"object": "list", "data": found, "has_more": more, "url": request.path})

    return page
