"""Errors in the shape in which Stripe's API returns them."""

from tests.sandbox.stripe.json_types import JsonObject

_NAMES = {
    "balance_transaction": "balance transaction",
    "charge": "charge",
    "event": "notification",
    "payment_intent": "payment_intent",
    "tax_rate": "tax rate",
}


class StripeError(Exception):
    """An answer other than 200, or a business action that Stripe would refuse.

    Source: stripe-api 6.3 (error classes of the SDK) and 7 (missing permission).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param

    def body(self, request_id: str) -> JsonObject:
        """Return the JSON body of the answer."""
        error: JsonObject = {"message": self.message, "type": self.kind}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


def resource_missing(kind: str, object_id: str, param: str = "id") -> StripeError:
    """Return the 404 for an object that does not exist."""
    name = _NAMES.get(kind, kind.replace("_", ""))
    return StripeError(404, f"No such {name}: '{object_id}'", code="resource_missing", param=param)


def refused(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    """Return the 400 for something that Stripe does not allow."""
    return StripeError(400, message, code=code, param=param)
