"""The request envelope: who asks, in which session, and the functions to execute. Pure.

Functions are bytes once they are encoded, so that a request can be sent again, or in parts, with
the very same functions in it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from tieout.intacct.xml_values import append_text
from tieout.services.ports import IntacctCredentials

DTD_VERSION = "3.0"
SIGN_IN_CONTROL_ID = "sign-in"
# Source: intacct-xml-api dossier section 1.2: 1 to 256 characters, at both levels.
CONTROL_ID_LENGTH_MAX = 256


@dataclass(frozen=True, slots=True)
class Function:
    """An encoded function.

    Attributes:
        control_id: what its result is recognised by; for a write also what Intacct remembers.
        xml: the `function` element.
    """

    control_id: str
    xml: bytes


def function(control_id: str, content: etree._Element) -> Function:
    """Wrap a function's content in its `function` element."""
    assert 1 <= len(control_id) <= CONTROL_ID_LENGTH_MAX
    element = etree.Element("function", controlid=control_id)
    element.append(content)
    return Function(control_id, etree.tostring(element))


def session_request(
    credentials: IntacctCredentials,
    session_id: str,
    functions: Iterable[Function],
    *,
    unique_id: bool,
) -> bytes:
    """Return a request that is authenticated by a session.

    Args:
        credentials: the sender id and password are needed in every request.
        session_id: of a session from `sign_in_request`.
        functions: executed in order, each for itself.
        unique_id: true for writes, so that a function executed before is refused; false for reads.

    Source: intacct-xml-api dossier sections 1.2 and 4.
    """
    authentication = etree.Element("authentication")
    append_text(authentication, "sessionid", session_id)
    return _request(credentials, authentication, functions, unique_id=unique_id)


def sign_in_request(credentials: IntacctCredentials) -> bytes:
    """Return a request for an API session; nothing else may travel in it.

    The entity is named twice: the login says where the user enters, the function where the session
    stays. Source: intacct-xml-api dossier sections 1.2 and 3.
    """
    authentication = etree.Element("authentication")
    login = etree.SubElement(authentication, "login")
    append_text(login, "userid", credentials.user_id)
    append_text(login, "companyid", credentials.company_id)
    append_text(login, "password", credentials.user_password)
    content = etree.Element("getAPISession")
    if credentials.entity_id:
        append_text(login, "locationid", credentials.entity_id)
        append_text(content, "locationid", credentials.entity_id)
    functions = [function(SIGN_IN_CONTROL_ID, content)]
    return _request(credentials, authentication, functions, unique_id=False)


def _request(
    credentials: IntacctCredentials,
    authentication: etree._Element,
    functions: Iterable[Function],
    *,
    unique_id: bool,
) -> bytes:
    content = b"".join(each.xml for each in functions)
    return b"".join(
        [
            b'<?xml version="1.0" encoding="UTF-8"?>\n<request>',
            etree.tostring(_control(credentials, content, unique_id=unique_id)),
            b'<operation transaction="false">',
            etree.tostring(authentication),
            b"<content>",
            content,
            b"</content></operation></request>",
        ]
    )


def _control(credentials: IntacctCredentials, content: bytes, *, unique_id: bool) -> etree._Element:
    """Return the control block, its elements in the order of the schema.

    Source: intacct-xml-api dossier section 1.2.
    """
    control = etree.Element("control")
    append_text(control, "senderid", credentials.sender_id)
    append_text(control, "password", credentials.sender_password)
    append_text(control, "controlid", f"tieout-{hashlib.sha256(content).hexdigest()[:32]}")
    append_text(control, "uniqueid", "true" if unique_id else "false")
    append_text(control, "dtdversion", DTD_VERSION)
    append_text(control, "includewhitespace", "false")
    append_text(control, "showadditionalerrorinfo", "true")
    return control
