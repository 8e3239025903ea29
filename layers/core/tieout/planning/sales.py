"""Sales: charges that pay no invoice.

How one is booked is decided once, by the first plan that books it, and stays: a sale that a day's
journal has must never become a receipt because the policy changed, or what a rule asks of it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tieout.domain.documents import Dimensions, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import sale_key, sale_receipt_key, sale_return_key, sales_summary_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.customers import add_customer
from tieout.planning.draft import PlanDraft
from tieout.planning.sale_documents import returned, sale, sale_receipt
from tieout.planning.sale_lines import revenue_line, second_payment, source_id
from tieout.planning.sale_modes import is_booked_as
from tieout.planning.snapshots import (
    ActivitySnapshot,
    BalanceTransaction,
    ChargeSnapshot,
    CustomerSnapshot,
    Origin,
)

BookedUnder = Mapping[str, Policy]
# Kind of the object and reporting category of what brings a charge's money; a late failure's
# movement has the charge behind it too. Source: stripe-api dossier section 4.7.
_CHARGED = ("charge", "charge")


def is_sale(charge: ChargeSnapshot) -> bool:
    """Return whether the charge brought money that no invoice asked for, as far as Stripe shows."""
    return not charge.invoices and (charge.movement is not None or _is_captured(charge))


def plan_charge(
    draft: PlanDraft, charge: ChargeSnapshot, policy: Policy, booked_under: BookedUnder
) -> None:
    """Plan a charge: its invoices book the payment; without one it is a sale.

    Every charge that brought money has something under its sale's key, so that the books have
    evidence of it. One that failed at once, or only reserved money, calls for nothing.

    Args:
        draft: where the documents go.
        charge: as Stripe has it; its amount is what was captured.
        policy: today's.
        booked_under: by key, the older policies of what is booked, or decided to be elsewhere.
    """
    if is_sale(charge) and charge.movement is not None:
        original = booked_under.get(sale_key(source_id(charge)), policy)
        _add_sale(draft, charge, charge.movement, original, policy)
    elif is_sale(charge):
        text = f"charge {charge.id} has not moved Stripe's balance yet"
        _note(draft, charge, Reason.WAITS_FOR_STRIPE, text)
    elif charge.movement is not None or _is_captured(charge):
        text = f"charge {charge.id} pays invoice {', '.join(charge.invoices)}"
        _note(draft, charge, Reason.NOTHING_TO_BOOK, text)
        if charge.failure is not None:
            key = sale_return_key(source_id(charge))
            amount = charge.amount_minor, charge.currency
            draft.not_booked(key, Reason.NOTHING_TO_BOOK, f"{text}, whose receipt it was", *amount)


def summarised_sales(
    day: ActivitySnapshot, booked_under: BookedUnder
) -> Mapping[str, tuple[JournalLine, ...]]:
    """Return the revenue of the sales that the day's journals book, by the charges' currency.

    Those are exactly the ones that were decided to be: under the policy that `booked_under` has
    for the sale's key. A charge without one was not read yet, or is booked elsewhere.

    Args:
        day: every movement of the day, with its origin.
        booked_under: by key, the policies under which sales were booked or decided.

    Returns:
        Credits (negative), summed by account and dimensions; the day's journal in that currency
        balances them against clearing.

    Raises:
        Refused: a sale's metadata now names a category that its policy does not have.
    """
    earned: dict[str, dict[tuple[str, Dimensions], int]] = defaultdict(lambda: defaultdict(int))
    for charge in (_charge(*each) for each in _charge_movements(day)):
        original = booked_under.get(sale_key(source_id(charge)))
        if original is not None and is_booked_as("daily_summary", charge, original):
            line = revenue_line(charge, charge.amount_minor, original)
            earned[charge.currency][line.account, line.dimensions] += line.amount_minor
    return {
        currency: tuple(
            JournalLine(account, -amount, "Sales without invoice", dimensions, why="sales.mode")
            for (account, dimensions), amount in sums.items()
        )
        for currency, sums in earned.items()
    }


def sale_keys(day: ActivitySnapshot) -> frozenset[str]:
    """Return the keys under which the charges of a day have their evidence."""
    return frozenset(
        sale_key(origin.payment_intent or origin.id) for _, origin in _charge_movements(day)
    )


def sales_journal_keys(day: ActivitySnapshot, account: str | None) -> frozenset[str]:
    """Return the keys of the journals that may sum up sales of a day, a currency each.

    Args:
        day: every movement of the day, with its origin.
        account: the Stripe account, None for the main one.
    """
    return frozenset(
        sales_summary_key(day.day, origin.currency, account)
        for _, origin in _charge_movements(day)
        if origin.currency is not None
    )


def _charge_movements(day: ActivitySnapshot) -> Iterator[tuple[BalanceTransaction, Origin]]:
    for movement in day.movements:
        origin = movement.origin
        if origin is not None and (origin.kind, movement.reporting_category) == _CHARGED:
            yield movement, origin


def _charge(movement: BalanceTransaction, origin: Origin) -> ChargeSnapshot:
    """Return the charge behind a movement, as far as the movement tells."""
    if origin.amount_minor is None or origin.currency is None:
        raise Refused(Reason.UNREADABLE_OBJECT, f"{origin.id} does not tell its amount")
    return ChargeSnapshot(
        id=origin.id,
        amount_minor=origin.amount_minor,
        currency=origin.currency,
        status="succeeded",
        created_unix=movement.created_unix,
        captured=True,
        payment_intent=origin.payment_intent,
        movement=movement,
        customer=CustomerSnapshot(origin.customer) if origin.customer else None,
        description=origin.description,
        metadata=origin.metadata,
    )


def _is_captured(charge: ChargeSnapshot) -> bool:
    return charge.status == "succeeded" and charge.captured


def _note(draft: PlanDraft, charge: ChargeSnapshot, reason: Reason, text: str) -> None:
    key = sale_key(source_id(charge))
    draft.not_booked(key, reason, text, charge.amount_minor, charge.currency)


def _add_sale(
    draft: PlanDraft,
    charge: ChargeSnapshot,
    movement: BalanceTransaction,
    original: Policy,
    policy: Policy,
) -> None:
    amount = charge.amount_minor, charge.currency
    source = source_id(charge)
    draft.document(sale_key(source), lambda: sale(charge, movement, original), *amount)
    if is_booked_as("invoice", charge, original) and second_payment(charge) is None:
        draft.document(
            sale_receipt_key(source),
            lambda: sale_receipt(charge, movement, original, policy),
            *amount,
        )
        if charge.customer is not None and draft.has_documents:
            add_customer(draft, charge.customer, policy)
    failure = charge.failure
    if failure is not None:
        draft.document(
            sale_return_key(source), lambda: returned(charge, failure, original, policy), *amount
        )
