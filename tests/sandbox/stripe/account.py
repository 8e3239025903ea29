"""The simulated Stripe account: all business actions in one object."""

from tests.sandbox.stripe.catalog import CatalogActions
from tests.sandbox.stripe.connect import ConnectActions
from tests.sandbox.stripe.credit_notes import CreditNoteActions
from tests.sandbox.stripe.delayed import DelayedPaymentActions
from tests.sandbox.stripe.disputes import DisputeActions
from tests.sandbox.stripe.facts import Facts
from tests.sandbox.stripe.payouts import PayoutActions
from tests.sandbox.stripe.topups import TopupActions


class StripeAccount(
    CatalogActions,
    CreditNoteActions,
    DelayedPaymentActions,
    DisputeActions,
    PayoutActions,
    TopupActions,
    ConnectActions,
    Facts,
):
    """One Stripe account with its customers, documents, balance, events and endpoints.

    Every business action returns a copy of the object as the API would show it, and logs the
    events that Stripe would send. Amounts are integers in Stripe's minor unit. Actions are
    serialised by ``lock``, which the HTTP server takes as well.
    """
