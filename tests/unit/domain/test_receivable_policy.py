"""The settings for credit balances and bad debt, as a policy file gives them.

Method: the example policy with one change each, parsed.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tieout.domain.errors import PolicyErrors
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.receivable_policy import CustomerCreditRules

EXAMPLE = Path(__file__).parents[3] / "docs" / "policy.example.yaml"


def with_settings(settings: Mapping[str, object]) -> Policy:
    content = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    content.pop("customer_credit", None)
    content.pop("bad_debt_account", None)
    return parse_policy(yaml.safe_dump({**content, **settings}))


def test_what_is_left_out_is_not_named() -> None:
    policy = with_settings({})
    assert policy.customer_credit == CustomerCreditRules()
    assert policy.bad_debt_account is None


@pytest.mark.parametrize(
    ("granted", "by_type", "default"),
    [
        ("6900", {}, "6900"),
        ({"migration": "3900"}, {"migration": "3900"}, None),
        ({"migration": "3900", "default": "6900"}, {"migration": "3900"}, "6900"),
    ],
    ids=["one for all", "by type", "by type and for all others"],
)
def test_grants_have_one_account_or_one_by_type(
    granted: object, by_type: Mapping[str, str], default: str | None
) -> None:
    policy = with_settings({"customer_credit": {"account": "2400", "granted": granted}})
    assert policy.customer_credit == CustomerCreditRules("2400", by_type, default)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"customer_credit": {"acount": "2400"}}, "customer_credit.acount"),
        ({"customer_credit": {"account": 2400}}, "customer_credit.account"),
        ({"customer_credit": {"granted": {"migration": 1}}}, "customer_credit.granted.migration"),
        ({"customer_credit": {"account": "1205"}}, "customer_credit.account"),
        ({"bad_debt_account": "1205"}, "bad_debt_account"),
    ],
    ids=["mistyped", "a number", "a number by type", "a clearing account", "clearing as bad debt"],
)
def test_what_is_wrong_is_named_with_its_path(settings: Mapping[str, object], path: str) -> None:
    with pytest.raises(PolicyErrors) as errors:
        with_settings(settings)
    assert path in str(errors.value)
