"""What fits into Intacct's fields.

Source: intacct-xml-api dossier section 1.5 (lengths written in the schema's comments; today's real
limits are often larger, never smaller). What has no published length keeps to a cautious one.
"""

from tieout.domain.money import Money
from tieout.domain.text import clean

CUSTOMER_ID_LENGTH_MAX = 20
NAME_LENGTH_MAX = 100
EMAIL_LENGTH_MAX = 200
PHONE_LENGTH_MAX = 30
ADDRESS_LENGTH_MAX = 80
STATE_LENGTH_MAX = 40
POSTAL_CODE_LENGTH_MAX = 30
COUNTRY_CODE_LENGTH = 2
NUMBER_LENGTH_MAX = 30
DESCRIPTION_LENGTH_MAX = 80
MEMO_LENGTH_MAX = 200
DIMENSION_LENGTH_MAX = 100


def whole(text: str, length_max: int) -> str:
    """Return cleaned `text` if all of it fits, else nothing.

    For what is worse than useless when it is cut: e-mail addresses, telephone numbers, codes.
    """
    cleaned = clean(text, len(text) + 1)
    return cleaned if len(cleaned) <= length_max else ""


def amount_text(amount_minor: int, currency: str) -> str:
    """Return an amount for people to read (`119.00 usd`)."""
    return f"{Money(amount_minor, currency).decimal():f} {currency}"
