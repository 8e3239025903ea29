"""Posts webhooks over plain HTTP, without following redirects."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit


def http_transport(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post ``body`` to ``url`` and return the status.

    Raises:
        OSError: nobody answered within ten seconds, or not in HTTP.
        ValueError: the URL is not plain HTTP; the double never leaves this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "http":
        raise ValueError(f"the double posts over plain HTTP only, not to {parts.scheme}")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    try:
        connection.request("POST", target, body, dict(headers))
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError("the endpoint did not answer in HTTP") from error
    finally:
        connection.close()
