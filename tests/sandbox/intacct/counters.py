"""What the requests cost.

Source: dossier section 6: each record written counts once with all its lines, each read or query
call once, whatever it returns.
"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Running totals; ``paid_transactions`` is what Intacct would bill.

    ``lookups`` are the read calls among them; ``failed_functions`` were executed and refused.
    """

    requests: int = 0
    functions: int = 0
    failed_functions: int = 0
    paid_transactions: int = 0
    records_written: int = 0
    lookups: int = 0
    sessions_started: int = 0
    replays: int = 0
    by_function: Counter[str] = field(default_factory=Counter)

    def add_function(self, name: str) -> None:
        """Count an executed function."""
        self.functions += 1
        self.by_function[name] += 1

    def add_written(self, records: int) -> None:
        """Count committed headers."""
        self.records_written += records
        self.paid_transactions += records

    def add_lookup(self) -> None:
        """Count a read call."""
        self.lookups += 1
        self.paid_transactions += 1

    def as_dict(self) -> dict[str, object]:
        """Return the totals for printing."""
        return {
            "requests": self.requests,
            "functions": self.functions,
            "failed_functions": self.failed_functions,
            "paid_transactions": self.paid_transactions,
            "records_written": self.records_written,
            "lookups": self.lookups,
            "sessions_started": self.sessions_started,
            "replays": self.replays,
            "by_function": dict(sorted(self.by_function.items())),
        }
