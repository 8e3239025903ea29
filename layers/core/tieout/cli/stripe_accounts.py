"""Which of the company's Stripe accounts a command is about."""

import argparse
from collections.abc import Sequence

from tieout.domain.policy import Policy
from tieout.services.operate import CannotBeDone

# The policy names further accounts by their ids, and the one of the stack's own key not at all.
MAIN = "main"


def add_account(parser: argparse.ArgumentParser) -> None:
    """Add the option that restricts a command to one account."""
    parser.add_argument(
        "--account",
        metavar="ACCT",
        help=f"only this Stripe account: acct_... as the policy names it, or `{MAIN}`",
    )


def accounts_of(named: str | None, *policies: Policy) -> Sequence[str | None]:
    """Return the accounts that a command is about; None stands for the main one.

    Args:
        named: what the operator restricts it to; None for every account of the policies.
        policies: those that the command plans under.

    Raises:
        CannotBeDone: no policy names it.
    """
    known: dict[str | None, None] = {None: None}
    for each in policies:
        known |= dict.fromkeys(each.accounts)
    if named is None:
        return list(known)
    account = None if named == MAIN else named
    if account not in known:
        listed = ", ".join(named_account(each) for each in known)
        raise CannotBeDone(
            f"`stripe_accounts` does not name {named!r}: --account can be one of {listed}"
        )
    return [account]


def named_account(account: str | None) -> str:
    """Return an account as operators name it."""
    return account or MAIN


def missing(kind: str, identifier: str, account: str | None, evidence: str) -> str:
    """Return that Stripe does not have an object, in which account, and what it answered."""
    where = f"account {account}" if account else "the main account"
    what = kind.replace("_", " ")
    return f"Stripe has no {what} {identifier} in {where} ({evidence})"
