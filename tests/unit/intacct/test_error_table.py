"""Goal: each error Intacct is known for has one meaning, and an unknown one is never retried.

Method: the texts of the reference and of integrators' message lists, put through the table.
"""

import pytest

from tieout.domain.reasons import Reason
from tieout.intacct.error_table import (
    TABLE,
    Doubt,
    Fault,
    Level,
    Meaning,
    Refusal,
    Repeat,
    Throttle,
    Untouched,
    classify,
    number_of,
    text_of,
)
from tieout.intacct.response_xml import ErrorEntry

WRAPPERS = (
    ErrorEntry("BL01001973", "Could not create Customer record!"),
    ErrorEntry("BL01001973", "Validate Customer record failed!"),
)
TRANSIENT = ErrorEntry(
    "BL01001973", "Currently, we can't create the transaction Check the transaction, then try again"
)

RESULT_LEVEL: list[tuple[str, str, Meaning]] = [
    ("BL34000061", "Another Customer with the given value(s) already exists", Repeat(False)),
    ("BL03002185", "A transaction with the number INV-1 already exists", Repeat(False)),
    ("PL05000104", "A record with that id already exists", Repeat(False)),
    ("PL04000005", "no permission for API operation CREATE", Refusal(Reason.PERMISSION_MISSING)),
    (
        "BL01001973",
        "Periods are closed. Your transaction date (11/20/2026) is within a closed period",
        Refusal(Reason.PERIOD_CLOSED),
    ),
    ("?", "Your date is within a period that\u2019s been closed", Refusal(Reason.PERIOD_CLOSED)),
    ("BL02000051", "undeposited", Refusal(Reason.FOREIGN_CURRENCY_UNDEPOSITED)),
    ("XL03000027", "amount too large", Refusal(Reason.OVER_APPLICATION)),
    ("?", "is greater than the amount due of the invoice", Refusal(Reason.OVER_APPLICATION)),
    ("BL03001994", "Empty location is not allowed", Refusal(Reason.DIMENSION_REQUIRED)),
    (
        "BL03000018",
        "Department is a required dimension for account 4010 and is missing",
        Refusal(Reason.DIMENSION_REQUIRED),
    ),
    (
        "?",
        "This transaction is missing the Location dimension for the Account 4000",
        Refusal(Reason.DIMENSION_REQUIRED),
    ),
    (
        "?",
        "This transaction is missing 'Department' dimension for the Account 4000",
        Refusal(Reason.DIMENSION_REQUIRED),
    ),
    ("?", "The account number '4000' requires a Department", Refusal(Reason.DIMENSION_REQUIRED)),
    ("BL01001973", "Invalid Customer", Refusal(Reason.UNKNOWN_CUSTOMER)),
    ("?", "Customer 'C 1' specified is not valid.", Refusal(Reason.UNKNOWN_CUSTOMER)),
    ("?", "Invalid Project '10064 => Mail' specified.", Refusal(Reason.UNKNOWN_DIMENSION)),
    ("?", "The department 'X' is invalid.", Refusal(Reason.UNKNOWN_DIMENSION)),
    ("?", "Location '999' is not valid", Refusal(Reason.UNKNOWN_DIMENSION)),
    (
        "?",
        "Department 'A': 'B' specified is not valid. Department is restricted by GL account.",
        Refusal(Reason.UNKNOWN_DIMENSION),
    ),
    ("?", "Account 4999 is not valid", Refusal(Reason.UNKNOWN_ACCOUNT)),
    ("?", "Invalid GL account number", Refusal(Reason.UNKNOWN_ACCOUNT)),
    ("BL03000018", "Illegal e-mail", Refusal(Reason.INTACCT_REFUSED)),
    ("DL03000005", "There is no record for the recordkey 5", Refusal(Reason.INTACCT_REFUSED)),
    ("DL02000001", "There was an error processing the request", Refusal(Reason.INTACCT_REFUSED)),
    ("XL03000006", "The following fields cannot be queried", Refusal(Reason.INTACCT_REFUSED)),
    ("ZZ99999999", "Something new", Refusal(Reason.INTACCT_REFUSED)),
]


@pytest.mark.parametrize(("number", "text", "meaning"), RESULT_LEVEL)
def test_an_error_of_one_document(number: str, text: str, meaning: Meaning) -> None:
    error = ErrorEntry(number, text)
    assert classify(Level.RESULT, [error]) == meaning
    assert classify(Level.RESULT, [error, *WRAPPERS]) == meaning
    assert classify(Level.RESULT, [*WRAPPERS, error, TRANSIENT]) == meaning


@pytest.mark.parametrize("level", [Level.CONTROL, Level.AUTHENTICATION, Level.RESULT])
def test_a_replay_is_known_at_every_level_under_any_number(level: Level) -> None:
    replay = ErrorEntry(
        "??", "A successful transaction has Already been recorded with the Control id x"
    )
    assert classify(level, [replay]) == Repeat(by_control_id=True)
    running = ErrorEntry("??", "There is a concurrent request in process")
    assert classify(level, [running]) == Untouched()


CONTROL_LEVEL: list[tuple[str, str, Meaning]] = [
    ("XL03000003", "Error 504: element lineitem", Refusal(Reason.SCHEMA_REFUSED)),
    ("XL03000006", "incorrect Intacct XML partner id", Fault(Reason.INTACCT_SENDER)),
    ("XMLGW_JPP0002", "sign-in is incorrect", Fault(Reason.INTACCT_SIGN_IN)),
    ("invalidRequest", "Invalid Request", Fault(Reason.INTACCT_SIGN_IN)),
    ("GW-0011", "Invalid request", Fault(Reason.INTACCT_SIGN_IN)),
    ("PL04000055", "The trial has expired", Fault(Reason.INTACCT_SIGN_IN)),
    ("GW-0010", "API rate limit exceeded", Throttle()),
    ("GW-0001", "Unable to process request", Doubt()),
    ("GW-0042", "", Fault(Reason.INTACCT_REFUSED)),
    ("ZZ99999999", "Something new", Refusal(Reason.INTACCT_REFUSED)),
]


@pytest.mark.parametrize(("number", "text", "meaning"), CONTROL_LEVEL)
def test_an_error_of_the_whole_request(number: str, text: str, meaning: Meaning) -> None:
    assert classify(Level.CONTROL, [ErrorEntry(number, text)]) == meaning


def test_an_authentication_failure_is_the_sender_s_or_the_user_s() -> None:
    sender = ErrorEntry("XL03000006", "Invalid Web Services Authorization The sender id x is not")
    assert classify(Level.AUTHENTICATION, [sender]) == Fault(Reason.INTACCT_SENDER)
    user = ErrorEntry("XL03000006", "Sign-in information is incorrect")
    assert classify(Level.AUTHENTICATION, [user]) == Fault(Reason.INTACCT_SIGN_IN)
    assert classify(Level.AUTHENTICATION, []) == Fault(Reason.INTACCT_SIGN_IN)


def test_the_transient_text_counts_only_where_nothing_else_is_said() -> None:
    assert classify(Level.RESULT, [WRAPPERS[0], TRANSIENT]) == Untouched()
    unknown = ErrorEntry("ZZ99999999", "Something new")
    assert classify(Level.RESULT, [unknown, WRAPPERS[0], TRANSIENT]) == Refusal(
        Reason.INTACCT_REFUSED
    )


def test_wrappers_alone_are_a_refusal() -> None:
    assert classify(Level.RESULT, list(WRAPPERS)) == Refusal(Reason.INTACCT_REFUSED)


def test_of_a_rolled_back_operation_only_the_culprit_is_refused() -> None:
    marker = ErrorEntry("XL03000009", "The entire transaction was rolled back")
    assert classify(Level.RESULT, [marker], status="aborted") == Untouched()
    culprit = [ErrorEntry("XL03000027", "too much"), marker]
    assert classify(Level.RESULT, culprit, status="aborted") == Refusal(Reason.OVER_APPLICATION)


def test_plain_text_is_in_doubt_unless_it_says_that_we_are_too_fast() -> None:
    throttled = ErrorEntry("", "<h1>API rate limit exceeded</h1>")
    assert classify(Level.PLAIN_TEXT, [throttled]) == Throttle()
    offline = ErrorEntry("", "The Service is Temporarily Off-line")
    assert classify(Level.PLAIN_TEXT, [offline]) == Doubt()


def test_a_language_independent_id_is_searched_like_a_text() -> None:
    error = ErrorEntry("?", "Die Perioden sind geschlossen", ids=("periods are closed",))
    assert classify(Level.RESULT, [error]) == Refusal(Reason.PERIOD_CLOSED)


def test_the_text_for_people_begins_with_the_specific_error() -> None:
    specific = ErrorEntry("BL03000018", "Illegal e-mail", support_id="s~1")
    errors = [*WRAPPERS, specific]
    assert text_of(errors).startswith("BL03000018 Illegal e-mail (support id s~1); BL01001973")
    assert number_of(errors) == "BL03000018"
    assert text_of([]) == "Intacct gave no reason"
    assert number_of([]) == ""


def test_the_text_for_people_is_bounded() -> None:
    assert len(text_of([ErrorEntry("X", "y" * 100_000)])) == 1000


def test_every_row_says_where_it_comes_from_and_can_fit() -> None:
    for row in TABLE:
        assert row.source
        assert row.levels
        narrow = row.number or row.pattern or row.levels == {Level.AUTHENTICATION}
        assert narrow, f"a row that fits everything: {row}"
