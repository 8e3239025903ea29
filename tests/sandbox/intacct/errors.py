"""Failures in the gateway's own words: one constructor per documented error.

Source: dossier section 5 (catalogue), 2.3 (two-error shape) and 2.6 (elements of an error).
Where the catalogue has a text but no errorno, the caller passes the one from ``Switches``.
"""

from dataclasses import dataclass, replace
from datetime import date

GENERIC_WRAPPER = "BL01001973"
SCHEMA_ERROR = "XL03000003"
SIGN_IN_ERROR = "XL03000006"
ROLLED_BACK = "XL03000009"
ILLEGAL_VALUE = "BL03000018"


@dataclass(frozen=True)
class ErrorEntry:
    """One ``error`` element; ``error_id`` is the language-independent id of 2.6."""

    errorno: str
    description2: str = ""
    description: str = ""
    correction: str = ""
    error_id: str = ""


class FailedError(Exception):
    """A failure at some level of the reply, with the errors to show there."""

    def __init__(self, *entries: ErrorEntry) -> None:
        super().__init__("; ".join(f"{e.errorno} {e.description2}" for e in entries))
        self.entries = entries


class FunctionFailedError(FailedError):
    """Result level: one function was refused; nothing it did remains."""

    def wrapped(self, *texts: str) -> "FunctionFailedError":
        """Add BL01001973 wrappers behind the specific error, as generic functions do (2.3)."""
        wrappers = tuple(ErrorEntry(GENERIC_WRAPPER, text) for text in texts)
        return FunctionFailedError(*self.entries, *wrappers)


class AuthenticationFailedError(FailedError):
    """Authentication level: no function was executed."""


class ControlFailedError(FailedError):
    """Control level: no function was executed; ``http_status`` is 200 except at the edge."""

    def __init__(self, *entries: ErrorEntry, http_status: int = 200, short: bool = False) -> None:
        super().__init__(*entries)
        self.http_status = http_status
        self.short = short


def refuse(
    errorno: str, text: str, *, description: str = "", correction: str = ""
) -> FunctionFailedError:
    """Build a result-level failure with a single error."""
    return FunctionFailedError(
        ErrorEntry(errorno, text, description=description, correction=correction)
    )


def missing(what: str) -> FunctionFailedError:
    """A required value is absent (BL03000018 family)."""
    return refuse(ILLEGAL_VALUE, f"Required field {what} is missing")


def illegal(what: str, value: str) -> FunctionFailedError:
    """A value has an illegal format (BL03000018)."""
    return refuse(ILLEGAL_VALUE, f"The value '{value}' has an illegal format for {what}")


def too_long(what: str, length_max: int) -> FunctionFailedError:
    """A value exceeds the length of its column."""
    return refuse(ILLEGAL_VALUE, f"{what} is longer than {length_max} characters")


def invalid_reference(what: str, value: str) -> FunctionFailedError:
    """A value names a record that does not exist or is inactive (BL01001973 family)."""
    return refuse(GENERIC_WRAPPER, f"Invalid {what} '{value}' specified.")


def missing_dimension(label: str, account_no: str) -> FunctionFailedError:
    """The account requires a dimension that the line lacks (BL03000018)."""
    return refuse(
        ILLEGAL_VALUE, f"{label} is a required dimension for account {account_no} and is missing"
    )


def missing_location() -> FunctionFailedError:
    """A multi-entity company needs a location on the line (BL03001994)."""
    return refuse(
        "BL03001994", "Empty location is not allowed; provide a valid location of the company"
    )


def no_record(key: str) -> FunctionFailedError:
    """No record has that RECORDNO (DL03000005)."""
    return refuse("DL03000005", f"There is no record for the recordkey {key}")


def duplicate_number(number: str) -> FunctionFailedError:
    """A transaction number is taken (BL03002185)."""
    return refuse("BL03002185", f"A transaction with the number {number} already exists.")


def duplicate_value(object_name: str, value: str) -> FunctionFailedError:
    """A natural id is taken (BL34000061)."""
    return refuse(
        "BL34000061",
        f"Another {object_name} with the given value(s) {value} already exists",
        correction="Use a unique value instead.",
    )


def closed_period(errorno: str, day: date) -> FunctionFailedError:
    """The date lies in a closed period; the errorno is unknown (section 5, last list)."""
    return refuse(
        errorno,
        f"Periods are closed. Your transaction date ({day:%m/%d/%Y}) is within a period that's"
        " been closed. Open the period or change the date.",
    )


def over_applied(invoice_key: str) -> FunctionFailedError:
    """More than the amount due is applied (XL03000027)."""
    return refuse(
        "XL03000027",
        f"The payment amount is greater than the amount due of the invoice key {invoice_key}",
    )


def foreign_currency_undeposited() -> FunctionFailedError:
    """A foreign-currency invoice is paid into undeposited funds (BL02000051)."""
    return refuse(
        "BL02000051",
        "A foreign currency invoice cannot be paid from an undeposited funds account",
    )


def no_permission(operation: str, object_name: str) -> FunctionFailedError:
    """The user may not do that (PL04000005)."""
    return refuse(
        "PL04000005",
        f"User does not have permission for API operation {operation} on objects of type"
        f" {object_name}",
    )


def with_ids(entry: ErrorEntry) -> ErrorEntry:
    """Give an error the ids of showadditionalerrorinfo.

    Real ids look like ``GL-0493``; hardly any are known, so these are visibly invented.
    """
    return entry if entry.error_id else replace(entry, error_id=f"DOUBLE-{entry.errorno}")
