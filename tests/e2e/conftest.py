"""One product for all end-to-end tests: it is built, deployed and filled once."""

from collections.abc import Iterator

import pytest

from tests.e2e.shop import (
    DONATIONS,
    MISSING_SCOPE,
    RESTRICTED_KEY,
    UNKNOWN_ACCOUNT,
    PlayedMonth,
    Shop,
    not_accepted,
)
from tests.sandbox.aftermath import Aftermath
from tests.sandbox.policy import Additions
from tests.sandbox.product import Product, Running
from tests.sandbox.scenario import Month, set_up_catalog
from tests.sandbox.stripe.json_types import PRE_BASIL_VERSION
from tests.sandbox.stripe.options import FULL_KEY, AccountOptions, ApiKey
from tests.sandbox.stripe.resources import SCOPES
from tieout.domain.events import SUBSCRIPTIONS

# What is said of the whole session can only be said when all of it has happened.
_LAST = "test_afterwards.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == _LAST)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    scopes = frozenset(SCOPES.values()) - {MISSING_SCOPE}
    options = AccountOptions(api_keys=(ApiKey(FULL_KEY), ApiKey(RESTRICTED_KEY, scopes)))
    with Product(directory=tmp_path_factory.mktemp("product"), options=options) as running:
        yield running


@pytest.fixture(scope="session")
def shop(running: Running) -> Shop:
    catalog = set_up_catalog(running.account)
    old_endpoint = running.account.register_endpoint(
        running.endpoint.url,
        enabled_events=tuple(sorted(SUBSCRIPTIONS)),
        api_version=PRE_BASIL_VERSION,
    )
    old_endpoint.status = "disabled"
    shop = Shop(running, catalog, old_endpoint)
    shop.fill_secrets()
    shop.add_to_policy(Additions(categories={DONATIONS: UNKNOWN_ACCOUNT}))
    return shop


@pytest.fixture(scope="session")
def played(shop: Shop) -> PlayedMonth:
    """Play the month; the weather brings webhooks twice, under two ids, late and out of order."""
    before = shop.meter()
    month = Month(shop.running.account, shop.catalog)
    aftermath = Aftermath(month, shop.catalog.sales_tax)
    for play in {**month.chapters(), **aftermath.chapters()}.values():
        play()
        assert not not_accepted(shop.running.deliver())
    shop.running.settle()
    shop.running.book_days()
    return PlayedMonth(month, {name: n - before[name] for name, n in shop.meter().items()})
