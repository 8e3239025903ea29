"""Journal entries that take revenue and tax back, against whatever the money is or was."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from tieout.domain.documents import ArLine, Dimensions, JournalLine
from tieout.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Earned:
    """What is taken back of one line.

    Attributes:
        memo: of the debit; lines of one customer with the same memo and place are summed.
        amount_minor: positive takes revenue back.
    """

    customer_id: str
    memo: str
    line: ArLine
    amount_minor: int


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
    for each in earned:
        of = (each.customer_id, each.memo, each.line.account, each.line.dimensions)
        debits[of] += each.amount_minor
    credits_: dict[tuple[str, str | None, _Place | None], int] = defaultdict(int)
    for of, amount_minor in debits.items():
        customer, _, _, dimensions = of
        # Converted line by line, what is rounded on one side must be rounded on the other.
        apart = of if currency != policy.base_currency else None
        credits_[customer, dimensions.location, apart] -= amount_minor
    defaults = policy.dimensions.defaults
    lines = [
        JournalLine(account, sign * amount_minor, memo, dimensions, customer, "as booked")
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


# Customer, memo, account and dimensions.
_Place = tuple[str, str, str, Dimensions]
