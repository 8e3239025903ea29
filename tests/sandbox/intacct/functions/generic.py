"""Generic create, update and delete, which carry objects of any type (dossier 1.3, 2.3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import documents
from tests.sandbox.intacct.books.validation import parse_key
from tests.sandbox.intacct.functions import customers, journals, payments
from tests.sandbox.intacct.functions.base import Context
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import NothingPayload, ObjectsPayload, Payload, Row


@dataclass(frozen=True)
class GenericObject:
    """What generic functions do with one object type; None where Intacct has no such function."""

    create: Callable[[Context, Fields], Row] | None = None
    update: Callable[[Context, Fields], Row] | None = None
    delete: Callable[[Context, str], None] | None = None


def _delete_invoice(context: Context, key: str) -> None:
    documents.delete_document(context.company, parse_key(key), "invoice")


def _delete_adjustment(context: Context, key: str) -> None:
    documents.delete_document(context.company, parse_key(key), "adjustment")


GENERIC_OBJECTS: Mapping[str, GenericObject] = {
    "CUSTOMER": GenericObject(customers.create, customers.update, customers.delete),
    "ARPYMT": GenericObject(create=payments.create, delete=payments.delete_draft),
    "ARADVANCE": GenericObject(create=payments.create_advance, delete=payments.delete_draft),
    "GLBATCH": GenericObject(journals.create, journals.update, journals.delete),
    # A generic create of ARINVOICE is documented nowhere (7.2); whether it works is unknown (U4).
    "ARINVOICE": GenericObject(delete=_delete_invoice),
    "ARADJUSTMENT": GenericObject(delete=_delete_adjustment),
}


def create(context: Context, fields: Fields) -> Payload:
    """Create the objects, all or none."""
    return _each(context, fields, "create")


def update(context: Context, fields: Fields) -> Payload:
    """Change the objects, all or none."""
    return _each(context, fields, "update")


def delete(context: Context, fields: Fields) -> Payload:
    """Delete records by RECORDNO, all or none; success has no data."""
    name = fields.required("object").upper()
    handler = _known(name, "delete").delete
    if handler is None:
        raise _unsupported("delete", name)
    for key in fields.required("keys").split(","):
        try:
            handler(context, key.strip())
        except errors.FunctionFailedError as error:
            raise error.wrapped(f"Could not delete {name.lower()} record!") from error
    return NothingPayload()


def object_names(fields: Fields) -> list[str]:
    """List the objects that a generic call names, for the permission check."""
    if fields.name in {"create", "update"}:
        return [name.upper() for name in fields.child_names()]
    name = fields.text("object")
    return [name.upper()] if name else []


def _each(context: Context, fields: Fields, operation: str) -> Payload:
    rows: list[Row] = []
    tag = ""
    for item in fields.each("*"):
        name = item.name.upper()
        known = _known(name, operation)
        handler = known.create if operation == "create" else known.update
        if handler is None:
            raise _unsupported(operation, name)
        tag = name.lower()
        try:
            rows.append(handler(context, item))
        except errors.FunctionFailedError as error:
            raise error.wrapped(f"Could not {operation} {tag} record!") from error
    return ObjectsPayload(tag, rows)


def _known(name: str, operation: str) -> GenericObject:
    found = GENERIC_OBJECTS.get(name)
    if found is None:
        raise _unsupported(operation, name)
    return found


def _unsupported(operation: str, name: str) -> errors.FunctionFailedError:
    return errors.refuse(
        "XL03000009", f"Object definition {name} not found, or it has no {operation}"
    )
