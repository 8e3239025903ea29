"""Checks that every transaction line passes: account, dimensions, location.

Source: dossier 7.9 (REQUIRE* flags of GLACCOUNT), 7.2 (location in multi-entity companies),
section 5 (BL03000018, BL03001994).
"""

from dataclasses import replace

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.master import DimensionKind, Dimensions
from tests.sandbox.intacct.errors import FunctionFailedError

PAYMENT_METHODS = frozenset(
    {
        "Printed Check",
        "Check",  # an official advance example sends it (dossier 7.3)
        "Cash",
        "EFT",
        "Credit Card",
        "Online Charge Card",
        "Online ACH Debit",
    }
)


def checked_dimensions(
    company: IntacctCompany, scope: Scope, account_no: str, dimensions: Dimensions
) -> Dimensions:
    """Return the line's dimensions, with the session's entity as default location.

    Raises:
        FunctionFailedError: unknown account or value, or a required dimension is missing.
    """
    account = company.account(account_no)
    if not dimensions.location and scope.entity_id:
        dimensions = replace(dimensions, location=scope.entity_id)
    for kind, value in dimensions.present():
        company.member(kind, value)
    if company.profile.multi_entity and not dimensions.location:
        raise errors.missing_location()
    for kind in sorted(account.requires):
        if not dimensions.of(kind):
            raise errors.missing_dimension(kind.label, account_no)
    _check_entity(company, scope, dimensions)
    return dimensions


def _check_entity(company: IntacctCompany, scope: Scope, dimensions: Dimensions) -> None:
    """An entity session may only use locations of its own entity (dossier 7.9)."""
    if not scope.entity_id:
        return
    if company.entity_of(dimensions.location) not in {"", scope.entity_id}:
        raise errors.invalid_reference("Location", dimensions.location)


def require_location(company: IntacctCompany, scope: Scope, location_id: str) -> None:
    """Check the location of an overpayment, needed in multi-entity companies (BL03001994)."""
    if location_id:
        company.member(DimensionKind.LOCATION, location_id)
    elif company.profile.multi_entity and not scope.entity_id:
        raise errors.missing_location()


def check_payment_method(method: str) -> None:
    """Refuse an unknown payment method."""
    if method not in PAYMENT_METHODS:
        raise errors.refuse(
            "BL03002129", f"Invalid payment method '{method}'; use one of the documented values"
        )


def check_cash_target(
    company: IntacctCompany, bank_account_id: str, undeposited_account_no: str
) -> str:
    """Return the GL account that receives the money.

    Raises:
        FunctionFailedError: both or neither named, or not of the right kind.
    """
    if bool(bank_account_id) == bool(undeposited_account_no):
        raise errors.refuse(
            "BL01001973",
            "Please provide a payment batch key, a bank account or an undeposited funds account",
        )
    if bank_account_id:
        return company.bank(bank_account_id).account_no
    company.account(undeposited_account_no)
    if undeposited_account_no not in company.profile.undeposited_account_nos:
        raise errors.invalid_reference("undeposited funds account", undeposited_account_no)
    return undeposited_account_no


def check_bank_currency(company: IntacctCompany, bank_account_id: str, currency: str) -> None:
    """Refuse money in another currency than the bank account's (dossier 7.3, likely rule)."""
    bank = company.bank(bank_account_id)
    if bank.currency != currency:
        raise errors.refuse(
            "BL01001973",
            f"The currency {currency} does not match the currency {bank.currency} of bank account"
            f" {bank_account_id}",
        )


def parse_key(text: str) -> int:
    """Read a RECORDNO.

    Raises:
        FunctionFailedError: DL03000005, because nothing can have such a key.
    """
    if not text.isascii() or not text.isdigit():
        raise errors.no_record(text)
    return int(text)


def in_line(error: FunctionFailedError, line_no: int) -> FunctionFailedError:
    """Say in which line a refusal arose."""
    first, *rest = error.entries
    return FunctionFailedError(
        replace(first, description2=f"{first.description2} (line {line_no})"), *rest
    )
