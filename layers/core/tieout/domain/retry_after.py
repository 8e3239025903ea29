"""Retry-After: for how long somebody asks us to wait."""

# However long the other side asks us to wait, someone should look again within a quarter hour.
RETRY_AFTER_SECONDS_MAX = 900


def retry_after_seconds(header: str) -> int | None:
    """Return the pause that a `Retry-After` asks for, up to a bound; None if it names none.

    Only whole seconds are understood.
    """
    if not (header.isascii() and header.isdigit()):
        return None
    return min(int(header[:9]), RETRY_AFTER_SECONDS_MAX)
