"""What most tests of the processor begin with."""

import pytest

from tests.factories import a_customer, a_paid_invoice
from tests.unit.services.world import CUSTOMER, INVOICE, World


@pytest.fixture
def world() -> World:
    """A customer and a paid invoice in Stripe; nothing in the books."""
    made = World()
    made.stripe.snapshots[CUSTOMER] = a_customer()
    made.stripe.snapshots[INVOICE] = a_paid_invoice()
    return made
