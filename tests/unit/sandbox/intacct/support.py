"""A minimal client and request builders for the tests of the gateway double."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from lxml import etree

from tests.sandbox.intacct import (
    COMPANY_ID,
    SENDER_ID,
    SENDER_PASSWORD,
    USER_ID,
    USER_PASSWORD,
    Gateway,
    HttpReply,
    IntacctCompany,
    Switches,
    sample_company,
)


class SettableClock:
    """A clock that only moves when told to."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **parts: float) -> None:
        """Move forward, for example by ``minutes=5``."""
        self.moment += timedelta(**parts)


@dataclass(frozen=True)
class Result:
    """One result element."""

    element: etree._Element

    @property
    def status(self) -> str:
        return self.element.findtext("status") or ""

    @property
    def key(self) -> str:
        """The legacy key, or the RECORDNO of the first object."""
        found = self.element.findtext("key") or self.element.findtext("data/*/RECORDNO")
        return found or ""

    @property
    def errornos(self) -> list[str]:
        return [each.text or "" for each in self.element.iterfind("errormessage/error/errorno")]

    @property
    def texts(self) -> str:
        """Every error text in one string."""
        return " | ".join(
            f"{each.findtext('description') or ''} {each.findtext('description2') or ''}"
            f" {each.findtext('correction') or ''}"
            for each in self.element.iterfind("errormessage/error")
        )

    @property
    def rows(self) -> list[dict[str, str]]:
        return [
            {str(cell.tag): cell.text or "" for cell in row}
            for row in self.element.iterfind("data/*")
        ]

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the data element."""
        return {str(name): str(value) for name, value in self.data.attrib.items()}

    @property
    def data(self) -> etree._Element:
        found = self.element.find("data")
        assert found is not None
        return found


@dataclass(frozen=True)
class Reply:
    """A parsed answer."""

    http: HttpReply
    root: etree._Element = field(repr=False)

    @property
    def control_status(self) -> str:
        return self.root.findtext("control/status") or ""

    @property
    def authentication_status(self) -> str:
        return self.root.findtext("operation/authentication/status") or ""

    @property
    def results(self) -> list[Result]:
        return [Result(each) for each in self.root.iterfind("operation/result")]

    @property
    def errornos(self) -> list[str]:
        """Error numbers at control or authentication level."""
        found = [
            *self.root.iterfind("errormessage/error/errorno"),
            *self.root.iterfind("operation/errormessage/error/errorno"),
        ]
        return [each.text or "" for each in found]

    @property
    def texts(self) -> str:
        return "".join(str(piece) for piece in self.root.itertext())


LOGIN = (
    f"<login><userid>{USER_ID}</userid><companyid>{COMPANY_ID}</companyid>"
    f"<password>{USER_PASSWORD}</password></login>"
)


def by_session(session_id: str) -> str:
    """Build the authentication of a session."""
    return f"<sessionid>{session_id}</sessionid>"


def request(
    *functions: str,
    control_ids: tuple[str, ...] = (),
    unique_id: str = "false",
    transaction: bool = False,
    authentication: str = LOGIN,
    sender_id: str = SENDER_ID,
    sender_password: str = SENDER_PASSWORD,
    options: str = "<includewhitespace>false</includewhitespace>",
) -> bytes:
    """Build a request; ``unique_id`` may be empty to leave the element out."""
    ids = control_ids or tuple(f"f{number}" for number in range(len(functions)))
    calls = "".join(
        f'<function controlid="{escape(each)}">{body}</function>'
        for each, body in zip(ids, functions, strict=True)
    )
    unique = f"<uniqueid>{unique_id}</uniqueid>" if unique_id else ""
    attribute = ' transaction="true"' if transaction else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><request><control><senderid>{sender_id}</senderid>'
        f"<password>{sender_password}</password><controlid>request</controlid>{unique}"
        f"<dtdversion>3.0</dtdversion>{options}</control><operation{attribute}><authentication>"
        f"{authentication}</authentication><content>{calls}</content></operation></request>"
    ).encode()


class Client:
    """Sends requests to a gateway in process."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    @property
    def company(self) -> IntacctCompany:
        return self.gateway.company

    def send(self, body: bytes) -> Reply:
        """Send a whole request."""
        answer = self.gateway.handle(body, "intacct.test")
        return Reply(answer, etree.fromstring(answer.body))

    def call(self, function: str) -> Result:
        """Send one function and return its result."""
        reply = self.send(request(function))
        assert len(reply.results) == 1, reply.texts
        return reply.results[0]

    def do(self, function: str) -> str:
        """Send one function that must succeed and return its key."""
        result = self.call(function)
        assert result.status == "success", result.texts
        return result.key

    def refused(self, function: str) -> Result:
        """Send one function that must be refused at result level."""
        before = len(self.company.entries)
        result = self.call(function)
        assert result.status == "failure"
        assert len(self.company.entries) == before, "a refusal must leave no entry behind"
        return result

    def row(self, object_name: str, key: str) -> dict[str, str]:
        """Read one record by RECORDNO."""
        result = self.call(
            f"<read><object>{object_name}</object><keys>{key}</keys><fields>*</fields></read>"
        )
        assert len(result.rows) == 1, result.texts
        return result.rows[0]


def make_client(
    switches: Switches | None = None,
    *,
    multi_entity: bool = False,
    clock: SettableClock | None = None,
) -> Client:
    """Make a client of a fresh sample company with one customer, C1."""
    company = sample_company(
        clock=clock or SettableClock(), switches=switches, multi_entity=multi_entity
    )
    client = Client(Gateway(company, sleep=lambda _: None))
    client.do(customer("C1"))
    return client


def day(name: str, text: str) -> str:
    """Build a legacy date from yyyy-mm-dd."""
    year, month, number = text.split("-")
    return f"<{name}><year>{year}</year><month>{month}</month><day>{number}</day></{name}>"


def customer(customer_id: str, more: str = "", *, name: str = "Acme") -> str:
    """Build a generic create of a customer; the name is escaped here."""
    name = escape(name)
    return (
        f"<create><CUSTOMER><CUSTOMERID>{customer_id}</CUSTOMERID><NAME>{name}</NAME>"
        f"<DISPLAYCONTACT><PRINTAS>{name}</PRINTAS></DISPLAYCONTACT>{more}</CUSTOMER></create>"
    )


def line(amount: str, account: str = "4000", more: str = "") -> str:
    """Build a legacy line; ``more`` follows the amount in schema order."""
    return (
        f"<lineitem><glaccountno>{account}</glaccountno><amount>{amount}</amount>{more}</lineitem>"
    )


def invoice(
    number: str,
    *lines: str,
    customer_id: str = "C1",
    created: str = "2026-11-01",
    due: str = "2026-12-01",
    head: str = "",
    tail: str = "",
) -> str:
    """Build create_invoice; ``head`` goes before invoiceno, ``tail`` after ponumber's place."""
    due_element = day("datedue", due) if due else ""
    return (
        f"<create_invoice><customerid>{customer_id}</customerid>{day('datecreated', created)}"
        f"{due_element}{head}<invoiceno>{number}</invoiceno>{tail}"
        f"<invoiceitems>{''.join(lines) or line('100.00')}</invoiceitems></create_invoice>"
    )


def credit_memo(
    amount: str, *, number: str = "", customer_id: str = "C1", created: str = "2026-11-05"
) -> str:
    """Build create_aradjustment with one line; negative makes a credit memo."""
    numbered = f"<adjustmentno>{number}</adjustmentno>" if number else ""
    return (
        f"<create_aradjustment><customerid>{customer_id}</customerid>"
        f"{day('datecreated', created)}{numbered}"
        f"<aradjustmentitems>{line(amount)}</aradjustmentitems></create_aradjustment>"
    )


def payment(
    *details: str,
    customer_id: str = "C1",
    target: str = "<UNDEPOSITEDACCOUNTNO>1200</UNDEPOSITEDACCOUNTNO>",
    received: str = "11/10/2026",
    more: str = "",
) -> str:
    """Build a generic create of ARPYMT; ``more`` is further header elements."""
    return (
        f"<create><ARPYMT>{target}<PAYMENTMETHOD>Credit Card</PAYMENTMETHOD>"
        f"<CUSTOMERID>{customer_id}</CUSTOMERID><RECEIPTDATE>{received}</RECEIPTDATE>{more}"
        f"<ARPYMTDETAILS>{''.join(details)}</ARPYMTDETAILS></ARPYMT></create>"
    )


def detail(record_key: str, amount: str) -> str:
    """Build a cash detail of ARPYMT."""
    return (
        f"<ARPYMTDETAIL><RECORDKEY>{record_key}</RECORDKEY>"
        f"<TRX_PAYMENTAMOUNT>{amount}</TRX_PAYMENTAMOUNT></ARPYMTDETAIL>"
    )


def credit_detail(record_key: str, credit_key: str, amount: str) -> str:
    """Build a detail that applies a credit memo."""
    return (
        f"<ARPYMTDETAIL><RECORDKEY>{record_key}</RECORDKEY>"
        f"<ADJUSTMENTKEY>{credit_key}</ADJUSTMENTKEY>"
        f"<TRX_ADJUSTMENTAMOUNT>{amount}</TRX_ADJUSTMENTAMOUNT></ARPYMTDETAIL>"
    )


def glentry(account: str, amount: str, side: str, more: str = "") -> str:
    """Build a GLENTRY; side is 1 for debit, -1 for credit."""
    return (
        f"<GLENTRY><ACCOUNTNO>{account}</ACCOUNTNO><TRX_AMOUNT>{amount}</TRX_AMOUNT>"
        f"<TR_TYPE>{side}</TR_TYPE>{more}</GLENTRY>"
    )


def journal(*entries: str, dated: str = "11/15/2026", title: str = "Fees", more: str = "") -> str:
    """Build a generic create of GLBATCH."""
    return (
        f"<create><GLBATCH><JOURNAL>GJ</JOURNAL><BATCH_DATE>{dated}</BATCH_DATE>"
        f"<BATCH_TITLE>{title}</BATCH_TITLE>{more}<ENTRIES>{''.join(entries)}</ENTRIES>"
        "</GLBATCH></create>"
    )


def reverse_invoice(key: str, on: str = "2026-11-18") -> str:
    """Build reverse_invoice."""
    return f'<reverse_invoice key="{key}">{day("datereversed", on)}</reverse_invoice>'


def reverse_payment(key: str, on: str = "2026-11-18") -> str:
    """Build reverse_arpayment."""
    return f'<reverse_arpayment key="{key}">{day("datereversed", on)}</reverse_arpayment>'


def apply_credit(source_key: str, invoice_key: str, amount: str, on: str = "2026-11-12") -> str:
    """Build apply_arpayment with one item."""
    return (
        f"<apply_arpayment><arpaymentkey>{source_key}</arpaymentkey>{day('paymentdate', on)}"
        f"<arpaymentitems><arpaymentitem><invoicekey>{invoice_key}</invoicekey>"
        f"<amount>{amount}</amount></arpaymentitem></arpaymentitems></apply_arpayment>"
    )
