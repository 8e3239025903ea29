"""The wall clock."""

import time


class SystemClock:
    """The `Clock` port's real adapter."""

    def now_unix(self) -> int:
        """Return unix seconds, cut off."""
        return int(time.time())
