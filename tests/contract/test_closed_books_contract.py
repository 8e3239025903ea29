"""Goal: through which day Intacct's books are closed is known where it tells, and no trouble where
it does not.

Method: the real client asks the strict gateway double, in each shape that a reply may have. The
mistake most likely made is to take one entity's date for another's.
"""

from collections.abc import Iterator
from datetime import date
from typing import Literal

import pytest

from tests.fakes import FakeSessions
from tests.sandbox.intacct import Switches
from tests.support.intacct_books import CREDENTIALS, Books
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.intacct.connect import connect_entities
from tieout.services import ports

HEAD_OFFICE, BRANCH = "100", "200"
Shape = Literal["parts", "text", "something_else", "unknown_function"]


@pytest.fixture
def company() -> Iterator[Books]:
    with Books(multi_entity=True) as books:
        yield books


def books_of(company: Books) -> ports.Books:
    sessions: dict[str | None, FakeSessions] = {}
    ledger = connect_entities(
        lambda: CREDENTIALS,
        company.server.url,
        5,
        lambda entity: sessions.setdefault(entity, FakeSessions()),
        company.clock,
        lambda _: "usd",
    )
    return ledger.books(lambda: "usd")


def test_books_that_are_open_have_no_date(company: Books) -> None:
    assert books_of(company).closed_through(None) is None


def test_each_entity_has_its_own_date(company: Books) -> None:
    company.company.close_period(2026, 9)
    company.company.close_period(2026, 10, BRANCH)
    books = books_of(company)
    assert books.closed_through(None) == date(2026, 9, 30)
    assert books.closed_through(HEAD_OFFICE) == date(2026, 9, 30)
    assert books.closed_through(BRANCH) == date(2026, 10, 31)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("parts", date(2026, 9, 30)),
        ("text", date(2026, 9, 30)),
        ("something_else", None),
        ("unknown_function", None),
    ],
)
def test_an_answer_in_another_shape_is_no_date_and_no_error(
    shape: Shape, told: date | None
) -> None:
    with Books(Switches(closed_books_date=shape)) as company:
        company.company.close_period(2026, 9)
        assert books_of(company).closed_through(None) == told


def test_no_answer_is_not_no_date(company: Books) -> None:
    books = books_of(company)
    company.server.close()
    with pytest.raises(TransientFault):
        books.closed_through(None)


def test_a_refused_sign_in_is_not_no_date(company: Books) -> None:
    company.change_user_password()
    with pytest.raises(ConfigurationFault):
        books_of(company).closed_through(None)


def test_asking_writes_nothing(company: Books) -> None:
    books_of(company).closed_through(None)
    assert company.gateway.counters.records_written == 0
    assert company.gateway.counters.lookups == 1
