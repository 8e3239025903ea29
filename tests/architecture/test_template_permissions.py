"""Goal: every function may do what it needs and nothing else, and may use the key where it must.

Method: read the roles in template.yaml as data. No linter and no emulator knows the grants that a
customer-managed key needs (local-aws dossier section 2), so they are derived here from what each
role touches. That the emulator enforces the roles is shown in test_template_deployment.py.
"""

from typing import Any

import pytest

from tests.sandbox.aws.template import load_template, resources_of_type

TEMPLATE = load_template()
RESOURCES = TEMPLATE["Resources"]
ROLES = resources_of_type(TEMPLATE, "AWS::IAM::Role")
FUNCTIONS = resources_of_type(TEMPLATE, "AWS::Serverless::Function")
KEY_ARN = {"Fn::GetAtt": ["Key", "Arn"]}

# Where each encrypted type names its key, and what a caller needs of the key for each action.
# DynamoDB, SQS and Secrets Manager use the key in the caller's name: without these grants every
# call is refused. Sources: "Amazon DynamoDB encryption at rest: authorizing use", "Amazon SQS key
# management: configure KMS permissions", "Secret encryption and decryption: permissions".
_TABLE_ACTIONS = {
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}
KEY_NEEDS = {
    "dynamodb": _TABLE_ACTIONS,
    "secretsmanager": {"kms:Decrypt"},
    "sqs": {"kms:Decrypt"},
    "sqs:SendMessage": {"kms:Decrypt", "kms:GenerateDataKey"},
}


def statements(role: str) -> list[dict[str, Any]]:
    (policy,) = ROLES[role]["Policies"]
    listed: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return listed


def actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def resources(statement: dict[str, Any]) -> list[Any]:
    resource = statement["Resource"]
    return resource if isinstance(resource, list) else [resource]


# --- Roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_own_role_with_one_policy_and_nothing_attached(function: str) -> None:
    role = function.replace("Function", "Role")
    assert FUNCTIONS[function]["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    assert "ManagedPolicyArns" not in ROLES[role]
    assert len(ROLES[role]["Policies"]) == 1
    (trust,) = ROLES[role]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_there_are_no_other_roles() -> None:
    assert set(ROLES) == {function.replace("Function", "Role") for function in FUNCTIONS}


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_names_each_action_and_each_resource_of_this_stack(role: str) -> None:
    for statement in statements(role):
        assert statement["Effect"] == "Allow"
        for action in actions(statement):
            assert "*" not in action
        for resource in resources(statement):
            match resource:
                case {"Fn::GetAtt": [name, "Arn" | "Id"]}:
                    assert name in RESOURCES
                case {"Fn::Sub": text}:
                    assert text.startswith("${PostingsTable.Arn}/index/")
                    assert "*" not in text
                case _:
                    pytest.fail(f"{role}: {resource} is not a resource of this stack")


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_says_everything_once(role: str) -> None:
    sids = [statement["Sid"] for statement in statements(role)]
    assert len(set(sids)) == len(sids)
    for statement in statements(role):
        assert actions(statement) == sorted(set(actions(statement)))


def test_what_each_function_may_do_in_one_list() -> None:
    """The list that a reviewer reads: it changes only when somebody means it to."""
    touched = {
        role: {
            f"{action} {_name(resource)}"
            for statement in statements(role)
            for action in actions(statement)
            for resource in resources(statement)
            if not action.startswith(("kms:", "logs:"))
        }
        for role in ROLES
    }
    assert touched == {
        "WebhookRole": {
            "dynamodb:DeleteItem InboxTable",
            "dynamodb:PutItem InboxTable",
            "dynamodb:UpdateItem InboxTable",
            "secretsmanager:GetSecretValue StripeSecret",
            "sqs:SendMessage EventQueue",
        },
        "ProcessorRole": {
            "dynamodb:BatchGetItem PostingsTable",
            "dynamodb:GetItem StateTable",
            "dynamodb:PutItem PostingsTable",
            "dynamodb:PutItem TrailTable",
            "dynamodb:Query PostingsTable/index/subject-index",
            "dynamodb:UpdateItem StateTable",
            "secretsmanager:GetSecretValue IntacctSecret",
            "secretsmanager:GetSecretValue StripeSecret",
            "sqs:ChangeMessageVisibility EventQueue",
            "sqs:DeleteMessage EventQueue",
            "sqs:GetQueueAttributes EventQueue",
            "sqs:ReceiveMessage EventQueue",
        },
        "PollerRole": {
            "dynamodb:BatchGetItem InboxTable",
            "dynamodb:BatchGetItem PostingsTable",
            "dynamodb:BatchGetItem StateTable",
            "dynamodb:GetItem StateTable",
            "dynamodb:GetItem TrailTable",
            "dynamodb:PutItem InboxTable",
            "dynamodb:PutItem StateTable",
            "dynamodb:PutItem TrailTable",
            "dynamodb:Query PostingsTable/index/open-index",
            "dynamodb:Query PostingsTable/index/worklist-index",
            "dynamodb:Query TrailTable",
            "dynamodb:UpdateItem StateTable",
            "secretsmanager:GetSecretValue IntacctSecret",
            "secretsmanager:GetSecretValue StripeSecret",
            "sqs:SendMessage EventQueue",
        },
    }


def _name(resource: Any) -> str:  # noqa: ANN401 - any value that a template can hold
    if "Fn::Sub" in resource:
        return str(resource["Fn::Sub"]).replace("${PostingsTable.Arn}", "PostingsTable")
    return str(resource["Fn::GetAtt"][0])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_into_its_own_log_group_only(function: str) -> None:
    group = function.replace("Function", "LogGroup")
    assert FUNCTIONS[function]["LoggingConfig"] == {"LogGroup": {"Ref": group}}
    (logs,) = [
        statement
        for statement in statements(function.replace("Function", "Role"))
        if actions(statement)[0].startswith("logs:")
    ]
    assert logs["Resource"] == {"Fn::GetAtt": [group, "Arn"]}
    assert actions(logs) == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


# --- Key grants -------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_use_the_key_through_every_service_that_it_uses(role: str) -> None:
    granted = granted_through_services(role)
    needed: dict[str, set[str]] = {}
    for statement in statements(role):
        for action in actions(statement):
            service = action.split(":")[0]
            if service in KEY_NEEDS:
                wanted = KEY_NEEDS.get(action, KEY_NEEDS[service])
                needed[service] = needed.get(service, set()) | wanted

    assert set(needed) == set(granted) == {"dynamodb", "secretsmanager", "sqs"}
    # One statement for all three: each of its actions is for one of them.
    assert set.union(*granted.values()) == set.union(*needed.values())
    for service, wanted in needed.items():
        assert wanted <= granted.get(service, set()), f"{role} needs {wanted} through {service}"


def granted_through_services(role: str) -> dict[str, set[str]]:
    """Return the key's actions that a role may use, by the service through which it may."""
    granted: dict[str, set[str]] = {}
    for statement in statements(role):
        if KEY_ARN in resources(statement) and "Condition" in statement:
            for through in statement["Condition"]["StringEquals"]["kms:ViaService"]:
                service = through["Fn::Sub"].split(".")[0]
                assert through["Fn::Sub"] == f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"
                granted.setdefault(service, set()).update(actions(statement))
    return granted


def test_only_who_speaks_to_intacct_calls_the_key_itself() -> None:
    direct = {
        role: set(actions(statement))
        for role in ROLES
        for statement in statements(role)
        if KEY_ARN in resources(statement) and "Condition" not in statement
    }
    sealing = {"kms:Decrypt", "kms:Encrypt"}
    assert direct == {"PollerRole": sealing, "ProcessorRole": sealing}


def test_everything_that_holds_data_is_encrypted_with_the_key() -> None:
    where = {
        "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
        "AWS::Logs::LogGroup": ("KmsKeyId",),
        "AWS::SNS::Topic": ("KmsMasterKeyId",),
        "AWS::SQS::Queue": ("KmsMasterKeyId",),
        "AWS::SecretsManager::Secret": ("KmsKeyId",),
    }
    for kind, path in where.items():
        found = resources_of_type(TEMPLATE, kind)
        assert found, kind
        for name, properties in found.items():
            value: Any = properties
            for step in path:
                value = value[step]
            assert value == KEY_ARN, name


def key_policy(principal: Any) -> dict[str, Any]:  # noqa: ANN401 - a name or a function of one
    listed = RESOURCES["Key"]["Properties"]["KeyPolicy"]["Statement"]
    (found,) = [each for each in listed if each["Principal"] == principal]
    statement: dict[str, Any] = found
    return statement


def test_an_alarm_can_reach_the_encrypted_topic() -> None:
    # Source: "Encryption at rest for Amazon SNS: event sources", CloudWatch alarms.
    statement = key_policy({"Service": "cloudwatch.amazonaws.com"})
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_the_log_service_can_encrypt_the_log_groups_of_this_stack_and_no_others() -> None:
    # Source: "Encrypt log data in CloudWatch Logs using AWS KMS", key policy.
    statement = key_policy({"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}})
    assert {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"} <= set(
        statement["Action"]
    )
    (pattern,) = statement["Condition"]["ArnLike"].values()
    prefix = pattern["Fn::Sub"].split(":log-group:")[1].removesuffix("*")
    for name, group in resources_of_type(TEMPLATE, "AWS::Logs::LogGroup").items():
        assert group["LogGroupName"]["Fn::Sub"].startswith(prefix), name


def test_the_key_turns_and_outlives_what_it_encrypts() -> None:
    assert RESOURCES["Key"]["Properties"]["EnableKeyRotation"] is True
    assert RESOURCES["Key"]["DeletionPolicy"] == "Retain"


# --- The webhook's door -----------------------------------------------------------------------


def test_the_webhook_is_throttled_and_can_be_closed_to_all_but_stripe() -> None:
    api = RESOURCES["WebhookApi"]["Properties"]
    (method,) = api["MethodSettings"]
    assert method["ThrottlingRateLimit"] == {"Ref": "WebhookRateLimit"}
    assert method["ThrottlingBurstLimit"] == {"Ref": "WebhookBurstLimit"}
    allow, conditional = api["Auth"]["ResourcePolicy"]["CustomStatements"]
    condition, deny, _ = conditional["Fn::If"]
    assert condition == "RestrictsSources"
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    addresses = {"Fn::Split": [",", {"Ref": "StripeSourceAddresses"}]}
    assert deny["Condition"] == {"NotIpAddress": {"aws:SourceIp": addresses}}
