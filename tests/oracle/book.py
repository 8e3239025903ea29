"""A beancount ledger, written entry by entry; it adds up and finds what is unbalanced."""

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from beancount import loader
from beancount.core import amount, data
from beancount.parser import printer

# Currencies of the double's world whose minor unit is not a hundredth (stripe-api 4.12).
_EXPONENTS = {"jpy": 0, "krw": 0, "kwd": 3, "bhd": 3}
_BEGINNING = date(2000, 1, 1)

Line = tuple[str, int]
"""An account and minor units, positive for a debit."""


class UnbalancedBooksError(AssertionError):
    """Raised when beancount finds fault with the ledger: the oracle is wrong, not the product."""


class Book:
    """Collects entries; each tells which of Stripe's objects it comes from."""

    def __init__(self) -> None:
        self.entries: list[data.Transaction] = []
        self._accounts: dict[str, None] = {}

    def add(self, day: date, told_by: str, what: str, currency: str, lines: Iterable[Line]) -> None:
        """Book an entry of one currency; lines over nothing are left out.

        Args:
            told_by: id of Stripe's object.
            what: what happened, in a word.
        """
        postings = [
            data.Posting(account, _amount(minor, currency), None, None, None, None)
            for account, minor in lines
            if minor
        ]
        if not postings:
            return
        self._accounts.update(dict.fromkeys(each.account for each in postings))
        meta = data.new_metadata("stripe", len(self.entries), {"stripe": told_by})
        self.entries.append(
            data.Transaction(
                meta, day, "*", None, f"{what} {told_by}", frozenset({what}), frozenset(), postings
            )
        )

    def check(self) -> None:
        """Let beancount load the ledger as `bean-check` does.

        Raises:
            UnbalancedBooksError: it found errors.
        """
        _, errors, _ = loader.load_string(self.text())
        if errors:
            told = "\n".join(str(each.message) for each in errors[:10])
            raise UnbalancedBooksError(f"{len(errors)} errors:\n{told}")

    def text(self) -> str:
        """Return the ledger in beancount's own language."""
        out = io.StringIO()
        meta = data.new_metadata("stripe", 0)
        opened = [data.Open(meta, _BEGINNING, each, [], None) for each in sorted(self._accounts)]
        printer.print_entries([*opened, *self.entries], file=out)  # type: ignore[no-untyped-call]
        return out.getvalue()

    def balances(self) -> Mapping[tuple[str, str], Decimal]:
        """Return what every account holds, by account and lower-case currency; debit positive."""
        totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            for posting in entry.postings:
                totals[posting.account, _units(posting).currency.lower()] += _number(posting)
        return {key: total for key, total in totals.items() if total}

    def lines_of(self, account: str, currency: str) -> Sequence[tuple[str, Decimal]]:
        """Return every amount on an account and those below it, with the id that tells of it."""
        return [
            (entry.meta["stripe"], _number(posting))
            for entry in self.entries
            for posting in entry.postings
            if f"{posting.account}:".startswith(f"{account}:")
            and _units(posting).currency.lower() == currency
        ]


def major(amount_minor: int, currency: str) -> Decimal:
    """Return minor units in the major unit of their currency."""
    return Decimal(amount_minor).scaleb(-_EXPONENTS.get(currency, 2))


def _amount(amount_minor: int, currency: str) -> amount.Amount:
    return amount.Amount(major(amount_minor, currency), currency.upper())


def _units(posting: data.Posting) -> amount.Amount:
    assert isinstance(posting.units, amount.Amount)
    return posting.units


def _number(posting: data.Posting) -> Decimal:
    number = _units(posting).number
    assert number is not None
    return number
