"""Replies, made into typed blocks. Pure; never raises, whatever the bytes.

The gateway fails at four levels (edge, control, authentication, result), sometimes with a control
block that lacks everything but its status, sometimes with HTML or plain text or nothing.
Source: intacct-xml-api dossier section 2.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape

from lxml import etree

# Larger than any reply to the requests we make, of which a page of 2,000 records is the longest. A
# function has 256 MB: what each tag takes of it, once parsed, is many times its length.
REPLY_BYTES_MAX = 8 * 1024 * 1024
TAGS_MAX = 200_000
# Intacct's numbers of records have a dozen digits.
_RECORD_NO_LENGTH_MAX = 40
# Some are whole sentences.
_NUMBER_LENGTH_MAX = 200
SUCCESS = "success"
# Shorter secrets would be found in innocent words.
_SECRET_LENGTH_MIN = 4
_SUPPORT_ID = re.compile(r"\s*\[Support ID:\s*([^\]]*)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One `error`.

    Attributes:
        number: `errorno`; usually like BL01001973, but it can be free text.
        text: description, description2 and correction in one line, without the support id.
        ids: errorid and messageids of `additionalinfo`, the same in every language.
        support_id: for Sage's support.
    """

    number: str
    text: str
    ids: tuple[str, ...] = ()
    support_id: str = ""

    def __str__(self) -> str:
        """Return what a person needs to look the error up."""
        said = " ".join(part for part in (self.number, self.text) if part)
        return f"{said} (support id {self.support_id})" if self.support_id else said


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """What became of one function.

    Attributes:
        status: `success`, `failure` or `aborted`; anything but the first means "not done".
        key: the `key` of a legacy function, else None.
        rows: of `data`; values by upper-case path (`DISPLAYCONTACT.EMAIL1`). Kept out of the
            repr because a sign-in answers a session id here.
        xml: makes the text of the whole `result`, with the secrets blanked out.
    """

    control_id: str
    function: str
    status: str
    key: str | None = None
    rows: tuple[Mapping[str, str], ...] = field(default=(), repr=False)
    errors: tuple[ErrorEntry, ...] = ()
    xml: Callable[[], str] = field(default=str, repr=False, compare=False)

    @property
    def record_no(self) -> str | None:
        """RECORDNO of the record that a write made or changed, if the reply names it."""
        stated = self.key or (self.rows[0].get("RECORDNO") if self.rows else None)
        return stated if stated and len(stated) <= _RECORD_NO_LENGTH_MAX else None


@dataclass(frozen=True, slots=True)
class Results:
    """The operation was executed.

    Attributes:
        by_control_id: results by their function's control id, never by position.
        session_expires_at_unix: as the reply says; each call moves it on. None if it says nothing.
    """

    by_control_id: Mapping[str, FunctionResult]
    session_expires_at_unix: int | None = None


@dataclass(frozen=True, slots=True)
class ControlFailure:
    """The request as a whole was refused; no function was executed."""

    errors: tuple[ErrorEntry, ...]


@dataclass(frozen=True, slots=True)
class AuthenticationFailure:
    """The session or login was refused; no function was executed."""

    errors: tuple[ErrorEntry, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Nothing that could be trusted.

    Attributes:
        reason: what is wrong with it, in our words.
        excerpt: the beginning of its text, only to be searched for known phrases.
    """

    reason: str
    excerpt: str = field(default="", repr=False)


Reply = Results | ControlFailure | AuthenticationFailure | Unreadable


def parse(body: bytes, hide: Collection[str] = ()) -> Reply:
    """Return what the body says.

    Args:
        body: as it came; any bytes at all.
        hide: secrets that must not come back in any text, should the gateway echo them.
    """
    if not body.strip():
        return Unreadable("the reply is empty")
    if len(body) > REPLY_BYTES_MAX:
        return Unreadable(f"the reply is larger than {REPLY_BYTES_MAX} bytes")
    if b"<!DOCTYPE" in body:
        # An honest reply has it nowhere, as it escapes texts: this is a web page, or an attempt.
        return _not_xml(body)
    if max(body.count(b"<"), body.count(b"=")) > TAGS_MAX:
        return Unreadable(f"the reply has more than {TAGS_MAX} tags or attributes")
    # Read as UTF-8 whatever it declares: in another code what was counted means nothing.
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return _not_xml(body)
    if _name(root) != "response":
        return Unreadable("the reply is not a response element", _excerpt(body))
    return _Reader(hide).reply(root)


def _not_xml(body: bytes) -> Unreadable:
    excerpt = _excerpt(body)
    markup = excerpt.lstrip().lower()
    if markup.startswith(("<!doctype html", "<html")):
        return Unreadable("the reply is a web page", excerpt)
    if b"<!DOCTYPE" in body:
        return Unreadable("the reply declares a document type", excerpt)
    if markup.startswith("<"):
        return Unreadable("the reply is not well-formed XML", excerpt)
    return Unreadable("the reply is not XML", excerpt)


def _excerpt(body: bytes) -> str:
    return body[:2000].decode("utf-8", errors="replace")


class _Reader:
    """Reads one response; knows which secrets to blank out."""

    def __init__(self, hide: Collection[str]) -> None:
        self._hide = [each for each in hide if len(each) >= _SECRET_LENGTH_MIN]

    def reply(self, root: etree._Element) -> Reply:
        control, operation = _child(root, "control"), _child(root, "operation")
        if control is None:
            return Unreadable("the response has no control block")
        if _text(control, "status") != SUCCESS:
            if operation is not None:
                return Unreadable("the response failed and yet has an operation")
            return ControlFailure(self._errors(root))
        if operation is None:
            return Unreadable("the response has no operation")
        return self._operation(operation)

    def _operation(self, operation: etree._Element) -> Reply:
        authentication = _child(operation, "authentication")
        results = [self._result(each) for each in _children(operation, "result")]
        if authentication is not None and _text(authentication, "status") != SUCCESS:
            if results:
                return Unreadable("the sign-in failed and yet there are results")
            return AuthenticationFailure(self._errors(operation))
        if not results:
            said = "; ".join(str(each) for each in self._errors(operation))
            return Unreadable(f"the operation has no result {said}".rstrip())
        by_control_id = {each.control_id: each for each in results}
        if len(by_control_id) != len(results):
            return Unreadable("two results have the same control id")
        return Results(by_control_id, _session_expiry(authentication))

    def _result(self, element: etree._Element) -> FunctionResult:
        data = _child(element, "data")
        return FunctionResult(
            control_id=_text(element, "controlid"),
            function=_text(element, "function"),
            status=_text(element, "status"),
            key=_text(element, "key") or None,
            rows=() if data is None else tuple(_row(each) for each in _children(data)),
            errors=self._errors(element),
            xml=lambda: self._xml(element),
        )

    def _errors(self, parent: etree._Element) -> tuple[ErrorEntry, ...]:
        return tuple(
            self._error(error)
            for message in _children(parent, "errormessage")
            for error in _children(message, "error")
        )

    def _error(self, element: etree._Element) -> ErrorEntry:
        parts = [_text(element, tag) for tag in ("description", "description2", "correction")]
        said = self._hidden(" ".join(part for part in parts if part))
        support_id = _SUPPORT_ID.search(said)
        info = _child(element, "additionalinfo")
        ids = () if info is None else tuple(dict.fromkeys(_ids(info)))
        return ErrorEntry(
            number=self._hidden(_text(element, "errorno"))[:_NUMBER_LENGTH_MAX],
            text=" ".join(_SUPPORT_ID.sub("", said).split()),
            ids=ids,
            support_id=support_id.group(1) if support_id else "",
        )

    def _xml(self, element: etree._Element) -> str:
        text = etree.tostring(element, encoding="unicode", with_tail=False)
        for secret in map(escape, self._hide):
            text = text.replace(secret, "***")
        return self._hidden(text)

    def _hidden(self, text: str) -> str:
        for secret in self._hide:
            text = text.replace(secret, "***")
        return text


def _ids(info: etree._Element) -> Iterator[str]:
    """Yield the ids of an `additionalinfo`. Source: intacct-xml-api dossier section 2.6."""
    for element in info.iter():
        if _name(element) in {"errorid", "messageid"} and element.text:
            yield element.text.strip()


def _row(element: etree._Element) -> Mapping[str, str]:
    return dict(_values(element, ""))


def _values(element: etree._Element, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every leaf below `element`, whatever the case of its tags."""
    for child in _children(element):
        path = f"{prefix}{_name(child).upper()}"
        if len(child):
            yield from _values(child, f"{path}.")
        else:
            yield path, (child.text or "").strip()


def _session_expiry(authentication: etree._Element | None) -> int | None:
    """Return when the session ends, in unix seconds. Source: dossier section 2.1."""
    stated = "" if authentication is None else _text(authentication, "sessiontimeout")
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return None
    return int(moment.timestamp()) if moment.tzinfo is not None else None


def _children(parent: etree._Element, name: str | None = None) -> Iterator[etree._Element]:
    """Yield the child elements (no comments), those called `name` if it is given."""
    for child in parent:
        if isinstance(child.tag, str) and name in {None, _name(child)}:
            yield child


def _child(parent: etree._Element, name: str) -> etree._Element | None:
    return next(_children(parent, name), None)


def _text(parent: etree._Element, name: str) -> str:
    child = _child(parent, name)
    return "" if child is None or child.text is None else child.text.strip()


def _name(element: etree._Element) -> str:
    """Return the tag without its namespace; the empty string for a comment."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
