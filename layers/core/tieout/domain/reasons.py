"""Reason codes: why something is parked, not booked or stopped, and the way out of each.

docs/runbook.md has one row per code, by group; a test keeps them equal. KEY in a way out is
the key that the lists show beside the reason.
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
    CREDIT_NOTE_OVER_INVOICE = "credit_note_over_invoice"
    BILLING_CREDITS = "billing_credits"
    REFUND_OVER_PAYMENT = "refund_over_payment"
    UNREADABLE_OBJECT = "unreadable_object"
    OBJECT_MISSING_IN_STRIPE = "object_missing_in_stripe"
    SNAPSHOT_TOO_LARGE = "snapshot_too_large"
    WAITS_FOR_PARKED = "waits_for_parked"
    RECORD_NO_MISSING = "record_no_missing"
    RECORD_NO_DIFFERS = "record_no_differs"
    NOT_READ = "not_read"
    # Intacct said no: fix Intacct or the policy, then redrive.
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_CUSTOMER = "unknown_customer"
    UNKNOWN_DIMENSION = "unknown_dimension"
    UNKNOWN_ENTITY = "unknown_entity"
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
    CUSTOMER_RENUMBERED = "customer_renumbered"
    OWED_AGAIN = "owed_again"
    # Recognised and recorded, not booked; nothing to solve.
    NOT_YET_PLANNED = "not_yet_planned"
    CONNECTED_ACCOUNT = "connected_account"
    NOTHING_TO_BOOK = "nothing_to_book"
    WAITS_FOR_STRIPE = "waits_for_stripe"
    WAITS_FOR_PERIOD = "waits_for_period"
    WITHDRAWN = "withdrawn"
    BEFORE_BOOKS = "before_books"
    IN_DAILY_SUMMARY = "in_daily_summary"
    IGNORED_BY_POLICY = "ignored_by_policy"
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


class Group(StrEnum):
    """Whom a reason calls; the value is the heading of its part of the runbook."""

    PERSON = "A person must look"
    RECORDED = "Recorded, not booked"
    DEPLOYMENT = "The deployment itself"


_RECORDED = frozenset(
    {
        Reason.NOT_YET_PLANNED,
        Reason.CONNECTED_ACCOUNT,
        Reason.NOTHING_TO_BOOK,
        Reason.WAITS_FOR_STRIPE,
        Reason.WAITS_FOR_PERIOD,
        Reason.WITHDRAWN,
        Reason.BEFORE_BOOKS,
        Reason.IN_DAILY_SUMMARY,
        Reason.IGNORED_BY_POLICY,
    }
)
_DEPLOYMENT = frozenset(
    {
        Reason.INTACCT_SIGN_IN,
        Reason.INTACCT_SENDER,
        Reason.STRIPE_KEY,
        Reason.STRIPE_PERMISSION,
        Reason.POLICY_INVALID,
        Reason.POLICY_MISSING,
        Reason.AWS_REFUSED,
        Reason.SECRET_INVALID,
        Reason.UNEXPECTED_ERROR,
    }
)


# Decided once and for all, under the policy of that day.
DECISIONS = frozenset({Reason.IN_DAILY_SUMMARY, Reason.IGNORED_BY_POLICY})


def group(reason: Reason) -> Group:
    """Return whom a reason calls: the controller, nobody, or the engineer."""
    if reason in _RECORDED:
        return Group.RECORDED
    return Group.DEPLOYMENT if reason in _DEPLOYMENT else Group.PERSON


_BY_HAND = "book it by hand, then `tieout close KEY --note TEXT --record-no N`"

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
        "Open the object in Stripe and compare what it consists of (an invoice: lines, discounts, "
        f"shipping and tax) with both sums in the text, then {_BY_HAND}. Report it to us."
    ),
    Reason.CUSTOMER_MISSING: f"Give the invoice a customer in Stripe and redrive, or {_BY_HAND}.",
    Reason.CUSTOMER_NAME_MISSING: (
        "Give the customer a name in Stripe, or set `customers.name_fallback: stripe_id`; redrive."
    ),
    Reason.PERIOD_CLOSED_BY_POLICY: (
        "Move `closed_through` back, or set `when_closed` to `wait` or `next_open_date`; publish, "
        "redrive."
    ),
    Reason.CREDIT_NOTE_OVER_INVOICE: (
        "Compare the credit note in Stripe with what its invoice asked for, less payments, other "
        f"credit notes and the credit balance; {_BY_HAND}."
    ),
    Reason.BILLING_CREDITS: f"Billing credits are not planned yet: {_BY_HAND}.",
    Reason.REFUND_OVER_PAYMENT: (
        f"Compare the refund in Stripe with the payment and other refunds of it; {_BY_HAND}."
    ),
    Reason.UNREADABLE_OBJECT: (
        "Stripe sent a shape we do not know; report the field in the text to us."
    ),
    Reason.OBJECT_MISSING_IN_STRIPE: (
        "The object was deleted or belongs to another account or mode: if that is right, "
        "`tieout close KEY --note TEXT`."
    ),
    Reason.SNAPSHOT_TOO_LARGE: (
        f"The object has more lines than the bound in the text: {_BY_HAND}."
    ),
    Reason.WAITS_FOR_PARKED: (
        "Solve the document named in the text first, then `tieout retry KEY` of this one too."
    ),
    Reason.RECORD_NO_MISSING: (
        "It was booked by hand before `books_from`, and something since then is booked against it. "
        "Find what the text names in Intacct, `tieout close` its key with `--note TEXT "
        "--record-no N`, then `tieout retry KEY`."
    ),
    Reason.RECORD_NO_DIFFERS: (
        "Close it again with the RECORDNO of the right record: `tieout close KEY --record-no N "
        "--note TEXT`, then `tieout retry KEY`. If it is the right one all the same (an opening "
        "balance over less), name it again: the second time it is believed."
    ),
    Reason.NOT_READ: (
        "Nothing while its message is queued; from the dead-letter queue: redrive, or "
        "`tieout retry KEY`."
    ),
    Reason.UNKNOWN_ACCOUNT: (
        "Create the account in Intacct or correct the policy; publish, redrive."
    ),
    Reason.UNKNOWN_CUSTOMER: "Create or reactivate the customer in Intacct, redrive.",
    Reason.UNKNOWN_DIMENSION: (
        "Create the dimension value in Intacct or correct the policy; redrive."
    ),
    Reason.UNKNOWN_ENTITY: (
        "Create the entity in Intacct, let the web-services user into it, or correct `entity` in "
        "the policy; publish, redrive."
    ),
    Reason.DIMENSION_REQUIRED: (
        "Name the dimension for this account in the policy; publish, redrive."
    ),
    Reason.PERIOD_CLOSED: "Open the period in Intacct, or set `periods` in the policy; redrive.",
    Reason.NUMBER_TAKEN: (
        "Another Intacct record has this number but not this content; renumber it, redrive."
    ),
    Reason.OVER_APPLICATION: (
        "Open the invoice in Intacct and see what settled it before. A payment entered by hand: "
        "reverse it, then `tieout retry KEY`. An earlier payment through Stripe, or a void: the "
        f"money is the customer's; refund it, or {_BY_HAND}."
    ),
    Reason.FOREIGN_CURRENCY_UNDEPOSITED: (
        "Name a `bank_account` in that currency under `clearing`; publish, redrive."
    ),
    Reason.PERMISSION_MISSING: "Give the web-services user the permission in the text, redrive.",
    Reason.SCHEMA_REFUSED: "A defect of ours: report the text; the document was not booked.",
    Reason.RECORDED_BUT_NOT_FOUND: (
        "Intacct says it booked this but does not show it: look for its number and amount there "
        "before anything else. Found: `tieout close KEY --note TEXT --record-no N`."
    ),
    Reason.INTACCT_REFUSED: (
        "Read Intacct's own text; solve it there or in the policy (a missing COUNTRY: name the "
        "country under `customers.countries`); publish, redrive."
    ),
    Reason.DRIFT: (
        "Compare the posted document with Stripe; correct it by hand in Intacct where it is wrong, "
        "then `tieout close KEY --note TEXT`."
    ),
    Reason.CUSTOMER_RENUMBERED: (
        "A booked customer keeps its number. Put the one in the text back: into the customer's "
        "metadata in Stripe, or, if `customers.prefix` changed, into the policy (the prefix, or "
        "`customer_id` under `customers.overrides`), and publish; redrive."
    ),
    Reason.OWED_AGAIN: (
        "The customer owes it, and Stripe will not collect it: collect it outside Stripe and enter "
        "that payment in Intacct, or write it off there; then `tieout close KEY --note TEXT`. "
        "Closed before, the open invoice is an accepted difference and holds up no month."
    ),
    Reason.NOT_YET_PLANNED: (
        "Nothing to solve: `tieout not-booked` lists it with its amount until a later version "
        f"books it. If the books need it before, {_BY_HAND}, so that it is not booked twice."
    ),
    Reason.CONNECTED_ACCOUNT: (
        "Nothing, if another company keeps its books; else name the account under "
        "`stripe_accounts`, publish, then `tieout retry KEY`."
    ),
    Reason.NOTHING_TO_BOOK: (
        "Nothing: it calls for no document of its own. Money that it moved is booked by what the "
        "text names, as a charge is by the receipt of its invoice."
    ),
    Reason.WAITS_FOR_STRIPE: (
        "Wait: no money has moved yet. It is booked by itself when Stripe moves it."
    ),
    Reason.WAITS_FOR_PERIOD: (
        "Nothing, once the period of the day in the text is open again in Intacct and in the "
        "policy: the poller tries it by itself. If it stays closed, set `when_closed: "
        "next_open_date` and publish."
    ),
    Reason.WITHDRAWN: "Nothing: Stripe no longer calls for it.",
    Reason.BEFORE_BOOKS: (
        "Nothing: `books_from` in the policy says that the books have it already. If they do not, "
        "book it by hand."
    ),
    Reason.IN_DAILY_SUMMARY: (
        "Nothing: the journal of the day in the text books it, whatever policy is published later."
    ),
    Reason.IGNORED_BY_POLICY: (
        "Nothing: `sales.ignore_reason` says why. It stays so, whatever policy is published later; "
        "if the books need it after all, book it by hand."
    ),
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
