"""Every function by name, with what it costs and the permission it needs."""

from collections.abc import Mapping

from tests.sandbox.intacct.functions import (
    cash,
    customers,
    documents,
    generic,
    journals,
    metadata,
    payments,
    reads,
)
from tests.sandbox.intacct.functions.base import FunctionSpec, Handler


def _write(handler: Handler, operation: str, object_name: str) -> FunctionSpec:
    return FunctionSpec(handler, "write", operation, object_name)


FUNCTIONS: Mapping[str, FunctionSpec] = {
    "create": FunctionSpec(generic.create, "write", "CREATE"),
    "update": FunctionSpec(generic.update, "write", "UPDATE"),
    "delete": FunctionSpec(generic.delete, "write", "DELETE"),
    "read": FunctionSpec(reads.read, "read", "READ"),
    "readByName": FunctionSpec(reads.read_by_name, "read", "READ_BY_NAME"),
    "readByQuery": FunctionSpec(reads.read_by_query, "read", "READ_BY_QUERY"),
    "readMore": FunctionSpec(reads.read_more, "read"),
    "query": FunctionSpec(reads.query, "read", "QUERY"),
    "get": FunctionSpec(reads.get, "read"),
    "get_list": FunctionSpec(reads.get_list, "read"),
    "lookup": FunctionSpec(metadata.lookup, "read"),
    "inspect": FunctionSpec(metadata.inspect, "read"),
    "get_closedbooksdate": FunctionSpec(metadata.closed_books_date, "read"),
    "create_customer": _write(customers.create_legacy, "CREATE", "CUSTOMER"),
    "update_customer": _write(customers.update_legacy, "UPDATE", "CUSTOMER"),
    "delete_customer": _write(customers.delete_legacy, "DELETE", "CUSTOMER"),
    "create_invoice": _write(documents.create_invoice, "CREATE", "ARINVOICE"),
    "update_invoice": _write(documents.update_invoice, "UPDATE", "ARINVOICE"),
    "reverse_invoice": _write(documents.reverse_invoice, "REVERSE", "ARINVOICE"),
    "delete_invoice": _write(documents.delete_invoice, "DELETE", "ARINVOICE"),
    "create_aradjustment": _write(documents.create_adjustment, "CREATE", "ARADJUSTMENT"),
    "delete_aradjustment": _write(documents.delete_adjustment, "DELETE", "ARADJUSTMENT"),
    "create_arpayment": _write(payments.create_legacy, "CREATE", "ARPYMT"),
    "apply_arpayment": _write(payments.apply_legacy, "APPLY", "ARPYMT"),
    "reverse_arpayment": _write(payments.reverse_legacy, "REVERSE", "ARPYMT"),
    "delete_arpayment": _write(payments.delete_legacy, "DELETE", "ARPYMT"),
    "create_gltransaction": _write(journals.create_legacy, "CREATE", "GLBATCH"),
    "delete_gltransaction": _write(journals.delete_legacy, "DELETE", "GLBATCH"),
    "record_otherreceipt": _write(cash.record_receipt, "CREATE", "OTHERRECEIPTS"),
    "delete_otherreceipt": _write(cash.delete_receipt, "DELETE", "OTHERRECEIPTS"),
    "record_deposit": _write(cash.record_deposit, "CREATE", "DEPOSIT"),
}
