"""An AWS account on one machine: start it, deploy the real template onto it, end it."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
from botocore.config import Config

from tests.sandbox.aws.decisions import Decision, decisions
from tests.sandbox.aws.emulator import ACCESS_KEY_ID, REGION, ROOT, SECRET_ACCESS_KEY, Emulator
from tests.sandbox.aws.sam import Sam, emulator_python_version
from tests.sandbox.aws.stack import Stack
from tests.sandbox.aws.template import load_template, resources_of_type

STACK_NAME = "tieout-dev"
# Longer than any function's time-out, so that the function's own error is what is seen; no retry,
# because what is called twice here is run twice.
_CLIENT_CONFIG = Config(read_timeout=150, retries={"total_max_attempts": 1})


class EmbeddedAws:
    """The emulator with IAM evaluation on, as a context manager.

    Example:
        with EmbeddedAws() as aws:
            stack = aws.deploy(parameters={"StripeApiBase": "http://127.0.0.1:12111"})
            stack.put_secrets(stripe={...}, intacct={...})
    """

    def __init__(self, directory: Path = ROOT / ".sandbox" / "aws") -> None:
        """Choose where builds and logs go; two at once need two directories."""
        self._directory = directory
        self._emulator = Emulator(directory)
        self._built = False
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._emulator.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._clients:
            self._clients.popitem()[1].close()
        self._emulator.stop()

    @property
    def endpoint_url(self) -> str:
        """Where every AWS service answers."""
        return self._emulator.endpoint_url

    @property
    def log_path(self) -> Path:
        """What the emulator and the functions print."""
        return self._emulator.log_path

    def decisions(self) -> frozenset[Decision]:
        """Return what IAM decided about calls of the functions so far."""
        return decisions(self.log_path.parent)

    def client(self, service: str) -> Any:  # noqa: ANN401 - each service has its own class
        """Return the operator's boto3 client of a service; it is closed when the emulator ends."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.endpoint_url,
                region_name=REGION,
                aws_access_key_id=ACCESS_KEY_ID,
                aws_secret_access_key=SECRET_ACCESS_KEY,
                config=_CLIENT_CONFIG,
            )
        return self._clients[service]

    def build(self) -> None:
        """Build the packages with `sam build`; `deploy` does so itself the first time."""
        self._sam.build()
        self._built = True

    def deploy(
        self, stack_name: str = STACK_NAME, parameters: Mapping[str, str] | None = None
    ) -> Stack:
        """Deploy the template with `sam deploy`, and finish what the emulator leaves out of it.

        Args:
            stack_name: of the stack to create or update.
            parameters: of the template, where they are to differ from its defaults.

        Raises:
            SamFailedError: when it cannot be built or deployed.
        """
        if not self._built:
            self.build()
        self._sam.deploy(stack_name, parameters or {})
        stack = self._stack(stack_name)
        self._switch_on_expiry(stack)
        return stack

    def redeploy_changes_something(
        self, stack_name: str = STACK_NAME, parameters: Mapping[str, str] | None = None
    ) -> bool:
        """Build and deploy again with the same parameters and tell whether it changed anything."""
        self.build()
        return self._sam.deploy(stack_name, parameters or {})

    @cached_property
    def _sam(self) -> Sam:
        return Sam(self._directory.resolve(), self.endpoint_url, emulator_python_version())

    def _stack(self, name: str) -> Stack:
        described = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
        # AWS gives each API a host name of its own; by path the emulator serves it on loopback,
        # whatever the resolver of this machine makes of *.localhost.
        stage, path = outputs["WebhookUrl"].split("/", 4)[3:]
        local = f"{self.endpoint_url}/_aws/execute-api/{outputs['WebhookApiId']}/{stage}/{path}"
        return Stack(name, outputs, local, self.client)

    def _switch_on_expiry(self, stack: Stack) -> None:
        # The emulator's CloudFormation drops TimeToLiveSpecification; its DynamoDB knows it.
        tables = resources_of_type(load_template(), "AWS::DynamoDB::Table")
        for logical_id, properties in tables.items():
            if "TimeToLiveSpecification" in properties:
                self.client("dynamodb").update_time_to_live(
                    TableName=stack.outputs[f"{logical_id}Name"],
                    TimeToLiveSpecification=properties["TimeToLiveSpecification"],
                )
