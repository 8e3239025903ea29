"""Intacct's master data in memory."""

from collections.abc import Collection, Mapping

from tests.fakes.faults import Faulty
from tieout.domain.master_data import MasterKind
from tieout.services.ports import MasterRecord


class FakeMasterData(Faulty):
    """The `MasterData` port in memory.

    Attributes:
        records: what the company has, by kind and identifier.
        reads: how often it was asked.
    """

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[tuple[MasterKind, str], MasterRecord] = {}
        self.reads = 0

    def add(self, kind: MasterKind, *records: MasterRecord) -> None:
        for record in records:
            self.records[kind, record.identifier] = record

    def found(self, kind: MasterKind, identifiers: Collection[str]) -> Mapping[str, MasterRecord]:
        self._may_fail()
        self.reads += 1
        return {
            each: self.records[kind, each] for each in identifiers if (kind, each) in self.records
        }
