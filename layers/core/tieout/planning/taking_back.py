"""Journal entries that take revenue and tax back, against whatever the money is or was."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tieout.domain.documents import ArLine, Dimensions, JournalLine
from tieout.domain.policy import Policy

# Of so many lines an entry's line says why: a posting keeps only so much text.
REASONS_MAX = 3


@dataclass(frozen=True, slots=True)
class Earned:
    """What is taken back of one line.

    Attributes:
        memo: of the debit; lines of one customer with the same memo and place are summed.
        amount_minor: positive takes revenue back.
        why: what it is of the line, and what chose the line's account; empty for the latter alone.
    """

    customer_id: str
    memo: str
    line: ArLine
    amount_minor: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Against:
    """The other side.

    Attributes:
        why: what chose the account.
    """

    account: str
    memo: str
    why: str


def taking_back(
    earned: Iterable[Earned], against: Against, currency: str, policy: Policy, sign: int = 1
) -> tuple[JournalLine, ...]:
    """Return debits of what was earned and credits of the other side; the reverse for sign -1.

    The other side is in the location of what it pays for: in a company of several entities the
    entry must balance in each of them.

    Source: intacct-xml-api dossier section 7.6 (debits must equal credits per entity).
    """
    debits: dict[_Place, int] = defaultdict(int)
    reasons: dict[_Place, dict[str, None]] = defaultdict(dict)
    for each in earned:
        of = (each.customer_id, each.memo, each.line.account, each.line.dimensions)
        debits[of] += each.amount_minor
        reasons[of][each.why or as_booked(each.line)] = None
    credits_: dict[tuple[str, str | None, _Place | None], int] = defaultdict(int)
    for of, amount_minor in debits.items():
        customer, _, _, dimensions = of
        # Converted line by line, what is rounded on one side must be rounded on the other.
        apart = of if currency != policy.base_currency else None
        credits_[customer, dimensions.location, apart] -= amount_minor
    defaults = policy.dimensions.defaults
    lines = [
        JournalLine(
            account,
            sign * amount_minor,
            memo,
            dimensions,
            customer,
            _summary(reasons[customer, memo, account, dimensions]),
        )
        for (customer, memo, account, dimensions), amount_minor in debits.items()
    ] + [
        JournalLine(
            against.account,
            sign * amount_minor,
            against.memo,
            defaults.overlaid(Dimensions(location=location)),
            customer,
            against.why,
        )
        for (customer, location, _), amount_minor in credits_.items()
    ]
    return tuple(line for line in lines if line.amount_minor)


def as_booked(line: ArLine, version: str = "") -> str:
    """Return why something is taken back from where it is: what chose that, under which policy."""
    under = f"as booked under {version}" if version else "as booked"
    return f"{under}, {line.why}" if line.why else under


def _summary(reasons: Collection[str]) -> str:
    first = list(reasons)[:REASONS_MAX]
    more = len(reasons) - len(first)
    return "; ".join([*first, f"and {more} more"] if more else first)


# Customer, memo, account and dimensions.
_Place = tuple[str, str, str, Dimensions]
