"""The double's own HTTP surface, for a scenario that runs in another process.

========================  =====================================================================
GET  /_double/balance     balance before and after fees, per currency
GET  /_double/facts       open and uncollectible receivables per customer
GET  /_double/stats       read counts and object counts
POST /_double/faults      an :class:`ApiFault` as JSON; ``{}`` forgets all faults
POST /_double/endpoints   ``{"url", "enabled_events"?, "api_version"?}``, answers id and secret
POST /_double/actions/X   business action X with the body as its keyword arguments
POST /_double/deliver     deliver everything that waits, answers the attempts
========================  =====================================================================
"""

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.api import ApiResponse, StripeApi
from tests.sandbox.stripe.core import BUSINESS_ACTIONS
from tests.sandbox.stripe.delivery import WebhookSender
from tests.sandbox.stripe.errors import StripeError, refused
from tests.sandbox.stripe.events import WebhookEndpoint
from tests.sandbox.stripe.faults import ApiFault, FaultBox, FaultKind
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.payments import ChargeSpec
from tests.sandbox.stripe.specs import (
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    ShippingSpec,
)

_PREFIX = "/_double/"
_ACTIONS = "actions/"


class ControlSurface:
    """Answers requests under ``/_double/``."""

    def __init__(
        self,
        account: StripeAccount,
        api: StripeApi,
        faults: FaultBox,
        sender: WebhookSender | None,
    ) -> None:
        self._account = account
        self._api = api
        self._faults = faults
        self._sender = sender
        self._routes: dict[tuple[str, str], Callable[[JsonObject], JsonObject]] = {
            ("GET", "balance"): self._balance,
            ("GET", "facts"): self._facts,
            ("GET", "stats"): self._stats,
            ("POST", "deliver"): self._deliver,
            ("POST", "endpoints"): self._endpoint,
            ("POST", "faults"): self._fault,
        }

    def handle(self, method: str, path: str, body: bytes) -> ApiResponse:
        """Answer one request; a wrong one gets 400 with the reason."""
        try:
            given = json.loads(body or b"{}")
            status, answer = 200, self._answer(method, path.removeprefix(_PREFIX), given)
        except StripeError as error:
            status, answer = error.status, error.body("req_control")
        except (KeyError, TypeError, ValueError) as error:
            status, answer = 400, refused(str(error)).body("req_control")
        return ApiResponse(status, json.dumps(answer).encode(), {})

    def _answer(self, method: str, name: str, given: JsonObject) -> Any:  # noqa: ANN401
        if method == "POST" and name.startswith(_ACTIONS):
            return self._act(name.removeprefix(_ACTIONS), given)
        route = self._routes.get((method, name))
        if route is None:
            raise StripeError(404, f"The double has no {method} {_PREFIX}{name}")
        return route(given)

    def _act(self, name: str, given: JsonObject) -> Any:  # noqa: ANN401
        action = BUSINESS_ACTIONS.get(name)
        if action is None:
            raise StripeError(404, f"The account has no business action {name}")
        arguments = dict(given)
        if name in _SPECS:
            arguments = {"spec": _SPECS[name](given)}
        result = action(self._account, **arguments)
        return dataclasses.asdict(result) if isinstance(result, WebhookEndpoint) else result

    def _balance(self, _given: JsonObject) -> JsonObject:
        return {
            "before_fees": self._account.balance_before_fees(),
            "after_fees": self._account.balance_after_fees(),
        }

    def _facts(self, _given: JsonObject) -> JsonObject:
        return {
            "open_receivables": self._account.open_receivables(),
            "uncollectible_receivables": self._account.uncollectible_receivables(),
        }

    def _stats(self, _given: JsonObject) -> JsonObject:
        return {"reads": self._api.stats.as_json(), "objects": self._account.counts()}

    def _fault(self, given: JsonObject) -> JsonObject:
        if not given:
            self._faults.clear()
            return {}
        fault = ApiFault(**{**given, "kind": FaultKind(given["kind"])})
        self._faults.add(fault)
        return dataclasses.asdict(fault)

    def _endpoint(self, given: JsonObject) -> JsonObject:
        endpoint = self._account.register_endpoint(**given)
        return {"id": endpoint.id, "secret": endpoint.secrets[-1].value, "url": endpoint.url}

    def _deliver(self, _given: JsonObject) -> JsonObject:
        if self._sender is None:
            raise refused("This server was started without a webhook sender")
        return {"attempts": [dataclasses.asdict(each) for each in self._sender.deliver_all()]}


def _invoice_spec(given: JsonObject) -> InvoiceSpec:
    shipping = given.get("shipping")
    return InvoiceSpec(
        **{
            **_tuples(given),
            "lines": tuple(LineSpec(**_tuples(each)) for each in given["lines"]),
            "shipping": None if shipping is None else ShippingSpec(**_tuples(shipping)),
        }
    )


def _credit_note_spec(given: JsonObject) -> CreditNoteSpec:
    lines = tuple(CreditLineSpec(**_tuples(each)) for each in given["lines"])
    return CreditNoteSpec(**{**_tuples(given), "lines": lines})


def _tuples(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


_SPECS: dict[str, Callable[[JsonObject], Any]] = {
    "charge": lambda given: ChargeSpec(**given),
    "start_charge": lambda given: ChargeSpec(**given),
    "create_credit_note": _credit_note_spec,
    "create_invoice": _invoice_spec,
}
