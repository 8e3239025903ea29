"""The one table that says of every type of balance transaction which document books it.

What a type is, is a fact about Stripe and so fixed here; on which account it goes is policy. A test
fails when the `stripe` package knows a type that is not here, and docs/posting-rules.md shows every
row.

Source: stripe-api dossier section 4.7; docs.stripe.com/reports/balance-transaction-types.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType

from tieout.domain.movement_policy import Category
from tieout.planning.snapshots import BalanceTransaction


class BookedBy(StrEnum):
    """Which document moves the clearing account for a balance transaction."""

    SALE = "sale"  # the receipt, sale or daily summary books the gross, the day all else
    RETURNED_SALE = "returned_sale"  # the reversal of that
    REFUND = "refund"
    RETURNED_REFUND = "returned_refund"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    RETURNED_PAYOUT = "returned_payout"
    TOPUP = "topup"
    RETURNED_TOPUP = "returned_topup"
    DAY = "day"  # summed up with its like in the journal of the day
    ITSELF = "itself"  # a journal of its own, so that an oddity blocks nothing else


class Direction(Enum):
    """What a movement usually does to the balance; the books go by the sign of its amount."""

    IN = "in"
    OUT = "out"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of a type.

    Attributes:
        category: what it is to an accountant; of what a sale or refund books, and of what has an
            account of its own in policy (payouts), None.
        why: what it is and, where that was a choice, why it is booked so.
    """

    booked_by: BookedBy
    direction: Direction
    category: Category | None
    why: str


_IN, _OUT, _EITHER = Direction.IN, Direction.OUT, Direction.EITHER
_DAY, _ITSELF = BookedBy.DAY, BookedBy.ITSELF

TYPES: Mapping[str, Row] = MappingProxyType(
    {
        "adjustment": Row(
            _ITSELF, _EITHER, Category.ADJUSTMENTS, "too coarse to tell: see the second table"
        ),
        "advance": Row(_ITSELF, _EITHER, Category.FINANCING, "money lent or taken back by Stripe"),
        "advance_funding": Row(_ITSELF, _EITHER, Category.FINANCING, "the money of an advance"),
        "anticipation_repayment": Row(
            _ITSELF, _OUT, Category.FINANCING, "repayment of what was paid out before its time"
        ),
        "application_fee": Row(
            _DAY, _IN, Category.APPLICATION_FEE_INCOME, "a platform's share of a sale"
        ),
        "application_fee_refund": Row(
            _DAY, _OUT, Category.APPLICATION_FEE_INCOME, "a platform's share, given back"
        ),
        "charge": Row(BookedBy.SALE, _IN, None, "a card payment"),
        "climate_order_purchase": Row(_ITSELF, _OUT, Category.CLIMATE, "carbon removal, ordered"),
        "climate_order_refund": Row(_ITSELF, _IN, Category.CLIMATE, "such an order, cancelled"),
        "connect_collection_transfer": Row(
            _DAY, _EITHER, Category.CONNECT_COLLECTIONS, "a connected account's debt, settled"
        ),
        "contribution": Row(_DAY, _OUT, Category.CLIMATE, "a share of revenue, given to Climate"),
        "fee_credit_funding": Row(_ITSELF, _EITHER, Category.FEE_CREDITS, "credit for later fees"),
        "inbound_transfer": Row(
            _ITSELF, _IN, Category.INBOUND_TRANSFERS, "drawn from a bank account"
        ),
        "inbound_transfer_reversal": Row(
            _ITSELF, _OUT, Category.INBOUND_TRANSFERS, "such a transfer, returned"
        ),
        "issuing_authorization_hold": Row(
            _ITSELF, _OUT, Category.ISSUING_HOLDS, "reserved for a purchase with an issued card"
        ),
        "issuing_authorization_release": Row(
            _ITSELF, _IN, Category.ISSUING_HOLDS, "such a reservation, released"
        ),
        "issuing_dispute": Row(
            _ITSELF, _EITHER, Category.ISSUING_DISPUTES, "a purchase that the company disputes"
        ),
        "issuing_dispute_provisional_credit": Row(
            _ITSELF, _IN, Category.ISSUING_DISPUTES, "credit until such a dispute is decided"
        ),
        "issuing_dispute_provisional_credit_reversal": Row(
            _ITSELF, _OUT, Category.ISSUING_DISPUTES, "such a credit, taken back"
        ),
        "issuing_transaction": Row(
            _ITSELF, _EITHER, Category.ISSUING_PURCHASES, "a purchase with an issued card"
        ),
        "obligation_outbound": Row(_ITSELF, _OUT, Category.OBLIGATIONS, "an obligation, paid"),
        "obligation_reversal_inbound": Row(
            _ITSELF, _IN, Category.OBLIGATIONS, "such a payment, returned"
        ),
        "payment": Row(BookedBy.SALE, _IN, None, "a payment by another method than a card"),
        "payment_failure_refund": Row(
            BookedBy.RETURNED_SALE, _OUT, None, "a payment that failed after it had succeeded"
        ),
        "payment_network_reserve_hold": Row(
            _DAY, _OUT, Category.RESERVES, "held back for a payment network"
        ),
        "payment_network_reserve_release": Row(
            _DAY, _IN, Category.RESERVES, "no longer held back for it"
        ),
        "payment_refund": Row(BookedBy.REFUND, _OUT, None, "a refund of a payment"),
        "payment_reversal": Row(
            BookedBy.RETURNED_SALE, _OUT, None, "a debit that the customer's bank took back"
        ),
        "payment_unreconciled": Row(
            _ITSELF,
            _IN,
            Category.UNRECONCILED_PAYMENTS,
            "money received that no payment claims; a person finds out whose it is",
        ),
        "payout": Row(BookedBy.PAYOUT, _OUT, None, "to the company's bank"),
        "payout_cancel": Row(BookedBy.RETURNED_PAYOUT, _IN, None, "a payout, cancelled"),
        "payout_failure": Row(BookedBy.RETURNED_PAYOUT, _IN, None, "a payout that came back"),
        "payout_minimum_balance_hold": Row(
            _DAY, _OUT, Category.RESERVES, "kept at Stripe when it pays out"
        ),
        "payout_minimum_balance_release": Row(_DAY, _IN, Category.RESERVES, "no longer kept"),
        "refund": Row(BookedBy.REFUND, _OUT, None, "a refund of a card payment"),
        "refund_failure": Row(
            BookedBy.RETURNED_REFUND, _IN, None, "a refund that did not reach the customer"
        ),
        "reserve_hold": Row(_DAY, _OUT, Category.RESERVES, "held back for risk"),
        "reserve_release": Row(_DAY, _IN, Category.RESERVES, "no longer held back"),
        "reserve_transaction": Row(_DAY, _EITHER, Category.RESERVES, "held back, or released"),
        "reserved_funds": Row(
            _DAY, _EITHER, Category.RESERVES, "held back for connected accounts, or released"
        ),
        "stripe_balance_payment_debit": Row(
            _ITSELF, _OUT, Category.BALANCE_PAYMENTS, "something paid out of the balance"
        ),
        "stripe_balance_payment_debit_reversal": Row(
            _ITSELF, _IN, Category.BALANCE_PAYMENTS, "such a payment, returned"
        ),
        "stripe_fee": Row(
            _DAY, _OUT, Category.STRIPE_BILLING_FEES, "Billing, Radar, Tax and other products"
        ),
        "stripe_fx_fee": Row(_DAY, _OUT, Category.FX_FEES, "for converting currencies"),
        "tax_fee": Row(_DAY, _OUT, Category.FEE_TAX, "tax on Stripe's fees"),
        "tax_fund": Row(_ITSELF, _EITHER, Category.TAX_FUNDS, "set aside to pay taxes with"),
        "topup": Row(BookedBy.TOPUP, _IN, None, "from the company's bank"),
        "topup_reversal": Row(BookedBy.RETURNED_TOPUP, _OUT, None, "a top-up that came back"),
        "transfer": Row(_DAY, _OUT, Category.TRANSFERS, "to a connected account"),
        "transfer_cancel": Row(_DAY, _IN, Category.TRANSFERS, "a transfer, cancelled"),
        "transfer_failure": Row(_DAY, _IN, Category.TRANSFERS, "a transfer that came back"),
        "transfer_refund": Row(_DAY, _IN, Category.TRANSFERS, "a transfer, taken back"),
    }
)

# By reporting category; an adjustment of any other is a journal of its own.
ADJUSTMENTS: Mapping[str, Row] = MappingProxyType(
    {
        "dispute": Row(
            BookedBy.DISPUTE, _OUT, Category.DISPUTES, "what a customer's bank claims back"
        ),
        "dispute_reversal": Row(
            BookedBy.DISPUTE, _IN, Category.DISPUTES, "such a claim, given back"
        ),
        "refund_failure": Row(
            BookedBy.RETURNED_REFUND, _IN, None, "how older refunds come back that failed"
        ),
        "fee": Row(_DAY, _EITHER, Category.STRIPE_BILLING_FEES, "a fee or its correction"),
        "tax": Row(_DAY, _EITHER, Category.FEE_TAX, "tax on Stripe's fees, or its correction"),
    }
)

DISPUTE_FEE = Row(
    _DAY,
    _EITHER,
    Category.DISPUTE_FEES,
    "a fee for countering a dispute, or its return: told by its description alone",
)
UNKNOWN = Row(_ITSELF, _EITHER, None, "a type that this version does not know")

# "Stripe card dispute countered fee".
_DISPUTE_FEE = re.compile(r"\bdispute (?:\w+ )?fee\b", re.IGNORECASE)


def row_of(movement: BalanceTransaction) -> Row:
    """Return what becomes of a balance transaction."""
    if movement.type != "adjustment":
        return TYPES.get(movement.type, UNKNOWN)
    if _DISPUTE_FEE.search(movement.description):
        return DISPUTE_FEE
    return ADJUSTMENTS.get(movement.reporting_category, TYPES["adjustment"])
