"""Goal: odd names are put right, and a policy with errors never comes into force.

Method: customers with such names sign up; the operator tries to publish such a policy.
"""

from pathlib import Path

import pytest

from tests.e2e.shop import Shop

pytestmark = pytest.mark.emulator

NAME_LENGTH_MAX = 100


def test_names_are_put_right(shop: Shop) -> None:
    long_name = shop.customer("Very " * 60 + "Long Ltd")
    decorated = shop.customer("Bell\x07 & <Tab>\t🍕 Ltd")
    account = shop.running.account
    nameless = str(account.create_customer(None, email="nobody@customers.example")["id"])
    shop.running.settle()

    name, _ = names(shop, long_name)
    assert name.startswith("Very Very")
    assert len(name) <= NAME_LENGTH_MAX
    name, printed = names(shop, decorated)
    assert "Bell" in name
    assert "& <Tab>" in name
    assert all(character.isprintable() for character in name + printed)
    name, _ = names(shop, nameless)
    assert nameless in name


def names(shop: Shop, customer: str) -> tuple[str, str]:
    """Return the name that the books have for a customer, and the one to print."""
    with shop.running.gateway.lock:
        fields = shop.running.company.customers[customer].fields
    return fields["NAME"], fields["DISPLAYCONTACT.PRINTAS"]


def test_a_policy_with_errors_is_refused_with_all_of_them(shop: Shop, tmp_path: Path) -> None:
    before = list(shop.running.stack.items("State"))
    bad = tmp_path / "policy.yaml"
    bad.write_text("label: bad\ntime_zone: Mars/Olympus\nbase_currency: dollars\n")

    done = shop.running.tieout("policy", "publish", str(bad), "--stack", shop.running.stack.name)

    assert done.returncode == 1
    for name in ("time_zone", "base_currency", "revenue", "clearing"):
        assert name in done.stderr
    assert list(shop.running.stack.items("State")) == before
