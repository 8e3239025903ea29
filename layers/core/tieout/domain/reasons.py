"""Reason codes: why something is parked, not booked or stopped, and the way out of each.

The README's runbook has one row per code; a test keeps the two lists equal.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Stable codes, shown on postings, in logs and in metrics."""

    # Planning will not guess: fix the policy or the Stripe object, then redrive.
    CURRENCY_NOT_IN_POLICY = "currency_not_in_policy"
    REVENUE_CATEGORY_MISSING = "revenue_category_missing"
    ACCOUNT_NOT_IN_POLICY = "account_not_in_policy"
    DOES_NOT_ADD_UP = "does_not_add_up"
    CUSTOMER_MISSING = "customer_missing"
    CUSTOMER_NAME_MISSING = "customer_name_missing"
    PERIOD_CLOSED_BY_POLICY = "period_closed_by_policy"
    NEGATIVE_INVOICE = "negative_invoice"
    BILLING_CREDITS = "billing_credits"
    REFUND_OVER_PAYMENT = "refund_over_payment"
    UNREADABLE_OBJECT = "unreadable_object"
    OBJECT_MISSING_IN_STRIPE = "object_missing_in_stripe"
    SNAPSHOT_TOO_LARGE = "snapshot_too_large"
    WAITS_FOR_PARKED = "waits_for_parked"
    # Intacct said no: fix Intacct or the policy, then redrive.
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_CUSTOMER = "unknown_customer"
    UNKNOWN_DIMENSION = "unknown_dimension"
    DIMENSION_REQUIRED = "dimension_required"
    PERIOD_CLOSED = "period_closed"
    NUMBER_TAKEN = "number_taken"
    OVER_APPLICATION = "over_application"
    FOREIGN_CURRENCY_UNDEPOSITED = "foreign_currency_undeposited"
    PERMISSION_MISSING = "permission_missing"
    SCHEMA_REFUSED = "schema_refused"
    RECORDED_BUT_NOT_FOUND = "recorded_but_not_found"
    INTACCT_REFUSED = "intacct_refused"
    # Posted, but Stripe now says something else.
    DRIFT = "drift"
    # Recognised, not booked yet; nothing to do.
    NOT_YET_PLANNED = "not_yet_planned"
    CONNECTED_ACCOUNT = "connected_account"
    NOTHING_TO_BOOK = "nothing_to_book"
    # The deployment itself: page the engineer.
    INTACCT_SIGN_IN = "intacct_sign_in"
    INTACCT_SENDER = "intacct_sender"
    STRIPE_KEY = "stripe_key"
    STRIPE_PERMISSION = "stripe_permission"
    POLICY_INVALID = "policy_invalid"
    POLICY_MISSING = "policy_missing"
    AWS_REFUSED = "aws_refused"
    SECRET_INVALID = "secret_invalid"  # noqa: S105 - a reason code
    UNEXPECTED_ERROR = "unexpected_error"


WAY_OUT: dict[Reason, str] = {
    Reason.CURRENCY_NOT_IN_POLICY: (
        "Add the currency under `clearing` in the policy, publish it, redrive."
    ),
    Reason.REVENUE_CATEGORY_MISSING: (
        "Map the product or price under `revenue`, or set `revenue.default`; publish, redrive."
    ),
    Reason.ACCOUNT_NOT_IN_POLICY: (
        "Name the account the text asks for in the policy; publish, redrive."
    ),
    Reason.DOES_NOT_ADD_UP: (
        "Compare the lines with Stripe's total in the text; if Stripe is right, report it to us."
    ),
    Reason.CUSTOMER_MISSING: "Give the invoice a customer in Stripe, or book it by hand.",
    Reason.CUSTOMER_NAME_MISSING: (
        "Give the customer a name in Stripe, or set `customers.name_fallback: stripe_id`; redrive."
    ),
    Reason.PERIOD_CLOSED_BY_POLICY: (
        "Move `closed_through` back, or set `when_closed: next_open_date`; publish, redrive."
    ),
    Reason.NEGATIVE_INVOICE: (
        "Book the credit by hand; negative invoice totals are not planned yet."
    ),
    Reason.BILLING_CREDITS: "Book the invoice by hand; billing credits are not planned yet.",
    Reason.REFUND_OVER_PAYMENT: "Compare the refund with the payment it names; book it by hand.",
    Reason.UNREADABLE_OBJECT: (
        "Stripe sent a shape we do not know; report the field in the text to us."
    ),
    Reason.OBJECT_MISSING_IN_STRIPE: (
        "The object was deleted or belongs to another account or mode."
    ),
    Reason.SNAPSHOT_TOO_LARGE: (
        "The object has more lines than the bound in the text; book it by hand."
    ),
    Reason.WAITS_FOR_PARKED: (
        "Solve the document named in the text first; redriving it books this too."
    ),
    Reason.UNKNOWN_ACCOUNT: (
        "Create the account in Intacct or correct the policy; publish, redrive."
    ),
    Reason.UNKNOWN_CUSTOMER: "Create or reactivate the customer in Intacct, redrive.",
    Reason.UNKNOWN_DIMENSION: (
        "Create the dimension value in Intacct or correct the policy; redrive."
    ),
    Reason.DIMENSION_REQUIRED: (
        "Name the dimension for this account in the policy; publish, redrive."
    ),
    Reason.PERIOD_CLOSED: "Open the period in Intacct, or set `periods` in the policy; redrive.",
    Reason.NUMBER_TAKEN: (
        "Another Intacct record has this number but not this content; renumber it, redrive."
    ),
    Reason.OVER_APPLICATION: (
        "More was paid than the invoice still owes; look for a manual payment or one after a void."
    ),
    Reason.FOREIGN_CURRENCY_UNDEPOSITED: (
        "Name a `bank_account` in that currency under `clearing`; publish, redrive."
    ),
    Reason.PERMISSION_MISSING: "Give the web-services user the permission in the text, redrive.",
    Reason.SCHEMA_REFUSED: "A defect of ours: report the text; the document was not booked.",
    Reason.RECORDED_BUT_NOT_FOUND: (
        "Intacct says it booked this but does not show it: find it by hand before anything else."
    ),
    Reason.INTACCT_REFUSED: "Read Intacct's own text; solve it there or in the policy, redrive.",
    Reason.DRIFT: "Compare the posted document with the planned one; correct by hand in Intacct.",
    Reason.NOT_YET_PLANNED: "Nothing: recorded so that a later version can book it.",
    Reason.CONNECTED_ACCOUNT: "Nothing: events of connected accounts are recorded, not booked.",
    Reason.NOTHING_TO_BOOK: "Nothing: there is no amount to book.",
    Reason.INTACCT_SIGN_IN: "Correct user, password or company in the Intacct secret.",
    Reason.INTACCT_SENDER: ("Correct sender id and password; authorise the sender."),
    Reason.STRIPE_KEY: "Correct `api_key` in the Stripe secret.",
    Reason.STRIPE_PERMISSION: "Give the restricted key the permission named in the text.",
    Reason.POLICY_INVALID: "Correct every error listed by `tieout policy check`, publish.",
    Reason.POLICY_MISSING: "Publish a policy with `tieout policy publish`.",
    Reason.AWS_REFUSED: "Give the function's role the permission named in the text, or redeploy.",
    Reason.SECRET_INVALID: "Fill the secret with the fields that the text names.",
    Reason.UNEXPECTED_ERROR: "A defect of ours: report the log entry; redrive after the fix.",
}
