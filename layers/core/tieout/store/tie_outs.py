"""Tie-outs, kept in the state table: one item a day, of every currency."""

import dataclasses
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from tieout.domain.tie_outs import Cause, OpenItem, Residue, TieOut
from tieout.store import items
from tieout.store.attributes import attributes, plains
from tieout.store.aws_faults import aws_faults
from tieout.store.batches import get_many

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A day in which so much is wrong is told by its sums; an item holds 400 KB.
ROWS_MAX = 2_000


class DynamoTieOuts:
    """The `TieOutStore` port's real adapter.

    Both methods raise `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def save(self, day: date, made: Sequence[TieOut]) -> None:
        """Store the tie-outs of a day, in place of any that were made of it before."""
        content = [dataclasses.asdict(_bounded(each)) for each in made]
        packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode())
        with aws_faults(f"dynamodb:PutItem on {self._table_name}"):
            self._client.put_item(
                TableName=self._table_name,
                Item=attributes(id=items.tie_out_id(day), content=packed),
            )

    def of_days(self, days: Iterable[date]) -> Mapping[date, Sequence[TieOut]]:
        """Return the tie-outs of those days of which there are any."""
        by_id = {items.tie_out_id(day): day for day in days}
        found = get_many(self._client, self._table_name, items.ID, by_id)
        stored = [plains(item) for item in found]
        return {by_id[each["id"]]: _tie_outs(each["content"]) for each in stored}


def _bounded(tie_out: TieOut) -> TieOut:
    """Return the tie-out with what fits; what is left out is one row with its sum."""
    residues, items_ = tie_out.residues, tie_out.open_items
    if len(residues) > ROWS_MAX:
        by_size = sorted(residues, key=lambda each: -abs(each.amount_minor))
        rest = by_size[ROWS_MAX:]
        by_cause: dict[Cause, list[Residue]] = {}
        for each in rest:
            by_cause.setdefault(each.cause, []).append(each)
        residues = (
            *by_size[:ROWS_MAX],
            *(
                Residue(
                    f"{len(some)} more",
                    cause,
                    sum(each.amount_minor for each in some),
                    min(each.since for each in some),
                )
                for cause, some in by_cause.items()
            ),
        )
    return dataclasses.replace(tie_out, residues=residues, open_items=items_[:ROWS_MAX])


def _tie_outs(packed: bytes) -> Sequence[TieOut]:
    rows: list[dict[str, Any]] = json.loads(zlib.decompress(packed))
    return [
        TieOut(
            **{
                **row,
                "residues": tuple(
                    Residue(**{**each, "cause": Cause(each["cause"])}) for each in row["residues"]
                ),
                "open_items": tuple(OpenItem(**each) for each in row["open_items"]),
            }
        )
        for row in rows
    ]
