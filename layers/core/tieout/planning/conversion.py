"""Currency conversion: what was charged or refunded in one currency, in the balance of another.

The receipt or refund moves the clearing account of its own currency, which is then only passed
through. Two entries carry the amount over, each in one currency and by an amount that Stripe
states; both pass the same account, on which the gain or loss remains. No rate is computed.

Source: stripe-api dossier section 5 (the two integer amounts are the truth, not the rate).
"""

from tieout.domain.documents import JournalLine
from tieout.domain.errors import Refused
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.balance_types import BookedBy, row_of
from tieout.planning.movements import named_line
from tieout.planning.snapshots import BalanceTransaction

# What these document book is the gross, in the currency of the charge.
GROSS_BOOKED_ELSEWHERE = frozenset(
    {BookedBy.SALE, BookedBy.RETURNED_SALE, BookedBy.REFUND, BookedBy.RETURNED_REFUND}
)
_BRINGS_MONEY = frozenset({BookedBy.SALE, BookedBy.RETURNED_REFUND})


def converted_from(movement: BalanceTransaction) -> tuple[str, int] | None:
    """Return what a charge or refund moved in its own currency, if that is not the balance's.

    Returns:
        Currency and amount in its minor units; positive came in, like the movement's own amount.

    Raises:
        Refused: Stripe does not show the object behind the movement, so nobody can tell.
    """
    origin = movement.origin
    if origin is None or origin.amount_minor is None or origin.currency is None:
        raise Refused(
            Reason.UNREADABLE_OBJECT,
            f"{movement.type} {movement.id}: Stripe shows no amount of {movement.source or 'it'}, "
            "so nothing tells whether the balance has it in another currency",
        )
    if origin.currency == movement.currency:
        return None
    comes_in = movement.amount_minor > 0 or (
        # A unit of a small currency can be worth nothing in the balance's.
        movement.amount_minor == 0 and row_of(movement).booked_by in _BRINGS_MONEY
    )
    return origin.currency, origin.amount_minor if comes_in else -origin.amount_minor


def fx_line(debit_minor: int, memo: str, policy: Policy) -> JournalLine:
    """Return a line on the account that conversions pass.

    Raises:
        Refused: policy does not name it.
    """
    account = policy.movements.fx_account
    if account is None:
        raise Refused(Reason.ACCOUNT_NOT_IN_POLICY, "Stripe converted currencies: `fx_account`")
    return named_line(account, debit_minor, memo, "fx_account", policy)
