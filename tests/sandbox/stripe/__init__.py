"""A Stripe account on one machine: business actions, the read API, signed webhooks.

Start with :class:`StripeAccount` (what the business does), :class:`StripeServer` (what our
product reads) and :class:`WebhookSender` (what our product receives). The package is a test
double: deterministic, in memory, and never part of what is deployed.
"""

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import Clock, SteppedClock, SystemClock
from tests.sandbox.stripe.delivery import Attempt, DeliveryFaults, WebhookSender
from tests.sandbox.stripe.errors import StripeError
from tests.sandbox.stripe.faults import ApiFault, FaultKind
from tests.sandbox.stripe.fees import FeePart, FeeSchedule
from tests.sandbox.stripe.json_types import PINNED_VERSION, PRE_BASIL_VERSION
from tests.sandbox.stripe.options import (
    FULL_KEY,
    AccountOptions,
    ApiKey,
    CounteredFee,
    Settlement,
)
from tests.sandbox.stripe.payments import ChargeSpec
from tests.sandbox.stripe.server import StripeServer
from tests.sandbox.stripe.specs import (
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    ShippingSpec,
)
from tests.sandbox.stripe.transport import http_transport

__all__ = [
    "FULL_KEY",
    "PINNED_VERSION",
    "PRE_BASIL_VERSION",
    "AccountOptions",
    "ApiFault",
    "ApiKey",
    "Attempt",
    "ChargeSpec",
    "Clock",
    "CounteredFee",
    "CreditLineSpec",
    "CreditNoteSpec",
    "DeliveryFaults",
    "FaultKind",
    "FeePart",
    "FeeSchedule",
    "InvoiceSpec",
    "LineSpec",
    "Settlement",
    "ShippingSpec",
    "SteppedClock",
    "StripeAccount",
    "StripeError",
    "StripeServer",
    "SystemClock",
    "WebhookSender",
    "http_transport",
]
