"""In-memory ports: small real implementations, held to the same contract suite as the adapters.

Assert on what they hold afterwards, not on how they were called. Every one of them has a `fault`:
while it is set, each call raises it and changes nothing.
"""

from tests.fakes.clock import FakeClock
from tests.fakes.cursors import FakeCursors
from tests.fakes.inbox import FakeInbox
from tests.fakes.ledger import FakeLedger, LostAnswer
from tests.fakes.metrics import FakeMetrics
from tests.fakes.policies import FakePolicies
from tests.fakes.postings import FakePostings
from tests.fakes.queue import FakeQueue
from tests.fakes.sessions import FakeSessions
from tests.fakes.stripe import FakeStripe
from tests.fakes.trail import FakeTrail
from tests.fakes.transactions import FakeTransactions

__all__ = [
    "FakeClock",
    "FakeCursors",
    "FakeInbox",
    "FakeLedger",
    "FakeMetrics",
    "FakePolicies",
    "FakePostings",
    "FakeQueue",
    "FakeSessions",
    "FakeStripe",
    "FakeTrail",
    "FakeTransactions",
    "LostAnswer",
]
