"""What documents refer to in Intacct: accounts, dimensions, terms, journals, bank accounts.

Source: intacct-xml-api dossier section 7.9 (reads for validating mappings) and 7.7 (bank accounts).
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from tieout.domain.master_data import MasterKind
from tieout.intacct.lookups import Row
from tieout.intacct.queries import VALUES_MAX, Selection, one_of
from tieout.services.ports import MasterRecord

# The objects in which a kind is looked for, one after the other, and the field of its identifier.
_PLACES: Mapping[MasterKind, tuple[tuple[str, str], ...]] = {
    MasterKind.ACCOUNT: (("GLACCOUNT", "ACCOUNTNO"),),
    MasterKind.BANK_ACCOUNT: (
        ("CHECKINGACCOUNT", "BANKACCOUNTID"),
        ("SAVINGSACCOUNT", "BANKACCOUNTID"),
    ),
    MasterKind.JOURNAL: (("GLJOURNAL", "SYMBOL"),),
    MasterKind.TERM: (("ARTERM", "NAME"),),
    MasterKind.ENTITY: (("LOCATIONENTITY", "LOCATIONID"),),
    MasterKind.LOCATION: (("LOCATION", "LOCATIONID"),),
    MasterKind.DEPARTMENT: (("DEPARTMENT", "DEPARTMENTID"),),
    MasterKind.CLASS: (("CLASS", "CLASSID"),),
    MasterKind.PROJECT: (("PROJECT", "PROJECTID"),),
    MasterKind.ITEM: (("ITEM", "ITEMID"),),
}
_REQUIREMENTS = {
    "REQUIRELOC": "location",
    "REQUIREDEPT": "department",
    "REQUIRECLASS": "class",
    "REQUIREPROJECT": "project",
    "REQUIREITEM": "item",
}
_MORE_FIELDS: Mapping[MasterKind, tuple[str, ...]] = {
    MasterKind.ACCOUNT: tuple(_REQUIREMENTS),
    MasterKind.BANK_ACCOUNT: ("GLACCOUNTNO", "CURRENCY"),
}


class IntacctMasterData:
    """The `MasterData` port over Intacct's XML gateway."""

    def __init__(self, rows: Callable[[Selection], Iterator[Row]]) -> None:
        self._rows = rows

    def found(self, kind: MasterKind, identifiers: Collection[str]) -> Mapping[str, MasterRecord]:
        """Return those of the identifiers that exist.

        Raises:
            TransientFault, ConfigurationFault: as `IntacctLedger.rows`.
        """
        found: dict[str, MasterRecord] = {}
        for object_name, field in _PLACES[kind]:
            left = sorted(set(identifiers) - found.keys())
            fields = ("RECORDNO", field, "STATUS", *_MORE_FIELDS.get(kind, ()))
            for first in range(0, len(left), VALUES_MAX):
                some = one_of(field, left[first : first + VALUES_MAX])
                for row in self._rows(Selection(object_name, fields, (some,))):
                    record = _record(row, field)
                    found[record.identifier] = record
        return found


def _record(row: Row, field: str) -> MasterRecord:
    return MasterRecord(
        identifier=row.get(field, ""),
        active=row.get("STATUS", "active") == "active",
        requires=frozenset(
            name for each, name in _REQUIREMENTS.items() if row.get(each, "").lower() == "true"
        ),
        account=row.get("GLACCOUNTNO", ""),
        currency=row.get("CURRENCY", "").lower(),
    )
