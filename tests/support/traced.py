"""What Tieout keeps of an invoice that was paid and refunded, and of another one beside it."""

import dataclasses
import hashlib

from tieout.domain.causes import Cause, Exchange, SourceEvent
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import EventHint, Inbox, Postings, StoredEvent

NOON = 1_795_179_600  # 20 November 2026, 13:00 UTC
HOUR = 3_600
CUSTOMER = Subject(SubjectKind.CUSTOMER, "cus_1")
INVOICE, OTHER = Subject(SubjectKind.INVOICE, "in_1"), Subject(SubjectKind.INVOICE, "in_2")
CHARGE, REFUND = Subject(SubjectKind.CHARGE, "ch_1"), Subject(SubjectKind.REFUND, "re_1")
DAY = Subject(SubjectKind.ACTIVITY, "2026-11-20")
STORY = ["invoice/in_1", "receipt/inpay_1", "sale/pi_1", "refund/re_1"]
BODY = b'{"id": "evt_1", "object": "event", "data": {"object": {"email": "jane@payers.example"}}}'


def fill(postings: Postings, inbox: Inbox) -> None:
    """Write it as the webhook and the processor do."""
    for number, subject in ((1, INVOICE), (2, CHARGE), (3, REFUND), (4, OTHER)):
        inbox.store(event(f"evt_{number}", subject))
    book(postings, posting("customer/cus_1", CUSTOMER, "Customer", "cus_1"), "2", "evt_1")
    invoice = posting("invoice/in_1", INVOICE, "ArInvoice", "NWT-0007", amount_minor=11_900)
    said = "<create_invoice><invoiceno>NWT-0007</invoiceno></create_invoice>"
    book(postings, with_lines(invoice), "1", "evt_1", said)
    receipt = posting("receipt/inpay_1", INVOICE, "ArPayment", "inpay_1", amount_minor=11_900)
    book(postings, receipt, "2", "evt_1", "<DESCRIPTION>inpay_1 pi_1</DESCRIPTION>")
    sale = posting("sale/pi_1", CHARGE, amount_minor=11_900, message_id="m-2", trigger="evt_2")
    text = "charge ch_1 pays invoice in_1"
    noted = dataclasses.replace(
        sale, state=State.NOT_BOOKED, reason=Reason.NOTHING_TO_BOOK, reason_text=text
    )
    postings.put(noted, cause("evt_2"))
    refund = posting("refund/re_1", REFUND, "JournalEntry", "re_1", at=NOON + HOUR)
    said = "<DESCRIPTION>Refund of NWT-0007</DESCRIPTION><TRX_AMOUNT>11.90</TRX_AMOUNT>"
    book(postings, dataclasses.replace(refund, message_id="m-3"), "3", "evt_3", said)
    other = posting("invoice/in_2", OTHER, "ArInvoice", "NWT-0008", message_id="m-4")
    book(postings, other, "8", "evt_4", "<invoiceno>NWT-0008</invoiceno>")
    day = posting("activity/2026-11-20/usd", DAY, "JournalEntry", "2026-11-20-usd", trigger="poll")
    postings.put(dataclasses.replace(day, message_id="m-5", state=State.POSTED, record_no="5"))


def posting(
    key: str,
    subject: Subject,
    document_type: str = "",
    number: str = "",
    *,
    at: int = NOON,
    **changes: object,
) -> Posting:
    made = Posting(
        key,
        subject,
        State.SENDING,
        version=1,
        document_type=document_type,
        number=number,
        posting_date="2026-11-20",
        control_id=f"tieout:{key}:r0:ab",
        policy_version="1a2b3c4d5e6f",
        amount_minor=1_190,
        currency="usd",
        attempts=1,
        message_id="m-1",
        trigger="evt_1",
        read_at_unix=at - 1,
        updated_at_unix=at,
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def with_lines(invoice: Posting) -> Posting:
    return dataclasses.replace(
        invoice,
        effects="-10000 4000\n-1900 2200\n11900 accounts receivable",
        chosen_by="1: rule enterprise\n2: default tax account",
    )


def book(
    postings: Postings, first: Posting, record_no: str, event_id: str, said: str = "<create/>"
) -> None:
    """Write that a document is sent, and that Intacct has it."""
    first = dataclasses.replace(first, trigger=event_id)
    postings.put(first, cause(event_id))
    exchange = Exchange(f"<function>{said}</function>", "<result><status>success</status></result>")
    after = dataclasses.replace(first, version=2, state=State.POSTED, record_no=record_no)
    postings.put(after, cause(event_id).after(exchange))


def cause(event_id: str) -> Cause:
    read = hashlib.sha256(event_id.encode()).hexdigest()
    return Cause((SourceEvent(event_id, sha256_of(event_id)),), "cus_1", read)


def event(event_id: str, subject: Subject, raw: bytes | None = None) -> StoredEvent:
    hint = EventHint(
        event_id,
        f"{subject.kind}.updated",
        subject,
        "cus_1",
        NOON - 5,
        livemode=False,
        api_version="2026-10-28.endive",
    )
    return StoredEvent(hint, NOON - 3, "webhook", raw or body(event_id))


def body(event_id: str) -> bytes:
    return BODY.replace(b"evt_1", event_id.encode())


def sha256_of(event_id: str) -> str:
    return hashlib.sha256(body(event_id)).hexdigest()
