"""Goal: the template deploys as it is, deploying it twice changes nothing, its roles are enforced.

Method: the real `sam build` and `sam deploy` onto the embedded AWS with IAM evaluation on. Each
role is then tried out from outside with its own temporary credentials: the emulator refuses what
the policy does not say, as AWS would (key grants excepted; test_template_permissions.py has them).
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws import EmbeddedAws, Stack
from tests.sandbox.aws.emulator import REGION, ROOT
from tests.sandbox.aws.template import load_template

pytestmark = pytest.mark.emulator

TEMPLATE = load_template()
DENIED = ("AccessDenied", "AccessDeniedException")
# Not Stripe, not Intacct: nothing in these tests may leave the machine.
NOWHERE = "http://127.0.0.1:9"
PARAMETERS = {"StripeApiBase": NOWHERE, "IntacctEndpointUrl": f"{NOWHERE}/ia/xml/xmlgw.phtml"}

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def stack(aws: EmbeddedAws) -> Stack:
    return aws.deploy(parameters=PARAMETERS)


@contextmanager
def as_role_of(aws: EmbeddedAws, stack: Stack, function: str) -> Iterator[Client]:
    """Give clients with the credentials that the function has."""
    name = stack.outputs[f"{function.title()}FunctionName"]
    role = aws.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    session = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]

    with ExitStack() as opened:

        def client(service: str) -> Any:  # noqa: ANN401 - each service has its own class
            made = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=aws.endpoint_url,
                region_name=REGION,
                aws_access_key_id=session["AccessKeyId"],
                aws_secret_access_key=session["SecretAccessKey"],
                aws_session_token=session["SessionToken"],
            )
            return opened.enter_context(closing(made))

        yield client


# Each is one call on one resource; whose role may make it is said below.
CALLS: dict[str, Callable[[Client, Stack], object]] = {
    "write the inbox": lambda client, stack: client("dynamodb").put_item(
        TableName=stack.outputs["InboxTableName"], Item={"id": {"S": "test"}}
    ),
    "read the inbox": lambda client, stack: client("dynamodb").get_item(
        TableName=stack.outputs["InboxTableName"], Key={"id": {"S": "test"}}
    ),
    "forget in the inbox": lambda client, stack: client("dynamodb").delete_item(
        TableName=stack.outputs["InboxTableName"], Key={"id": {"S": "test"}}
    ),
    "write a posting": lambda client, stack: client("dynamodb").put_item(
        TableName=stack.outputs["PostingsTableName"], Item={"key": {"S": "test"}}
    ),
    "read postings": lambda client, stack: client("dynamodb").batch_get_item(
        RequestItems={stack.outputs["PostingsTableName"]: {"Keys": [{"key": {"S": "test"}}]}}
    ),
    "change a posting in place": lambda client, stack: client("dynamodb").update_item(
        TableName=stack.outputs["PostingsTableName"], Key={"key": {"S": "test"}}
    ),
    "delete a posting": lambda client, stack: client("dynamodb").delete_item(
        TableName=stack.outputs["PostingsTableName"], Key={"key": {"S": "test"}}
    ),
    "read all postings": lambda client, stack: client("dynamodb").scan(
        TableName=stack.outputs["PostingsTableName"]
    ),
    "find postings of a subject": lambda client, stack: query(client, stack, "subject"),
    "find open postings": lambda client, stack: query(client, stack, "open"),
    "list exceptions": lambda client, stack: query(client, stack, "worklist"),
    "append to the trail": lambda client, stack: client("dynamodb").put_item(
        TableName=stack.outputs["TrailTableName"], Item={"chain": {"S": "test"}, "seq": {"N": "1"}}
    ),
    "read where a chain ends": lambda client, stack: client("dynamodb").get_item(
        TableName=stack.outputs["TrailTableName"], Key={"chain": {"S": "test"}, "seq": {"N": "0"}}
    ),
    "take out of the trail": lambda client, stack: client("dynamodb").delete_item(
        TableName=stack.outputs["TrailTableName"], Key={"chain": {"S": "test"}, "seq": {"N": "1"}}
    ),
    "change the state": lambda client, stack: client("dynamodb").update_item(
        TableName=stack.outputs["StateTableName"], Key={"id": {"S": "test"}}
    ),
    "replace the state": lambda client, stack: client("dynamodb").put_item(
        TableName=stack.outputs["StateTableName"], Item={"id": {"S": "test"}}
    ),
    "queue a subject": lambda client, stack: client("sqs").send_message(
        QueueUrl=stack.outputs["EventQueueUrl"],
        MessageBody="not a message of ours",
        MessageGroupId="test",
        MessageDeduplicationId=str(time.time_ns()),
    ),
    "take from the queue": lambda client, stack: client("sqs").receive_message(
        QueueUrl=stack.outputs["EventQueueUrl"], WaitTimeSeconds=0
    ),
    "take from the dead-letter queue": lambda client, stack: client("sqs").receive_message(
        QueueUrl=stack.outputs["EventDeadLetterQueueUrl"]
    ),
    "read the Stripe secret": lambda client, stack: client("secretsmanager").get_secret_value(
        SecretId=stack.outputs["StripeSecretArn"]
    ),
    "read the Intacct secret": lambda client, stack: client("secretsmanager").get_secret_value(
        SecretId=stack.outputs["IntacctSecretArn"]
    ),
    "change a secret": lambda client, stack: client("secretsmanager").put_secret_value(
        SecretId=stack.outputs["StripeSecretArn"], SecretString="{}"
    ),
    "seal a session": lambda client, stack: client("kms").encrypt(
        KeyId=stack.outputs["KeyArn"], Plaintext=b"session"
    ),
}


def query(client: Client, stack: Stack, attribute: str) -> object:
    return client("dynamodb").query(
        TableName=stack.outputs["PostingsTableName"],
        IndexName=f"{attribute}-index",
        KeyConditionExpression="#name = :value",
        ExpressionAttributeNames={"#name": attribute},
        ExpressionAttributeValues={":value": {"S": "test"}},
    )


MAY = {
    "webhook": {
        "write the inbox",
        "forget in the inbox",
        "queue a subject",
        "read the Stripe secret",
    },
    "processor": {
        "write a posting",
        "append to the trail",
        "read postings",
        "find postings of a subject",
        "change the state",
        "take from the queue",
        "read the Stripe secret",
        "read the Intacct secret",
        "seal a session",
    },
    "poller": {
        "write the inbox",
        "read postings",
        "append to the trail",
        "read where a chain ends",
        "find open postings",
        "list exceptions",
        "change the state",
        "replace the state",
        "queue a subject",
        "read the Stripe secret",
        "read the Intacct secret",
        "seal a session",
    },
}


def test_every_resource_of_the_template_is_there(aws: EmbeddedAws, stack: Stack) -> None:
    pages = aws.client("cloudformation").get_paginator("list_stack_resources")
    deployed = {
        resource["LogicalResourceId"]: resource["ResourceStatus"]
        for page in pages.paginate(StackName=stack.name)
        for resource in page["StackResourceSummaries"]
    }
    assert set(deployed.values()) == {"CREATE_COMPLETE"}
    unconditional = {
        name
        for name, resource in TEMPLATE["Resources"].items()
        # SAM gives a layer a new logical id for each content.
        if "Condition" not in resource and resource["Type"] != "AWS::Serverless::LayerVersion"
    }
    assert unconditional <= set(deployed)
    assert set(stack.outputs) == set(TEMPLATE["Outputs"])


def test_deploying_again_changes_nothing(aws: EmbeddedAws, stack: Stack) -> None:
    stack.put_secrets(stripe={"api_key": "kept"}, intacct={"sender_id": "kept"})

    assert not aws.redeploy_changes_something(stack.name, PARAMETERS)


def test_a_deployment_that_changes_something_keeps_the_secrets(
    aws: EmbeddedAws, stack: Stack
) -> None:
    stack.put_secrets(stripe={"api_key": "kept"}, intacct={"sender_id": "kept"})

    assert aws.redeploy_changes_something(stack.name, {**PARAMETERS, "LogLevel": "DEBUG"})

    kept = aws.client("secretsmanager").get_secret_value(SecretId=stack.outputs["IntacctSecretArn"])
    assert kept["SecretString"] == '{"sender_id": "kept"}'


def test_the_inbox_expires(aws: EmbeddedAws, stack: Stack) -> None:
    described = aws.client("dynamodb").describe_time_to_live(
        TableName=stack.outputs["InboxTableName"]
    )
    assert described["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("function", MAY)
def test_a_role_may_do_what_its_function_needs_and_nothing_else(
    aws: EmbeddedAws, stack: Stack, function: str, call: str
) -> None:
    with as_role_of(aws, stack, function) as client:
        allowed = is_allowed(lambda: CALLS[call](client, stack))
    assert allowed == (call in MAY[function])


def is_allowed(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        return False
    return True


def test_a_stranger_may_do_nothing(aws: EmbeddedAws, stack: Stack) -> None:
    stranger = boto3.client(
        "sqs",
        endpoint_url=aws.endpoint_url,
        region_name=REGION,
        aws_access_key_id="AKIAUNKNOWN000000000",
        aws_secret_access_key="unknown",
    )
    with closing(stranger), pytest.raises(ClientError, match="security token"):
        stranger.receive_message(QueueUrl=stack.outputs["EventQueueUrl"])


def test_the_webhook_answers_on_loopback(stack: Stack) -> None:
    stack.put_secrets(
        stripe={"api_key": "rk_test_1", "signing_secrets": ["whsec_test"]}, intacct={}
    )
    request = urllib.request.Request(stack.webhook_url, data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    # An unsigned body: our function's own refusal, not API Gateway's.
    with refused.value as answer:
        assert answer.code == 400


def test_the_emulator_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from tests.sandbox.aws.emulator import Emulator\n"
        "with Emulator(pathlib.Path(sys.argv[1])) as emulator:\n"
        "    print(emulator.endpoint_url, flush=True)\n"
        "    time.sleep(600)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    endpoint_url = starter.stdout.readline().strip()
    with urllib.request.urlopen(f"{endpoint_url}/_ministack/health", timeout=30) as answer:
        assert answer.status == 200

    # Killed outright: none of its own clean-up runs.
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{endpoint_url}/_ministack/health", timeout=5).close()
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail("the emulator is still there")
