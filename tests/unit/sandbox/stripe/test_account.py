"""The account is put together from parts that do not overwrite each other.

Method: every method of the account is defined by exactly one of its bases.
"""

from collections import Counter

from tests.sandbox.stripe import StripeAccount


def test_no_two_parts_define_the_same_method() -> None:
    defined = Counter(
        name
        for part in StripeAccount.__mro__[1:-1]
        for name in vars(part)
        if not name.startswith("__")
    )
    assert [name for name, times in defined.items() if times > 1] == []
