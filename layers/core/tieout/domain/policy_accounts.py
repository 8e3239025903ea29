"""Further Stripe accounts, and connected ones: the policy as it is for each.

`stripe_accounts` holds, under an account's id, whatever is to be otherwise than in the rest of the
file; the account's policy is the file with that put over it.
"""

import re
from collections.abc import Iterator, Mapping

from tieout.domain.policy_reader import Section

SECTION = "stripe_accounts"
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{1,64}")
# What a company has once, whatever Stripe accounts it has.
_COMPANY_WIDE = (
    "base_currency",
    "entities",
    "intacct",
    "label",
    "receivable_account",
    "time_zone",
    SECTION,
)


def account_files(file: Section) -> Iterator[tuple[str, Section]]:
    """Yield (account, file for it) for each account that the file names.

    Args:
        file: the whole file, found to be good by itself.
    """
    base = {name: value for name, value in file.values.items() if name != SECTION}
    for account, own in file.sections(SECTION):
        if _ACCOUNT.fullmatch(account) is None:
            file.section(SECTION).note(account, "must be the id of a Stripe account, like acct_1")
        for name in _COMPANY_WIDE:
            if name in own.values:
                own.note(name, "belongs to the company: it can only stand at the top of the file")
        if "clearing" not in own.values:
            own.note(
                "clearing",
                "is missing: each Stripe balance needs clearing accounts of its own, to equal it",
            )
        yield account, Section(overlaid(base, own.values), own.path, file.errors)


def overlaid(base: Mapping[str, object], over: Mapping[str, object]) -> Mapping[str, object]:
    """Return the mapping with everything that `over` names in place of what it has there.

    Mappings are put over each other key by key; but a company's accounts by currency are one thing,
    so that no balance of one account lands on another's.
    """
    merged = dict(base)
    for name, value in over.items():
        there = base.get(name)
        if isinstance(value, Mapping) and isinstance(there, Mapping) and name not in _WHOLE:
            merged[name] = overlaid(there, value)
        else:
            merged[name] = value
    return merged


_WHOLE = frozenset({"clearing"})
