"""From request bytes to a typed envelope, or a control-level failure.

Source: dossier 1.2 (skeleton), 2.4 (levels), 9.1 and 9.2 (malformed and off-schema requests).
"""

from dataclasses import dataclass, field

from lxml import etree

from tests.sandbox.intacct.errors import SCHEMA_ERROR, ControlFailedError, ErrorEntry
from tests.sandbox.intacct.wire.content_model import children
from tests.sandbox.intacct.wire.schema import REQUEST_SCHEMA


@dataclass(frozen=True)
class Control:
    """The control block; ``unique_id`` is true when the element is absent (1.2)."""

    sender_id: str = ""
    password: str = field(default="", repr=False)
    control_id: str = ""
    unique_id: bool = True
    dtd_version: str = ""
    policy_id: str = ""
    include_whitespace: bool = True
    show_additional_error_info: bool = False


@dataclass(frozen=True)
class Login:
    """Authentication by user."""

    user_id: str
    company_id: str
    password: str = field(repr=False)
    location_id: str | None = None


@dataclass(frozen=True)
class SessionLogin:
    """Authentication by a session id."""

    session_id: str = field(repr=False)


@dataclass(frozen=True)
class FunctionCall:
    """One function of the request."""

    name: str
    control_id: str
    element: etree._Element = field(repr=False, compare=False)


@dataclass(frozen=True)
class Envelope:
    """A request that is valid against the schema."""

    control: Control
    authentication: Login | SessionLogin
    transaction: bool
    functions: tuple[FunctionCall, ...]


def parse_document(body: bytes) -> etree._Element:
    """Parse the body.

    Raises:
        ControlFailedError: XL03000003, the body is not well-formed XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        code = getattr(error, "code", "")
        text = f"Fatal Error {code}: {error.msg}. Line: {line}, column: {column}"
    except ValueError as error:
        text = f"Fatal Error 5: {error}"
    raise ControlFailedError(ErrorEntry(SCHEMA_ERROR, text))


def function_names(root: etree._Element) -> tuple[str, ...]:
    """List the function elements without validating anything; used to aim scripted faults."""
    return tuple(
        str(child.tag)
        for function in root.iterfind("operation/content/function")
        for child in children(function)
    )


def read_control(root: etree._Element) -> Control:
    """Read what there is of the control block, so that even a refusal can echo it."""
    block = root.find("control")
    if block is None:
        return Control()

    def text(name: str, default: str = "") -> str:
        return (block.findtext(name) or default).strip()

    return Control(
        sender_id=text("senderid"),
        password=text("password"),
        control_id=text("controlid"),
        unique_id=text("uniqueid", "true").lower() != "false",
        dtd_version=text("dtdversion", "3.0"),
        policy_id=text("policyid"),
        include_whitespace=text("includewhitespace", "true") in {"true", "1"},
        show_additional_error_info=text("showadditionalerrorinfo", "false") in {"true", "1"},
    )


def read_envelope(root: etree._Element) -> Envelope:
    """Validate against the schema and read the envelope.

    Raises:
        ControlFailedError: XL03000003, with the place and the expected content.
    """
    violation = REQUEST_SCHEMA.first_violation(root, "request")
    if violation is not None:
        raise ControlFailedError(
            ErrorEntry(SCHEMA_ERROR, f"{violation.text}. Line: {violation.line}")
        )
    operations = root.findall("operation")
    if len(operations) != 1:
        raise ControlFailedError(
            ErrorEntry(SCHEMA_ERROR, "The double accepts one operation in a request.")
        )
    operation = operations[0]
    return Envelope(
        control=read_control(root),
        authentication=_read_authentication(operation),
        transaction=operation.get("transaction") == "true",
        functions=tuple(
            FunctionCall(str(child.tag), function.get("controlid", ""), child)
            for function in operation.iterfind("content/function")
            for child in children(function)
        ),
    )


def _read_authentication(operation: etree._Element) -> Login | SessionLogin:
    session_id = operation.findtext("authentication/sessionid")
    if session_id is not None:
        return SessionLogin(session_id.strip())
    login = operation.find("authentication/login")
    if login is None:
        raise ControlFailedError(
            ErrorEntry(SCHEMA_ERROR, "The double does not model authentication by oauth.")
        )
    location = login.findtext("locationid")
    return Login(
        user_id=(login.findtext("userid") or "").strip(),
        company_id=(login.findtext("companyid") or "").strip(),
        password=(login.findtext("password") or "").strip(),
        location_id=location.strip() if location and location.strip() else None,
    )
