"""What a sale without an invoice earns, and on which account: one line, for one category.

Bookings, refunds and returns of a sale all take the line made here.
"""

from collections.abc import Mapping

from tieout.domain.documents import ArLine, Dimensions, JournalLine
from tieout.domain.effects import read_place
from tieout.domain.errors import Refused
from tieout.domain.keys import sale_key
from tieout.domain.money import decimal_from_minor
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleRules
from tieout.domain.text import clean
from tieout.planning.accounts import Categorised, clearing, revenue_by_rule
from tieout.planning.dimensions import customer_dimensions, metadata_dimensions
from tieout.planning.facts import sale_case
from tieout.planning.fields import MEMO_LENGTH_MAX, amount_text
from tieout.planning.periods import is_before_books
from tieout.planning.rules import answer
from tieout.planning.sale_modes import is_booked_as, sale_rules
from tieout.planning.snapshots import ChargeSnapshot, CustomerSnapshot, InvoicePayment
from tieout.planning.taking_back import as_booked


def source_id(charge: ChargeSnapshot) -> str:
    """Return the id under which the sale has its keys (see `domain.keys.sale_key`)."""
    return charge.payment_intent or charge.id


def second_payment(charge: ChargeSnapshot) -> InvoicePayment | None:
    """Return what a charge was to pay and came too late for: Stripe had canceled that payment.

    A bank debit that was on its way cannot be stopped when the invoice is settled otherwise. The
    money is the customer's: no sale, and none either once it went back, when a person may have
    booked it already.
    Source: stripe-api dossier section 4.4; what Stripe does with it is not documented.
    """
    return None if charge.invoices else next(iter(charge.payments), None)


def refuse_second_payment(charge: ChargeSnapshot) -> None:
    """Refuse what is no sale.

    Raises:
        Refused: the charge is the second payment of an invoice, whether its money went back or not.
    """
    payment = second_payment(charge)
    if payment is None:
        return
    brought = amount_text(charge.amount_minor, charge.currency)
    text = f"charge {charge.id} brought {brought} for invoice {payment.invoice}"
    if charge.failure is not None:
        raise Refused(
            Reason.OVER_APPLICATION,
            f"{text}, and it went back, {charge.failure.id}: Stripe shows payment {payment.id} as "
            "canceled, and no receipt books it",
        )
    raise Refused(
        Reason.OVER_APPLICATION,
        f"{text} after Stripe had canceled payment {payment.id}: the invoice was settled "
        "otherwise, or is void, so this is a second payment",
    )


def revenue_line(charge: ChargeSnapshot, amount_minor: int, policy: Policy) -> ArLine:
    """Return the line that a sale, or a part of it, earns.

    Args:
        charge: the sale.
        amount_minor: what of it, in minor units of its currency; positive.
        policy: the one that the sale is booked under.

    Raises:
        Refused: policy says neither how sales are booked nor what category this one is.
    """
    rules = sale_rules(charge, policy)
    is_summarised = is_booked_as("daily_summary", charge, policy)
    case = sale_case(charge, policy, is_summarised=is_summarised)
    chosen = revenue_by_rule(case, policy, lambda: _category(charge.metadata, rules, policy))
    dimensions = (
        policy.dimensions.defaults.overlaid(chosen.category.dimensions)
        .overlaid(_customer_dimensions(charge, policy, is_summarised=is_summarised))
        .overlaid(metadata_dimensions(charge.metadata, policy))
        .overlaid(answer(Area.DIMENSIONS, case, policy).dimensions)
        .overlaid(chosen.dimensions)
    )
    return ArLine(
        account=chosen.category.account,
        amount_minor=amount_minor,
        memo=clean(charge.description, MEMO_LENGTH_MAX) or f"Stripe charge {charge.id}",
        dimensions=dimensions,
        why="; ".join(filter(None, [chosen.why, rules.why])),
    )


def taken_back(
    charge: ChargeSnapshot, amount_minor: int, memo: str, original: Policy, today: Policy
) -> tuple[JournalLine, ...]:
    """Return the journal lines that take back (part of) a sale: revenue to clearing.

    Clearing is credited in the location of the revenue: a journal entry must balance in each entity
    (intacct-xml-api dossier section 7.6).

    Args:
        charge: the sale.
        amount_minor: minor units of its currency; positive takes back, negative gives back again.
        memo: what for.
        original: the policy that the sale was booked under, for what it earned on.
        today: today's, for clearing.

    Raises:
        Refused: policy does not name an account.
    """
    earned = _as_earned(charge, amount_minor, original)
    place = today.dimensions.defaults.overlaid(Dimensions(location=earned.dimensions.location))
    account = clearing(charge.currency, today).account
    part, whole = (
        f"{decimal_from_minor(each, charge.currency):f}"
        for each in (abs(amount_minor), charge.amount_minor)
    )
    why = f"{part} of {whole}: {as_booked(earned, original.version)}"
    return (
        JournalLine(earned.account, amount_minor, memo, earned.dimensions, why=why),
        JournalLine(account, -amount_minor, memo, place, why="clearing account"),
    )


def _as_earned(charge: ChargeSnapshot, amount_minor: int, original: Policy) -> ArLine:
    """Return the line as its document has it, whatever metadata says today; else as planned."""
    if not charge.earned_on:
        return revenue_line(charge, amount_minor, original)
    account, dimensions = read_place(charge.earned_on)
    return ArLine(account, amount_minor, charge.description, dimensions, charge.earned_why)


def booked_before(charge: ChargeSnapshot, original: Policy, today: Policy) -> tuple[str, ...]:
    """Return the key of the document that books the sale, if there is one to wait for.

    Args:
        charge: the sale.
        original: the policy that it was booked under.
        today: today's, which says from when on Tieout books.
    """
    moved_at_unix = charge.movement.created_unix if charge.movement else None
    if is_booked_as("daily_summary", charge, original) or is_before_books(moved_at_unix, today):
        return ()
    return (sale_key(source_id(charge)),)


def _category(metadata: Mapping[str, str], rules: SaleRules, policy: Policy) -> Categorised:
    """Return the first category that is named: by the charge, by `sales`, by `revenue`."""
    key, default = policy.revenue.metadata_key, policy.revenue.default
    if named := metadata.get(key):
        name, why = named, f"charge metadata names category {named}"
    elif rules.category is not None:
        name, why = rules.category, f"sales are category {rules.category}"
    elif default is not None:
        name, why = default, f"default category {default}"
    else:
        raise Refused(
            Reason.REVENUE_CATEGORY_MISSING,
            "neither the charge's metadata nor `sales.category` nor `revenue.default` says what "
            "the sale is",
        )
    category = policy.revenue.categories.get(name)
    if category is None:
        raise Refused(Reason.REVENUE_CATEGORY_MISSING, f"{why}, which policy does not have")
    return Categorised(category, why)


def _customer_dimensions(
    charge: ChargeSnapshot, policy: Policy, *, is_summarised: bool
) -> Dimensions:
    """Return what the customer says; in a summary the policy's override alone.

    The movements of a day are read with the ids of their customers, not with their metadata.
    """
    if charge.customer is None:
        return Dimensions()
    customer = CustomerSnapshot(charge.customer.id) if is_summarised else charge.customer
    return customer_dimensions(customer, policy)
