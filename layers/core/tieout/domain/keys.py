"""Names that never change: document keys, control ids and short references.

A key says which document this is, whatever event led to it. Everything that makes posting twice a
no-op hangs on these functions being pure.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import date

from tieout.domain.subjects import Subject, SubjectKind

# Source: intacct-xml-api dossier section 1.5: refid and documentno are 20 characters in the DTD.
REFERENCE_LENGTH_MAX = 20
CONTROL_ID_LENGTH_MAX = 256
# 50 bits: two identifiers of one company that share their beginning do not meet by accident.
_HASH_LENGTH = 10
_OWED_AGAIN = "/owed-again/"
# How Stripe's ids begin, and how the key does that names them: the kind of subject, or where the
# object has no books of its own, of document. Source: stripe-api dossier section 4.
PATHS: Mapping[str, SubjectKind | str] = {
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
    "txn_": "movement",
    "cbtxn_": "customer_balance",
}


def path_of(identifier: str) -> SubjectKind | str | None:
    """Return how the key begins that names a Stripe object; None for what is no id of these."""
    found = (path for begin, path in PATHS.items() if identifier.startswith(begin))
    return None if "/" in identifier else next(found, None)


def customer_key(customer_id: str) -> str:
    """Key of the Intacct customer that stands for a Stripe customer."""
    return f"customer/{customer_id}"


def customer_of(key: str) -> Subject | None:
    """Return the subject of a customer's key; None for any other."""
    kind, _, identifier = key.partition("/")
    is_customer = kind == SubjectKind.CUSTOMER and "/" not in identifier
    return Subject(SubjectKind.CUSTOMER, identifier) if is_customer else None


def invoice_key(invoice_id: str) -> str:
    """Key of the AR invoice of a Stripe invoice."""
    return f"invoice/{invoice_id}"


def void_key(invoice_id: str) -> str:
    """Key of the reversal of a voided invoice."""
    return f"invoice/{invoice_id}/void"


def void_application_key(invoice_id: str) -> str:
    """Key of the application of a void's credit memo to its partly paid invoice."""
    return f"invoice/{invoice_id}/void/applied"


def sale_key(source_id: str) -> str:
    """Key of a sale by charge, under the id of its payment intent, else of the charge itself.

    An InvoicePayment knows the same id: it names the charge only where there is no payment intent,
    and of a payment intent at most one charge succeeds.

    Source: stripe-api dossier sections 4.4 and 4.5.
    """
    return f"sale/{source_id}"


def sale_receipt_key(source_id: str) -> str:
    """Key of the AR payment of a sale that was booked as an AR invoice."""
    return f"{sale_key(source_id)}/paid"


def sale_return_key(source_id: str) -> str:
    """Key of the journal entry that takes back a sale whose charge failed afterwards."""
    return f"{sale_key(source_id)}/returned"


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


def returned_receipt_key(invoice_payment_id: str) -> str:
    """Key of what takes back a receipt whose payment failed afterwards."""
    return f"{receipt_key(invoice_payment_id)}/returned"


def owed_again_key(invoice_id: str, invoice_payment_id: str) -> str:
    """Key of what an invoice is owed again in the books alone, since a payment failed afterwards.

    Only of this key a record tells by itself of which invoice it is: see `invoice_owed_again`.
    """
    return f"{invoice_key(invoice_id)}{_OWED_AGAIN}{invoice_payment_id}"


def invoice_owed_again(key: str) -> str | None:
    """Return the invoice of an `owed_again_key`; None for any other key."""
    invoice, is_one, _ = key.removeprefix(invoice_key("")).partition(_OWED_AGAIN)
    return invoice if is_one else None


def recovery_key(of_receipt: str) -> str:
    """Key of the debit memo that asks again for what was written off, since a receipt brings it."""
    return f"{of_receipt}/recovered"


def excess_key(of_receipt: str) -> str:
    """Key of the journal entry of what a payment brought for the customer's credit balance."""
    return f"{of_receipt}/excess"


def returned_excess_key(invoice_payment_id: str) -> str:
    """Key of what takes that entry back, since the payment failed afterwards."""
    return f"{excess_key(receipt_key(invoice_payment_id))}/returned"


def write_off_key(invoice_id: str, ordinal: int = 1) -> str:
    """Key of the credit memo that writes off what is uncollectible of an invoice.

    What was paid since and went back may be written off again: that is the second one.
    """
    first = f"invoice/{invoice_id}/write-off"
    return first if ordinal == 1 else f"{first}/{ordinal}"


def void_return_key(invoice_id: str, invoice_payment_id: str) -> str:
    """Key of the credit memo over what a payment had paid, whose money went back after the void."""
    return f"{void_key(invoice_id)}/{invoice_payment_id}"


def void_write_off_key(invoice_id: str) -> str:
    """Key of the journal entry that takes a write-off back, since the invoice is void."""
    return f"{void_key(invoice_id)}/write-off"


def credit_balance_key(invoice_id: str) -> str:
    """Key of the credit memo over what the customer's credit balance settled of an invoice."""
    return f"invoice/{invoice_id}/credit-balance"


def credit_note_key(credit_note_id: str) -> str:
    """Key of what a credit note took off before payment."""
    return f"credit_note/{credit_note_id}"


def credit_note_void_key(credit_note_id: str) -> str:
    """Key of the debit memo that asks again for what a credit note took off, since it is void."""
    return f"{credit_note_key(credit_note_id)}/voided"


def credit_note_balance_key(credit_note_id: str) -> str:
    """Key of the journal entry of what a credit note gave to the customer's credit balance."""
    return f"{credit_note_key(credit_note_id)}/credit-balance"


def credit_note_out_of_band_key(credit_note_id: str) -> str:
    """Key of the journal entry of what was given back outside Stripe with a credit note."""
    return f"{credit_note_key(credit_note_id)}/out-of-band"


def application_key(credit_memo: str) -> str:
    """Key of the application of a credit memo to what it settles."""
    return f"{credit_memo}/applied"


def customer_balance_key(transaction_id: str) -> str:
    """Key of the journal entry of a change of a customer's credit balance."""
    return f"customer_balance/{transaction_id}"


def dispute_key(dispute_id: str, balance_transaction: str) -> str:
    """Key of the journal entry of one movement of a dispute's money."""
    return f"dispute/{dispute_id}/{balance_transaction}"


def dispute_lost_key(dispute_id: str) -> str:
    """Key of the journal entry that moves a lost dispute to where losses are booked."""
    return f"dispute/{dispute_id}/lost"


def payout_key(payout_id: str) -> str:
    """Key of the journal entry of a payout."""
    return f"payout/{payout_id}"


def payout_return_key(payout_id: str) -> str:
    """Key of the journal entry that takes a failed or cancelled payout back."""
    return f"payout/{payout_id}/failed"


def payout_arrival_key(payout_id: str) -> str:
    """Key of the journal entry of a payout's arrival at the bank."""
    return f"payout/{payout_id}/arrived"


def topup_key(topup_id: str) -> str:
    """Key of the journal entry of a top-up."""
    return f"topup/{topup_id}"


def topup_return_key(topup_id: str) -> str:
    """Key of the journal entry that takes a reversed top-up back."""
    return f"topup/{topup_id}/reversed"


def activity_key(day: date, currency: str, account: str | None = None) -> str:
    """Key of the journal entry of a day's movements of one currency's balance."""
    path = f"activity/{day.isoformat()}/{currency}"
    return path if account is None else f"{account}/{path}"


def conversion_key(day: date, balance: str, currency: str, account: str | None = None) -> str:
    """Key of the journal entry of what a day's charges in `currency` gave to another balance."""
    return f"{activity_key(day, balance, account)}/from-{currency}"


def sales_summary_key(day: date, currency: str, account: str | None = None) -> str:
    """Key of the journal entry of a day's sales in one currency."""
    return f"{activity_key(day, currency, account)}/sales"


def movement_key(balance_transaction: str) -> str:
    """Key of the journal entry of a movement that no other document books."""
    return f"movement/{balance_transaction}"


def failure_key(subject: str) -> str:
    """Key of the record that a message of the subject failed: all was dealt with, some parked."""
    return f"{subject}/failure"


def unread_key(subject: str) -> str:
    """Key of the record that a subject could not be read, so what hangs on it is not known."""
    return f"{subject}/unread"


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


def reference(identifier: str) -> str:
    """Return a short, deterministic reference for `identifier`: a natural key to look up.

    People find it by its beginning, and the full id in the document's description.
    """
    return fit(identifier, REFERENCE_LENGTH_MAX)


def fit(identifier: str, length_max: int) -> str:
    """Return `identifier`, or a deterministic short form that still begins like it.

    The hash keeps two long identifiers apart that differ only where they were cut. Its letters are
    of one case: whether Intacct tells the cases apart is not documented.
    """
    if len(identifier) <= length_max:
        return identifier
    hashed = base64.b32encode(hashlib.sha256(identifier.encode()).digest()).decode()
    return f"{identifier[: length_max - _HASH_LENGTH - 1]}-{hashed[:_HASH_LENGTH]}"
