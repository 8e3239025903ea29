"""Customers: a Stripe customer stands in Intacct under an id that policy decides."""

from tieout.domain.documents import Contact, Customer
from tieout.domain.errors import Refused
from tieout.domain.keys import customer_key, fit
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.draft import PlanDraft
from tieout.planning.facts import customer_case
from tieout.planning.fields import (
    ADDRESS_LENGTH_MAX,
    COUNTRY_CODE_LENGTH,
    CUSTOMER_ID_LENGTH_MAX,
    EMAIL_LENGTH_MAX,
    NAME_LENGTH_MAX,
    PHONE_LENGTH_MAX,
    POSTAL_CODE_LENGTH_MAX,
    STATE_LENGTH_MAX,
    whole,
)
from tieout.planning.rules import answer
from tieout.planning.snapshots import CustomerSnapshot, InvoiceSnapshot


def plan_customer(draft: PlanDraft, customer: CustomerSnapshot, policy: Policy) -> None:
    """Plan a customer on its own account: created or updated, whether or not it was ever invoiced.

    A customer that was deleted in Stripe stays in Intacct as it is; its documents need it. So does
    what was booked of its credit balance, though Stripe shows no changes of that any more.
    """
    if customer.deleted:
        draft.not_booked(
            f"{customer_key(customer.id)}/deleted",
            Reason.NOTHING_TO_BOOK,
            "deleted in Stripe; Intacct keeps the customer and its documents",
        )
        draft.leave_the_rest()
        return
    add_customer(draft, customer, policy)


def add_customer(draft: PlanDraft, customer: CustomerSnapshot, policy: Policy) -> None:
    """Add the Intacct customer that documents of `customer` need."""
    draft.document(customer_key(customer.id), lambda: _customer(customer, policy))


def customer_id(customer: CustomerSnapshot, policy: Policy) -> str:
    """Return the CUSTOMERID: by a rule, else the override, else metadata, else prefix and id.

    A deleted customer keeps the one that it has, whatever said so.

    Raises:
        Refused: metadata names an id that cannot be one; a changed id could be somebody else's.
    """
    if customer.booked_as:
        return customer.booked_as
    ruled = answer(Area.CUSTOMER, customer_case(customer), policy).settings.get("customer_id")
    if ruled is not None:
        return ruled
    rules = policy.customers
    override = rules.overrides.get(customer.id)
    if override is not None and override.customer_id is not None:
        return override.customer_id
    named = customer.metadata.get(rules.metadata_key, "").strip()
    if named:
        if clean(named, CUSTOMER_ID_LENGTH_MAX) != named:
            raise Refused(
                Reason.UNKNOWN_CUSTOMER,
                f"metadata `{rules.metadata_key}` of {customer.id} is no usable customer id",
            )
        return named
    return fit(rules.prefix + customer.id, CUSTOMER_ID_LENGTH_MAX)


def debtor_id(invoice: InvoiceSnapshot, policy: Policy) -> str:
    """Return the CUSTOMERID of who owes the invoice.

    Raises:
        Refused: the invoice has no customer, or one without a usable id.
    """
    if invoice.customer is None:
        raise Refused(Reason.CUSTOMER_MISSING, f"invoice {invoice.id} has no customer")
    return customer_id(invoice.customer, policy)


def _customer(customer: CustomerSnapshot, policy: Policy) -> Customer:
    name = _name(customer, policy)
    ruled = answer(Area.CUSTOMER, customer_case(customer), policy).settings
    address = customer.address
    country_code = whole(address.country_code, COUNTRY_CODE_LENGTH)
    return Customer(
        key=customer_key(customer.id),
        customer_id=customer_id(customer, policy),
        stripe_id=customer.id,
        name=name,
        contact=Contact(
            print_as=name,
            email=whole(customer.email, EMAIL_LENGTH_MAX),
            phone=whole(customer.phone, PHONE_LENGTH_MAX),
            line1=clean(address.line1, ADDRESS_LENGTH_MAX),
            line2=clean(address.line2, ADDRESS_LENGTH_MAX),
            city=clean(address.city, ADDRESS_LENGTH_MAX),
            state=clean(address.state, STATE_LENGTH_MAX),
            postal_code=whole(address.postal_code, POSTAL_CODE_LENGTH_MAX),
            country=policy.customers.countries.get(country_code.upper(), ""),
            country_code=country_code,
        ),
        term=ruled.get("term", policy.customers.term),
        amend=(
            "never"
            if customer.deleted
            else "always"
            if policy.customers.amend_adopted
            else "if_created"
        ),
    )


def _name(customer: CustomerSnapshot, policy: Policy) -> str:
    """Return the name; never the e-mail address, which is no name and is personal data."""
    name = clean(customer.name, NAME_LENGTH_MAX)
    if name:
        return name
    if policy.customers.name_fallback == "park":
        raise Refused(Reason.CUSTOMER_NAME_MISSING, f"{customer.id} has no name in Stripe")
    return customer.id
