"""The keys that operators type."""

from collections.abc import Sequence

from tieout.domain.subjects import SubjectKind
from tieout.services.operate import CannotBeDone

# Source: stripe-api dossier section 4 (how the ids of the kinds begin).
_PATHS = {
    "in_": SubjectKind.INVOICE,
    "cus_": SubjectKind.CUSTOMER,
    "ch_": SubjectKind.CHARGE,
    "py_": SubjectKind.CHARGE,
    "re_": SubjectKind.REFUND,
    "pyr_": SubjectKind.REFUND,
    "cn_": SubjectKind.CREDIT_NOTE,
    "du_": SubjectKind.DISPUTE,
    "dp_": SubjectKind.DISPUTE,
    "po_": SubjectKind.PAYOUT,
    "tu_": SubjectKind.TOPUP,
    "cs_": SubjectKind.CHECKOUT_SESSION,
    "inpay_": "receipt",
    "pi_": "sale",
    "txn_": "fee",
}


def checked(keys: Sequence[str]) -> Sequence[str]:
    """Return the keys as they are.

    Raises:
        CannotBeDone: one is empty, or a bare Stripe id; the text names the key that was meant.
    """
    for key in keys:
        if not key.strip():
            raise CannotBeDone("a key must not be empty: give one like invoice/in_1")
        kind = next((kind for begin, kind in _PATHS.items() if key.startswith(begin)), None)
        if kind is not None and "/" not in key:
            raise CannotBeDone(f"{key!r} is no key; did you mean {kind}/{key}?")
    return keys
