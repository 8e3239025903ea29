"""Look-ups: asking Intacct what it has, before anything is built on it.

A record that a person named when they closed something is looked at once, before the first document
that settles it or takes it back is sent: a typo may be the number of another open invoice of the
same customer, and Intacct would let a payment settle that one.
"""

from collections.abc import Callable, Sequence

from tieout.domain import postings as posting_states
from tieout.domain.causes import Cause
from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArPayment,
    CreditApplication,
    Document,
    InvoiceReversal,
    PaymentReversal,
    amount_of,
)
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.keys import invoice_key
from tieout.domain.money import decimal_from_minor
from tieout.domain.plans import Finding
from tieout.domain.postings import Posting
from tieout.domain.reasons import Reason
from tieout.services import metric_names
from tieout.services.ports import Clock, Found, Ledger, Metrics, NamedRecord, Unsure
from tieout.services.records import UNKNOWN_PAUSE_SECONDS, Records
from tieout.services.verdicts import Parked, Pending


def ask(read: Callable[[], Found | None], metrics: Metrics) -> Found | Unsure | None:
    """Read from Intacct; what nobody foresaw is no more of an answer than none.

    Raises:
        ConfigurationFault: Intacct cannot be used, or may not be read.
    """
    metrics.count(metric_names.LOOK_UPS)
    try:
        return read()
    except ConfigurationFault:
        raise
    except TransientFault as fault:
        return Unsure(f"look-up: {fault}")
    except Exception as error:  # noqa: BLE001 - the others must go on
        metrics.count(metric_names.UNEXPECTED_ERROR)
        return Unsure(f"look-up: {type(error).__name__}")


def ask_or_wait(read: Callable[[], Found | None], metrics: Metrics) -> Found | Pending | None:
    """Read from Intacct; without an answer, or the permission, return that its message must wait.

    Raises:
        ConfigurationFault: Intacct cannot be used at all.
    """
    try:
        found = ask(read, metrics)
    except ConfigurationFault as fault:
        if fault.reason is not Reason.PERMISSION_MISSING:
            raise
        metrics.count(metric_names.SESSION_FAILED)
        return Pending(str(fault), waits_for_person=True)
    return Pending(found.text, UNKNOWN_PAUSE_SECONDS) if isinstance(found, Unsure) else found


class NamedRecords:
    """The records that people named for what they solved by hand.

    Attributes:
        planned: what the batch plans, by key: what Stripe says now of what was closed.
    """

    def __init__(self, ledger: Ledger, records: Records, clock: Clock, metrics: Metrics) -> None:
        self._ledger = ledger
        self._records = records
        self._clock = clock
        self._metrics = metrics
        self.planned: dict[str, Document | Finding] = {}

    def unseen(self, document: Document) -> Sequence[str]:
        """Return what the document settles or takes back by a record that nobody looked at yet."""
        postings = self._records.postings
        return [
            key for key in _kinds(document) if key in postings and postings[key].names_unseen_record
        ]

    def look_at(self, key: str, document: Document, cause: Cause) -> Pending | None:
        """Compare the record named for `key` with what is planned, and write down what came of it.

        A record that is not the right one is parked and named no more.

        Args:
            key: of what was closed, one of `unseen`.
            document: what refers to it.
            cause: what led to the document.

        Returns:
            Why the document must wait; None if the record was looked at.

        Raises:
            ConfigurationFault: Intacct cannot be used at all.
            TransientFault: the posting could not be written.
        """
        posting = self._records.postings[key]
        named = self._named(posting, document)
        found = ask_or_wait(lambda: self._ledger.check(named), self._metrics)
        if isinstance(found, Pending):
            return found
        now_unix = self._clock.now_unix()
        if found is not None and found.matches:
            after = posting_states.confirmed(posting, now_unix)
        else:
            exists, text = found is not None, _difference(named, found)
            after = posting_states.record_differs(posting, now_unix, text, exists=exists)
        if not self._records.write(after, cause):
            verdict = self._records.verdicts[key]
            assert isinstance(verdict, Pending)
            return verdict
        if after.needs_attention:
            self._records.verdicts[key] = Parked(after.reason_text)
            self._metrics.count(metric_names.PARKED)
        return None

    def _named(self, posting: Posting, document: Document) -> NamedRecord:
        """Return what the record should be: as Stripe says now, else as it was when closed."""
        assert posting.record_no is not None
        planned = self.planned.get(posting.key)
        amount_minor, currency = _amount(planned) or (posting.amount_minor, posting.currency)
        customers = (getattr(each, "customer_id", None) for each in (planned, document))
        kind = _kinds(document)[posting.key]
        stripe_id = posting.key.removeprefix(invoice_key(""))
        return NamedRecord(
            record_no=posting.record_no,
            kind=kind,
            amount_minor=amount_minor,
            currency=currency,
            customer_id=next((each for each in customers if each is not None), None),
            stripe_id=stripe_id if kind is ArInvoice else None,
        )


def _kinds(document: Document) -> dict[str, type[ArInvoice | ArAdjustment | ArPayment]]:
    """Return what the document settles or takes back, and what each must be in Intacct."""
    match document:
        case InvoiceReversal() | ArAdjustment():
            return {document.invoice_key: ArInvoice}
        case ArPayment():
            return _settled(document)
        case CreditApplication():
            return {document.adjustment_key: ArAdjustment, **_settled(document)}
        case PaymentReversal():
            return {document.receipt_key: ArPayment}
        case _:
            return {}


def _settled(
    document: ArPayment | CreditApplication,
) -> dict[str, type[ArInvoice | ArAdjustment | ArPayment]]:
    return {
        each.key: ArInvoice if each.key == document.invoice_key else ArAdjustment
        for each in document.applications
    }


def _amount(planned: Document | Finding | None) -> tuple[int, str] | None:
    if planned is None:
        return None
    if not isinstance(planned, Finding):
        return amount_of(planned)
    if planned.amount_minor is None or planned.currency is None:
        return None
    return planned.amount_minor, planned.currency


_NAMES = {ArInvoice: "AR invoice", ArAdjustment: "AR adjustment", ArPayment: "AR payment"}


def _difference(named: NamedRecord, found: Found | None) -> str:
    if found is not None:
        return found.text
    expected = "that was named"
    if named.amount_minor is not None and named.currency is not None:
        total = decimal_from_minor(named.amount_minor, named.currency)
        expected = f"over {total} {named.currency.upper()}"
    what = _NAMES[named.kind]
    return f"Intacct has no {what} {named.record_no}; expected is one {expected}"
