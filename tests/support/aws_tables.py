"""Tables and queues equal to the template's, for tests on moto or on the embedded AWS.

An architecture test compares them with template.yaml.
"""

from typing import TYPE_CHECKING

from tieout.store import items, trail_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        CreateTableInputTypeDef,
        KeySchemaElementTypeDef,
        ProjectionTypeDef,
    )
    from mypy_boto3_sqs import SQSClient


def inbox_table(name: str) -> "CreateTableInputTypeDef":
    """Return what creates the inbox table."""
    return _keyed_by_id(name)


def state_table(name: str) -> "CreateTableInputTypeDef":
    """Return what creates the state table."""
    return _keyed_by_id(name)


def postings_table(name: str) -> "CreateTableInputTypeDef":
    """Return what creates the postings table with its three indexes."""
    key, subject, worklist = items.POSTING_KEY, items.SUBJECT, items.WORKLIST
    updated_at, opened = items.UPDATED_AT, items.OPEN
    created = items.SOURCE_CREATED
    everything: ProjectionTypeDef = {"ProjectionType": "ALL"}
    keys_only: ProjectionTypeDef = {"ProjectionType": "KEYS_ONLY"}
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": key, "AttributeType": "S"},
            {"AttributeName": subject, "AttributeType": "S"},
            {"AttributeName": worklist, "AttributeType": "S"},
            {"AttributeName": updated_at, "AttributeType": "N"},
            {"AttributeName": opened, "AttributeType": "S"},
            {"AttributeName": created, "AttributeType": "N"},
        ],
        "KeySchema": _key_schema(key),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": items.SUBJECT_INDEX,
                "KeySchema": _key_schema(subject, key),
                "Projection": everything,
            },
            {
                "IndexName": items.WORKLIST_INDEX,
                "KeySchema": _key_schema(worklist, updated_at),
                "Projection": everything,
            },
            {
                "IndexName": items.OPEN_INDEX,
                "KeySchema": _key_schema(opened, created),
                "Projection": keys_only,
            },
        ],
    }


def trail_table(name: str) -> "CreateTableInputTypeDef":
    """Return what creates the trail table."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": trail_items.CHAIN, "AttributeType": "S"},
            {"AttributeName": trail_items.SEQ, "AttributeType": "N"},
        ],
        "KeySchema": _key_schema(trail_items.CHAIN, trail_items.SEQ),
    }


def create(client: "DynamoDBClient", table: "CreateTableInputTypeDef") -> str:
    """Create a table, wait until it can be used, and return its name."""
    client.create_table(**table)
    client.get_waiter("table_exists").wait(
        TableName=table["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )
    return table["TableName"]


def create_queue(client: "SQSClient", name: str) -> str:
    """Create a FIFO queue like the template's and return its URL; the name ends in `.fifo`."""
    answer = client.create_queue(
        QueueName=name,
        Attributes={
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "VisibilityTimeout": "720",
        },
    )
    return answer["QueueUrl"]


def _keyed_by_id(name: str) -> "CreateTableInputTypeDef":
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": items.ID, "AttributeType": "S"}],
        "KeySchema": _key_schema(items.ID),
    }


def _key_schema(hashed: str, ranged: str | None = None) -> "list[KeySchemaElementTypeDef]":
    schema: list[KeySchemaElementTypeDef] = [{"AttributeName": hashed, "KeyType": "HASH"}]
    if ranged is not None:
        schema.append({"AttributeName": ranged, "KeyType": "RANGE"})
    return schema
