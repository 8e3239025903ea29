"""Names that never change: document keys, control ids and short references.

A key says which document this is, whatever event led to it. Everything that makes posting twice a
no-op hangs on these functions being pure.
"""

import base64
import hashlib

# Source: intacct-xml-api dossier section 1.5: refid and documentno are 20 characters in the DTD.
REFERENCE_LENGTH_MAX = 20
CONTROL_ID_LENGTH_MAX = 256


def customer_key(customer_id: str) -> str:
    """Key of the Intacct customer that stands for a Stripe customer."""
    return f"customer/{customer_id}"


def invoice_key(invoice_id: str) -> str:
    """Key of the AR invoice of a Stripe invoice."""
    return f"invoice/{invoice_id}"


def void_key(invoice_id: str) -> str:
    """Key of the reversal of a voided invoice."""
    return f"invoice/{invoice_id}/void"


def void_application_key(invoice_id: str) -> str:
    """Key of the application of a void's credit memo to its partly paid invoice."""
    return f"invoice/{invoice_id}/void/applied"


def receipt_key(invoice_payment_id: str) -> str:
    """Key of the AR payment of a Stripe InvoicePayment."""
    return f"receipt/{invoice_payment_id}"


def out_of_band_receipt_key(invoice_id: str) -> str:
    """Key of the AR payment of what was paid outside Stripe without an InvoicePayment."""
    return f"receipt/{invoice_id}/out-of-band"


def refund_key(refund_id: str) -> str:
    """Key of the journal entry of a refund."""
    return f"refund/{refund_id}"


def refund_failure_key(refund_id: str) -> str:
    """Key of the journal entry that takes a failed refund back."""
    return f"refund/{refund_id}/failed"


def control_id(key: str, revision: int, digest: str) -> str:
    """Return the function control id under which Intacct remembers this write.

    The same logical write always has the same id, so a re-send cannot post twice; a deliberate
    amendment has another revision and so another id. The digest keeps the id true to its content
    even when our own table was restored from a backup.

    Source: intacct-xml-api dossier section 4.
    """
    identifier = f"tieout:{key}:r{revision}:{digest[:16]}"
    assert len(identifier) <= CONTROL_ID_LENGTH_MAX
    return identifier


def reference(stripe_id: str) -> str:
    """Return a short, deterministic reference for `stripe_id`: a natural key to look up.

    Ids of up to 20 characters stand for themselves; longer ones are replaced by a hash, and the
    full id goes into the document's description for people.
    """
    if len(stripe_id) <= REFERENCE_LENGTH_MAX:
        return stripe_id
    hashed = base64.b32encode(hashlib.sha256(stripe_id.encode()).digest()).decode()
    return f"T-{hashed[: REFERENCE_LENGTH_MAX - 2]}"
