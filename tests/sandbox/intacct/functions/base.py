"""What every function gets and how it reads the values that several of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.document_lines import NewLine
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.records import DeferredRevenue, Exchange
from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.objects.cursors import Cursors
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import Payload

# Lower-case element name to the length written in the DTD comments (dossier 1.5).
_LEGACY_LENGTHS: Mapping[str, int] = {
    "invoiceno": 30,
    "adjustmentno": 30,
    "ponumber": 20,
    "refid": 20,
    "referenceno": 20,
    "document": 30,
    "description": 80,
    "depositid": 80,
    "payee": 80,
    "memo": 500,
    "journalid": 4,
    "name": 100,
    "externalid": 30,
    "customerid": 20,
}

# No source gives the lengths of the generic fields; these are the double's own guesses, on the
# generous side except where the DTD has the same column.
_GENERIC_LENGTHS: Mapping[str, int] = {
    "CUSTOMERID": 20,
    "NAME": 100,
    "DISPLAYCONTACT.PRINTAS": 200,
    "DISPLAYCONTACT.CONTACTNAME": 200,
    "DISPLAYCONTACT.MAILADDRESS.ADDRESS1": 80,
    "DISPLAYCONTACT.MAILADDRESS.ADDRESS2": 80,
    "DISPLAYCONTACT.MAILADDRESS.CITY": 80,
    "DISPLAYCONTACT.MAILADDRESS.STATE": 40,
    "DISPLAYCONTACT.MAILADDRESS.ZIP": 30,
    "DISPLAYCONTACT.MAILADDRESS.COUNTRY": 60,
    "DISPLAYCONTACT.EMAIL1": 200,
    "DISPLAYCONTACT.EMAIL2": 200,
    "DOCNUMBER": 45,
    "REFERENCENO": 20,
    "BATCH_TITLE": 80,
    "DOCUMENT": 30,
    "DESCRIPTION": 1000,
}


@dataclass(frozen=True)
class Context:
    """The company, the session's scope, and the half-read results of readByQuery."""

    company: IntacctCompany
    scope: Scope
    cursors: Cursors

    def text(self, fields: Fields, path: str) -> str:
        """Return a legacy value, refusing one that is too long."""
        text = fields.text(path)
        self.check_length(path, text, _LEGACY_LENGTHS.get(path))
        return text

    def required(self, fields: Fields, path: str) -> str:
        """Return a legacy value that must be there and fit."""
        fields.required(path)
        return self.text(fields, path)

    def generic_text(self, fields: Fields, path: str) -> str:
        """Return a generic value, refusing one that is too long."""
        text = fields.text(path)
        self.check_length(path, text, _GENERIC_LENGTHS.get(path))
        return text

    def check_generic_length(self, path: str, text: str) -> None:
        """Refuse a generic value that is too long for its field."""
        self.check_length(path, text, _GENERIC_LENGTHS.get(path))

    def check_length(self, path: str, text: str, length_max: int | None) -> None:
        """Refuse a text longer than the limit, unless the switch is off."""
        enforced = self.company.switches.enforce_lengths
        if enforced and length_max is not None and len(text) > length_max:
            raise errors.too_long(path, length_max)

    def legacy_exchange(self, fields: Fields) -> Exchange:
        """Read the legacy currency group (dossier 7)."""
        return self.company.exchange(
            fields.text("currency"), fields.number("exchrate"), fields.text("exchratetype")
        )

    def generic_exchange(self, fields: Fields) -> Exchange:
        """Read CURRENCY with EXCHANGE_RATE or EXCH_RATE_TYPE_ID."""
        return self.company.exchange(
            fields.text("CURRENCY"),
            fields.number("EXCHANGE_RATE"),
            fields.text("EXCH_RATE_TYPE_ID"),
        )

    def refuse_unknown(self, fields: Fields, known: frozenset[str]) -> None:
        """Refuse children of a generic object that are neither documented nor custom fields."""
        if not self.company.switches.refuse_unknown_fields:
            return
        for name in fields.child_names():
            if name not in known and name not in self.company.profile.custom_fields:
                raise errors.refuse(
                    "DL02000001",
                    f"There was an error processing the request: unknown field {name}"
                    f" in {fields.name}",
                )


Handler = Callable[[Context, Fields], Payload]


@dataclass(frozen=True)
class FunctionSpec:
    """How to run a function, what it counts as, and the object it needs permission on.

    Writes count one paid transaction for each header, reads one for each call, ``free`` none
    (dossier section 6).
    """

    handler: Handler
    cost: Literal["write", "read", "free"]
    operation: str = ""
    object_name: str = ""


def legacy_dimensions(fields: Fields) -> Dimensions:
    """Read the dimensions of a legacy line (dossier 7, first table)."""
    return Dimensions(
        location=fields.text("locationid"),
        department=fields.text("departmentid"),
        class_=fields.text("classid"),
        project=fields.text("projectid"),
        customer=fields.text("customerid"),
        vendor=fields.text("vendorid"),
        employee=fields.text("employeeid"),
        item=fields.text("itemid"),
        contract=fields.text("contractid"),
        warehouse=fields.text("warehouseid"),
        task=fields.text("taskid"),
    )


def generic_dimensions(fields: Fields, *, location: str, department: str) -> Dimensions:
    """Read the dimensions of a generic line; GLENTRY spells two of them without ID."""
    return Dimensions(
        location=fields.text(location),
        department=fields.text(department),
        class_=fields.text("CLASSID"),
        project=fields.text("PROJECTID"),
        customer=fields.text("CUSTOMERID"),
        vendor=fields.text("VENDORID"),
        employee=fields.text("EMPLOYEEID"),
        item=fields.text("ITEMID"),
        contract=fields.text("CONTRACTID"),
        warehouse=fields.text("WAREHOUSEID"),
        task=fields.text("TASKID"),
    )


DIMENSION_FIELDS = frozenset(
    names(
        "CLASSID PROJECTID TASKID COSTTYPEID CUSTOMERID VENDORID EMPLOYEEID ITEMID CONTRACTID"
        " WAREHOUSEID"
    )
)


def legacy_line(context: Context, fields: Fields) -> NewLine:
    """Read a ``lineitem`` (dossier 7.2)."""
    if context.company.profile.account_labels:
        raise errors.refuse("BL01001973", "The double does not model account labels")
    if fields.text("accountlabel"):
        raise errors.invalid_reference("account label", fields.text("accountlabel"))
    amount = fields.amount("amount")
    if amount is None:
        raise errors.refuse("BL03002101", "Remove the extra line item: the line amount is missing")
    return NewLine(
        account_no=fields.required("glaccountno"),
        amount=amount,
        memo=context.text(fields, "memo"),
        dimensions=legacy_dimensions(fields),
        offset_account_no=fields.text("offsetglaccountno"),
        taxes=tuple(
            (entry.required("detailid"), entry.amount("trx_tax"))
            for entry in fields.each("taxentries/taxentry")
        ),
        deferred=_deferred(fields),
    )


def _deferred(fields: Fields) -> DeferredRevenue | None:
    """Read how a line is earned: all of it is needed, or nothing (dossier 7.8)."""
    if not fields.text("revrectemplate"):
        return None
    return DeferredRevenue(
        fields.text("revrectemplate"),
        fields.required("defrevaccount"),
        fields.required_legacy_date("revrecstartdate"),
        fields.required_legacy_date("revrecenddate"),
    )
