"""What a gateway gone bad might answer, and a process that hears it all through the real client.

`python -m tests.support.hostile_replies` sends a document for each reply, looks it up for each, and
prints what came of it and by how much the process grew, as JSON.
"""

import gzip
import itertools
import json
import resource
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.fakes import FakeClock, FakeSessions
from tests.support.intacct_documents import invoice, submission
from tests.support.intacct_gateway import (
    CREDENTIALS,
    NOW_UNIX,
    all_accepted,
    control_ids,
    errors,
    failure,
    operation,
    rows,
    signed_in,
    success,
)
from tieout.domain.errors import TransientFault
from tieout.intacct.connect import connect

IN_THIS_FILE = "whoever can read this has opened the file"
Reply = Callable[[bytes], bytes]
MEBIBYTE = 1024 * 1024


def _accepted(payload: str) -> Reply:
    return lambda request: operation(success(each, payload) for each in control_ids(request))


def _doctype(declared: bytes, content: bytes = b"<response>&e;</response>") -> Reply:
    return lambda _: b"<!DOCTYPE response [" + declared + b"]>" + content


def _bomb(mark: bytes) -> bytes:
    """Return ten entities, each ten of the one before it; `mark` makes them parameter entities."""
    names = b"abcdefghie"
    first = b'<!ENTITY %sa "aaaaaaaaaa">' % mark
    sign = b"&#37;" if mark else b"&"
    return first + b"".join(
        b'<!ENTITY %s%c "%s">' % (mark, name, (sign + b"%c;" % before) * 10)
        for before, name in itertools.pairwise(names)
    )


def _response(content: bytes) -> Reply:
    return lambda _: b"<response>" + content + b"</response>"


_MANY = 1_000_000
# Refused unread: nobody knows what became of the document.
UNREADABLE: Mapping[str, Reply] = {
    "entities in entities": _doctype(_bomb(b"")),
    "entities in an attribute": _doctype(_bomb(b""), b'<response a="&e;"/>'),
    "parameter entities": _doctype(_bomb(b"% ") + b"%e;", b"<response/>"),
    "entity of itself": _doctype(b'<!ENTITY e "&f;"><!ENTITY f "&e;">'),
    "one long entity often": _doctype(
        b'<!ENTITY e "' + b"e" * MEBIBYTE + b'">', b"<response>" + b"&e;" * _MANY + b"</response>"
    ),
    "file": _doctype(b'<!ENTITY e SYSTEM "file://%s">' % __file__.encode()),
    "file as a parameter": _doctype(b'<!ENTITY %% e SYSTEM "file://%s">%%e;' % __file__.encode()),
    "address": _doctype(b'<!ENTITY e SYSTEM "GATEWAY/entity">'),
    "address of the type": lambda _: b'<!DOCTYPE response SYSTEM "GATEWAY/type"><response/>',
    "declared attributes": _doctype(
        b"<!ATTLIST response " + b"".join(b'a%d CDATA "" ' % n for n in range(_MANY // 4)) + b">"
    ),
    "deep": lambda _: b"<response>" * 100_000 + b"</response>" * 100_000,
    "many elements": _response(b"<a/>" * _MANY),
    "many texts": _response(b"<a/>a" * _MANY),
    "many comments": _response(b"<!---->" * _MANY),
    "many rows": _accepted("<data>" + "<ARINVOICE><RECORDNO/></ARINVOICE>" * 200_000 + "</data>"),
    "many attributes": lambda _: (
        b"<response " + b"".join(b'a%d="" ' % n for n in range(_MANY // 2)) + b"/>"
    ),
    "many name spaces": lambda _: (
        b"<response " + b"".join(b'xmlns:a%d="u" ' % n for n in range(_MANY // 4)) + b"/>"
    ),
    "long text": _response(b"a" * 7 * MEBIBYTE),
    "long name": _response(b"<" + b"a" * 7 * MEBIBYTE + b"/>"),
    "larger than allowed": lambda _: b"a" * 9 * MEBIBYTE,
    "compressed": lambda _: gzip.compress(bytes(200 * MEBIBYTE)),
    "UTF-16": lambda request: all_accepted(request).decode().encode("utf-16"),
    "UTF-32": lambda request: all_accepted(request).decode().encode("utf-32"),
    "EBCDIC": lambda request: all_accepted(request).decode().encode("cp037"),
    "UTF-7 declared": lambda _: b'<?xml version="1.0" encoding="UTF-7"?>+ADw-response/+AD4-',
    "not UTF-8": _response(b"\xc3\x28\xff"),
    "characters that XML has not": _response(b"&#0;&#xFFFF;&#x110000;"),
    "nothing but NUL": lambda _: bytes(MEBIBYTE),
}
# Read, but not for more than it is worth.
LONG = "a" * MEBIBYTE
READABLE: Mapping[str, Reply] = {
    "as it should be": all_accepted,
    "long record number": _accepted(f"<key>{'7' * MEBIBYTE}</key>"),
    "long reason": lambda request: operation(
        failure(each, errors((LONG, LONG))) for each in control_ids(request)
    ),
    "rows in rows": _accepted(rows({"A": "<B>" * 200 + "</B>" * 200})),
}


class Gateway(BaseHTTPRequestHandler):
    """Signs everybody in, and answers all else with the reply of the moment."""

    reply: Reply = staticmethod(all_accepted)
    strangers: tuple[str, ...] = ()
    url = ""

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"]))
        if b"<getAPISession" in request:
            body = signed_in(endpoint=f"{self.url}/session")
        else:
            body = type(self).reply(request).replace(b"GATEWAY", self.url.encode())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if body.startswith(b"\x1f\x8b"):
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        Gateway.strangers += (self.path,)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Print nothing: what is printed is the result."""


@contextmanager
def _gateway() -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    Gateway.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _heard(reply: Reply) -> Mapping[str, object]:
    """Send a document, look it up, and return what came of both."""
    Gateway.reply = staticmethod(reply)
    ledger = connect(
        lambda: CREDENTIALS, f"{Gateway.url}/", 30, FakeSessions(), FakeClock(NOW_UNIX), "usd"
    )
    sent = submission(invoice())
    (outcome,) = ledger.submit([sent]).values()
    try:
        found = type(ledger.find(sent)).__name__
    except TransientFault as fault:
        found = type(fault).__name__
    said = repr(outcome)
    return {"sent": type(outcome).__name__, "found": found, "said": said[:4_000], "size": len(said)}


def _grown_mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Hear every reply, the harmless one first, for what the client itself needs."""
    with _gateway():
        heard = {"as it should be": _heard(all_accepted)}
        before = _grown_mebibytes()
        for name, reply in {**READABLE, **UNREADABLE}.items():
            heard[name] = {**_heard(reply), "grown_mebibytes": _grown_mebibytes() - before}
    json.dump({"heard": heard, "strangers": Gateway.strangers}, sys.stdout)


if __name__ == "__main__":
    main()
