"""Every object type by name, and the legacy names of get and get_list."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.objects.customers import CUSTOMER
from tests.sandbox.intacct.objects.documents import DOCUMENTS
from tests.sandbox.intacct.objects.general_ledger import GENERAL_LEDGER
from tests.sandbox.intacct.objects.master_data import MASTER_DATA
from tests.sandbox.intacct.objects.payments import PAYMENTS
from tests.sandbox.intacct.objects.types import ObjectType

OBJECT_TYPES: Mapping[str, ObjectType[Any]] = {
    each.name: each for each in (*MASTER_DATA, CUSTOMER, *DOCUMENTS, *PAYMENTS, *GENERAL_LEDGER)
}

LEGACY_OBJECTS: Mapping[str, str] = {
    "customer": "CUSTOMER",
    "invoice": "ARINVOICE",
    "aradjustment": "ARADJUSTMENT",
    "arpayment": "ARPYMT",
    "glaccount": "GLACCOUNT",
    "gltransaction": "GLBATCH",
    "location": "LOCATION",
    "locationentity": "LOCATIONENTITY",
    "department": "DEPARTMENT",
    "class": "CLASS",
    "project": "PROJECT",
    "icitem": "ITEM",
    "arterm": "ARTERM",
    "journal": "GLJOURNAL",
    "bankaccount": "CHECKINGACCOUNT",
}


def object_type(name: str) -> ObjectType[Any]:
    """Return an object type by its name in any case.

    Raises:
        FunctionFailedError: XL03000009, object definition not found (dossier section 5).
    """
    found = OBJECT_TYPES.get(name.upper())
    if found is None:
        raise errors.refuse("XL03000009", f"Object definition {name} not found")
    return found
