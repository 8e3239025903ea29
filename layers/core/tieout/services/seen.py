"""Names that were seen, any number of them, without filling the memory."""

import sqlite3


class Seen:
    """A set of names, for one thread.

    SQLite keeps a database without a name in memory as long as it is small, then in a file that it
    deletes at the end and nobody else sees.
    Source: sqlite.org, "In-Memory Databases" (temporary databases).
    """

    def __init__(self) -> None:
        self._names = sqlite3.connect("", isolation_level=None)
        self._names.execute("PRAGMA journal_mode = OFF")
        self._names.execute("CREATE TABLE seen (name TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, name: str) -> bool:
        """Add a name; return whether it is new."""
        added = self._names.execute("INSERT OR IGNORE INTO seen VALUES (?)", (name,))
        return added.rowcount == 1

    def __contains__(self, name: str) -> bool:
        found = self._names.execute("SELECT 1 FROM seen WHERE name = ?", (name,))
        return found.fetchone() is not None

    def __del__(self) -> None:
        self._names.close()
