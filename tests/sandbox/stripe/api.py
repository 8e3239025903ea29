"""Stripe's read API over the simulated account, without sockets: request in, answer out."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.auth import authenticate, authorise
from tests.sandbox.stripe.errors import StripeError, refused
from tests.sandbox.stripe.event_lists import (
    EVENT_PARAMS,
    event_test,
    find_event,
    shown_event,
    visible_events,
)
from tests.sandbox.stripe.expanding import Expander
from tests.sandbox.stripe.filters import Filter, created_bounds
from tests.sandbox.stripe.json_types import PINNED_VERSION, JsonObject, list_object
from tests.sandbox.stripe.options import ApiKey
from tests.sandbox.stripe.paging import PAGING_PARAMS, page
from tests.sandbox.stripe.query import Params, parse_query, refuse_unknown, texts
from tests.sandbox.stripe.resources import RESOURCES, SUB_LISTS, Resource, SubList
from tests.sandbox.stripe.store import ObjectStore

_EXPAND_ONLY = frozenset({"expand"})
_NEVER_CHANGES = ("invoice", "charge", "payment_intent", "source", "customer")


@dataclass(frozen=True)
class ApiResponse:
    """An HTTP answer. ``headers`` come on top of what the server itself sends."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass
class ReadStats:
    """How many requests came in: by route template and by status, for the read budget (6.2)."""

    by_route: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many requests were answered, whatever the answer."""
        return sum(self.by_status.values())

    def as_json(self) -> JsonObject:
        """Return the counts as JSON."""
        return {
            "total": self.total,
            "by_route": dict(sorted(self.by_route.items())),
            "by_status": {str(code): count for code, count in sorted(self.by_status.items())},
        }


@dataclass(frozen=True)
class _Request:
    account: StripeAccount
    key: ApiKey
    params: Params


class StripeApi:
    """Answers GET requests at the pinned version, and refuses what Stripe refuses."""

    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self.stats = ReadStats()
        self._resources = {resource.path: resource for resource in RESOURCES}
        self._sub_lists = {(each.parent_path, each.name): each for each in SUB_LISTS}

    def handle(self, method: str, target: str, headers: Mapping[str, str]) -> ApiResponse:
        """Answer one request. ``headers`` have lower-case names."""
        with self._account.lock:
            request_id = self._account.ids.next("req", 14)
            parts = urlsplit(target)
            try:
                body = self._answer(method, parts.path, parts.query, headers)
                status = 200
            except StripeError as error:
                body, status = error.body(request_id), error.status
            self.stats.by_status[status] += 1
        return ApiResponse(
            status=status,
            body=json.dumps(body).encode(),
            headers={"Request-Id": request_id, "Stripe-Version": PINNED_VERSION},
        )

    def look_up(self, path: str, query: str, headers: Mapping[str, str]) -> JsonObject:
        """Answer a GET as :meth:`handle` does, without writing it down as JSON.

        Raises:
            StripeError: what it is refused with.
        """
        with self._account.lock:
            body = self._answer("GET", path, query, headers)
            self.stats.by_status[200] += 1
        return body

    def refuse(self, error: StripeError, headers: Mapping[str, str]) -> ApiResponse:
        """Answer with an error that did not come from the request itself."""
        with self._account.lock:
            request_id = self._account.ids.next("req", 14)
            self.stats.by_status[error.status] += 1
        return ApiResponse(
            status=error.status,
            body=json.dumps(error.body(request_id)).encode(),
            headers={"Request-Id": request_id, **headers},
        )

    def _answer(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> JsonObject:
        key = authenticate(headers, self._account.options)
        segments = [segment for segment in path.split("/") if segment]
        route = self._route(segments)
        if method != "GET" or route is None:
            raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
        self._require_version(headers)
        template, answer = route
        self.stats.by_route[f"GET {template}"] += 1
        return answer(_Request(self._asked_for(headers), key, parse_query(query)))

    def _asked_for(self, headers: Mapping[str, str]) -> StripeAccount:
        """Return the account itself, or the connected one that ``Stripe-Account`` names."""
        account_id = headers.get("stripe-account", self._account.options.account_id)
        if account_id == self._account.options.account_id:
            return self._account
        found = self._account.connected.get(account_id)
        if not isinstance(found, StripeAccount):
            raise StripeError(
                403,
                f"The provided key does not have access to account '{account_id}' (or that account "
                "does not exist). Application access may have been revoked.",
                code="account_invalid",
            )
        return found

    def _require_version(self, headers: Mapping[str, str]) -> None:
        asked = headers.get("stripe-version", self._account.options.default_api_version)
        if asked != PINNED_VERSION:
            raise refused(f"Invalid Stripe API version: {asked}. The double is {PINNED_VERSION}.")

    def _route(
        self, segments: Sequence[str]
    ) -> tuple[str, Callable[[_Request], JsonObject]] | None:
        """Return the route template and what answers it."""
        match segments:
            case ["v1", "balance"]:
                return "/v1/balance", self._balance
            case ["v1", "events"]:
                return "/v1/events", self._events
            case ["v1", "events", event_id]:
                return "/v1/events/{id}", lambda request: self._event(request, event_id)
            case ["v1", path] if (resource := self._resources.get(path)) and resource.listed:
                return f"/v1/{path}", lambda request: self._list(request, resource)
            case ["v1", path, object_id] if resource := self._resources.get(path):
                return f"/v1/{path}/{{id}}", lambda request: self._retrieve(
                    request, resource, object_id
                )
            case ["v1", path, parent, name] if below := self._sub_lists.get((path, name)):
                return f"/v1/{path}/{{id}}/{name}", lambda request: self._sub_list(
                    request, below, parent
                )
            case _:
                return None

    def _balance(self, request: _Request) -> JsonObject:
        authorise(request.key, "balance", request.account.options)
        refuse_unknown(request.params, _EXPAND_ONLY)
        return request.account.balance()

    def _event(self, request: _Request, event_id: str) -> JsonObject:
        authorise(request.key, "event", request.account.options)
        refuse_unknown(request.params, _EXPAND_ONLY)
        return find_event(request.account, event_id)

    def _events(self, request: _Request) -> JsonObject:
        authorise(request.key, "event", request.account.options)
        refuse_unknown(request.params, EVENT_PARAMS | PAGING_PARAMS)
        test = event_test(request.account, request.params)
        found, has_more = page(
            visible_events(request.account, request.params), request.params, test, "event"
        )
        data = [shown_event(request.account, event) for event in found]
        return list_object(data, url="/v1/events", has_more=has_more)

    def _retrieve(self, request: _Request, resource: Resource, object_id: str) -> JsonObject:
        authorise(request.key, resource.kind, request.account.options)
        refuse_unknown(request.params, _EXPAND_ONLY)
        shown = request.account.show(request.account.store.get(resource.kind, object_id))
        self._expand(request, shown)
        return shown

    def _list(self, request: _Request, resource: Resource) -> JsonObject:
        authorise(request.key, resource.kind, request.account.options)
        everything = [
            obj
            for obj in reversed(_candidates(request.account.store, resource.kind, request.params))
            if not obj.get("deleted")
        ]
        return self._page(
            request, everything, resource.filters, resource.kind, f"/v1/{resource.path}"
        )

    def _sub_list(self, request: _Request, below: SubList, parent_id: str) -> JsonObject:
        authorise(request.key, below.parent_kind, request.account.options)
        store = request.account.store
        store.get(below.parent_kind, parent_id)
        if below.name == "lines":
            everything = store.lines.get(parent_id, [])
        else:
            everything = store.where(below.kind, "customer", parent_id)[::-1]
        url = f"/v1/{below.parent_path}/{parent_id}/{below.name}"
        return self._page(request, everything, below.filters, below.kind, url)

    def _page(
        self,
        request: _Request,
        everything: Sequence[JsonObject],
        filters: Mapping[str, Filter],
        kind: str,
        url: str,
    ) -> JsonObject:
        refuse_unknown(request.params, PAGING_PARAMS | filters.keys())
        tests = [
            build(request.account.store, request.params[name])
            for name, build in filters.items()
            if name in request.params
        ]
        found, has_more = page(
            everything, request.params, lambda obj: all(test(obj) for test in tests), kind
        )
        shown = list_object(
            [request.account.show(obj) for obj in found], url=url, has_more=has_more
        )
        self._expand(request, shown)
        return shown

    def _expand(self, request: _Request, shown: JsonObject) -> None:
        expander = Expander(
            request.account.store,
            request.account.show,
            lambda kind: authorise(request.key, kind, request.account.options),
        )
        expander.expand(shown, texts(request.params, "expand"))


def _candidates(store: ObjectStore, kind: str, params: Params) -> list[JsonObject]:
    """Return what can match a list's filters at all: a year has too much to try everything."""
    for name in _NEVER_CHANGES:
        value = params.get(name)
        if isinstance(value, str):
            return store.where(kind, name, value)
    payment = params.get("payment")
    if isinstance(payment, dict) and isinstance(payment.get("payment_intent"), str):
        return store.where(kind, "payment.payment_intent", payment["payment_intent"])
    return store.created_between(kind, *created_bounds(params))
