"""Journal entries between a clearing account and whatever Stripe's balance moved for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tieout.domain.documents import Dimensions, JournalEntry, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import reference
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.periods import posting_date


@dataclass(frozen=True, slots=True)
class Heading:
    """What an entry is called.

    Attributes:
        name: what its reference is made of; no other entry's is.
        day: on which it happened; periods may move it.
        after: keys of what must be posted first.
    """

    key: str
    stripe_id: str
    title: str
    name: str
    day: date
    currency: str
    after: tuple[str, ...] = ()


def entry(heading: Heading, lines: Iterable[JournalLine], policy: Policy) -> JournalEntry:
    """Return an entry of lines that balance.

    Raises:
        Refused: there is no amount, the day is not open, or the lines do not balance.
    """
    booked = tuple(line for line in lines if line.amount_minor)
    if not booked:
        raise Refused(Reason.NOTHING_TO_BOOK, f"{heading.title}: over nothing")
    posted = posting_date(heading.day, policy)
    return JournalEntry(
        key=heading.key,
        stripe_id=heading.stripe_id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=heading.currency,
        title=clean(f"{heading.title}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(heading.name),
        lines=booked,
        after=heading.after,
    )


def clearing_entry(heading: Heading, lines: Iterable[JournalLine], policy: Policy) -> JournalEntry:
    """Return an entry that balances `lines` against the clearing account of its currency.

    Clearing is in the location of the lines that it pays for: in a company of several entities the
    entry must balance in each of them.

    Args:
        heading: what it is called.
        lines: debits (positive) and credits (negative).
        policy: the company's.

    Raises:
        Refused: as `entry`, or policy does not name the currency.

    Source: intacct-xml-api dossier section 7.6 (debits must equal credits per entity).
    """
    others = [line for line in lines if line.amount_minor]
    cash: dict[tuple[str | None, int | None], int] = defaultdict(int)
    for number, line in enumerate(others):
        # Converted line by line, what is rounded on one side must be rounded on the other.
        apart = number if heading.currency != policy.base_currency else None
        cash[line.dimensions.location, apart] -= line.amount_minor
    account = clearing(heading.currency, policy).account
    defaults = policy.dimensions.defaults
    return entry(
        heading,
        (
            *others,
            *(
                JournalLine(
                    account,
                    amount_minor,
                    "Stripe balance",
                    defaults.overlaid(Dimensions(location=location)),
                    why="clearing account",
                )
                for (location, _), amount_minor in cash.items()
            ),
        ),
        policy,
    )
