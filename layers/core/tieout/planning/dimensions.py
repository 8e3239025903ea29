"""Which dimensions a line carries.

From lowest to highest precedence: policy defaults, the revenue category, the policy's override for
the customer, and the metadata of customer, invoice and line.
"""

from collections.abc import Mapping

from tieout.domain.documents import NO_DIMENSIONS, Dimensions
from tieout.domain.policy import Policy
from tieout.domain.text import clean
from tieout.planning.fields import DIMENSION_LENGTH_MAX
from tieout.planning.snapshots import CustomerSnapshot, InvoiceSnapshot

# How policy and metadata call Intacct's own dimensions; every other name is user-defined.
STANDARD_DIMENSIONS: Mapping[str, str] = {
    "location": "location",
    "department": "department",
    "class": "class_id",
    "project": "project",
    "item": "item",
}


def named_dimensions(values: Mapping[str, str]) -> Dimensions:
    """Return the dimensions given as name -> Intacct id."""
    standard = {
        attribute: values[name]
        for name, attribute in STANDARD_DIMENSIONS.items()
        if values.get(name)
    }
    user_defined = sorted(
        (name, value) for name, value in values.items() if value and name not in STANDARD_DIMENSIONS
    )
    return Dimensions(**standard, user_defined=tuple(user_defined))


def metadata_dimensions(metadata: Mapping[str, str], policy: Policy) -> Dimensions:
    """Return the dimensions that Stripe metadata names under the keys of the policy."""
    keys = policy.dimensions.metadata_keys
    if not keys or not metadata:
        return NO_DIMENSIONS
    return named_dimensions(
        {
            name: clean(metadata[key], DIMENSION_LENGTH_MAX)
            for name, key in keys.items()
            if key in metadata
        }
    )


def customer_dimensions(customer: CustomerSnapshot, policy: Policy) -> Dimensions:
    """Return what the policy's override and the customer's metadata say, metadata winning."""
    override = policy.customers.overrides.get(customer.id)
    from_policy = override.dimensions if override is not None else NO_DIMENSIONS
    return from_policy.overlaid(metadata_dimensions(customer.metadata, policy))


def invoice_dimensions(invoice: InvoiceSnapshot, policy: Policy) -> Dimensions:
    """Return what customer and invoice say, the invoice winning; without the policy's defaults."""
    of_customer = (
        NO_DIMENSIONS if invoice.customer is None else customer_dimensions(invoice.customer, policy)
    )
    return of_customer.overlaid(metadata_dimensions(invoice.metadata, policy))
