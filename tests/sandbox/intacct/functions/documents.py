"""Legacy functions of AR invoices and adjustments (dossier 7.2 and 7.5)."""

from dataclasses import replace

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import documents
from tests.sandbox.intacct.books.document_lines import NewLine
from tests.sandbox.intacct.books.documents import DocumentChange, NewDocument
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.records import DocumentLine, ReceivableDocument
from tests.sandbox.intacct.books.validation import parse_key
from tests.sandbox.intacct.functions.base import Context, legacy_line
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import KeyPayload, Payload


def create_invoice(context: Context, fields: Fields) -> Payload:
    """Run create_invoice and answer the RECORDNO."""
    if fields.flag("nogl"):
        raise errors.refuse("BL01001973", "The double does not model invoices without GL posting")
    new = replace(
        _new_document(context, fields, "invoice", "invoiceitems/lineitem"),
        due_on=fields.legacy_date("datedue"),
        term=fields.text("termname"),
        number=context.text(fields, "invoiceno"),
        reference=context.text(fields, "ponumber"),
    )
    document = documents.create_document(context.company, context.scope, new)
    return KeyPayload(str(document.record_no))


def create_adjustment(context: Context, fields: Fields) -> Payload:
    """Run create_aradjustment: negative lines make a credit memo."""
    new = replace(
        _new_document(context, fields, "adjustment", "aradjustmentitems/lineitem"),
        number=context.text(fields, "adjustmentno"),
        related_number=context.text(fields, "invoiceno"),
    )
    document = documents.create_document(context.company, context.scope, new)
    return KeyPayload(str(document.record_no))


def update_invoice(context: Context, fields: Fields) -> Payload:
    """Run update_invoice; ``lineitem`` adds a line, ``updatelineitem`` changes one."""
    key = _invoice_key(context, fields)
    document = context.company.document(key)
    exchange = context.legacy_exchange(fields) if fields.has("currency") else None
    change = DocumentChange(
        customer_id=fields.text("customerid") or None,
        created_on=fields.legacy_date("datecreated"),
        posted_on=fields.legacy_date("dateposted"),
        due_on=fields.legacy_date("datedue"),
        term=fields.text("termname") or None,
        number=context.text(fields, "invoiceno") or None,
        reference=_changed_text(context, fields, "ponumber"),
        description=_changed_text(context, fields, "description"),
        exchange=exchange,
        lines=_changed_lines(context, fields, document),
        submit=fields.text("action") == "Submit" or None,
        custom=fields.custom_fields() or None,
    )
    documents.update_document(context.company, context.scope, key, change)
    return KeyPayload(str(key))


def reverse_invoice(context: Context, fields: Fields) -> Payload:
    """Run reverse_invoice."""
    key = _invoice_key(context, fields)
    documents.reverse_document(
        context.company,
        context.scope,
        key,
        fields.required_legacy_date("datereversed"),
        context.text(fields, "description"),
    )
    return KeyPayload(str(key))


def delete_invoice(context: Context, fields: Fields) -> Payload:
    """Run delete_invoice."""
    key = _invoice_key(context, fields)
    documents.delete_document(context.company, key, "invoice")
    return KeyPayload(str(key))


def delete_adjustment(context: Context, fields: Fields) -> Payload:
    """Run delete_aradjustment."""
    key = parse_key(fields.attribute("key"))
    documents.delete_document(context.company, key, "adjustment")
    return KeyPayload(str(key))


def _invoice_key(context: Context, fields: Fields) -> int:
    """Return the RECORDNO named by ``@key``, which ``@externalkey`` makes an external id."""
    key = fields.attribute("key")
    if fields.attribute("externalkey") == "true":
        for document in context.company.documents:
            if document.kind == "invoice" and document.external_id == key:
                return document.record_no
        raise errors.no_record(key)
    found = context.company.document(parse_key(key))
    if found.kind != "invoice":
        raise errors.no_record(key)
    return found.record_no


def _new_document(
    context: Context, fields: Fields, kind: documents.Kind, lines_path: str
) -> NewDocument:
    action = fields.text("action", "Submit")
    if action not in {"Submit", "Draft"}:
        raise errors.refuse("BL03002129", f"Invalid action '{action}'")
    if fields.text("batchkey"):
        raise errors.invalid_reference("batch key", fields.text("batchkey"))
    custom = fields.custom_fields()
    _check_custom(context, custom)
    return NewDocument(
        kind=kind,
        customer_id=fields.required("customerid"),
        created_on=fields.required_legacy_date("datecreated"),
        posted_on=fields.legacy_date("dateposted"),
        exchange=context.legacy_exchange(fields),
        lines=tuple(legacy_line(context, line) for line in fields.each(lines_path)),
        description=context.text(fields, "description"),
        external_id=context.text(fields, "externalid"),
        draft=action == "Draft",
        custom=custom,
    )


def _check_custom(context: Context, custom: dict[str, str]) -> None:
    if not context.company.switches.refuse_unknown_fields:
        return
    for name in custom:
        if name not in context.company.profile.custom_fields:
            raise errors.invalid_reference("custom field", name)


def _changed_text(context: Context, fields: Fields, path: str) -> str | None:
    """Return a changed text; an empty element clears it only with ``set_nulls`` (1.5)."""
    text = context.text(fields, path)
    clears = fields.has(path) and fields.attribute("set_nulls") == "true"
    return text if text or clears else None


def _changed_lines(
    context: Context, fields: Fields, document: ReceivableDocument
) -> tuple[NewLine, ...] | None:
    items = next(fields.each("updateinvoiceitems"), None)
    if items is None:
        return None
    lines = [_as_new_line(context, line) for line in document.lines]
    for item in items.each("*"):
        if item.name == "lineitem":
            lines.append(legacy_line(context, item))
            continue
        number = item.attribute("line_num")
        if not number.isdigit() or not 1 <= int(number) <= len(document.lines):
            raise errors.illegal("line_num", number)
        lines[int(number) - 1] = _updated_line(context, item, lines[int(number) - 1])
    return tuple(lines)


def _updated_line(context: Context, item: Fields, line: NewLine) -> NewLine:
    amount = item.amount("amount")
    return replace(
        line,
        account_no=item.text("glaccountno", line.account_no),
        amount=line.amount if amount is None else amount,
        memo=context.text(item, "memo") or line.memo,
        dimensions=_updated_dimensions(item, line.dimensions),
    )


def _updated_dimensions(item: Fields, before: Dimensions) -> Dimensions:
    return replace(
        before,
        location=item.text("locationid", before.location),
        department=item.text("departmentid", before.department),
        class_=item.text("classid", before.class_),
        project=item.text("projectid", before.project),
        customer=item.text("customerid", before.customer),
        item=item.text("itemid", before.item),
    )


def _as_new_line(context: Context, line: DocumentLine) -> NewLine:
    details = context.company.profile.tax_details
    tax_detail = next(
        (each.detail_id for each in details if each.account_no == line.tax_account_no), ""
    )
    return NewLine(
        line.account_no,
        line.amount,
        line.memo,
        line.dimensions,
        line.offset_account_no,
        ((tax_detail, line.tax),) if tax_detail else (),
        line.deferred,
    )
