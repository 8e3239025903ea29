"""Goal: what a policy may name is found in Intacct, with what a check needs to know of it.

Method: one suite for the fake and for the real client against the gateway double, over loopback.
"""

import dataclasses
from collections.abc import Iterator

import pytest

from tests.fakes.master_data import FakeMasterData
from tests.support.intacct_books import CREDENTIALS, Books
from tieout.domain.errors import ConfigurationFault
from tieout.domain.master_data import MasterKind
from tieout.intacct import master_data
from tieout.intacct.master_data import IntacctMasterData
from tieout.services.ports import MasterData, MasterRecord


@pytest.fixture
def books() -> Iterator[Books]:
    with Books() as opened:
        account = opened.company.accounts["4030"]
        opened.company.accounts.put("4030", dataclasses.replace(account, status="inactive"))
        yield opened


@pytest.fixture(params=["fake", "intacct"])
def master(request: pytest.FixtureRequest, books: Books) -> MasterData:
    if request.param == "intacct":
        return IntacctMasterData(books.ledger().rows)
    fake = FakeMasterData()
    fake.add(
        MasterKind.ACCOUNT,
        MasterRecord("4000"),
        MasterRecord("4010", requires=frozenset({"department"})),
        MasterRecord("4030", active=False),
    )
    fake.add(MasterKind.BANK_ACCOUNT, MasterRecord("STRIPE-EUR", account="1210", currency="eur"))
    fake.add(MasterKind.JOURNAL, MasterRecord("GJ"))
    fake.add(MasterKind.TERM, MasterRecord("Net 30"))
    fake.add(MasterKind.LOCATION, MasterRecord("100"))
    fake.add(MasterKind.DEPARTMENT, MasterRecord("SERVICES"))
    fake.add(MasterKind.CLASS, MasterRecord("ENT"))
    fake.add(MasterKind.PROJECT, MasterRecord("ONBOARD"))
    fake.add(MasterKind.ITEM, MasterRecord("SETUP"))
    return fake


def test_accounts_tell_what_they_require_and_whether_they_are_used(master: MasterData) -> None:
    assert master.found(MasterKind.ACCOUNT, {"4000", "4010", "4030", "0000"}) == {
        "4000": MasterRecord("4000"),
        "4010": MasterRecord("4010", requires=frozenset({"department"})),
        "4030": MasterRecord("4030", active=False),
    }


def test_bank_accounts_tell_account_and_currency(master: MasterData) -> None:
    assert master.found(MasterKind.BANK_ACCOUNT, {"STRIPE-EUR", "NOWHERE"}) == {
        "STRIPE-EUR": MasterRecord("STRIPE-EUR", account="1210", currency="eur")
    }


@pytest.mark.parametrize(
    ("kind", "identifier"),
    [
        (MasterKind.JOURNAL, "GJ"),
        (MasterKind.TERM, "Net 30"),
        (MasterKind.LOCATION, "100"),
        (MasterKind.DEPARTMENT, "SERVICES"),
        (MasterKind.CLASS, "ENT"),
        (MasterKind.PROJECT, "ONBOARD"),
        (MasterKind.ITEM, "SETUP"),
    ],
)
def test_every_kind_is_found_by_its_identifier(
    kind: MasterKind, identifier: str, master: MasterData
) -> None:
    assert set(master.found(kind, {identifier, "nobody's"})) == {identifier}
    assert master.found(kind, {"nobody's"}) == {}


def test_nothing_is_no_question(master: MasterData) -> None:
    assert master.found(MasterKind.ACCOUNT, ()) == {}


# --- The adapter alone ------------------------------------------------------------------------


def test_many_identifiers_go_in_few_requests(monkeypatch: pytest.MonkeyPatch, books: Books) -> None:
    ledger = books.ledger()
    wanted = {"4000", "4010", *(f"9{number:03}" for number in range(98))}
    found = IntacctMasterData(ledger.rows).found(MasterKind.ACCOUNT, wanted)
    assert (set(found), ledger.statistics.look_ups) == ({"4000", "4010"}, 1)
    monkeypatch.setattr(master_data, "VALUES_MAX", 60)
    found = IntacctMasterData(ledger.rows).found(MasterKind.ACCOUNT, wanted)
    assert (set(found), ledger.statistics.look_ups) == ({"4000", "4010"}, 3)


def test_an_entity_is_told_from_a_mere_location() -> None:
    with Books(multi_entity=True) as books:
        master = IntacctMasterData(books.ledger().rows)
        assert set(master.found(MasterKind.ENTITY, {"200", "SERVICES"})) == {"200"}


def test_a_user_that_may_not_sign_in_is_a_fault(books: Books) -> None:
    stranger = dataclasses.replace(CREDENTIALS, company_id="another")
    with pytest.raises(ConfigurationFault):
        IntacctMasterData(books.ledger(stranger).rows).found(MasterKind.ACCOUNT, {"4000"})
