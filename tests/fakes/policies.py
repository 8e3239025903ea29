"""Published policies in memory."""

from collections.abc import Callable

from tests.fakes.closed_books import FakeClosedBooks
from tests.fakes.faults import Faulty
from tieout.domain.closed_periods import in_force, parts_of
from tieout.domain.errors import ConfigurationFault
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason


class FakePolicies(Faulty):
    """The `PolicySource` port in memory.

    Attributes:
        published: oldest first; the last one is current. Tests that have a `Policy` at hand put it
            here; `publish` parses a text as the real adapter does.
        ever: what `current` ever saw published; undoing takes nothing out.
        closed_books: what Intacct has closed.
    """

    def __init__(self, *published: Policy, parse: Callable[[str], Policy] | None = None) -> None:
        super().__init__()
        self.published: list[Policy] = list(published)
        self._parse = parse
        self.ever: list[Policy] = []
        self.closed_books = FakeClosedBooks()

    def current(self) -> Policy:
        self._may_fail()
        self.ever += [each for each in self.published if each not in self.ever]
        if not self.published:
            raise ConfigurationFault(Reason.POLICY_MISSING, "no policy is published")
        return in_force(self.published[-1], self.closed_books.dates().latest)

    def of(self, version: str) -> Policy | None:
        self._may_fail()
        try:
            published, closed_through = parts_of(version)
        except ValueError:
            return None
        found = next((each for each in self.ever if each.version == published), None)
        return None if found is None else in_force(found, closed_through)

    def publish(self, text: str, version: str, now_unix: int) -> bool:  # noqa: ARG002 - the real one stamps it
        self._may_fail()
        assert self._parse is not None, "this fake was made without a parser"
        policy = self._parse(text)
        if policy.version != version:
            raise ConfigurationFault(Reason.POLICY_INVALID, f"the text is not version {version}")
        if self.published and self.published[-1].version == version:
            return False
        self.published.append(policy)
        return True

    def undo(self, who: str, now_unix: int) -> str:  # noqa: ARG002 - the real one notes both
        self._may_fail()
        if len(self.published) < 2:
            raise ConfigurationFault(Reason.POLICY_MISSING, "there is no policy to go back to")
        self.published.pop()
        return self.published[-1].version
