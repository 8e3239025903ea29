"""What the template grants to each function, by statement, action and resource."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.sandbox.aws.decisions import Decision
from tests.sandbox.aws.stack import Stack
from tests.sandbox.aws.template import load_template, resources_of_type


@dataclass(frozen=True, order=True)
class Grant:
    """One action that one statement of one role allows on one resource.

    Attributes:
        resource: its logical id, with what follows in the ARN: `PostingsTable/index/open-index`.
    """

    role: str
    statement: str
    action: str
    resource: str


def granted() -> frozenset[Grant]:
    """Return all that the template grants."""
    return frozenset(_granted())


def used(decision: Decision, stack: Stack) -> Grant:
    """Return the grant that a decision made use of."""
    names = {
        value.rpartition("/")[2]: output
        for output, value in stack.outputs.items()
        if output.endswith(("TableName", "SecretArn", "KeyArn", "QueueUrl"))
    }
    resource = decision.resource
    for name, output in sorted(names.items(), key=lambda each: -len(each[0])):
        _, found, rest = resource.partition(name)
        if found:
            logical_id = output.removesuffix("Name").removesuffix("Arn").removesuffix("Url")
            resource = logical_id + rest
            break
    return Grant(decision.role, decision.statement, decision.action, resource)


def _granted() -> Iterator[Grant]:
    for role, properties in resources_of_type(load_template(), "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                for action in _listed(statement["Action"]):
                    for resource in _listed(statement["Resource"]):
                        yield Grant(role, statement["Sid"], action, _logical_id(resource))


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - one or several
    return value if isinstance(value, list) else [value]


def _logical_id(resource: Any) -> str:  # noqa: ANN401 - a function of CloudFormation's
    match resource:
        case {"Fn::GetAtt": [str(name), _]}:
            return name
        case {"Fn::Sub": str(text)}:
            return text.replace("${", "").replace(".Arn}", "")
    raise ValueError(f"{resource} is no resource of the template")
