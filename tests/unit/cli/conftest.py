"""An account in this process, and a stack that leads to what a test made in it."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import aws
from tests.support.aws import Aws
from tests.support.doors import COMMON_ENVIRONMENT
from tieout.cli import places
from tieout.domain.policy_file import parse_policy
from tieout.store.clock import SystemClock
from tieout.store.policies import DynamoPolicies

STACK = "tieout-dev"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name, value in COMMON_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with aws.moto() as account:
        yield account


@pytest.fixture
def with_stack(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let `--stack tieout-dev` lead to the outputs named; what is not named leads nowhere."""

    def install(*, livemode: str = "false", **outputs: str) -> None:
        install_stack(monkeypatch, dict.fromkeys(places.OUTPUTS, "nowhere") | outputs, livemode)

    return install


def install_stack(
    monkeypatch: pytest.MonkeyPatch, outputs: dict[str, str], livemode: str = "false"
) -> None:
    stacks, real = Stacks(outputs, livemode), boto3.client

    def client(service: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as boto3
        if service == "cloudformation":
            return stacks
        made = real(service, *arguments, **options)  # type: ignore[call-overload]
        if service == "sqs":
            # moto has no move task and crashes; an emulator without it answers like this.
            made.start_message_move_task = no_move_task
        return made

    monkeypatch.setattr(boto3, "client", client)


def publish(account: Aws, table: str, text: str) -> None:
    """Put a policy into force; the command would compare it with Intacct first."""
    policies = DynamoPolicies(account.dynamodb, table, parse_policy, SystemClock())
    policies.publish(text, parse_policy(text).version, 0)


class Stacks:
    """CloudFormation with one stack."""

    class meta:  # noqa: N801 - as boto3 names it
        region_name = "us-east-1"

    def __init__(self, outputs: dict[str, str], livemode: str) -> None:
        self._outputs = outputs
        self._livemode = livemode

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        if StackName != STACK:
            raise refused("ValidationError", "DescribeStacks")
        listed = [{"OutputKey": key, "OutputValue": each} for key, each in self._outputs.items()]
        values = {
            "Livemode": self._livemode,
            "ProcessorConcurrency": "2",
            "IntacctConcurrency": "2",
            "EventRetentionDays": "90",
            "StripeApiBase": "https://stripe.invalid",
            "IntacctEndpointUrl": "https://intacct.invalid",
        }
        parameters = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
        ]
        return {"Stacks": [{"Outputs": listed, "Parameters": parameters}]}


def no_move_task(**_: str) -> None:
    raise refused("InvalidAction", "StartMessageMoveTask")


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
