"""The postings table."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tieout.domain.causes import NO_CAUSE, Cause
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting, Worklist
from tieout.domain.subjects import Subject
from tieout.services.trail_ports import StoredPosting
from tieout.store import items
from tieout.store.attributes import Item, attributes
from tieout.store.aws_faults import aws_faults
from tieout.store.batches import get_many
from tieout.store.conditional import Condition, conditional_put
from tieout.store.trail import PostingWrite, TrailWriter
from tieout.store.trail_items import TRAIL_SEQ

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

_END_OF_TIME_UNIX = 2**40


class DynamoPostings:
    """The `Postings` port's real adapter.

    Every method raises `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.

    Args:
        client: DynamoDB's.
        table_name: the postings table.
        trail: where each write is told of; None for who only reads.
    """

    def __init__(
        self, client: "DynamoDBClient", table_name: str, trail: TrailWriter | None = None
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._trail = trail

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Posting]:
        """Return the postings that exist, by key, read consistently."""
        return {key: each.posting for key, each in self.numbered(keys).items()}

    def numbered(self, keys: Iterable[str]) -> Mapping[str, StoredPosting]:
        """Return the postings that exist, by key, each with the number of its entry."""
        found = get_many(self._client, self._table_name, items.POSTING_KEY, keys)
        return {each.posting.key: each for each in map(_stored, found)}

    def put(self, posting: Posting, cause: Cause = NO_CAUSE) -> None:
        """Write the posting if its predecessor (`version - 1`) is still what is stored.

        Its entry in the audit trail is written in the same transaction.

        Raises:
            StalePosting: someone else wrote in between.
        """
        refused = self._written([(posting, cause)])
        if posting.key in refused:
            version = refused[posting.key].get("version", {}).get("N", "none")
            raise StalePosting(f"{posting.key}: wrote {posting.version}, stored is {version}")

    def put_all(self, writes: Sequence[tuple[Posting, Cause]]) -> frozenset[str]:
        """Write postings of different keys, each as `put` does, in as few transactions as possible.

        Returns:
            The keys of those that someone else wrote in between; they are not written.
        """
        return frozenset(self._written(writes))

    def _written(self, writes: Sequence[tuple[Posting, Cause]]) -> Mapping[str, Item]:
        """Write postings; return by key what is stored of those that came too late."""
        assert self._trail is not None, "nothing is written behind the audit trail"
        return self._trail.write(
            [PostingWrite(posting, cause, self._put(posting)) for posting, cause in writes]
        )

    def _put(self, posting: Posting) -> "PutTypeDef":
        assert posting.version >= 1, "a posting's first write has version 1"

        # The first version: nobody has ever written about this document.
        nothing_is_stored = Condition("attribute_not_exists(#key)", {"#key": items.POSTING_KEY})

        # A later version: what is stored is what this one was made from. A worker that read before
        # another one wrote, or outlived its lease, fails here: before it sends anything.
        predecessor_is_stored = Condition(
            "#version = :predecessor",
            {"#version": "version"},
            {":predecessor": posting.version - 1},
        )

        condition = nothing_is_stored if posting.version == 1 else predecessor_is_stored
        return conditional_put(self._table_name, items.posting_item(posting), condition)

    def on_worklist(self, worklist: Worklist) -> Iterator[Posting]:
        """Yield the postings on a list, oldest change first.

        Eventually consistent, as every index is.
        """
        listed = self._query(items.WORKLIST_INDEX, _equal(items.WORKLIST, worklist))
        return map(items.posting_from, listed)

    def open_invoices(self, since_unix: int, until_unix: int | None) -> Iterator[str]:
        """Yield the ids of invoices that are open in our books, oldest in Stripe first.

        Only of those created in Stripe from `since` to `until`, None for no end. Eventually
        consistent, as every index is.
        """
        open_in_this_time = Condition(
            "#open = :mark AND #created BETWEEN :since AND :until",
            {"#open": items.OPEN, "#created": items.SOURCE_CREATED},
            {
                ":mark": items.MARK,
                ":since": since_unix,
                ":until": _END_OF_TIME_UNIX if until_unix is None else until_unix,
            },
        )
        for item in self._query(items.OPEN_INDEX, open_in_this_time):
            yield items.invoice_of(item[items.POSTING_KEY]["S"])

    def everything(self) -> Iterator[StoredPosting]:
        """Yield every posting, in no order, page by page."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table_name, ConsistentRead=True
        )
        with aws_faults(f"dynamodb:Scan on {self._table_name}"):
            for page in pages:
                for item in page["Items"]:
                    stored = _stored(item)
                    is_listed = items.is_listed(item, stored.posting)
                    yield dataclasses.replace(stored, is_listed=is_listed)

    def of_subject(self, subject: Subject) -> Sequence[Posting]:
        """Return the postings first written on behalf of the subject, by key.

        Eventually consistent, as every index is.
        """
        found = self._query(items.SUBJECT_INDEX, _equal(items.SUBJECT, str(subject)))
        return [items.posting_from(item) for item in found]

    def _query(self, index_name: str, condition: Condition) -> Iterator[Item]:
        """Yield every item of an index that is meant, in the order of the index, page by page."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            IndexName=index_name,
            KeyConditionExpression=condition.expression,
            ExpressionAttributeNames=condition.names,
            ExpressionAttributeValues=attributes(**condition.values),
        )
        with aws_faults(f"dynamodb:Query on {self._table_name}/{index_name}"):
            for page in pages:
                yield from page["Items"]


def _equal(attribute_name: str, value: str) -> Condition:
    return Condition("#name = :value", {"#name": attribute_name}, {":value": value})


def _stored(item: Item) -> StoredPosting:
    return StoredPosting(items.posting_from(item), int(item.get(TRAIL_SEQ, {}).get("N", "0")))
