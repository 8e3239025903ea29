"""How a preview looks: documents as an accountant reads them, and as a program does.

A document of any kind is a heading, a few facts and its lines with debit and credit; which facts it
has is found from the document itself, so a new kind of document looks like the others.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from tieout.cli.console import debit_and_credit, money, paint, wrapped
from tieout.domain.documents import (
    ArAdjustment,
    ArPayment,
    CreditApplication,
    Document,
    InvoiceReversal,
    PaymentReversal,
    amount_of,
    digest,
    number_of,
    posting_date_of,
)
from tieout.domain.effects import Effect, dimensions_text, effects
from tieout.domain.plans import Finding
from tieout.domain.postings import State
from tieout.domain.reasons import WAY_OUT
from tieout.services.preview import Change, Item, Preview

_COLOURS = {
    Change.NEW: "green",
    Change.AMENDED: "green",
    Change.IN_DOUBT: "yellow",
    Change.WAITS: "yellow",
    Change.UNDER_WAY: "yellow",
    Change.DIFFERS: "red",
    Change.PARKED: "red",
}
# What the documents call what people read beside the lines, and in which words they read it.
_FACTS = (
    ("customer_id", "customer"),
    ("name", "name"),
    ("payer", "payer"),
    ("entity", "entity"),
    ("journal", "journal"),
    ("reference", "reference"),
    ("method", "method"),
    ("due_date", "due"),
    ("term", "term"),
)
_TEXTS = ("description", "title", "memo")
_STAYS = "stays as it is in Intacct"
_KEPT = "What is booked stays under the policy that it was booked under. Booked anew, it would be:"
_ACCOUNT_WIDTH, _AMOUNT_WIDTH = 24, 18


def preview_lines(preview: Preview, draft: Preview | None = None) -> Iterator[str]:
    """Yield the lines of a preview, without what was only planned along.

    Args:
        preview: what would be posted.
        draft: what the policy asked about chooses for what is booked under another, if that is so.
    """
    yield paint(str(preview.subject), "bold")
    documents = preview.documents
    for item in preview.items:
        yield from _item_lines(item, documents)
    if not preview.items:
        yield f"  {preview.text or 'nothing to book here'}"
    if draft is not None:
        yield ""
        yield f"  {_KEPT}"
        for item in draft.items:
            yield from _item_lines(item, draft.documents)
    for subject in preview.leads_to:
        yield f"  see also: tieout plan {subject if subject.account else subject.id}"


def _item_lines(item: Item, documents: Mapping[str, Document]) -> Iterator[str]:
    change = "adopted" if item.stays_as_it_is else item.change.replace("_", " ")
    label = paint(f"{change.upper():10}", _COLOURS.get(item.change))
    if isinstance(item.planned, Finding):
        yield f"  {label} {item.key}{_amount(item.planned)}"
        yield from _indented(f"{item.planned.reason}: {item.planned.text}")
        yield from _indented(WAY_OUT[item.planned.reason], "way out: ")
        return
    yield f"  {label} {title_of(item.planned)}   [{item.key}]"
    if item.stays_as_it_is:
        yield f"    {_STAYS}"
        return
    yield from (f"    {each}" for each in _facts(item, documents))
    yield from (f"    {each}" for each in _table(item.planned, documents))
    if item.text:
        yield from _indented(item.text)
    currency = (amount_of(item.planned) or (0, ""))[1]
    for each in item.differences:
        there, now = money(each.posted_minor, currency), money(each.planned_minor, currency)
        yield f"    {paint('differs', 'red')}  {each.place}: posted {there}, now {now}"


def title_of(document: Document) -> str:
    """Return the kind of a document in words, and its number: `ar invoice ACME-0001`."""
    return title(type(document).__name__, number_of(document))


def title(kind: str, number: str) -> str:
    """Return the same from the name of the kind, and the number if there is one."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()
    return f"{words} {number}".rstrip()


def _facts(item: Item, documents: Mapping[str, Document]) -> Iterator[str]:
    document, day = item.planned, None
    if not isinstance(document, Finding):
        day = posting_date_of(document)
    facts = [f"posted {day} (period {day:%Y-%m})"] if day else []
    facts += [
        f"{label} {getattr(document, name)}" for name, label in _FACTS if _has(document, name)
    ]
    facts.append(f"policy {item.policy_version}")
    yield "; ".join(facts)
    yield from _links(item.planned, documents)
    yield from (f'"{getattr(document, name)}"' for name in _TEXTS if _has(document, name))
    posting = item.posting
    if posting is not None and posting.state is not State.POSTED and posting.reason is not None:
        yield f"was {posting.state}: {posting.reason}"


def _links(planned: Document | Finding, documents: Mapping[str, Document]) -> Iterator[str]:
    """Yield what a document is about: what it applies and settles, or takes back."""

    def named(key: str) -> str:
        return f"{title_of(documents[key])} [{key}]" if key in documents else key

    match planned:
        case CreditApplication():
            yield f"applies {named(planned.adjustment_key)}"
        case InvoiceReversal():
            yield f"takes back {named(planned.invoice_key)}"
        case PaymentReversal():
            yield f"takes back {named(planned.receipt_key)}"
        case ArAdjustment():
            yield f"changes {named(planned.invoice_key)}"
    if isinstance(planned, ArPayment | CreditApplication):
        for each in planned.applications:
            yield f"settles {money(each.amount_minor, planned.currency)} of {named(each.key)}"


def _has(document: object, name: str) -> bool:
    return getattr(document, name, None) not in {None, ""}


def _table(document: Document, documents: Mapping[str, Document]) -> Iterator[str]:
    found = effects(document, documents)
    if not found:
        return
    currency = (amount_of(document) or (0, ""))[1]
    header = f"{'account':{_ACCOUNT_WIDTH}} {'debit':>{_AMOUNT_WIDTH}} {'credit':>{_AMOUNT_WIDTH}}"
    yield paint(header, "dim")
    yield from (_line(each, currency) for each in found)


def _line(effect: Effect, currency: str) -> str:
    debit, credit = debit_and_credit(effect.amount_minor, currency)
    account = (
        effect.account if effect.ledger == effect.account else f"{effect.ledger} {effect.account}"
    )
    details = [
        effect.customer_id and f"customer {effect.customer_id}",
        dimensions_text(effect.dimensions),
        effect.memo,
        effect.why and f"<{effect.why}>",
    ]
    text = "  ".join(each for each in details if each)
    columns = f"{account:{_ACCOUNT_WIDTH}} {debit:>{_AMOUNT_WIDTH}} {credit:>{_AMOUNT_WIDTH}}"
    return f"{columns}  {text}".rstrip()


def _indented(text: str, label: str = "") -> Sequence[str]:
    return [f"  {each}" for each in wrapped(text, label).splitlines()]


def _amount(finding: Finding) -> str:
    if finding.amount_minor is None or finding.currency is None:
        return ""
    return f"  {money(finding.amount_minor, finding.currency)}"


def preview_facts(preview: Preview, draft: Preview | None = None) -> Mapping[str, object]:
    """Return a preview for a program; amounts in minor units, debit positive.

    Args:
        preview: what would be posted.
        draft: as for `preview_lines`.
    """
    documents = preview.documents
    drafted = [] if draft is None else [_item_facts(each, draft.documents) for each in draft.items]
    return {
        "subject": str(preview.subject),
        "items": [_item_facts(each, documents) for each in preview.items],
        "leads_to": [str(each) for each in preview.leads_to],
        "text": preview.text,
        "draft": drafted,
    }


def _item_facts(item: Item, documents: Mapping[str, Document]) -> Mapping[str, object]:
    posting = item.posting
    facts: dict[str, object] = {
        "key": item.key,
        "change": item.change,
        "text": f"adopted, {_STAYS}" if item.stays_as_it_is else item.text,
        "policy_version": item.policy_version,
        "recorded": posting and {"state": posting.state, "record_no": posting.record_no},
    }
    planned = item.planned
    if isinstance(planned, Finding):
        return facts | {
            "reason": planned.reason,
            "reason_text": planned.text,
            "way_out": WAY_OUT[planned.reason],
            "amount_minor": planned.amount_minor,
            "currency": planned.currency,
        }
    day, (amount_minor, currency) = posting_date_of(planned), amount_of(planned) or (None, None)
    return facts | {
        "type": type(planned).__name__,
        "number": number_of(planned),
        "digest": digest(planned),
        "posting_date": day and day.isoformat(),
        "amount_minor": amount_minor,
        "currency": currency,
        "customer_id": getattr(planned, "customer_id", None),
        "entity": getattr(planned, "entity", None),
        "settles": [
            {"key": each.key, "amount_minor": each.amount_minor}
            for each in getattr(planned, "applications", ())
        ],
        "lines": [_effect_facts(each) for each in effects(planned, documents)],
        "differences": [
            {
                "place": each.place,
                "posted_minor": each.posted_minor,
                "planned_minor": each.planned_minor,
            }
            for each in item.differences
        ],
    }


def _effect_facts(effect: Effect) -> Mapping[str, object]:
    return {
        "account": effect.account,
        "ledger_account": effect.ledger_account,
        "amount_minor": effect.amount_minor,
        "dimensions": dimensions_text(effect.dimensions),
        "customer_id": effect.customer_id,
        "memo": effect.memo,
        "why": effect.why,
    }
