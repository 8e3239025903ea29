"""An Intacct in memory that remembers control ids and numbers, as the gateway does.

Only the id of a customer and the number of an invoice are known to be unique there. A payment, an
adjustment or a journal entry that is sent again under another control id is simply booked twice.
Source: intacct-xml-api dossier sections 4 and 7.

It keeps no books: the strict gateway in `tests/sandbox/intacct` does.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.fakes.faults import Faulty
from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArPayment,
    CreditApplication,
    Customer,
    Document,
    InvoiceReversal,
    JournalEntry,
    OtherReceipt,
    PaymentReversal,
    amount_of,
    dependencies,
)
from tieout.domain.reasons import Reason
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    Found,
    NamedRecord,
    NotAccepted,
    NotExecuted,
    Outcome,
    Submission,
    Unsure,
)


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """A script: the answer gets lost.

    Attributes:
        executed: whether the document was written before.
    """

    executed: bool


Scripted = NotAccepted | NotExecuted | LostAnswer


class FakeLedger(Faulty):
    """The `Ledger` port in memory.

    Attributes:
        records: what was written, by RECORDNO; an amendment replaces.
        requests: the submissions of every call of `submit`, scripted or not.
        finds: how many look-ups there were.
        checks: how often a record that a person named was compared.
    """

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, Document] = {}
        self.requests: list[tuple[Submission, ...]] = []
        self.finds = 0
        self.checks = 0
        self._control_ids: set[str] = set()
        self._scripts: defaultdict[str, deque[Scripted]] = defaultdict(deque)

    def script(self, key: str, *outcomes: Scripted) -> None:
        """Answer the next submissions of the document `key` like this, one after the other."""
        self._scripts[key].extend(outcomes)

    def exists(self, document: Document, record_no: str | None = None) -> str:
        """Have the document in Intacct before Tieout comes; return its RECORDNO."""
        record_no = record_no or str(len(self.records) + 1)
        self.records[record_no] = document
        return record_no

    @property
    def reads(self) -> int:
        """How many calls that read there were."""
        return self.finds + self.checks

    @property
    def sent(self) -> list[Submission]:
        """Every submission ever sent, in order."""
        return [submission for request in self.requests for submission in request]

    def written(self, key: str) -> list[Document]:
        """Return the records of the document `key`; more than one means posted twice."""
        return [document for document in self.records.values() if document.key == key]

    def submit(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        self._may_fail()
        self.requests.append(tuple(submissions))
        return {each.control_id: self._answer(each) for each in submissions}

    def find(self, submission: Submission) -> Found | None:
        self._may_fail()
        self.finds += 1
        found = [
            self._judged(record_no, submission.document)
            for record_no in self._record_numbers_of(submission.document)
        ]
        return next((each for each in found if each.matches), found[0] if found else None)

    def check(self, named: NamedRecord) -> Found | None:
        self._may_fail()
        self.checks += 1
        document = self.records.get(named.record_no)
        if not isinstance(document, named.kind):
            return None
        there = (*(amount_of(document) or ()), document.customer_id)
        wanted = (named.amount_minor, named.currency, named.customer_id)
        another = isinstance(document, ArInvoice) and document.reference.startswith("in_")
        if another and named.stripe_id not in {None, document.stripe_id}:
            return Found(named.record_no, False, f"it is that of {document.stripe_id}")
        differ = [
            each for each in zip(there, wanted, strict=True) if each[1] not in {None, each[0]}
        ]
        text = "; ".join(f"it is {is_there!r}, ours {ours!r}" for is_there, ours in differ)
        return Found(named.record_no, matches=not differ, text=text)

    def _judged(self, record_no: str, document: Document) -> Found:
        there, wanted = map(_compared, (self.records[record_no], document))
        text = "" if there == wanted else f"there is {there}, wanted {wanted}"
        return Found(record_no, matches=there == wanted, text=text)

    def _answer(self, submission: Submission) -> Outcome:
        missing = set(dependencies(submission.document)) - submission.record_numbers.keys()
        assert not missing, f"{submission.document.key} was sent before {sorted(missing)}"
        scripts = self._scripts[submission.document.key]
        scripted = scripts.popleft() if scripts else None
        match scripted:
            case LostAnswer():
                if scripted.executed:
                    self._execute(submission)
                return Unsure("the answer was lost")
            case NotAccepted() | NotExecuted():
                return scripted
            case None:
                return self._execute(submission)

    def _execute(self, submission: Submission) -> Outcome:
        if submission.control_id in self._control_ids:
            return AlreadyThere(by_control_id=True, text="this control id was used before")
        record_no = str(len(self.records) + 1)
        if submission.amend:
            assert submission.record_no in self.records, "an amendment names an existing record"
            record_no = submission.record_no
        elif self._record_numbers_of(submission.document):
            refusal = _refusal(submission.document)
            if refusal is not None:
                return refusal
        self._control_ids.add(submission.control_id)
        self.records[record_no] = submission.document
        return Accepted(record_no)

    def _record_numbers_of(self, document: Document) -> list[str]:
        wanted = natural_key(document)
        return [number for number, each in self.records.items() if natural_key(each) == wanted]


def natural_key(document: Document) -> tuple[str, ...]:
    """Return what Intacct can be asked for to find the document; it need not be unique."""
    match document:
        case Customer():
            return ("customer", document.customer_id)
        case ArInvoice():
            return ("invoice", document.number)
        case ArAdjustment():
            return ("adjustment", document.number)
        case ArPayment():
            return ("payment", document.customer_id, document.reference)
        case OtherReceipt():
            return ("receipt", document.reference)
        case JournalEntry():
            return ("journal", document.journal, document.reference)
        case InvoiceReversal():
            return ("reversal", document.invoice_key)
        case PaymentReversal():
            return ("payment reversal", document.receipt_key)
        case CreditApplication():
            return ("application", document.adjustment_key, document.invoice_key)


def _refusal(document: Document) -> Outcome | None:
    """Return what Intacct answers to a second one of the same natural key; None: it books both."""
    match document:
        case Customer() | ArInvoice():
            return AlreadyThere(by_control_id=False, text="the number is taken")
        case InvoiceReversal():
            return NotAccepted(Reason.INTACCT_REFUSED, "only a posted invoice can be reversed")
        case PaymentReversal():
            return NotAccepted(Reason.INTACCT_REFUSED, "only a posted payment can be reversed")
        case CreditApplication():
            return NotAccepted(Reason.OVER_APPLICATION, "more than is due")
        case ArPayment() | OtherReceipt() | ArAdjustment() | JournalEntry():
            return None


def _compared(document: Document) -> tuple[object, ...]:
    """Return what must be equal for a record that was found to be taken for the document."""
    if isinstance(document, JournalEntry):
        return (Counter((line.account, line.amount_minor) for line in document.lines),)
    return (amount_of(document), getattr(document, "customer_id", None))
