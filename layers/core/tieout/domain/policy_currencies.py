"""Currencies as the policy file names them."""

from tieout.domain.currencies import CURRENCIES
from tieout.domain.policy_reader import Section, suggestion


def note_no_currency(section: Section, name: str, currency: str) -> None:
    """Note at `name` that `currency` does not exist, with the one that may have been meant."""
    # Letters that changed places, before anything that merely looks like it.
    swapped = {each for each in CURRENCIES if sorted(each) == sorted(currency)}
    section.note(name, f"{currency!r} is no currency{suggestion(currency, swapped or CURRENCIES)}")
